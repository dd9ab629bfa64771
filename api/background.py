"""What the service does beside answering, until it stops: it looks after outboxes, and does work that is owed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from api.dependencies import Services
from graph_model.errors import IdentityGraphError
from services.failures import cause_of, reason_of
from services.ingestion.ingest import Ingest
from services.maintenance.tasks import WorkStopped, work_off
from services.stores.port.errors import CatalogueChanged
from services.stores.port.protocols import DurableOutbox
from services.waiting import first_of

_log = structlog.get_logger()

#: Between two looks at the outboxes.
_SECONDS: Final = 60.0


async def look_after_outboxes(in_force: Callable[[], Services]) -> None:
    """Once a minute look after this process's outbox and those of others, until the service stops.

    Nothing waits there then for a process that has gone. What others have numbered meanwhile tells as well whether this
    machine's clock is ahead. What fails is tried again.

    `in_force` tells the services of the catalogue in force.
    """
    stopping = in_force().stopping
    while not stopping.is_set():
        await first_of(asyncio.sleep(_SECONDS), stopping.wait())
        services = in_force()
        if stopping.is_set() or services.heartbeat.refusal is not None or not services.writer.can_write:
            continue
        try:
            others = await services.writer.look_after_outboxes()
            services.acceptance.compare({name: state.accepted for name, state in others.items()})
        except IdentityGraphError as error:
            services.heartbeat.met(error)
            _log.warning(
                "outboxes could not be looked after; it is tried again", reason=str(error), cause=cause_of(error)
            )


async def work_off_owed(in_force: Callable[[], Services]) -> None:
    """Do what is owed as soon as the heartbeat tells of it, where no worker may be there: over the embedded store.

    It ends with the service. What fails is told, and tried again. `in_force` tells the services of the catalogue in
    force.
    """
    stopping, heartbeat, store = in_force().stopping, in_force().heartbeat, in_force().store

    @asynccontextmanager
    async def lend() -> AsyncIterator[Ingest]:
        if stopping.is_set() or heartbeat.refusal is not None:
            raise WorkStopped
        async with in_force().writer.lend() as ingest:
            yield ingest

    told = ""
    while isinstance(store, DurableOutbox) and not stopping.is_set():
        try:
            if heartbeat.tasks_owed:
                with suppress(WorkStopped, CatalogueChanged):
                    await work_off(store, lend, in_force().metrics.count_task)
                    heartbeat.beat_now()
            told = ""
        except Exception as error:  # noqa: BLE001 - whatever it was, answering goes on, and so does trying
            reason = reason_of(error)
            heartbeat.met(error)
            if reason != told:
                _log.warning("work owed could not be done; it is tried again", reason=reason, cause=cause_of(error))
            told = reason
        await first_of(heartbeat.next_beat(), stopping.wait())
