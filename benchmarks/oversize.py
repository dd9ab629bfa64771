"""One change of a record in a group of 10,000 that hang together: far more than may be one person.

The group is a chain: some records share each e-mail, and each phone joins half of them with half of the next. So it is
loaded and resolved whole for each change, and evidence is dropped until no more than a thousand records are one person.
Of a chain whose phones come in any order a few large profiles are left. The hardest is one whose phones come in order:
the first ones make a profile of a thousand records, all others are dropped, and thousands of small ones are left.
"""

import random
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.workload import catalogue, origin
from cli.main import collect_rarely
from graph_model.records.record import Change
from graph_model.resolution.row_changes import row_change
from graph_model.values.equality import JsonValue
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.stores.port.protocols import Outbox
from services.stores.sqlite.store import SqliteStore

RECORDS: Final = 10_000
MILLISECONDS: Final = 1_000.0
MEGABYTES: Final = 200.0


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the records hang together."""

    name: str
    sharing: int  #: records with one e-mail, and with one phone; below the limit of both kinds
    in_order: bool  #: whether the phones are sorted along the chain


_SHAPES: Final = (
    _Shape("large profiles", sharing=8, in_order=False),
    _Shape("thousands of profiles", sharing=4, in_order=True),
)


async def measure() -> list[Figure]:
    """Milliseconds and memory of each sort of change, a record in the second half of the chain each time."""
    collect_rarely()
    return [figure for shape in _SHAPES for figure in await _measured(shape)]


async def _measured(shape: _Shape) -> list[Figure]:
    with TemporaryDirectory() as name:
        store = await SqliteStore.open(Path(name) / "chain.sqlite", catalogue().fingerprint)
        try:
            outbox = await store.claim_outbox("benchmark")
            ingest = Ingest(store, catalogue(), outbox, metrics=Metrics())
            chain = _Chain(shape)
            await _apply(ingest, outbox, chain.all_records())
            return [
                figure
                for sort, change in chain.sorts.items()
                for figure in await _changed(ingest, outbox, f"{shape.name}, {sort}", change)
            ]
        finally:
            await store.close()


async def _changed(ingest: Ingest, outbox: Outbox, what: str, change: Callable[[], Change]) -> list[Figure]:
    """Time and memory in rounds of their own, since counting memory takes time."""
    await _apply(ingest, outbox, [change()])  # warm-up
    milliseconds, megabytes = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await _apply(ingest, outbox, [change()])
        milliseconds.append((time.perf_counter() - started) * 1_000)
    tracemalloc.start()
    try:
        for _ in range(ROUNDS):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            await _apply(ingest, outbox, [change()])
            megabytes.append((tracemalloc.get_traced_memory()[1] - before) / 1e6)
    finally:
        tracemalloc.stop()
    return [
        Figure(what=what, unit="ms", ours=tuple(milliseconds), goal=Goal(Sense.AT_MOST, MILLISECONDS), at=RECORDS),
        Figure(
            what=f"Memory: {what}", unit="MB", ours=tuple(megabytes), goal=Goal(Sense.AT_MOST, MEGABYTES), at=RECORDS
        ),
    ]


async def _apply(ingest: Ingest, outbox: Outbox, changes: list[Change]) -> None:
    for committed in (await ingest.apply(changes)).committed:
        await outbox.acknowledge(committed.commit_id)


class _Chain:
    """Rows that hang together in a chain, and changes of single ones."""

    def __init__(self, shape: _Shape) -> None:
        self._source = catalogue().sources["crm"]
        self._sharing = shape.sharing
        self._offset = 0
        self._phones = list(range(RECORDS // shape.sharing + 1))
        if not shape.in_order:
            random.Random(7).shuffle(self._phones)  # noqa: S311 - invented data
        self._next = iter(range(RECORDS // 2, RECORDS, shape.sharing))  # one of each e-mail: none is carried too often
        self._key = RECORDS
        self.sorts: dict[str, Callable[[], Change]] = {
            "a trait changes": self._one_moves_house,
            "a record joins": self._one_joins,
            "a record leaves": self._one_leaves,
        }

    def all_records(self) -> list[Change]:
        """The chain itself."""
        return [self._change(key, key, "Oslo") for key in range(RECORDS)]

    def _one_moves_house(self) -> Change:
        place = next(self._next)
        return self._change(place, place, f"City {place}")

    def _one_joins(self) -> Change:
        self._key += 1
        return self._change(self._key, next(self._next), "Oslo")

    def _one_leaves(self) -> Change:
        return self._change(next(self._next), None, "Oslo")

    def _change(self, key: int, place: int | None, city: str) -> Change:
        self._offset += 1
        row: dict[str, JsonValue] = {"id": key, "name": f"Person {key}", "city": city}
        if place is not None:
            half = self._sharing // 2
            row["email"] = f"person{place // self._sharing}@example.com"
            row["phone"] = f"+1212555{self._phones[(place + half) // self._sharing]:04d}"
        return row_change(self._source, row, origin(self._offset))
