"""How much memory a Gremlin Server has, as its own process tells: a graph in memory ends where that ends."""

from contextlib import suppress
from typing import Final

from services.stores.gremlin.socket import GremlinSocket
from services.stores.port.errors import StoreError
from services.stores.port.protocols import Heap

#: Of the virtual machine: what it may take, and what it has taken and not given back.
_SCRIPT: Final = "r = Runtime.getRuntime(); [r.maxMemory(), r.totalMemory() - r.freeMemory()]"


async def read_heap(socket: GremlinSocket) -> Heap | None:
    """Ask the server; None where it runs no scripts, or says something else."""
    with suppress(StoreError):
        found = await socket.run_script(_SCRIPT, {})
        if len(found) == 2 and all(isinstance(each, int) for each in found):
            return Heap(most_bytes=found[0], used_bytes=found[1])
    return None
