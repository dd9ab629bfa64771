"""What a worker says of itself."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp


async def readiness(session: aiohttp.ClientSession) -> Mapping[str, Any]:
    """What `/readyz` answers; of a worker that does not listen yet, that it is unavailable."""
    with suppress(aiohttp.ClientConnectionError):
        async with session.get("/readyz") as answer:
            found: Mapping[str, Any] = await answer.json()
            return found
    return {"status": "unavailable", "reasons": {}, "missing_topics": {}}
