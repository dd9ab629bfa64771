import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from graph_model.values.keys import is_shortened
from services.stores.gremlin.ids import Label, identifier_id, profile_id, record_id, revision, slot_id, vertex_id

ACCEPTED = re.compile(r"[a-z]+:[A-Za-z0-9._~@:+%]+")
text = st.text(st.characters(codec="utf-8"), min_size=1)
#: Numbers that have lost digits (`1.D5`) are refused before anything is stored under them.
key_text = text.filter(lambda part: not is_shortened(part))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (record_id(RecordAddress.of("crm", [1])), "record:crm%5B1%5D"),
        (identifier_id(Identifier("email", "ann@example.com")), "identifier:email:ann@example.com"),
        (identifier_id(Identifier("phone", "+15551234567")), "identifier:phone:+15551234567"),
        (identifier_id(Identifier("email", "a-b@example.com")), "identifier:email:a%2Db@example.com"),
        (profile_id("0199f3"), "profile:0199f3"),
        (slot_id("group/topic/3", 7), "pending:group%2Ftopic%2F3:7"),
    ],
)
def test_an_id_can_be_read_and_typed(made: str, expected: str) -> None:
    assert made == expected


@given(text)
def test_an_id_holds_only_what_every_graph_accepts(name: str) -> None:
    assert ACCEPTED.fullmatch(vertex_id(Label.RECORD, name))


@given(st.text(st.characters(codec="utf-8"), min_size=201, max_size=300))
def test_a_long_name_becomes_a_short_id(name: str) -> None:
    assert len(vertex_id(Label.IDENTIFIER, name)) < 80


@given(st.lists(st.builds(Identifier, st.sampled_from(["email", "phone", "email2"]), text), unique=True))
def test_different_identifiers_have_different_ids(identifiers: list[Identifier]) -> None:
    assert len(set(map(identifier_id, identifiers))) == len(identifiers)


@given(st.lists(st.builds(RecordAddress.of, text, st.lists(key_text | st.integers(0, 9), min_size=1)), unique=True))
def test_different_records_have_different_ids(addresses: list[RecordAddress]) -> None:
    assert len(set(map(record_id, addresses))) == len(addresses)


def test_a_hashed_name_is_never_the_name_of_something_short() -> None:
    hashed = identifier_id(Identifier("email", "x" * 1_000)).removeprefix("identifier:")
    assert hashed.startswith("~")
    assert ":" not in hashed


def test_one_commit_gives_every_vertex_another_revision() -> None:
    assert revision(profile_id("p1"), "c1") != revision(profile_id("p2"), "c1")
