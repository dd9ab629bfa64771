"""Brings verdicts back that an export of the ledger has written, for a store that is built anew.

DecisionRefused (`services.stewardship.verdict_look_up`)
├── UnreadableVerdict    a line is no verdict as `export --format verdicts` writes it
└── OneRow               it names one row under two keys
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from graph_model.catalogue.rules import Catalogue
from graph_model.errors import MessageRejected
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict, VerdictEntry, Withdrawal
from graph_model.values.equality import JsonValue
from graph_model.values.times import milliseconds
from services.ingestion.batches import UnknownRecord
from services.ingestion.ingest import Ingest
from services.ingestion.loading import Loaded
from services.stewardship.verdict_look_up import (
    DecisionRefused,
    RecordMoved,
    present_address,
    require_agreement,
    require_unmoved,
    verdicts_around,
)
from services.stores.port.errors import ClaimLost, CommitConflict, CommitTooLarge
from services.stores.port.plan import VerdictWrite
from services.stores.port.protocols import Store

#: What changes while an entry is brought back is read again so many times.
_ATTEMPTS = 10

_LONGEST_TEXT = 10_000


class BroughtBack(StrEnum):
    """What became of a verdict that was read back."""

    IN_FORCE = "in_force"  #: it is in force, or in the ledger as withdrawn
    WAITING = "waiting"  #: it names records that no source has sent yet, and holds for each once it comes
    WITHDRAWN = "withdrawn"  #: it was in force here, and the export says that it was taken back
    UNCHANGED = "unchanged"  #: the ledger has it


class UnreadableVerdict(DecisionRefused):
    """What was given is no verdict that an export has written; the message says why, without data."""


class OneRow(DecisionRefused):
    """Records of a verdict are one row."""

    def __init__(self) -> None:
        super().__init__("this names one row under two of its keys as if it were two; there is nothing to say about it")


class _Reference(BaseModel):
    source: str
    key: Annotated[list[Any], Field(min_length=1)]

    @property
    def address(self) -> RecordAddress:
        return RecordAddress.of(self.source, self.key)


_Text = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)]


class _ExportedVerdict(BaseModel):
    """A line of an export; one without groups is about two records."""

    model_config = ConfigDict(extra="ignore")

    verdict_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]
    judgement: Literal["same", "different"]
    records: list[_Reference]
    groups: list[list[_Reference]] | None = None
    together: bool | None = None
    reason: _Text
    author: _Text
    given_at: AwareDatetime
    withdrawn_by: _Text | None = None
    withdrawn_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _check(self) -> "_ExportedVerdict":
        if (self.withdrawn_by is None) != (self.withdrawn_at is None):
            raise ValueError("withdrawn_by and withdrawn_at go together")
        if not (self.reason.strip() and self.author.strip()):
            raise ValueError("the reason or the author is blank")
        named = [reference.address for group in self._groups for reference in group]
        if len(set(named)) != len(named):
            raise ValueError("a record is named twice")
        if not named or (len(named) < 2 and self.groups is None):
            raise ValueError("at least two records are expected")
        if self.groups is not None and {reference.address for reference in self.records} != set(named):
            raise ValueError("the records are not those of the groups")
        if self.verdict.judgement != self.judgement or (len(self._groups) == 1 and not self.verdict.together):
            raise ValueError("the judgement says something else than the groups: one that is together is 'same'")
        return self

    @property
    def _groups(self) -> list[list[_Reference]]:
        if self.groups is not None:
            return self.groups
        return [self.records] if self.judgement == "same" else [[reference] for reference in self.records]

    @property
    def verdict(self) -> Verdict:
        groups = (tuple(sorted(reference.address for reference in group)) for group in self._groups)
        together = self.judgement == "same" if self.together is None else self.together
        return Verdict(tuple(groups), together, self.verdict_id)


def read_exported_verdict(fields: Mapping[str, JsonValue], catalogue: Catalogue) -> VerdictEntry:
    """Read a line of `export --format verdicts`.

    Raises:
        UnreadableVerdict: it is none, or names a source that the catalogue does not have.
    """
    try:
        read = _ExportedVerdict.model_validate(fields)
        verdict = read.verdict
    except ValidationError as error:
        faults = {f"{'.'.join(map(str, fault['loc'])) or 'the line'}: {fault['msg']}" for fault in error.errors()}
        raise UnreadableVerdict(
            f"this is no verdict as `export --format verdicts` writes it: {'; '.join(sorted(faults))}"
        ) from None
    except MessageRejected as rejection:
        raise UnreadableVerdict(f"this names no record: {rejection.reason}") from None
    unknown = sorted({address.source for address in verdict.records} - catalogue.sources.keys())
    if unknown:
        raise UnreadableVerdict(
            f"the catalogue has no source {', '.join(map(repr, unknown))}; "
            f"it has: {', '.join(sorted(catalogue.sources))}"
        )
    for address in verdict.records:
        parts = catalogue.sources[address.source].key_names
        if len(address.key_parts) != len(parts):
            raise UnreadableVerdict(
                f"a key of {address.source!r} has the parts {', '.join(parts)}, that of {address} not"
            )
    return VerdictEntry(
        verdict=verdict,
        reason=read.reason,
        author=read.author,
        given_at=_milliseconds(read.given_at),
        withdrawal=None
        if read.withdrawn_by is None or read.withdrawn_at is None
        else Withdrawal(author=read.withdrawn_by, withdrawn_at=_milliseconds(read.withdrawn_at)),
    )


async def bring_back(store: Store, ingest: Ingest, exported: VerdictEntry) -> BroughtBack:
    """Write an entry of a ledger that was exported; its records need not be there yet.

    Rows that have got other keys since are followed. What was withdrawn in either ledger stays withdrawn.

    Raises:
        Contradiction: verdicts in force say the opposite; nothing was written.
        OneRow: records that it keeps apart are one row under two of its keys; nothing was written.
        RecordMoved: a row that it names is on its way to another key.
        CommitConflict, StoreUnavailable, CommitTooLarge: see `Ingest.decide`.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return await _bring_back(store, ingest, exported)
        except (ClaimLost, CommitTooLarge):
            raise
        except (CommitConflict, RecordMoved):
            continue  # somebody else has written the same entry, or one of its rows has got another key
    return await _bring_back(store, ingest, exported)


async def _bring_back(store: Store, ingest: Ingest, exported: VerdictEntry) -> BroughtBack:
    known = (await store.read_verdicts([exported.verdict_id])).get(exported.verdict_id)
    if known is not None:
        if exported.is_in_force or not known.entry.is_in_force:
            return BroughtBack.UNCHANGED
        entry = replace(known.entry, withdrawal=exported.withdrawal)
        await ingest.decide([VerdictWrite(entry=entry, expected=known.revision)])
        return BroughtBack.WITHDRAWN
    present: dict[RecordAddress, RecordAddress] = {}
    is_waiting = False
    for address in exported.verdict.records:
        try:
            present[address] = await present_address(store, address)
        except UnknownRecord as unknown:
            present[address], is_waiting = unknown.address, True
    _require_two_rows(exported.verdict, present)
    moved = {address: to for address, to in present.items() if address != to}
    entry = replace(exported, verdict=exported.verdict.with_moved(moved))

    async def check(loaded: Loaded) -> None:
        if entry.is_in_force:
            require_unmoved(loaded, entry.verdict.records)
            require_agreement(entry.verdict, await verdicts_around(store, entry.verdict.records))

    await ingest.decide([VerdictWrite(entry=entry, expected=None)], check, awaiting=True)
    return BroughtBack.WAITING if is_waiting and entry.is_in_force else BroughtBack.IN_FORCE


def _require_two_rows(verdict: Verdict, present: Mapping[RecordAddress, RecordAddress]) -> None:
    groups = [{present[address] for address in group} for group in verdict.groups]
    rows = set[RecordAddress]().union(*groups)
    if len(rows) < sum(map(len, groups)) or len(rows) < 2 <= len(present):
        raise OneRow


def _milliseconds(time: datetime) -> int:
    return milliseconds(time.isoformat())
