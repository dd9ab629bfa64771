"""Does what is owed beside answering, where no worker may be there to do it: over the embedded store."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from api.dependencies import Services
from graph_model.errors import IdentityGraphError
from services.ingestion.ingest import Ingest
from services.maintenance.tasks import work_off
from services.stores.port.errors import CatalogueChanged
from services.stores.port.protocols import DurableOutbox
from services.waiting import first_of

_log = structlog.get_logger()


class _StoppedError(Exception):
    """We are stopping; what is left stays owed."""


async def work_off_owed(in_force: Callable[[], Services]) -> None:
    """Do what is owed as soon as the heartbeat tells of it, until the service stops.

    What fails is told, and tried again. `in_force` tells the services of the catalogue in force.
    """
    stopping, heartbeat, store = in_force().stopping, in_force().heartbeat, in_force().store

    @asynccontextmanager
    async def lend() -> AsyncIterator[Ingest]:
        if stopping.is_set() or heartbeat.refusal is not None:
            raise _StoppedError
        async with in_force().writer.lend() as ingest:
            yield ingest

    told = ""
    while isinstance(store, DurableOutbox) and not stopping.is_set():
        try:
            if heartbeat.tasks_owed:
                with suppress(_StoppedError, CatalogueChanged):
                    await work_off(store, lend)
                    heartbeat.hasten()
            told = ""
        except Exception as error:  # noqa: BLE001 - whatever it was, answering goes on, and so does trying
            # The text of an unforeseen fault is left out: it may quote a value.
            reason = str(error) if isinstance(error, IdentityGraphError) else type(error).__name__
            if reason != told:
                _log.warning("work owed could not be done; it is tried again", reason=reason)
            told = reason
        await first_of(heartbeat.next_beat(), stopping.wait())
