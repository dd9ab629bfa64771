from decimal import Decimal

import pytest
from gremlin_python.statics import long
from msgspec.structs import replace

from graph_model.values.positions import Offset, Position
from services.stores.gremlin.ids import Label
from services.stores.gremlin.plan import Edge, GraphWrites, graph_writes
from services.stores.gremlin.vertices import VertexWrite
from services.stores.port.plan import Plan
from tests.contract.builders import (
    address,
    email,
    person,
    plan,
    record,
    tombstone,
    write_identifier,
    write_profile,
    write_record,
)

SLOT = VertexWrite("pending:w:0", Label.PENDING, "old", {"rev": "new"})
ANN, LEE = "identifier:email:ann@example.com", "identifier:email:lee@example.com"
RECORD = "record:crm%5B1%5D"


def writes(made: Plan) -> GraphWrites:
    return graph_writes(made, SLOT)


def test_a_new_person_becomes_vertices_and_edges() -> None:
    made = writes(person(1, "ann"))
    assert [(write.vertex, write.expected) for write in made.vertices] == [
        ("pending:w:0", "old"),
        (RECORD, None),
        (ANN, None),
        ("profile:p1", None),
    ]
    assert made.edges == (Edge("has", RECORD, ANN), Edge("member_of", RECORD, "profile:p1"))


def test_every_written_vertex_gets_the_revision_of_the_commit() -> None:
    made = person(1, "ann")
    revisions = [write.properties["rev"] for write in writes(made).vertices[1:]]
    assert revisions == [f"{vertex}#{made.commit_id}" for vertex in (RECORD, ANN, "profile:p1")]


def test_nothing_is_let_go_of_where_a_record_is_new() -> None:
    made = writes(person(1, "ann"))
    assert (made.leave, made.let_go, made.drops) == ((), (), ())


def test_a_stored_record_lets_go_of_what_it_does_not_carry_any_more() -> None:
    changed = write_record(record(address(1)), "p1", [email("ann"), email("lee")], expected="r1")
    made = writes(plan(records=[changed], identifiers=[write_identifier(email("lee"), 2, expected="i1")]))
    assert made.let_go == ((RECORD, (ANN, "bucket:email:ann@example.com:62", LEE)),)
    assert made.leave == (RECORD,)


def test_an_identifier_that_a_record_goes_on_carrying_is_not_touched() -> None:
    changed = write_record(record(address(1)), "p1", [email("ann"), email("lee")], expected="r1")
    made = writes(plan(records=[changed], identifiers=[write_identifier(email("lee"), 2, expected="i1")]))
    assert made.edges == (Edge("has", RECORD, LEE), Edge("member_of", RECORD, "profile:p1"))


def test_a_record_without_changed_edges_is_one_vertex() -> None:
    made = writes(
        plan(records=[write_record(record(address(1)), "p1", [email("ann")], expected="r1", edges_changed=False)])
    )
    assert (made.leave, made.let_go, made.edges) == ((), (), ())


def test_a_tombstone_remembers_its_profile_by_another_edge() -> None:
    made = writes(plan(records=[write_record(tombstone(address(1)), "p1", expected="r1")]))
    assert made.edges == (Edge("was_member_of", RECORD, "profile:p1"),)


def test_a_record_that_moves_is_not_written_itself() -> None:
    made = writes(plan(memberships=[(address(1), "p2")]))
    assert made.vertices == (SLOT,)
    assert (made.leave, made.edges) == ((RECORD,), (Edge("member_of", RECORD, "profile:p2"),))


def test_an_identifier_that_goes_is_asserted_before() -> None:
    made = writes(plan(identifiers=[write_identifier(email("ann"), 0, expected="i1")]))
    assert made.drops == (ANN,)
    assert (made.vertices[1].vertex, made.vertices[1].expected) == (ANN, "i1")


def test_a_profile_without_a_document_only_gets_a_revision() -> None:
    made = plan(profiles=[write_profile("p1", expected="v1", text=None)])
    assert writes(made).vertices[1].properties == {"rev": f"profile:p1#{made.commit_id}"}


def test_offsets_are_always_long() -> None:
    assert isinstance(writes(person(1)).vertices[1].properties["offset"], long)


@pytest.mark.parametrize("offset", [2**63, Decimal("7.9"), "7"])
def test_an_offset_that_a_long_does_not_hold_is_left_to_the_document(offset: Offset) -> None:
    written = write_record(replace(record(address(1)), position=Position(1, offset)), "p1")
    properties = writes(plan(records=[written])).vertices[1].properties
    assert (properties["offset"], type(properties["offset"])) == (-1, long)
