from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.constraints import (
    Constraint,
    Separation,
    ValueRule,
    own_conflicts,
    value_rules,
    values_said,
)
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from tests.properties import worlds

PHONES = ValueRule(Constraint.VALUES, "phone", 2)
BORN = ValueRule(Constraint.TRAIT, "born", 1)


def record(*phones: str, **traits: JsonValue) -> MappedRecord:
    stored = Record(address=RecordAddress.of("crm", [1]), position=Position(0, 0), observed_at=0, values={})
    return MappedRecord(stored, tuple(Identifier("phone", phone) for phone in phones), traits, ())


def forbids(one: set[str], other: set[str], limit: int) -> bool:
    separation = Separation([ValueRule(Constraint.VALUES, "phone", limit)], [{0: one}, {0: other}], {})
    return separation.forbids(0, 1, by_verdict=False)


def test_the_rules_are_those_of_kinds_by_name_and_then_those_of_traits() -> None:
    catalogue = worlds.catalogue(
        (1, 1, 1), (1, 1, 1), (False, False, True), value_limits=(None, 2, None), exclusive_traits=frozenset({"name"})
    )
    assert value_rules(catalogue) == (
        ValueRule(Constraint.VALUES, "passport", 1),
        ValueRule(Constraint.VALUES, "phone", 2),
        ValueRule(Constraint.TRAIT, "name", 1),
    )


def test_a_record_says_its_values_of_limited_kinds_and_traits() -> None:
    assert values_said(record("1", "2", born="1990-01-01", city="Rome"), [PHONES, BORN]) == {
        0: {"1", "2"},
        1: {"1990-01-01"},
    }


def test_values_of_traits_are_compared_as_text() -> None:
    assert values_said(record(born=1990), [BORN]) == {0: {"1990"}}
    assert values_said(record(born=True), [BORN]) == {0: {"true"}}


def test_of_a_kind_that_a_record_breaks_by_itself_it_says_nothing() -> None:
    assert values_said(record("1", "2", "3", born=1990), [PHONES, BORN]) == {1: {"1990"}}


def test_a_record_that_breaks_a_constraint_by_itself_names_its_two_smallest_values() -> None:
    (conflict,) = own_conflicts(record("1", "2", "3"), [PHONES])
    assert (conflict.low_value, conflict.high_value, conflict.low) == ("1", "2", conflict.high)


def test_values_within_the_limit_forbid_nothing() -> None:
    assert not forbids({"1"}, {"2"}, limit=2)


def test_values_above_the_limit_forbid_a_union() -> None:
    assert forbids({"1", "2"}, {"3"}, limit=2)


def test_who_has_too_many_values_already_may_take_in_what_brings_no_further_one() -> None:
    assert not forbids({"1", "2", "3"}, {"1", "3"}, limit=2)
    assert forbids({"1", "2", "3"}, {"4"}, limit=2)


def test_a_verdict_overrules_values_but_no_verdict() -> None:
    separation = Separation([BORN], [{0: {"a"}}, {0: {"b"}}, {}], {0: {"v": 0}, 2: {"v": 1}})
    assert not separation.forbids(0, 1, by_verdict=True)
    assert separation.forbids(0, 2, by_verdict=True)


def test_a_cluster_is_kept_apart_from_all_that_its_parts_were_kept_apart_from() -> None:
    separation = Separation([BORN], [{}, {0: {"a"}}, {0: {"b"}}, {}], {1: {"v": 0}, 3: {"v": 1}})
    separation.join(0, 1)
    assert separation.forbids(0, 2, by_verdict=False)
    assert separation.forbids(3, 0, by_verdict=False)


def test_growing_leaves_what_the_records_said_alone() -> None:
    said: list[dict[int, set[str]]] = [{0: {"a"}}, {0: {"b"}}]
    Separation([BORN], said, {}).join(0, 1)
    assert said == [{0: {"a"}}, {0: {"b"}}]
