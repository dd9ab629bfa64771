"""Mends what a check has found: by resolving again from the records, never by editing what follows from them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from graph_model.identifiers import Identifier
from graph_model.records import RecordAddress, Verdict
from graph_model.verdicts import VerdictEntry, Withdrawal
from services.clock import now_milliseconds
from services.ingest import Ingest
from services.stores.port import Store, VerdictWrite
from services.verification.suspects import Repair

#: About so many records, profiles and identifiers are resolved again in one batch.
BATCH_SIZE: Final = 200

#: Who withdraws a verdict that stands in records but not in the ledger.
_AUTHOR: Final = "identity-graph verify --repair"


async def repair(store: Store, ingest: Ingest, repairs: Sequence[Repair]) -> None:
    """Resolve again what was found wrong; whatever changes by that is published like any other change.

    Verdicts are brought in line with the ledger first: the law sees them as the records have them.

    Raises:
        StoreUnavailable, ClaimLost, CommitTooLarge: see `services.ingest.Ingest.apply`.
    """
    for each in repairs:
        if each.verdict is not None:
            await ingest.decide([await _written_again(store, each.verdict)])
    for batch in _batches(each for each in repairs if each.verdict is None):
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


async def _written_again(store: Store, verdict: Verdict) -> VerdictWrite:
    """A verdict as the ledger has it: whoever writes one brings both records in line with it.

    One that the ledger does not know is in force for nobody; it gets an entry that says so.
    """
    stored = (await store.read_verdicts([verdict.verdict_id])).get(verdict.verdict_id)
    if stored is not None:
        return VerdictWrite(entry=stored.entry, expected=stored.revision)
    now = now_milliseconds()
    entry = VerdictEntry(
        verdict=verdict,
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
