"""The law itself: what `resolve` answers is what a naive reading of the law says, whatever it is given."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Record, RecordAddress
from graph_model.records.verdicts import Verdict
from graph_model.resolution import resolve as law
from graph_model.resolution.constraints import Conflict
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.resolution.resolve import Component
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from tests.properties import oracle, worlds
from tests.properties.worlds import Row

Rows = Mapping[RecordAddress, Row]
# Multiples of what the profile in force says, so that a longer run does more of each.
_many = settings(max_examples=20 * settings().max_examples, deadline=None)
_some = settings(max_examples=5 * settings().max_examples, deadline=None)


def mapped(rows: Rows, catalogue: Catalogue) -> dict[RecordAddress, MappedRecord]:
    return {
        address: map_record(Record(address=address, position=Position(0, 0), observed_at=0, values=row), catalogue)
        for address, row in rows.items()
    }


def generic(records: Mapping[RecordAddress, MappedRecord], catalogue: Catalogue) -> frozenset[Identifier]:
    holders = Counter(identifier for each in records.values() for identifier in each.identifiers)
    return frozenset(i for i, count in holders.items() if catalogue.kinds[i.kind].is_generic(count))


def resolved(rows: Rows, catalogue: Catalogue, verdicts: Iterable[Verdict] = ()) -> tuple[Component, ...]:
    records = mapped(rows, catalogue)
    return law.resolve(records, verdicts, generic(records, catalogue), catalogue)


def partition(components: Iterable[Component]) -> frozenset[oracle.Cluster]:
    return frozenset(frozenset(cluster.members) for component in components for cluster in component.clusters)


def answer(components: Sequence[Component]) -> oracle.Answer:
    """The same in the words of the oracle."""
    about: dict[Conflict, set[oracle.Cluster]] = {}
    for component in components:
        for cluster in component.clusters:
            for conflict in cluster.conflicts:
                about.setdefault(conflict, set()).add(frozenset(cluster.members))
    return oracle.Answer(
        partition=partition(components),
        conflicts=frozenset((frozenset(clusters), _in_oracle_words(conflict)) for conflict, clusters in about.items()),
        dropped=frozenset(identifier for component in components for identifier in component.dropped),
    )


def _in_oracle_words(conflict: Conflict) -> oracle.Conflict:
    return oracle.Conflict(
        constraint=conflict.constraint.value,
        name=conflict.name,
        said=frozenset({(conflict.low, conflict.low_value), (conflict.high, conflict.high_value)}),
        refused=None if conflict.refused is None else str(conflict.refused),
    )


@given(worlds.catalogues, worlds.populations, worlds.verdicts)
@_many
def test_clusters_and_conflicts_are_those_of_a_naive_reading_of_the_law(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict]
) -> None:
    assert answer(resolved(rows, catalogue, verdicts)) == worlds.expected(rows, catalogue, verdicts)


@given(worlds.disputed_catalogues, worlds.disputed_populations, worlds.verdicts)
@_some
def test_clusters_that_verdicts_made_against_values_grow_as_a_naive_reading_of_the_law_says(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict]
) -> None:
    assert answer(resolved(rows, catalogue, verdicts)) == worlds.expected(rows, catalogue, verdicts)


@given(worlds.catalogues, worlds.populations, worlds.verdicts, st.integers(1, 5))
@_some
def test_evidence_is_dropped_as_a_naive_reading_of_the_law_drops_it(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(law, "COMPONENT_LIMIT", most)
        found = answer(resolved(rows, catalogue, verdicts))
    assert found == worlds.expected(rows, catalogue, verdicts, most)


@given(worlds.catalogues, worlds.populations, worlds.verdicts, st.randoms(use_true_random=False))
@_some
def test_the_order_of_records_and_verdicts_changes_nothing(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict], shuffler: random.Random
) -> None:
    shuffled_rows, shuffled_verdicts = list(rows.items()), [*verdicts, *verdicts]
    shuffler.shuffle(shuffled_rows)
    shuffler.shuffle(shuffled_verdicts)
    assert resolved(dict(shuffled_rows), catalogue, shuffled_verdicts) == resolved(rows, catalogue, verdicts)


@given(worlds.catalogues, worlds.populations, worlds.verdicts)
@_some
def test_records_that_a_steward_calls_different_are_never_one(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict]
) -> None:
    clusters = partition(resolved(rows, catalogue, verdicts))
    for cluster in clusters:
        assert all(sum(not cluster.isdisjoint(group) for group in given.groups) <= 1 for given in verdicts)


@given(worlds.catalogues, worlds.populations, worlds.verdicts)
@_some
def test_every_record_is_in_exactly_one_cluster_of_one_component(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict]
) -> None:
    components = resolved(rows, catalogue, verdicts)
    members = [address for component in components for cluster in component.clusters for address in cluster.members]
    assert sorted(members) == sorted(rows)


@given(worlds.catalogues, worlds.populations, worlds.verdicts)
@_some
def test_a_component_becomes_the_same_without_all_others(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict]
) -> None:
    records = mapped(rows, catalogue)
    too_common = generic(records, catalogue)
    for component in law.resolve(records, verdicts, too_common, catalogue):
        alone = {address: records[address] for cluster in component.clusters for address in cluster.members}
        assert law.resolve(alone, verdicts, too_common, catalogue) == (component,)


@given(worlds.catalogues, worlds.populations, worlds.verdicts, st.integers(0, 6))
@_some
def test_withdrawing_verdicts_gives_back_what_was_before(
    catalogue: Catalogue, rows: Rows, verdicts: list[Verdict], given_before: int
) -> None:
    before = resolved(rows, catalogue, verdicts[:given_before])
    resolved(rows, catalogue, verdicts)
    assert resolved(rows, catalogue, verdicts[:given_before]) == before
