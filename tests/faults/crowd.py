"""A crowd that shares few addresses: rows made to collide, and what they come to in the end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeAlias

import orjson

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.stores.port.protocols import Store
from services.stores.sqlite.store import SqliteStore

CATALOGUE = """
version: 1
identifiers:
  email: {{normalise: email, holders: 6, priority: 90}}
  phone: {{normalise: digits, holders: 4, priority: 60}}
  passport: {{normalise: exact, holders: 10, exclusive: true, priority: 100}}
traits: {{name: text}}
sources:
  people:
    topic: {topic}
    format: rows
    key: [id]
    columns:
      email: {{identifier: email}}
      phone: {{identifier: phone}}
      passport: {{identifier: passport}}
      name: {{trait: name}}
"""
SOURCE = "people"

#: Values of a row; None: the row is deleted.
Row: TypeAlias = Mapping[str, JsonValue] | None
#: Which row, and what becomes of it.
Step: TypeAlias = tuple[int, Row]
#: Which rows are one person, whatever the ids of the profiles.
Partition: TypeAlias = frozenset[frozenset[str]]


def crowd_text(topic: str = "crowd.people") -> str:
    """The catalogue of the crowd, as a user would write it."""
    return CATALOGUE.format(topic=topic)


def crowd_catalogue(topic: str = "crowd.people") -> Catalogue:
    return parse_catalogue(crowd_text(topic), "catalogue.yaml")


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many rows that draw their identifiers from so few values."""

    rows: int
    values: int

    def steps(self, seed: int, *, part: int = 0, parts: int = 1) -> Iterator[Step]:
        """Endless changes of the rows whose key is `part` modulo `parts`; a seventh are deletions."""
        random = Random(f"{seed}/{part}")  # noqa: S311 - a history that can be repeated
        keys = range(part, self.rows, parts)
        for number in count():
            key = random.choice(keys)
            yield key, None if random.random() < 1 / 7 else self._row(random, f"{key} in version {number}")

    def _row(self, random: Random, name: str) -> dict[str, JsonValue]:
        row: dict[str, JsonValue] = {"name": name}
        if random.random() < 0.8:
            row["email"] = f"person{random.randrange(self.values)}@example.com"
        if random.random() < 0.6:
            row["phone"] = f"55500{random.randrange(self.values):03}"
        if random.random() < 0.2:
            row["passport"] = f"P{random.randrange(self.values)}"
        return row


def changes(steps: Iterable[Step], catalogue: Catalogue, first_offset: int = 0) -> list[Change]:
    """The steps as changes of one log."""
    source = catalogue.sources[SOURCE]
    found = []
    for offset, (key, row) in enumerate(steps, first_offset):
        origin = Origin(position=Position(1, offset), observed_at=1_000 * offset)
        found.append(row_change(source, {"id": key, **(row or {})}, origin, deleted=row is None))
    return found


def last_rows(steps: Iterable[Step]) -> dict[int, Row]:
    """The last version of every row; deleted ones are left out."""
    return {key: row for key, row in dict(steps).items() if row is not None}


async def partition(store: Store) -> Partition:
    """Which rows are one profile in a store."""
    documents = [orjson.loads(p.document) async for p in store.scan_profiles() if p.status is ProfileStatus.LIVE]
    return frozenset(frozenset(f"{r['source']}{r['key']}" for r in each["records"]) for each in documents)


async def resolved_at_once(steps: Sequence[Step], folder: Path) -> Partition:
    """What comes of the last version of every row in a store of its own, in one commit by one worker."""
    catalogue = crowd_catalogue()
    store = await SqliteStore.open(folder / "at-once.sqlite", catalogue.fingerprint)
    try:
        ingest = Ingest(store, catalogue, await store.claim_outbox("at-once"), metrics=Metrics())
        await ingest.apply(changes(last_rows(steps).items(), catalogue))
        return await partition(store)
    finally:
        await store.close()
