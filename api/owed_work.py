"""Does what is owed beside answering, where no worker may be there to do it: over the embedded store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from api.dependencies import Services
from graph_model.errors import IdentityGraphError
from services.agenda import work_off
from services.ingest import Ingest
from services.stores.errors import CatalogueChanged
from services.stores.port import DurableOutbox

_log = structlog.get_logger()
_LOOK_SECONDS: Final = 2.0


class _StoppedError(Exception):
    """We are stopping; what is left stays owed."""


async def work_off_owed(services: Services) -> None:
    """Look for work owed again and again, until the service stops. What fails is told, and tried again."""

    @asynccontextmanager
    async def lend() -> AsyncIterator[Ingest]:
        if services.stopping.is_set():
            raise _StoppedError
        async with services.writer.lend() as ingest:
            yield ingest

    told = ""
    while isinstance(services.store, DurableOutbox) and not services.stopping.is_set():
        try:
            with suppress(_StoppedError):
                await work_off(services.store, lend)
            told = ""
        except CatalogueChanged as error:
            _log.error("start this process again with the catalogue in force", reason=str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, answering goes on, and so does trying
            # The text of an unforeseen fault is left out: it may quote a value.
            reason = str(error) if isinstance(error, IdentityGraphError) else type(error).__name__
            if reason != told:
                _log.warning("work owed could not be done; it is tried again", reason=reason)
            told = reason
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await services.stopping.wait()
