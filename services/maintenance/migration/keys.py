"""Keys that are written otherwise in another form: their rows move to the new addresses.

Where two rows become one, the greater position wins. A row moves like one whose key its source has changed, so that
verdicts and the ids of profiles follow; no profile is told anything unless rows became one.

1. `canonical_profile`: profiles name their records by the new keys. So the moves change nothing that they say.
2. `MoveRows` with `tombstones=True`: what was deleted. Afterwards nothing deleted has an old key.
3. `MoveRows` with `tombstones=False`: what is live. Whatever deleted has an old key now was left by an interrupted run,
   after its row had arrived.
4. `canonical_entry`: the ledger of verdicts names records by the new keys.
"""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import orjson
from msgspec import structs

from graph_model.records.record import Change, Record, RecordAddress
from graph_model.values.positions import Offset, Position
from services.ingestion.ingest import Ingest
from services.maintenance.migration.steps import Checkpoint, Opened, Work
from services.stores.port.migration import DocumentKind, StoredDocument
from services.stores.port.plan import RecordWrite, VerdictWrite
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredRecord

#: Gives the canonical form of a stored key, which is a JSON array.
Canonical: TypeAlias = Callable[[str], str]

#: Rows that move in one batch.
_TOGETHER: Final = 100


@dataclass(frozen=True, slots=True)
class Move:
    """A record that gets another address."""

    stored: StoredRecord
    to: RecordAddress

    @property
    def record(self) -> Record:
        """The record as it is now."""
        return self.stored.record


def target(address: RecordAddress, canonical: Canonical) -> RecordAddress:
    """The address that a record has with its key in canonical form."""
    return RecordAddress(address.source, canonical(address.key))


def changes(moves: Sequence[Move], *, met: bool) -> list[Change]:
    """What the moves mean for the records: all arrivals, then all departures.

    In this order no row is gone before it has arrived, even where the batch is divided into several commits.

    Args:
        moves: records that move, no two of them to one address.
        met: whether there is a record already where they go; else the verdicts about them go with them.
    """
    return [*(_arrival(move, met=met) for move in moves), *(_departure(move, met=met) for move in moves)]


def _arrival(move: Move, *, met: bool) -> Change:
    record = move.record
    return Change(
        address=move.to,
        position=record.position,
        row=record.values,
        observed_at=record.observed_at,
        accepted_at=record.accepted_at,
        undated=record.undated,
        unavailable=record.incomplete,
        # Of two rows that become one, positions of the source need not compare: that of the log decides.
        source_position=None if met else record.streamed,
        previous=record.address,
    )


def _departure(move: Move, *, met: bool) -> Change:
    position = move.record.position
    return Change(
        address=move.record.address,
        position=Position(position.epoch, _next(position.offset)),
        row=None,
        observed_at=move.record.observed_at,
        moved_to=None if met else move.to,
    )


def _next(offset: Offset) -> Offset:
    """An offset that follows another one; nobody sees it, as the tombstone that has it is forgotten."""
    return f"{offset}0" if isinstance(offset, str) else offset + 1


@dataclass(frozen=True, slots=True)
class MoveRows:
    """Records move to the addresses of their canonical keys."""

    name: str
    canonical: Canonical
    tombstones: bool  #: whether those that are deleted move, or those that are live

    async def run(self, work: Work, after: tuple[str, ...] | None) -> None:
        """See `Step.run`; the store is opened only where something moves."""
        done = 0
        async with AsyncExitStack() as stack:
            opened: Opened | None = None
            async for portion in work.store.read_documents(DocumentKind.RECORD, after):
                named = [RecordAddress(*document.name) for document in portion]
                old = [address for address in named if target(address, self.canonical) != address]
                for start in range(0, len(old), _TOGETHER):
                    if opened is None:
                        opened = await stack.enter_async_context(work.open())
                    await self._move(opened, old[start : start + _TOGETHER])
                await work.mark(Checkpoint(self.name, portion[-1].name))
                done += len(portion)
                work.progress("keys of records", done)

    async def _move(self, opened: Opened, addresses: Sequence[RecordAddress]) -> None:
        """Move records, and forget their tombstones at the old addresses."""
        found = await opened.store.read_records(addresses)
        moves = [
            Move(stored, target(address, self.canonical))
            for address, stored in sorted(found.items())
            if stored.record.is_tombstone == self.tombstones
        ]
        while moves:
            # Where several go to one address, those after the first meet a record there.
            turn = list({move.to: move for move in reversed(moves)}.values())
            moves = [move for move in moves if move not in turn]
            taken = await opened.store.read_records({move.to for move in turn})
            async with opened.lend() as ingest:
                await self._settle(ingest, [move for move in turn if move.to not in taken])
                await _unite(opened.store, ingest, [move for move in turn if move.to in taken])
        await opened.store.remove_tombstones(addresses)

    async def _settle(self, ingest: Ingest, moves: Sequence[Move]) -> None:
        """Move records to where nothing is."""
        if moves and self.tombstones:
            await ingest.write_tombstones([_moved_tombstone(move) for move in moves])
        elif moves:
            await ingest.apply(changes(moves, met=False))


async def _unite(store: Store, ingest: Ingest, moves: Sequence[Move]) -> None:
    """Let records become one with those that are where they go: the verdicts about them first, whoever is newer."""
    moved = {move.record.address: move.to for move in moves}
    given = await store.read_verdicts({mark.verdict_id for move in moves for mark in move.record.marks})
    writes = [
        VerdictWrite(
            entry=replace(stored.entry, verdict=stored.entry.verdict.with_moved(moved)), expected=stored.revision
        )
        for stored in given.values()
    ]
    if writes:
        await ingest.decide(writes, strays=moved)
    if moves:
        await ingest.apply(changes(moves, met=True))


def _moved_tombstone(move: Move) -> RecordWrite:
    """A tombstone as it was, at its new address: nothing follows from it for others."""
    return RecordWrite(
        record=structs.replace(move.record, address=move.to),
        expected=None,
        profile_id=move.stored.profile_id,
        identifiers=(),
        edges_changed=True,
    )


def canonical_profile(document: StoredDocument, canonical: Canonical) -> str | None:
    """A profile that names its records by their canonical keys, in order of these."""
    fields = orjson.loads(document.text)
    named = [
        *fields.get("traits", {}).values(),
        *fields.get("identifiers", ()),
        *fields["records"],
        *(end for conflict in fields.get("conflicts", ()) for end in conflict["records"]),
    ]
    changed = False
    for each in named:
        key = orjson.loads(canonical(orjson.dumps(each["key"]).decode()))
        changed = changed or not _is_same_key(key, each["key"])
        each["key"] = key
    if not changed:
        return None
    fields["records"].sort(key=lambda each: (each["source"], orjson.dumps(each["key"])))
    if "records_total" in fields:
        _forget_repetitions(fields)
    return orjson.dumps(fields).decode()


def canonical_entry(document: StoredDocument, canonical: Canonical) -> str | None:
    """An entry of the ledger that names records by their canonical keys.

    Where it named both forms of one key, the record stands where the one that has moved stood.
    """
    fields = orjson.loads(document.text)
    named = [RecordAddress(*address) for group in fields["groups"] for address in group]
    moved = {address: to for address in named if (to := target(address, canonical)) != address}
    if not moved:
        return None
    taken = set(moved.values())
    fields["groups"] = [
        [[*a] for a in sorted({moved.get(a, a) for a in map(_address, group) if a in moved or a not in taken})]
        for group in fields["groups"]
    ]
    return orjson.dumps(fields).decode()


def _address(fields: list[str]) -> RecordAddress:
    source, key = fields
    return RecordAddress(source, key)


def _forget_repetitions(fields: dict[str, Any]) -> None:
    """Remembered records that have become one count once."""
    once = list({orjson.dumps(each): each for each in fields["records"]}.values())
    fields["records_total"] -= len(fields["records"]) - len(once)
    fields["records"] = once


def _is_same_key(one: list[Any], other: list[Any]) -> bool:
    return orjson.dumps(one) == orjson.dumps(other)
