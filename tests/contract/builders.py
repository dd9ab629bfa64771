"""Plans as a service would make them, in few words. Every commit gets an id of its own."""

from collections.abc import Iterable, Mapping
from typing import TypedDict, Unpack
from uuid import uuid4

import orjson

from graph_model.profile.document import ProfileStatus
from graph_model.profile.events import ProfileEvent, ProfileEventType
from graph_model.records.record import Record, RecordAddress
from graph_model.records.tasks import Task
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.stores.port.plan import (
    BucketWrite,
    IdentifierWrite,
    Plan,
    ProfileWrite,
    RecordWrite,
    TaskWrite,
    VerdictWrite,
)
from services.stores.port.protocols import Outbox, Store
from services.stores.port.stored import HistoryEntry

FINGERPRINT = "f" * 64
OBSERVED_AT = 1_700_000_000_000


def address(number: int, source: str = "crm") -> RecordAddress:
    return RecordAddress.of(source, [number])


def email(name: str) -> Identifier:
    return Identifier("email", f"{name}@example.com")


def record(
    at: RecordAddress, values: Mapping[str, JsonValue] | None = None, *, offset: int = 1, epoch: int = 1
) -> Record:
    return Record(
        address=at,
        position=Position(epoch, offset),
        observed_at=OBSERVED_AT,
        values={"id": 1} if values is None else values,
    )


def tombstone(at: RecordAddress, *, offset: int = 2) -> Record:
    return Record(address=at, position=Position(1, offset), observed_at=OBSERVED_AT, values=None)


def document(text: str) -> bytes:
    return orjson.dumps({"text": text})


def event(profile_id: str, version: int = 1, *, text: str = "") -> ProfileEvent:
    return ProfileEvent(
        profile_id=profile_id,
        version=version,
        type=ProfileEventType.CREATED,
        occurred_at=OBSERVED_AT,
        data=document(text),
        trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


def write_record(
    written: Record,
    profile_id: str | None,
    identifiers: Iterable[Identifier] = (),
    *,
    expected: str | None = None,
    edges_changed: bool = True,
) -> RecordWrite:
    return RecordWrite(
        record=written,
        expected=expected,
        profile_id=profile_id,
        identifiers=tuple(identifiers),
        edges_changed=edges_changed,
    )


def write_identifier(
    identifier: Identifier, holders: int = 1, *, expected: str | None = None, is_hub: bool = False
) -> IdentifierWrite:
    return IdentifierWrite(identifier=identifier, expected=expected, holders=holders, is_hub=is_hub)


def write_bucket(
    identifier: Identifier, number: int, holders: int | None, *, expected: str | None = None
) -> BucketWrite:
    return BucketWrite(identifier=identifier, number=number, expected=expected, holders=holders)


def verdict(number: int, low: int = 1, high: int = 2, judgement: Judgement = Judgement.SAME) -> Verdict:
    """A verdict on two records of one source; the ids sort by number."""
    return Verdict.pair(judgement, address(low), address(high), f"v{number:03}")


def verdict_entry(number: int, *, withdrawal: Withdrawal | None = None) -> VerdictEntry:
    return VerdictEntry(
        verdict=verdict(number),
        reason="the same handwriting",
        author="steward@example.com",
        given_at=OBSERVED_AT + number,
        withdrawal=withdrawal,
    )


def write_verdict(entry: VerdictEntry, *, expected: str | None = None) -> VerdictWrite:
    return VerdictWrite(entry=entry, expected=expected)


def write_task(task_id: str, task: Task | None, *, expected: str | None = None) -> TaskWrite:
    return TaskWrite(task_id=task_id, expected=expected, task=task)


def step(profile_id: str, version: int) -> HistoryEntry:
    return HistoryEntry(profile_id=profile_id, version=version, document=document(f"step {version}"))


def write_profile(
    profile_id: str,
    *,
    expected: str | None = None,
    version: int = 1,
    status: ProfileStatus = ProfileStatus.LIVE,
    text: str | None = "profile",
    component: tuple[str, ...] = (),
) -> ProfileWrite:
    """A profile alone in its component, unless told otherwise; without text only its revision is bumped."""
    return ProfileWrite(
        profile_id=profile_id,
        expected=expected,
        version=version,
        status=status,
        document=None if text is None else document(text),
        component=component or (profile_id,),
    )


class MoreOfPlan(TypedDict, total=False):
    """What few plans have."""

    buckets: tuple[BucketWrite, ...]
    hubs: frozenset[Identifier]
    moved_links: tuple[tuple[Identifier, tuple[RecordAddress, ...]], ...]
    verdicts: tuple[VerdictWrite, ...]
    tasks: tuple[TaskWrite, ...]
    history: tuple[HistoryEntry, ...]


def plan(
    *,
    records: Iterable[RecordWrite] = (),
    memberships: Iterable[tuple[RecordAddress, str]] = (),
    identifiers: Iterable[IdentifierWrite] = (),
    profiles: Iterable[ProfileWrite] = (),
    events: Iterable[ProfileEvent] = (),
    progress: Position | None = None,
    **more: Unpack[MoreOfPlan],
) -> Plan:
    return Plan(
        commit_id=uuid4().hex,
        records=tuple(records),
        memberships=tuple(memberships),
        identifiers=tuple(identifiers),
        profiles=tuple(profiles),
        events=tuple(events),
        progress=progress,
        **more,
    )


def person(number: int, *names: str, profile_id: str = "", holders: int = 1) -> Plan:
    """A plan that makes one record, its new identifiers, and its new profile."""
    profile = profile_id or f"p{number}"
    identifiers = [email(name) for name in names]
    return plan(
        records=[write_record(record(address(number)), profile, identifiers)],
        identifiers=[write_identifier(identifier, holders) for identifier in identifiers],
        profiles=[write_profile(profile)],
    )


async def make_profile(store: Store, outbox: Outbox, profile_id: str, *numbers: int, of: str = "") -> None:
    """Commit a profile with a record for each number, all carrying the identifier `of`."""
    identifiers = [email(of)] if of else []
    await store.commit(
        plan(
            records=[write_record(record(address(number)), profile_id, identifiers) for number in numbers],
            identifiers=[write_identifier(identifier, len(numbers)) for identifier in identifiers],
            profiles=[write_profile(profile_id)],
        ),
        outbox,
    )


async def record_revision(store: Store, at: RecordAddress) -> str:
    return (await store.read_records([at]))[at].revision


async def identifier_revision(store: Store, identifier: Identifier) -> str:
    return (await store.read_identifiers({identifier: 0}))[identifier].revision


async def profile_revision(store: Store, profile_id: str) -> str:
    return (await store.read_profiles([profile_id]))[profile_id].revision
