"""What the operations work with: built for each catalogue that comes into force, handed to each request."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from api.shared_feed import SharedFeed
from graph_model.catalogue.rules import Catalogue
from graph_model.values.identifiers import IdentifierKind
from services.ingestion.acceptance import AcceptanceClock
from services.ingestion.claim import Publish
from services.ingestion.intake import ChangeIntake
from services.ingestion.writer import API_WRITERS, Writer
from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics
from services.settings import Settings
from services.stewardship.decisions import Stewardship
from services.stores.port.errors import CatalogueChanged, ClaimLost
from services.stores.port.protocols import Store

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What stays as it is, whatever catalogue is in force."""

    settings: Settings
    store: Store
    metrics: Metrics
    publish: Publish | None  #: see `api.app.create_app`
    clock: Callable[[], int]  #: milliseconds since 1970
    acceptance: AcceptanceClock
    heartbeat: Heartbeat
    stopping: asyncio.Event  #: set when open streams must end
    feed: SharedFeed | None  #: None: the store keeps no events


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that a request may need."""

    settings: Settings
    catalogue: Catalogue
    store: Store
    writer: Writer
    intake: ChangeIntake
    stewardship: Stewardship
    metrics: Metrics
    clock: Callable[[], int]  #: milliseconds since 1970
    kinds: frozenset[IdentifierKind]  #: those of the catalogue
    acceptance: AcceptanceClock
    heartbeat: Heartbeat
    stopping: asyncio.Event  #: set when open streams must end
    feed: SharedFeed | None  #: None: the store keeps no events

    @classmethod
    def over(cls, catalogue: Catalogue, wiring: Wiring) -> "Services":
        """Build them for a catalogue."""
        store, metrics, clock = wiring.store, wiring.metrics, wiring.clock
        name = wiring.settings.writer or API_WRITERS
        writer = Writer(store, catalogue, name, metrics=metrics, publish=wiring.publish, clock=clock)
        return cls(
            settings=wiring.settings,
            catalogue=catalogue,
            store=store,
            writer=writer,
            intake=ChangeIntake(catalogue, writer, metrics=metrics, clock=clock, acceptance=wiring.acceptance),
            stewardship=Stewardship(store, catalogue, writer, clock=clock),
            metrics=metrics,
            clock=clock,
            kinds=frozenset(catalogue.kinds.values()),
            acceptance=wiring.acceptance,
            heartbeat=wiring.heartbeat,
            stopping=wiring.stopping,
            feed=wiring.feed,
        )


def services_of(request: Request) -> Services:
    """The services of the application that answers.

    A plain call: resolving a FastAPI dependency takes longer than reading a profile.
    """
    services: Services = request.app.state.services
    return services


async def written(request: Request, write: Callable[[Services], Awaitable[Answer]]) -> Answer:
    """Write with the services in force, and once more where the claim was lost: nothing was written then.

    It is lost to a change of the catalogue, which is taken first, or to who published what waited here for too long.

    Raises:
        CatalogueUnusable: the catalogue in force cannot be loaded.
        CatalogueChanged: yet another one is in force.
        ClaimLost: another process writes under the same name.
    """
    services = services_of(request)
    try:
        return await write(services)
    except (CatalogueChanged, ClaimLost):
        await services.heartbeat.beat()
        if services.heartbeat.refusal is not None:
            raise services.heartbeat.refusal from None
        return await write(services_of(request))


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """Describe, for the API's schema, a part of the path that an operation reads from the request itself."""
    schema = {"type": "string"}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def header_parameter(name: str, description: str) -> dict[str, Any]:
    """Describe, for the API's schema, an optional header that an operation reads from the request itself."""
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
