"""What a profile shows of several records' values, by the rule of each trait."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from graph_model.catalogue.rules import Trait, TraitRule
from graph_model.profile import survivorship
from graph_model.profile.codec import decode_profile, encode_profile
from graph_model.profile.composition import compose_profile
from graph_model.profile.document import Profile
from graph_model.profile.survivorship import GoldenValue
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.resolve import resolve
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from graph_model.values.trait_values import TraitType
from tests.properties import worlds

CATALOGUE = replace(
    worlds.catalogue((10, 10, 10), (1, 2, 3), (False, False, False)), traits={"name": Trait(TraitType.TEXT)}
)


def said(source: str, key: int, name: JsonValue, at: int) -> MappedRecord:
    record = Record(address=RecordAddress.of(source, [key]), position=Position(0, 0), observed_at=at, values={})
    return MappedRecord(record, (Identifier("email", "a"),), {} if name is None else {"name": name}, ())


def composed(*records: MappedRecord) -> Profile:
    mapped = {each.address: each for each in records}
    (component,) = resolve(mapped, (), frozenset(), CATALOGUE)
    (cluster,) = component.clusters
    return compose_profile("p", cluster, mapped, frozenset(), component.dropped, CATALOGUE)


def test_the_newest_value_is_shown_with_its_record() -> None:
    trait = composed(said("crm", 1, "Ann", 1), said("crm", 2, "Anne", 3), said("crm", 3, None, 5)).traits["name"]
    assert (trait.value, [record.address for record in trait.records]) == ("Anne", [RecordAddress("crm", "[2]")])


@pytest.mark.parametrize("sources", [("crm", "shop"), ("shop", "crm")])
def test_of_equally_new_values_that_of_the_source_named_first_is_shown(sources: Sequence[str]) -> None:
    first = next(iter(CATALOGUE.sources))
    assert composed(*(said(source, 1, source, 1) for source in sources)).traits["name"].value == first


def test_a_profile_of_which_nothing_is_known_yet_but_its_records_has_no_version_and_no_time() -> None:
    profile = composed(said("crm", 1, "Ann", 1))
    assert (profile.profile_id, profile.version, profile.created_at, profile.updated_at) == ("p", 0, "", "")


def test_a_rule_may_take_a_value_from_several_records(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(_name: str, preferred_first: Sequence[MappedRecord]) -> GoldenValue:
        return GoldenValue(len(preferred_first), tuple(range(len(preferred_first))))

    monkeypatch.setattr(survivorship, "_CHOICES", {TraitRule.NEWEST: counted})
    profile = composed(said("crm", 1, "Ann", 1), said("crm", 2, "Anne", 3))
    trait = profile.traits["name"]
    assert (trait.value, [record.address.key for record in trait.records]) == (2, ["[2]", "[1]"])
    assert [each.observed_at for each in trait.further] == ["1970-01-01T00:00:00.001Z"]
    assert decode_profile(encode_profile(profile)) == profile
