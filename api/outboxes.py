"""Sees to it, once a minute, that nothing waits in an outbox for a process that is not there any more."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from api.dependencies import Services
from graph_model.errors import IdentityGraphError
from services.waiting import first_of

_log = structlog.get_logger()
_SECONDS: Final = 60.0


async def look_after_outboxes(in_force: Callable[[], Services]) -> None:
    """Look after this process's outbox and those of others, until the service stops; what fails is tried again.

    What others have numbered meanwhile tells as well whether this machine's clock is ahead.

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
            _log.warning("outboxes could not be looked after; it is tried again", reason=str(error))
