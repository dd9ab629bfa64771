"""Mends what a check has found: by resolving again from the records, never by editing what follows from them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict, VerdictEntry, Withdrawal
from graph_model.values.identifiers import Identifier
from services.clock import now_milliseconds
from services.ingestion.ingest import Ingest
from services.maintenance.verification.suspects import Repair
from services.stores.port.plan import VerdictWrite
from services.stores.port.protocols import Store

#: Who withdraws a verdict that stands in records but not in the ledger.
_AUTHOR: Final = "identity-graph verify --repair"

#: About so many records, profiles and identifiers are resolved again in one batch.
BATCH_SIZE: Final = 200


async def repair(store: Store, ingest: Ingest, repairs: Sequence[Repair]) -> None:
    """Resolve again what was found wrong; whatever changes by that is published like any other change.

    Verdicts are brought in line with the ledger first: the law sees them as the records have them.

    Raises:
        StoreUnavailable, ClaimLost, CommitTooLarge: see `services.ingestion.ingest.Ingest.apply`.
    """
    for each in repairs:
        if each.verdict_id is not None:
            write = await _written_again(store, each.verdict_id, each.carriers)
            await ingest.decide([write], awaiting=True, strays=each.carriers)
    for batch in _batches(each for each in repairs if each.verdict_id is None):
        records = frozenset[RecordAddress]().union(*(each.records for each in batch))
        identifiers = frozenset[Identifier]().union(*(each.identifiers for each in batch))
        await ingest.recompute(
            records,
            frozenset[str]().union(*(each.profiles for each in batch)),
            identifiers | await _linked(store, records),
        )


async def _linked(store: Store, records: Collection[RecordAddress]) -> frozenset[Identifier]:
    """What records are linked with, rightly or not; it must be counted again when the links change.

    Not so hubs: they are generic in any case, and a bucket that then counts wrong is found by the next check.
    """
    linked = {i for identifiers in (await store.read_links(records)).values() for i in identifiers}
    found = await store.read_identifiers(dict.fromkeys(linked, 0))
    return frozenset(identifier for identifier, stored in found.items() if not stored.is_hub)


async def _written_again(store: Store, verdict_id: str, carriers: Collection[RecordAddress]) -> VerdictWrite:
    """A verdict as the ledger has it: whoever writes one brings its records in line with it.

    One that the ledger does not know is in force for nobody; it gets an entry that says so.
    """
    stored = (await store.read_verdicts([verdict_id])).get(verdict_id)
    if stored is not None:
        return VerdictWrite(entry=stored.entry, expected=stored.revision)
    records = (found.record for found in (await store.read_records(carriers)).values())
    places = [(record.address, mark) for record in records for mark in record.marks if mark.verdict_id == verdict_id]
    groups: dict[int, list[RecordAddress]] = {}
    for address, mark in sorted(places):
        groups.setdefault(mark.group, []).append(address)
    now = now_milliseconds()
    entry = VerdictEntry(
        verdict=Verdict(
            tuple(tuple(groups[number]) for number in sorted(groups)),
            together=any(mark.together for _, mark in places),
            verdict_id=verdict_id,
        ),
        reason="it stood in records, but not in the ledger",
        author=_AUTHOR,
        given_at=now,
        withdrawal=Withdrawal(author=_AUTHOR, withdrawn_at=now),
    )
    return VerdictWrite(entry=entry, expected=None)


def _batches(repairs: Iterable[Repair]) -> Iterator[list[Repair]]:
    batch: list[Repair] = []
    size = 0
    for each in repairs:
        batch.append(each)
        size += len(each.records) + len(each.profiles) + len(each.identifiers)
        if size >= BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
