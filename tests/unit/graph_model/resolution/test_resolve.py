from collections.abc import Sequence
from dataclasses import replace

import pytest

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Record, RecordAddress
from graph_model.records.verdicts import Judgement, Verdict
from graph_model.resolution import resolve as law
from graph_model.resolution.constraints import Conflict, Constraint
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from tests.properties import worlds

CATALOGUE = worlds.catalogue((10, 10, 10), (90, 50, 100), (False, False, True))


def at(name: str) -> RecordAddress:
    """`a1` is the row 1 of the source a; crm and shop are those of the catalogue."""
    return RecordAddress.of(name.rstrip("0123456789"), [int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))])


def records(**said: str) -> dict[RecordAddress, MappedRecord]:
    """`a1="email:x phone:1 name=Ann"` is the record a[1] with these identifiers and this trait."""
    found = {}
    for name, text in said.items():
        parsed = sorted(i for part in text.split() if (i := Identifier.parse(part)) is not None)
        traits = dict(part.split("=") for part in text.split() if "=" in part)
        record = Record(address=at(name), position=Position(0, 0), observed_at=0, values={})
        found[at(name)] = MappedRecord(record, tuple(parsed), traits, ())
    return found


def same(low: str, high: str) -> Verdict:
    return Verdict.pair(Judgement.SAME, at(low), at(high), f"{low}={high}")


def different(low: str, high: str) -> Verdict:
    return Verdict.pair(Judgement.DIFFERENT, at(low), at(high), f"{low}!{high}")


def clusters(
    mapped: dict[RecordAddress, MappedRecord],
    *verdicts: Verdict,
    generic: frozenset[Identifier] = frozenset(),
    catalogue: Catalogue = CATALOGUE,
) -> list[list[str]]:
    return [
        [f"{a.source}{a.key_parts[0]}" for a in cluster.members]
        for component in law.resolve(mapped, verdicts, generic, catalogue)
        for cluster in component.clusters
    ]


def conflicts(
    mapped: dict[RecordAddress, MappedRecord], *verdicts: Verdict, catalogue: Catalogue = CATALOGUE
) -> list[Sequence[Conflict]]:
    """The conflicts of every cluster."""
    return [
        cluster.conflicts
        for component in law.resolve(mapped, verdicts, frozenset(), catalogue)
        for cluster in component.clusters
    ]


def limited(limit: int) -> Catalogue:
    """A person has up to so many telephones."""
    return worlds.catalogue((10, 10, 10), (90, 50, 100), (False, False, True), value_limits=(None, limit, None))


def test_records_that_share_an_identifier_are_one() -> None:
    assert clusters(records(a1="email:x", a2="email:y", b1="email:x")) == [["a1", "b1"], ["a2"]]


def test_records_hang_together_over_several_steps() -> None:
    assert clusters(records(a1="email:x", a2="email:x phone:1", b1="phone:1")) == [["a1", "a2", "b1"]]


def test_a_generic_identifier_is_no_evidence() -> None:
    generic = frozenset({Identifier("email", "x")})
    assert clusters(records(a1="email:x", b1="email:x"), generic=generic) == [["a1"], ["b1"]]


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
    conflict = Conflict(at("a1"), at("b1"), Constraint.VALUES, "passport", "1", "2", Identifier("email", "x"))
    assert conflicts(mapped) == [(conflict,), (conflict,)]


def test_a_conflict_names_the_smaller_address_first() -> None:
    mapped = records(a1="email:x phone:7", c1="email:x passport:1", b1="phone:7 passport:2")
    conflict = Conflict(at("b1"), at("c1"), Constraint.VALUES, "passport", "2", "1", Identifier("phone", "7"))
    assert conflicts(mapped) == [(conflict,), (conflict,)]


def test_a_conflict_names_the_strongest_evidence_refused() -> None:
    mapped = records(a1="phone:7 passport:1", a2="email:x passport:1", b1="phone:7 email:x passport:2")
    ((conflict, *_), _) = conflicts(mapped)
    assert conflict.refused == Identifier("email", "x")


def test_a_record_that_breaks_a_constraint_by_itself_joins_nothing_by_that_kind() -> None:
    mapped = records(a1="passport:1 passport:2", b1="passport:1", c1="passport:2")
    assert clusters(mapped) == [["a1"], ["b1"], ["c1"]]


def test_a_record_that_breaks_a_constraint_by_itself_still_joins_by_other_kinds() -> None:
    mapped = records(a1="passport:1 passport:2 email:x", b1="passport:1 email:x")
    assert clusters(mapped) == [["a1", "b1"]]


def test_a_record_that_breaks_a_constraint_by_itself_is_reported() -> None:
    ((conflict,),) = conflicts(records(a1="passport:1 passport:2"))
    assert conflict == Conflict(at("a1"), at("a1"), Constraint.VALUES, "passport", "1", "2", None)


def test_a_person_may_have_as_many_values_as_the_kind_allows() -> None:
    mapped = records(a1="email:x phone:1", a2="email:x phone:2", b1="email:x phone:1 phone:2")
    assert clusters(mapped, catalogue=limited(2)) == [["a1", "a2", "b1"]]


def test_a_union_with_more_values_than_the_kind_allows_is_refused() -> None:
    mapped = records(a1="email:x phone:1", a2="email:x phone:2", b1="email:x phone:3")
    assert clusters(mapped, catalogue=limited(2)) == [["a1", "a2"], ["b1"]]


def test_a_conflict_about_many_values_names_two_that_contradict_each_other() -> None:
    mapped = records(a1="email:x phone:1", a2="email:x phone:2", b1="email:x phone:2 phone:3")
    conflict = Conflict(at("a1"), at("b1"), Constraint.VALUES, "phone", "1", "3", Identifier("email", "x"))
    assert conflicts(mapped, catalogue=limited(2)) == [(conflict,), (conflict,)]


def test_two_values_of_an_exclusive_trait_keep_records_apart() -> None:
    exclusive = replace(CATALOGUE, exclusive_traits=frozenset({"born"}))
    mapped = records(a1="email:x born=1990", b1="email:x born=1991")
    conflict = Conflict(at("a1"), at("b1"), Constraint.TRAIT, "born", "1990", "1991", Identifier("email", "x"))
    assert conflicts(mapped, catalogue=exclusive) == [(conflict,), (conflict,)]


def test_a_verdict_same_joins_records_that_share_nothing() -> None:
    assert clusters(records(a1="", b1=""), same("a1", "b1")) == [["a1", "b1"]]


def test_a_verdict_same_overrules_exclusive_values() -> None:
    assert clusters(records(a1="passport:1", b1="passport:2"), same("a1", "b1")) == [["a1", "b1"]]


def test_what_a_verdict_has_joined_takes_in_records_that_bring_no_further_value() -> None:
    mapped = records(a1="passport:1", b1="passport:2 email:x", c1="passport:1 email:x", d1="passport:3 email:x")
    assert clusters(mapped, same("a1", "b1")) == [["a1", "b1", "c1"], ["d1"]]


def test_a_refused_union_is_tried_again_when_a_side_has_grown() -> None:
    """The e-mail is stronger than the phone, but joins only once a1 and b1 are together."""
    mapped = records(a1="passport:1 email:x phone:1", b1="passport:1 phone:1", b2="passport:2", c1="passport:2 email:x")
    weak_passport = worlds.catalogue((10, 10, 10), (90, 50, 10), (False, False, True))
    assert clusters(mapped, same("b1", "b2"), catalogue=weak_passport) == [["a1", "b1", "b2", "c1"]]


def test_what_is_tried_again_comes_in_the_order_of_its_strength() -> None:
    """Once crm3 has joined crm1 and crm2, both crm4 and shop1 may; the e-mail to crm4 is stronger."""
    mapped = records(
        crm1="passport:1 phone:1 phone:2",
        crm2="passport:2",
        crm3="passport:1 phone:1 email:x email:y",
        crm4="passport:2 phone:2 email:x",
        shop1="passport:2 email:y",
    )
    catalogue = worlds.catalogue((10, 10, 10), (90, 50, 10), (False, False, True), trust=(100, 80))
    found = clusters(mapped, same("crm1", "crm2"), different("crm4", "shop1"), catalogue=catalogue)
    assert found == [["crm1", "crm2", "crm3", "crm4"], ["shop1"]]


def test_a_verdict_different_keeps_records_apart_against_any_evidence() -> None:
    mapped = records(a1="passport:1 email:x", b1="passport:1 email:x")
    assert clusters(mapped, different("a1", "b1")) == [["a1"], ["b1"]]


def test_a_verdict_different_holds_for_whatever_joins_either_record() -> None:
    mapped = records(a1="email:x", a2="email:x phone:1", b1="phone:1 passport:1", b2="passport:1")
    assert clusters(mapped, different("a1", "b2")) == [["a1", "a2"], ["b1", "b2"]]


def test_a_verdict_different_is_a_conflict_that_names_its_records() -> None:
    mapped = records(a1="email:x", a2="email:x phone:1", b1="phone:1 passport:1", b2="passport:1")
    conflict = Conflict(at("a1"), at("b2"), Constraint.VERDICT, "a1!b2", "", "", Identifier("phone", "1"))
    assert conflicts(mapped, different("a1", "b2")) == [(conflict,), (conflict,)]


def test_of_contradictory_verdicts_the_last_union_in_the_one_order_is_refused() -> None:
    verdicts = (same("a1", "b1"), same("b1", "c1"), different("a1", "c1"))
    assert clusters(records(a1="", b1="", c1=""), *verdicts) == [["a1", "b1"], ["c1"]]


def test_a_verdict_that_is_refused_is_a_conflict() -> None:
    verdicts = (same("a1", "b1"), different("a1", "b1"))
    conflict = Conflict(at("a1"), at("b1"), Constraint.VERDICT, "a1!b1", "", "", same("a1", "b1"))
    assert conflicts(records(a1="", b1=""), *verdicts) == [(conflict,), (conflict,)]


def test_a_verdict_about_a_record_that_is_not_there_is_ignored() -> None:
    assert clusters(records(a1=""), same("a1", "b1"), different("a1", "b1")) == [["a1"]]


def test_verdicts_may_be_repeated() -> None:
    verdicts = (same("a1", "b1"), same("a1", "b1"), different("b1", "c1"), different("b1", "c1"))
    assert clusters(records(a1="", b1="", c1=""), *verdicts) == [["a1", "b1"], ["c1"]]


def test_the_less_a_source_is_trusted_the_later_its_evidence_joins() -> None:
    mapped = records(crm1="passport:1 phone:7", crm2="phone:7 email:x", shop1="passport:2 email:x")
    doubtful = worlds.catalogue((10, 10, 10), (90, 50, 100), (False, False, True), trust=(100, 50))
    assert clusters(mapped) == [["crm1"], ["crm2", "shop1"]]
    assert clusters(mapped, catalogue=doubtful) == [["crm1", "crm2"], ["shop1"]]


def test_records_of_a_source_without_trust_join_nothing_by_identifiers() -> None:
    distrusted = worlds.catalogue((10, 10, 10), (90, 50, 100), (False, False, True), trust=(100, 0))
    assert clusters(records(crm1="email:x", shop1="email:x"), catalogue=distrusted) == [["crm1"], ["shop1"]]


def test_records_of_a_source_without_trust_join_by_verdicts() -> None:
    distrusted = worlds.catalogue((10, 10, 10), (90, 50, 100), (False, False, True), trust=(100, 0))
    assert clusters(records(crm1="", shop1=""), same("crm1", "shop1"), catalogue=distrusted) == [["crm1", "shop1"]]


def test_above_the_limit_the_weakest_evidence_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "COMPONENT_LIMIT", 3)
    mapped = records(a1="email:x", a2="email:x phone:1", a3="phone:1 email:y", a4="email:y")
    (component,) = law.resolve(mapped, (), frozenset(), CATALOGUE)
    assert clusters(mapped) == [["a1", "a2"], ["a3", "a4"]]
    assert component.dropped == {Identifier("phone", "1")}


def test_verdicts_are_never_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "COMPONENT_LIMIT", 2)
    mapped = records(a1="", a2="email:x", a3="email:x")
    assert clusters(mapped, same("a1", "a2"), same("a2", "a3")) == [["a1", "a2", "a3"]]
    assert clusters(mapped, same("a1", "a2")) == [["a1", "a2"], ["a3"]]
