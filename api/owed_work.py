"""Does what is owed beside answering, where no worker may be there to do it: over the embedded store."""

import asyncio
from typing import Final

import structlog

from api.dependencies import Services
from services.agenda import work_off
from services.stores.errors import StoreError
from services.stores.port import DurableOutbox

_log = structlog.get_logger()
_LOOK_SECONDS: Final = 2.0


async def work_off_owed(services: Services) -> None:
    """Look for work owed again and again, until the service stops. What fails is tried again."""
    while isinstance(services.store, DurableOutbox) and not services.stopping.is_set():
        try:
            await work_off(services.store, services.writer.lend)
        except StoreError as error:
            _log.warning("work owed could not be done", reason=str(error))
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await services.stopping.wait()
        except TimeoutError:
            continue
