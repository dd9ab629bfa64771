from dataclasses import replace

import pytest

from services.stores.gremlin.chained_size import LARGEST, PACKED, elements_of, steps_of
from services.stores.gremlin.chained_writes import chained_commit
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import Label
from services.stores.gremlin.plan import MEMBER_OF, Edge, GraphWrites
from services.stores.gremlin.vertices import VertexWrite
from services.stores.port.errors import CommitTooLarge
from tests.neptune.steps import faults

SLOT = VertexWrite("pending:w:0", Label.PENDING, "pending:w:0#before", {"rev": "pending:w:0#now", "commit": "now"})
NOTHING = GraphWrites(vertices=(SLOT,))


def moving(records: int) -> GraphWrites:
    """So many records that move to another profile."""
    moved = tuple(f"record:crm%5B{number}%5D" for number in range(records))
    return replace(NOTHING, leave=moved, edges=tuple(Edge(MEMBER_OF, record, "profile:p") for record in moved))


def new_vertices(count: int) -> GraphWrites:
    new = (VertexWrite(f"profile:{number}", Label.PROFILE, None, {"rev": "r", "version": 1}) for number in range(count))
    return replace(NOTHING, vertices=(SLOT, *new))


def spelled(writes: GraphWrites, *, divisible: bool = False) -> GuardedRequest:
    return chained_commit(writes, divisible=divisible)


@pytest.mark.parametrize("writes", [NOTHING, moving(3), new_vertices(3), moving(250)])
def test_neptune_runs_every_step_of_a_commit_itself(writes: GraphWrites) -> None:
    assert faults(spelled(writes).traversal.bytecode) == []


def test_a_commit_is_accepted_where_it_answers_the_place_of_its_writer() -> None:
    request = spelled(moving(3))
    assert request.is_accepted(["has|a|b", SLOT.vertex])
    assert not request.is_accepted([])


def test_elements_are_labels_and_properties_that_are_written() -> None:
    assert elements_of(NOTHING) == 2
    assert elements_of(new_vertices(2)) == 2 + 2 * 3
    assert elements_of(moving(5)) == 2 + 5


def test_steps_are_counted_with_those_of_inner_traversals() -> None:
    # V, has, count, is; union: mergeV, option, id; V, id
    assert steps_of(spelled(NOTHING).traversal.bytecode) == 10


def test_what_could_be_committed_in_parts_is_refused_above_the_size_of_a_pack() -> None:
    with pytest.raises(CommitTooLarge, match=f"takes {PACKED.elements}; commit less"):
        spelled(moving(PACKED.elements), divisible=True)


def test_a_component_alone_may_be_larger_than_a_pack() -> None:
    spelled(moving(1_000))


def test_a_component_too_large_for_any_request_is_refused() -> None:
    with pytest.raises(CommitTooLarge, match="steps"):
        spelled(moving(LARGEST.steps // 2))


def test_a_chain_is_no_longer_because_more_records_move() -> None:
    assert len(spelled(moving(1_000)).traversal.bytecode.step_instructions) == 5
