"""The HTTP application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

import structlog
from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api import changes, context, explain, health, profile_updates, profiles, records, verdicts
from api.background import look_after_outboxes, work_off_owed
from api.dependencies import Services, Wiring
from api.direct_reads import DirectReads
from api.docs_page import add_docs_page
from api.documents import Problem, ProfileUpdate, Reset
from api.failures import TellFailures
from api.hosts import KnownHosts
from api.load import Admission
from api.measuring import CountRequests, HttpFigures
from api.middleware import (
    AnswerHead,
    BodyLimit,
    RefuseUnknownHosts,
    RefuseWhenOutdated,
    SaidAnyway,
    UnforeseenFailures,
)
from api.problems import add_problem_handlers
from api.shared_feed import SharedFeed
from graph_model.catalogue.rules import Catalogue
from services.clock import now_milliseconds
from services.context.tokens import load_vocabulary
from services.ingestion.acceptance import AcceptanceClock
from services.ingestion.claim import Publish
from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics
from services.settings import Settings
from services.stores.port.protocols import DurableOutbox, Store

_log = structlog.get_logger()

_DESCRIPTION: Final = """
One profile per real person, kept up to date from the changes of many sources, and handed to language model
applications as prompt context.

* **context**: the most useful facts about a person, within a budget of tokens
* **profiles**: everything known of a person, with where it comes from
* **explain**: why records are one person, why they are not, how a profile came to be, and rows as they were received
* **verdicts**: a steward's word, stronger than all evidence
* **changes**: rows in, where there is no Kafka
* **profile updates**: who cares that a profile changed, listens here
* **operation**: health, readiness, metrics

Whatever goes wrong is answered with a problem document (RFC 9457, `application/problem+json`): its `type` is
stable, its `detail` says what was found, what was expected and what to do.
"""


def create_app(
    settings: Settings,
    catalogue: Catalogue,
    store: Store,
    *,
    metrics: Metrics,
    publish: Publish | None = None,
    clock: Callable[[], int] = now_milliseconds,
) -> FastAPI:
    """Build the application over an open store; its lifespan claims the outbox and ends open streams.

    Args:
        settings: wiring; only names for messages are taken from it.
        catalogue: the one in force; another one that comes into force later is taken.
        store: open, and closed by the caller.
        metrics: what `/metrics` shows.
        publish: publishes the events of changes; None: an embedded store keeps them, and others take no changes.
        clock: milliseconds since 1970.
    """
    app = _without_operations()

    async def take(in_force: Catalogue) -> None:
        await store.adopt(in_force.fingerprint)
        app.state.services = Services.over(in_force, wiring)
        _log.info("another catalogue is in force", catalogue=in_force.name)

    outbox = store if isinstance(store, DurableOutbox) else None
    heartbeat = Heartbeat(store, metrics, take=take, writes=publish is not None or outbox is not None)
    stopping = asyncio.Event()
    wiring = Wiring(
        settings=settings,
        store=store,
        metrics=metrics,
        publish=publish,
        clock=clock,
        acceptance=AcceptanceClock(clock),
        heartbeat=heartbeat,
        stopping=stopping,
        feed=None if outbox is None else SharedFeed(outbox, store.store_id, (stopping, heartbeat.refused)),
    )
    app.state.services = Services.over(catalogue, wiring)
    metrics.show_store(store.traffic)
    _add_operations(app, settings, HttpFigures(metrics.registry))
    _describe_more(app)
    return app


def _without_operations() -> FastAPI:
    return FastAPI(
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # links between operations name them
        redirect_slashes=False,  # it would lead to the host that the request names
        title="Identity graph",
        description=_DESCRIPTION,
        version=version("identity-graph"),
        lifespan=_lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # what it tells of an address may name somebody
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    def in_force() -> Services:
        services: Services = app.state.services
        return services

    services = in_force()
    load_vocabulary()
    await services.writer.open()
    await services.heartbeat.beat()
    beating = asyncio.create_task(services.heartbeat.run())
    working = [asyncio.create_task(work_off_owed(in_force)), asyncio.create_task(look_after_outboxes(in_force))]
    try:
        yield
    finally:
        services.stopping.set()
        await asyncio.gather(*working)
        if services.feed is not None:
            await services.feed.close()
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


def _add_operations(app: FastAPI, settings: Settings, figures: HttpFigures) -> None:
    """Add the operations, and what stands before all of them: the last one added is the first that is met."""
    for module in (profiles, explain, records, context, changes, verdicts, profile_updates, health):
        app.include_router(module.router)
    add_docs_page(app)
    add_problem_handlers(app)
    routes = {route.name: route for module in (profiles, context) for route in module.router.routes}
    app.add_middleware(DirectReads, routes=routes)
    app.add_middleware(BodyLimit, most=settings.limits.body_bytes)
    app.add_middleware(AnswerHead)
    app.add_middleware(RefuseWhenOutdated)
    app.add_middleware(UnforeseenFailures)
    app.add_middleware(Admission, limits=settings.limits, figures=figures)
    app.add_middleware(TellFailures)
    app.add_middleware(RefuseUnknownHosts, known=KnownHosts.of(settings))
    app.add_middleware(SaidAnyway)
    app.add_middleware(CountRequests, figures=figures)


def _describe_more(app: FastAPI) -> None:
    """Add the shapes that no operation names as its model: problems, and the events of the stream."""
    schema: dict[str, Any] = app.openapi()
    _, described = models_json_schema(
        [(Problem, "serialization"), (ProfileUpdate, "serialization"), (Reset, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    schema["components"]["schemas"].update(described["$defs"])
