"""Small random worlds: catalogues, histories of changes, verdicts, and what is in force in the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from hypothesis import strategies as st

from graph_model.catalogue.rules import Catalogue, Column, Source, Trait
from graph_model.records.record import Change, RecordAddress
from graph_model.records.verdicts import Judgement, Verdict
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import IdentifierKind
from graph_model.values.positions import Position
from graph_model.values.trait_values import TraitType
from tests.properties import oracle
from tests.properties.values import TEXTS, VALUES, identities, one_of_many, trait

KINDS = ("email", "phone", "passport")
TRAITS = ("name",)
SOURCES = ("crm", "shop")
KEYS = (1, 2, 3, 4, 5, 6)
#: Rows of worlds without a history: few, so that many contradict each other.
ADDRESSES = tuple(RecordAddress.of(source, [key]) for source in SOURCES for key in KEYS[:4])


def catalogue(
    limits: Sequence[int],
    priorities: Sequence[int],
    exclusive: Sequence[bool],
    *,
    value_limits: Sequence[int | None] = (None, None, None),
    trust: Sequence[int] = (100, 100),
    exclusive_traits: frozenset[str] = frozenset(),
) -> Catalogue:
    """Three kinds and two sources; every record may carry two values of each kind, and a name.

    Args:
        limits: how many records may carry one value of each kind.
        priorities: of each kind.
        exclusive: of which kinds a person has one value.
        value_limits: how many values of the other kinds a person may have.
        trust: in each source.
        exclusive_traits: of which traits a person has one value.
    """
    kinds = {
        name: IdentifierKind(
            name=name,
            normalise=str,
            holder_limit=limit,
            priority=priority,
            value_limit=1 if is_exclusive else value_limit,
        )
        for name, limit, priority, is_exclusive, value_limit in zip(
            KINDS, limits, priorities, exclusive, value_limits, strict=True
        )
    }
    sources = {
        name: Source(
            name=name,
            format="rows",
            topic=None,
            topic_pattern=None,
            table=None,
            file=None,
            key=("id",),
            event_time=None,
            version=None,
            epoch=1,
            meanings=(
                *(Column(name=f"{kind}_{place}", identifier=kind, trait=None) for kind in KINDS for place in (1, 2)),
                *(Column(name=name, identifier=None, trait=name) for name in TRAITS),
            ),
            rank=rank,
            trust=trusted,
        )
        for rank, (name, trusted) in enumerate(zip(SOURCES, trust, strict=True))
    }
    return Catalogue(
        name="random",
        kinds=kinds,
        traits=dict.fromkeys(TRAITS, Trait(TraitType.TEXT)),
        sources=sources,
        fingerprint="random",
        exclusive_traits=exclusive_traits,
    )


def _catalogue_of(
    kinds: Sequence[tuple[int, int, int | None]], trust: Sequence[int], exclusive_traits: frozenset[str]
) -> Catalogue:
    limits, priorities, value_limits = zip(*kinds, strict=True)
    return catalogue(
        limits,
        priorities,
        (False, False, False),
        value_limits=value_limits,
        trust=trust,
        exclusive_traits=exclusive_traits,
    )


_TRUST = ((100, 100), (100, 100), (100, 50), (50, 100), (50, 50), (100, 0), (0, 0))
_kinds = st.sampled_from(tuple(product((1, 2, 3, 4), (1, 2, 3), (None, 1, 2))))
catalogues = st.builds(
    _catalogue_of,
    st.tuples(_kinds, _kinds, _kinds),
    st.sampled_from(_TRUST),
    st.sampled_from((frozenset(), frozenset(TRAITS))),
)

#: Columns of a row with their values.
Row = dict[str, JsonValue]
#: First places are likelier, so that values of one kind by themselves rarely contradict each other.
_COLUMNS = (*(f"{kind}_{place}" for kind in KINDS for place in (1, 1, 1, 2)), *TRAITS)
_rows: st.SearchStrategy[Row] = st.dictionaries(st.sampled_from(_COLUMNS), st.sampled_from(VALUES), max_size=4)


def _population(cells: Iterable[tuple[RecordAddress, str, JsonValue]]) -> dict[RecordAddress, Row]:
    found: dict[RecordAddress, Row] = {}
    for address, column, value in cells:
        found.setdefault(address, {})[column] = value
    return found


# One choice for each cell, row and verdict: drawing examples takes longer than resolving them.
_cells = one_of_many(product(ADDRESSES, (*_COLUMNS, *TRAITS), VALUES))
populations = st.lists(_cells, min_size=12, max_size=32).map(_population)


def grouped(places: Mapping[RecordAddress, int], together: bool) -> Verdict:
    """A verdict that puts records into numbered groups."""
    groups = (tuple(sorted(a for a, place in places.items() if place == number)) for number in set(places.values()))
    return Verdict(tuple(groups), together, "")


def verdicts_of(said: Iterable[Verdict]) -> list[Verdict]:
    """Number what is said."""
    return [replace(verdict, verdict_id=f"v{number}") for number, verdict in enumerate(said, 1)]


_JUDGEMENTS = (Judgement.SAME, Judgement.SAME, Judgement.DIFFERENT)
_pairs = st.sampled_from(
    tuple(Verdict.pair(judgement, *pair, "") for pair in combinations(ADDRESSES, 2) for judgement in _JUDGEMENTS)
)
_splits = st.builds(
    grouped, st.dictionaries(st.sampled_from(ADDRESSES), st.integers(0, 2), min_size=2, max_size=6), st.booleans()
)
verdicts = st.lists(_pairs | _pairs | _splits, max_size=8).map(verdicts_of)

# Disputes: everybody has one of two passports, which join nobody, so that only "same" verdicts overcome them.
_weak_or_strong = st.sampled_from(tuple(product((3, 4, 8), (1, 2, 3), (None,))))
disputed_catalogues = st.builds(
    _catalogue_of,
    st.tuples(_weak_or_strong, _weak_or_strong, st.just((1, 1, 1))),
    st.sampled_from(_TRUST[:4]),
    st.just(frozenset[str]()),
)
_disputed_rows = st.sampled_from(
    tuple(
        {column: value for column, value in (("email_1", email), ("phone_1", phone), ("passport_1", passport)) if value}
        for email, phone, passport in product((*TEXTS, None), (*TEXTS, None), ("a", "b"))
    )
)
disputed_populations = st.fixed_dictionaries(dict.fromkeys(ADDRESSES, _disputed_rows))


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one row: new values, or None for a deletion."""

    source: str
    key: int
    row: Row | None
    moved_from: int | None = None
    moved_to: int | None = None


steps = st.builds(
    Step,
    st.sampled_from(SOURCES),
    st.sampled_from(KEYS),
    st.none() | _rows | _rows | _rows,
    st.none() | st.none() | st.none() | st.sampled_from(KEYS),
)
histories = st.lists(steps, min_size=1, max_size=25)


def changes(history: Sequence[Step], catalogue: Catalogue, first_offset: int = 1) -> list[Change]:
    """The changes of a history, as one log carries them."""
    found = []
    for offset, step in enumerate(history, first_offset):
        row: dict[str, JsonValue] = {"id": step.key, **(step.row or {})}
        came, went = (
            None if key in (None, step.key) else RecordAddress.of(step.source, [key])
            for key in (step.moved_from, step.moved_to)
        )
        origin = Origin(position=Position(1, offset), observed_at=1_000 * offset, previous=came, moved_to=went)
        found.append(row_change(catalogue.sources[step.source], row, origin, deleted=step.row is None))
    return found


def expected(
    rows: Mapping[RecordAddress, Mapping[str, JsonValue]],
    catalogue: Catalogue,
    verdicts: Iterable[Verdict] = (),
    most: int = 1_000,
) -> oracle.Answer:
    """What the oracle makes of rows and verdicts, where up to `most` records may hang together."""
    world = oracle.World(
        rows={
            address: oracle.Row(
                identifiers=frozenset(
                    (column.split("_")[0], said)
                    for column in row.keys() - {*TRAITS}
                    for said in identities(row[column])
                ),
                traits={name: said for name in TRAITS if (said := trait(row.get(name))) is not None},
                trust=catalogue.sources[address.source].trust,
            )
            for address, row in rows.items()
        },
        kinds={
            kind.name: oracle.Kind(kind.holder_limit, kind.priority, kind.value_limit)
            for kind in catalogue.kinds.values()
        },
        exclusive_traits=catalogue.exclusive_traits,
        verdicts=tuple(single for given in verdicts for single in _single_words(given)),
        most=most,
    )
    return world.resolve()


def _single_words(given: Verdict) -> list[oracle.Verdict]:
    """What a verdict says about each two of its records."""
    words = []
    for (here, one), (there, other) in combinations(
        sorted((address, number) for number, group in enumerate(given.groups) for address in group), 2
    ):
        if one != other:
            words.append(oracle.Verdict(here, there, "different", given.verdict_id))
        elif given.together:
            words.append(oracle.Verdict(here, there, "same", given.verdict_id))
    return words


def expected_partition(
    history: Sequence[Step], catalogue: Catalogue, verdicts: Iterable[Verdict] = ()
) -> frozenset[oracle.Cluster]:
    """The clusters that the oracle makes of the rows that survive a history."""
    last = {RecordAddress.of(step.source, [step.key]): step.row for step in history}
    rows = {address: row for address, row in last.items() if row is not None}
    return expected(rows, catalogue, verdicts).partition
