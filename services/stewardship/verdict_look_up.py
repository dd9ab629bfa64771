"""What a new verdict has to agree with, and where the rows that it names are.

IdentityGraphError
├── UnknownRecord           no source ever sent this record (`services.ingestion.batches`)
└── DecisionRefused
    ├── Contradiction       verdicts in force say the opposite
    ├── RecordMoved         the key of a record changes all the time
    └── (services.stewardship.decisions) ...
"""

from collections.abc import Iterable, Sequence
from typing import Final

from graph_model.errors import IdentityGraphError
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict, contradicting
from services.ingestion.batches import UnknownRecord
from services.ingestion.loading import Loaded
from services.stores.port.protocols import StoreReader

#: Changes of its key that a record is followed through.
_MOST_MOVES: Final = 100


class DecisionRefused(IdentityGraphError):
    """The decision cannot be brought into force."""


class Contradiction(DecisionRefused):
    """Verdicts in force say the opposite."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        listed = "; ".join(f"{v.verdict_id} ({v.sentence})" for v in verdicts)
        super().__init__(f"verdicts in force say the opposite: {listed}. Withdraw one of them first")
        self.verdicts = tuple(verdicts)


class RecordMoved(DecisionRefused):
    """The row has got another key while the verdict was given."""

    def __init__(self, address: RecordAddress) -> None:
        super().__init__(f"the key of {address} is changing all the time; look for the record again")


async def present_address(store: StoreReader, address: RecordAddress) -> RecordAddress:
    """Where a row is that has been at an address, after all changes of its key.

    Raises:
        UnknownRecord: no source ever sent a row there.
        RecordMoved: its key is changing: the row is on its way.
    """
    place, origin = address, None
    for _ in range(_MOST_MOVES):
        stored = (await store.read_records([place])).get(place)
        if stored is None or not stored.record.was_ever_sent:
            raise UnknownRecord(place)
        further = stored.record.moved_to
        if origin is not None and stored.record.moved_from != origin:  # another row is there, and this one is not
            further = next((p.moved_to for p in reversed(stored.record.passages) if p.moved_from == origin), None)
            if further is None:
                break
        if further is None:
            return place
        place, origin = further, place
    raise RecordMoved(address)


async def verdicts_around(store: StoreReader, addresses: Sequence[RecordAddress]) -> set[Verdict]:
    """The verdicts in force about records, and about those that they join with them."""
    found: dict[str, Verdict] = {}
    seen: set[RecordAddress] = set()
    frontier = set(addresses)
    while frontier:
        stored = await store.read_records(frontier)
        seen |= frontier
        named = {mark.verdict_id for record in stored.values() for mark in record.record.all_marks} - found.keys()
        entries = await store.read_verdicts(named) if named else {}
        found |= {verdict_id: known.entry.verdict for verdict_id, known in entries.items()}
        joined = {
            address
            for verdict in found.values()
            if verdict.together
            for group in verdict.groups
            if not seen.isdisjoint(group)
            for address in group
        }
        frontier = joined - seen
    return set(found.values())


def require_agreement(verdict: Verdict, in_force: Iterable[Verdict]) -> None:
    """Make sure that a verdict contradicts none of those in force.

    Raises:
        Contradiction: it does.
    """
    if against := contradicting(verdict, in_force):
        raise Contradiction(against)


def require_unmoved(loaded: Loaded, addresses: Iterable[RecordAddress]) -> None:
    """Make sure that rows are still where they were found.

    Raises:
        RecordMoved: the key of one has changed.
    """
    for address in addresses:
        if loaded.changes[address].record.moved_to is not None:
            raise RecordMoved(address)
