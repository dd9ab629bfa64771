import pytest

from graph_model import resolve as law
from graph_model.catalogue import Catalogue
from graph_model.identifiers import Identifier
from graph_model.mapping import MappedRecord
from graph_model.records import Position, Record, RecordAddress
from tests.properties import worlds

CATALOGUE = worlds.catalogue((10, 10, 10), (90, 50, 100), (False, False, True))


def records(**identifiers: str) -> dict[RecordAddress, MappedRecord]:
    """`a1="email:x phone:1"` is the record a[1] with these identifiers."""
    found = {}
    for name, text in identifiers.items():
        address = RecordAddress.of(name[0], [int(name[1:])])
        parsed = sorted(i for part in text.split() if (i := Identifier.parse(part)) is not None)
        record = Record(address=address, position=Position(0, 0), observed_at=0, values={})
        found[address] = MappedRecord(record, tuple(parsed), {}, ())
    return found


def clusters(
    mapped: dict[RecordAddress, MappedRecord],
    generic: frozenset[Identifier] = frozenset(),
    catalogue: Catalogue = CATALOGUE,
) -> list[list[str]]:
    return [
        [f"{a.source}{a.key_parts[0]}" for a in cluster.members]
        for component in law.resolve(mapped, generic, catalogue)
        for cluster in component.clusters
    ]


def test_records_that_share_an_identifier_are_one() -> None:
    assert clusters(records(a1="email:x", a2="email:y", b1="email:x")) == [["a1", "b1"], ["a2"]]


def test_records_hang_together_over_several_steps() -> None:
    assert clusters(records(a1="email:x", a2="email:x phone:1", b1="phone:1")) == [["a1", "a2", "b1"]]


def test_a_generic_identifier_is_no_evidence() -> None:
    generic = frozenset({Identifier("email", "x")})
    assert clusters(records(a1="email:x", b1="email:x"), generic) == [["a1"], ["b1"]]


def test_two_values_of_an_exclusive_kind_keep_records_apart() -> None:
    assert clusters(records(a1="email:x passport:1", b1="email:x passport:2")) == [["a1"], ["b1"]]


def test_the_stronger_evidence_joins_first_and_the_weaker_is_refused() -> None:
    mapped = records(a1="passport:1 phone:7", a2="email:x phone:7", b1="passport:2 email:x")
    assert clusters(mapped) == [["a1"], ["a2", "b1"]]


def test_of_equally_strong_evidence_the_smallest_address_joins_first() -> None:
    mapped = records(a1="passport:1 email:x", b1="email:x email:y", c1="passport:2 email:y")
    assert clusters(mapped) == [["a1", "b1"], ["c1"]]


def test_a_refused_union_is_a_conflict_that_names_both_sides() -> None:
    mapped = records(a1="email:x passport:1", b1="email:x passport:2")
    (component,) = law.resolve(mapped, frozenset(), CATALOGUE)
    a1, b1 = sorted(mapped)
    conflict = law.Conflict(a1, b1, "passport", "1", "2", Identifier("email", "x"))
    assert [cluster.conflicts for cluster in component.clusters] == [(conflict,), (conflict,)]


def test_a_record_that_breaks_a_constraint_by_itself_joins_nothing_by_that_kind() -> None:
    mapped = records(a1="passport:1 passport:2", b1="passport:1", c1="passport:2")
    assert clusters(mapped) == [["a1"], ["b1"], ["c1"]]


def test_a_record_that_breaks_a_constraint_by_itself_still_joins_by_other_kinds() -> None:
    mapped = records(a1="passport:1 passport:2 email:x", b1="passport:1 email:x")
    assert clusters(mapped) == [["a1", "b1"]]


def test_above_the_limit_the_weakest_evidence_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "COMPONENT_LIMIT", 3)
    mapped = records(a1="email:x", a2="email:x phone:1", a3="phone:1 email:y", a4="email:y")
    (component,) = law.resolve(mapped, frozenset(), CATALOGUE)
    assert clusters(mapped) == [["a1", "a2"], ["a3", "a4"]]
    assert component.dropped == (Identifier("phone", "1"),)
