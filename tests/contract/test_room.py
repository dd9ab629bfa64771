"""What is said of the memory of a graph's server."""

import pytest
from structlog.testing import capture_logs

from services.maintenance.room import tell_room
from services.stores.gremlin.store import GremlinStore
from services.stores.port.protocols import Heap
from tests.contract.builders import FINGERPRINT


class FullStore(GremlinStore):
    """One whose server has hardly any memory left."""

    async def read_heap(self) -> Heap | None:
        heap = await super().read_heap()
        return None if heap is None else Heap(most_bytes=heap.most_bytes, used_bytes=heap.most_bytes - 1)


@pytest.mark.gremlin
@pytest.mark.parametrize(
    ("kind", "level", "words"), [(GremlinStore, "info", "in memory"), (FullStore, "warning", "-Xmx")], ids=str
)
async def test_the_room_in_memory_is_told_in_one_line(
    gremlin_url: str, kind: type[GremlinStore], level: str, words: str
) -> None:
    store = await kind.open(gremlin_url, FINGERPRINT, any_meaning=True)
    with capture_logs() as lines:
        await tell_room(store)
    await store.close()
    (line,) = lines
    assert (line["log_level"], words in line["event"]) == (level, True)
    assert 0 < line["used_mb"] <= line["heap_mb"]
    if level == "info":
        assert line["room_for_records"] > 10_000
