"""Sockets that a client has opened are closed again; some only in the next rounds of the loop."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.stack.worker_world import eventually


@asynccontextmanager
async def leaving_nothing_open() -> AsyncIterator[None]:
    files = _open_files()

    async def all_are_closed() -> bool:
        return _open_files() <= files

    yield
    await eventually(all_are_closed)


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - the file that lists them is gone once it is listed
