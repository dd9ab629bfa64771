"""Says at the start of a process how much room a store in memory has; nothing is refused for it."""

from typing import Final

import structlog

from services.stores.port.protocols import Store, StoreInMemory

_log = structlog.get_logger()

#: Heap that one record takes in a TinkerGraph that works, with all that hangs on it: docs/tinkergraph.md.
BYTES_PER_RECORD: Final = 13_000
#: So much of the heap the graph may take; the rest is for requests.
_SHARE: Final = 0.75


async def tell_room(store: Store) -> None:
    """Log one line where the store keeps its graph in memory: a warning, which says how much it takes."""
    if store.guarantees.durable or not isinstance(store, StoreInMemory):
        return
    need = f"reckon with {BYTES_PER_RECORD // 1_000} kB of heap for each record (docs/tinkergraph.md)"
    heap = await store.read_heap()
    if heap is None:
        _log.warning("this store may keep its graph in memory, and does not tell how much it has", advice=need)
    elif heap.used_bytes > _SHARE * heap.most_bytes:
        _log.warning(
            "the memory of the graph's server is nearly full: give it more (its option -Xmx), or take a durable engine "
            "(docs/engines.md)",
            **_megabytes(heap.most_bytes, heap.used_bytes),
        )
    else:
        _log.info(
            "this store keeps its graph in memory",
            **_megabytes(heap.most_bytes, heap.used_bytes),
            room_for_records=int(_SHARE * heap.most_bytes / BYTES_PER_RECORD),
        )


def _megabytes(most: int, used: int) -> dict[str, int]:
    return {"heap_mb": most // 1_000_000, "used_mb": used // 1_000_000}
