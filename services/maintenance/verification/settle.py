"""Looks again at what seemed wrong: it is, if nothing that it rests on has moved since it was scanned.

Revisions never recur, so one that is still the same says that nothing of what it guards has changed in between:

- of a record: its values, its verdicts and its links, but not its profile
- of a profile: which records it has, what these say, and which of their identifiers are generic
- of an identifier, or a bucket of a hub: which records carry it
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.maintenance.verification.suspects import Repair, SeenIdentifier, Suspect
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredIdentifier, StoredProfile, StoredRecord, StoredVerdict

Name = TypeVar("Name")
Stored = TypeVar("Stored")

#: What is asked of the store at once.
_REQUEST = 500


@dataclass(frozen=True, slots=True)
class Settled:
    """What a suspicion came to."""

    problems: tuple[str, ...] = ()  #: real differences
    repair: Repair | None = None
    moved: bool = False  #: it cannot be told, since something has moved


async def settle(suspects: Sequence[Suspect], store: Store, catalogue: Catalogue) -> list[Settled]:
    """Tell the real differences from what has moved; in the order given."""
    # Identifiers first: while a profile stays the same, no identifier of its records begins or ceases to be generic.
    identifiers = await _identifiers(store, {i for suspect in suspects for i in suspect.identifiers})
    profiles = await _in_portions({p for suspect in suspects for p in suspect.profiles}, store.read_profiles)
    records = await _in_portions({a for suspect in suspects for a in suspect.records}, store.read_records)
    return [
        Settled(suspect.problems, suspect.repair)
        if _holders_stayed(suspect, identifiers, catalogue)
        and all(_revision(profiles, p) == seen for p, seen in suspect.profiles.items())
        and all(_place(records, a) == seen for a, seen in suspect.records.items())
        else Settled(moved=True)
        for suspect in suspects
    ]


async def settle_verdicts(
    verdict_ids: Sequence[str], carriers: Collection[RecordAddress], store: Store
) -> list[Settled]:
    """Compare the ledger with the records again, where they differed.

    Args:
        verdict_ids: the verdicts that differed.
        carriers: records that any of them was seen in.
        store: what to read from.
    """
    ledger = await store.read_verdicts(verdict_ids)
    named = {address for stored in ledger.values() for address in stored.entry.verdict.records}
    records = await _in_portions({*named, *carriers}, store.read_records)
    ledger_after = await store.read_verdicts(verdict_ids)
    return [
        # A verdict and its records are always written together.
        Settled(moved=True)
        if _revision(ledger, verdict_id) != _revision(ledger_after, verdict_id)
        else _settle_verdict(verdict_id, ledger.get(verdict_id), records)
        for verdict_id in verdict_ids
    ]


def _settle_verdict(
    verdict_id: str, stored: StoredVerdict | None, records: Mapping[RecordAddress, StoredRecord]
) -> Settled:
    carried = {
        (address, mark)
        for address, known in records.items()
        for mark in known.record.all_marks
        if mark.verdict_id == verdict_id
    }
    in_force = set(stored.entry.verdict.marks) if stored is not None and stored.entry.is_in_force else set()
    carriers, named = ({address for address, _ in places} for places in (carried, in_force))
    other = {address for address, _ in carried ^ in_force} & carriers & named
    problems = [
        *(f"record {a} does not carry the verdict {verdict_id}, which is in force" for a in named - carriers),
        *(f"record {a} carries the verdict {verdict_id}, which is not in force" for a in carriers - named),
        *(f"record {a} carries another verdict {verdict_id} than was given" for a in other),
    ]
    repair = Repair(verdict_id=verdict_id, carriers=frozenset(carriers)) if problems else None
    return Settled(tuple(sorted(problems)), repair)


def _holders_stayed(suspect: Suspect, identifiers: Mapping[Identifier, StoredIdentifier], catalogue: Catalogue) -> bool:
    for identifier, seen in suspect.identifiers.items():
        now = identifiers.get(identifier)
        if SeenIdentifier.of(now, seen.buckets) != seen:
            kind = catalogue.kinds.get(identifier.kind)
            is_generic = now is not None and kind is not None and kind.is_generic(now.holders)
            if not is_generic or identifier not in suspect.generic:
                return False
    return True


def _revision(found: Mapping[str, StoredProfile] | Mapping[str, StoredVerdict], wanted: str) -> str | None:
    stored = found.get(wanted)
    return None if stored is None else stored.revision


def _place(records: Mapping[RecordAddress, StoredRecord], address: RecordAddress) -> tuple[str, str | None] | None:
    stored = records.get(address)
    return None if stored is None else (stored.revision, stored.profile_id)


async def _identifiers(store: Store, wanted: Iterable[Identifier]) -> dict[Identifier, StoredIdentifier]:
    return await _in_portions(wanted, lambda asked: store.read_identifiers(dict.fromkeys(asked, 0)))


async def _in_portions(
    wanted: Iterable[Name], read: Callable[[Sequence[Name]], Awaitable[Mapping[Name, Stored]]]
) -> dict[Name, Stored]:
    asked = list(wanted)
    found: dict[Name, Stored] = {}
    for start in range(0, len(asked), _REQUEST):
        found |= await read(asked[start : start + _REQUEST])
    return found
