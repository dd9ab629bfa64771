"""For those who run the service: is it alive, is it ready, what does it count."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.answers import json_answer
from api.dependencies import Services, services_of
from api.documents import Health, Readiness
from api.errors import NotReady
from api.problems import problem_docs

router = APIRouter(tags=["operation"])

_READINESS_SECONDS: Final = 3.0


@router.get(
    "/healthz",
    summary="Is the process alive?",
    response_class=Response,
    responses={200: {"model": Health, "description": "it is"}},
)
async def read_health() -> Response:
    """Answers as long as the process does; asks nobody else."""
    return json_answer({"status": "ok"})


@router.get(
    "/readyz",
    summary="Can it answer?",
    response_class=Response,
    responses={200: {"model": Readiness, "description": "the store answers"}, **problem_docs(NotReady)},
)
async def read_readiness(request: Request) -> Response:
    """What the last looks at store and broker have found; that work is owed keeps nobody from being answered."""
    services = services_of(request)
    if services.stopping.is_set():
        raise NotReady("the service is stopping")
    heartbeat = services.heartbeat
    if heartbeat.age > _READINESS_SECONDS:
        try:
            async with asyncio.timeout(_READINESS_SECONDS):
                await heartbeat.beat()
        except TimeoutError as error:
            raise NotReady(f"the store has not answered for {_READINESS_SECONDS:.0f} seconds") from error
    found = heartbeat.refusal or heartbeat.problem or services.writer.problem
    if found is not None:
        raise NotReady(str(found)) from found
    return json_answer({"status": "ready", "tasks_owed": heartbeat.tasks_owed})


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def read_metrics(request: Request) -> Response:
    """Figures of this process in the Prometheus text format."""
    services = services_of(request)
    services.metrics.show_readiness(_unready_parts(services))
    return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)


def _unready_parts(services: Services) -> list[str]:
    """What keeps the process from answering, as far as it is known without asking anybody."""
    heartbeat = services.heartbeat
    found = {
        "stopping": services.stopping.is_set(),
        "catalogue": heartbeat.refusal is not None,
        "connection to the store": heartbeat.problem is not None or heartbeat.age > _READINESS_SECONDS,
        "connection to the broker": services.writer.problem is not None,
    }
    return [part for part, is_unready in found.items() if is_unready]
