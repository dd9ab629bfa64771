from typing import Any

import pytest

from services.stores.gremlin import reads
from services.stores.gremlin.faults import server_fault
from services.stores.gremlin.janusgraph.opening import LEAST_BUFFER, require_schema, require_settings
from services.stores.gremlin.janusgraph.reads import without_torn_rows
from services.stores.gremlin.socket import Traversal
from services.stores.port.errors import CommitConflict, CommitTooLarge, StoreError, StoreUnavailable

SOUND = {
    "backend": "cql",
    "string_ids": True,
    "batch_loading": False,
    "buffer_size": LEAST_BUFFER,
    "read_level": "QUORUM",
    "write_level": "QUORUM",
    "atomic": "true",
    "unlocked": [],
    "lacking": [],
    "unsound": [],
}
TRACE = "org.janusgraph.core.JanusGraphException: Could not commit\n\tCaused by: org.janusgraph.diskstorage.{}: secret"


def test_a_cluster_that_is_set_up_well_is_taken() -> None:
    require_settings(SOUND)
    require_schema(SOUND)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"backend": "berkeleyje"}, "storage.backend"),
        ({"read_level": "ONE"}, "read-consistency-level"),
        ({"write_level": "LOCAL_ONE"}, "write-consistency-level"),
        ({"atomic": "false"}, "atomic-batch-mutate"),
        ({"buffer_size": 1_024}, "buffer-size"),
    ],
)
def test_a_setting_that_loses_commits_is_refused_by_its_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(StoreError, match=named):
        require_settings(SOUND | wrong)


@pytest.mark.parametrize("lacking", [{"lacking": ["rev"]}, {"unsound": ["by_unique_name"]}])
def test_a_schema_that_lacks_something_is_refused(lacking: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="lacks"):
        require_schema(SOUND | lacking)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("locking.PermanentLockingException", CommitConflict),
        ("TemporaryBackendException", StoreUnavailable),
        ("Batch too large", CommitTooLarge),
        ("PermanentBackendException", StoreError),
    ],
)
def test_the_cause_of_a_fault_decides_what_it_is(cause: str, expected: type[StoreError]) -> None:
    attributes = {
        "exceptions": ["org.janusgraph.core.JanusGraphException", f"org.janusgraph.diskstorage.{cause}"],
        "stackTrace": TRACE.format(cause),
    }
    fault = server_fault(500, "Could not commit transaction due to exception during persistence", attributes)
    assert isinstance(fault, expected)
    assert isinstance(fault, CommitConflict) == issubclass(expected, CommitConflict)
    assert "secret" not in str(fault)


def test_a_name_that_is_taken_is_a_conflict() -> None:
    message = "Adding this property for key [unique_name] and value [secret] violates a uniqueness constraint"
    attributes = {"exceptions": ["org.janusgraph.core.SchemaViolationException"], "stackTrace": "at org.janusgraph.x"}
    assert isinstance(server_fault(500, message, attributes), CommitConflict)


async def test_a_vertex_that_is_dropped_while_it_is_read_counts_as_gone() -> None:
    whole = {"id": "identifier:email:a", "rev": "1", "holders": 1, "hub": False, "components": []}

    async def submit(_: Traversal) -> list[Any]:
        return [whole, {"id": "identifier:email:b", "components": []}]

    vertices = ["identifier:email:a", "identifier:email:b"]
    asked = without_torn_rows(submit)
    for up_to in ((5, 5), (5, 7)):
        assert await asked(reads.identifiers_traversal(vertices, dict(zip(vertices, up_to, strict=True)))) == [whole]
    assert len(await asked(reads.holders_components_traversal(vertices))) == 2
