"""Small random worlds: catalogues, histories of changes, and what is in force in the end."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from graph_model.catalogue import Catalogue, Source, TraitType
from graph_model.identifiers import IdentifierKind
from graph_model.mapping import Origin, row_change
from graph_model.records import Change, JsonValue, Position, RecordAddress
from tests.properties import oracle

KINDS = ("email", "phone", "passport")
SOURCES = ("crm", "shop")
VALUES = ("a", "b", "c", "d")
KEYS = (1, 2, 3, 4, 5, 6)


def catalogue(limits: Sequence[int], priorities: Sequence[int], exclusive: Sequence[bool]) -> Catalogue:
    """Three kinds and two sources; every record may carry two values of each kind."""
    kinds = {
        name: IdentifierKind(name=name, normalise=str, holder_limit=limit, exclusive=is_exclusive, priority=priority)
        for name, limit, priority, is_exclusive in zip(KINDS, limits, priorities, exclusive, strict=True)
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
            identifiers=tuple((f"{kind}_{place}", kind) for kind in KINDS for place in (1, 2)),
            traits=(("name", "name"),),
            rank=rank,
        )
        for rank, name in enumerate(SOURCES)
    }
    return Catalogue(name="random", kinds=kinds, traits={"name": TraitType.TEXT}, sources=sources, fingerprint="random")


catalogues = st.builds(
    catalogue,
    st.tuples(*[st.integers(1, 4)] * 3),
    st.tuples(*[st.integers(1, 3)] * 3),
    st.tuples(st.booleans(), st.booleans(), st.just(value=True)),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one row: new values, or None for a deletion."""

    source: str
    key: int
    row: dict[str, str] | None
    moved_from: int | None = None


_rows = st.dictionaries(
    st.sampled_from([f"{kind}_{place}" for kind in KINDS for place in (1, 1, 1, 2)] + ["name"]),
    st.sampled_from(VALUES),
    max_size=4,
)
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
        moved = None if step.moved_from in (None, step.key) else RecordAddress.of(step.source, [step.moved_from])
        origin = Origin(position=Position(1, offset), observed_at=1_000 * offset, previous=moved)
        found.append(row_change(catalogue.sources[step.source], row, origin, deleted=step.row is None))
    return found


def expected_partition(history: Sequence[Step], catalogue: Catalogue) -> frozenset[frozenset[oracle.Address]]:
    """What the oracle makes of the rows that survive a history."""
    last = {(step.source, f"[{step.key}]"): step.row for step in history}
    records = {
        address: frozenset((column.split("_")[0], value) for column, value in row.items() if column != "name")
        for address, row in last.items()
        if row is not None
    }
    kinds = {
        kind.name: oracle.Kind(kind.holder_limit, kind.priority, exclusive=kind.exclusive)
        for kind in catalogue.kinds.values()
    }
    return oracle.partition(records, kinds)
