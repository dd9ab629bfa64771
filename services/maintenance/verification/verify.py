"""Checks a store against the law: computes everything anew from the stored records, and compares.

The way here is another one than that of `ingest`: no batches, no components that were stored, no counts that were kept.
Records are grouped from scratch, and each group is resolved by itself. Memory stays small whatever the size of the
store, and others may go on writing: what has moved meanwhile is told apart from what is wrong.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.records.tasks import Task
from services.ingestion.ingest import Ingest
from services.maintenance.spool import Spool
from services.maintenance.verification.compare import differing_verdicts, suspects
from services.maintenance.verification.repair import repair
from services.maintenance.verification.scan import TABLES, Progress, Scanned, scan
from services.maintenance.verification.settle import Settled, settle, settle_verdicts
from services.maintenance.verification.suspects import Repair
from services.stores.port.protocols import Store

#: So many differences are named at the most; a store with more of them is repaired in rounds.
NAMED_PROBLEMS: Final = 10_000

#: Verdicts that are looked at again together.
_TOGETHER: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationReport:
    """What was compared, and every difference found."""

    records: int  #: live records
    tombstones: int
    profiles: int  #: live profiles
    identifiers: int
    verdicts: int  #: in force
    problems: tuple[str, ...] = ()  #: each names records or profiles, never a value
    unnamed: int = 0  #: further differences, above `NAMED_PROBLEMS`
    moved: int = 0  #: what differed and was changed by others meanwhile, so that it could not be checked
    waiting: int = 0  #: records not read yet by the present meaning of the catalogue; their components were not checked
    owed: tuple[Task, ...] = ()  #: work owed when the check began
    repairs: tuple[Repair, ...] = ()  #: what mends the problems named

    @property
    def differences(self) -> int:
        """How many there are in all."""
        return len(self.problems) + self.unnamed


def no_progress(_what: str, _done: int) -> None:
    """Report no progress."""


async def verify(store: Store, catalogue: Catalogue, progress: Progress = no_progress) -> VerificationReport:
    """Compare a store with what its records say, and name every difference.

    Args:
        store: it may be written to meanwhile.
        catalogue: the one that is in force in the store.
        progress: hears what is being read, and how much of it has been.

    Raises:
        StoreError: another meaning of the catalogue has come into force meanwhile.
    """
    with Spool(TABLES) as spool:
        scanned = await scan(store, catalogue, spool, progress)
        report = _report(scanned)
        spool.count_holders(catalogue)
        spool.group_records()
        for portion in suspects(spool, catalogue, scanned):
            report = _with(report, await settle(portion, store, catalogue) if portion else [])
            progress("differences", report.differences)
            await asyncio.sleep(0)
        verdict_ids = list(differing_verdicts(spool))
        for start in range(0, len(verdict_ids), _TOGETHER):
            chunk = verdict_ids[start : start + _TOGETHER]
            report = _with(report, await settle_verdicts(chunk, _carriers(spool, chunk), store))
    return report


async def verify_and_repair(
    store: Store, catalogue: Catalogue, ingest: Ingest, progress: Progress = no_progress
) -> tuple[VerificationReport, VerificationReport]:
    """Check a store, resolve again what is wrong, and check it once more; again as long as that helps.

    Args:
        store: see `verify`.
        catalogue: see `verify`.
        ingest: writes into this store.
        progress: see `verify`.

    Returns:
        What was found at first, and in the end.

    Raises:
        StoreUnavailable, ClaimLost, CommitTooLarge: see `services.ingestion.ingest.Ingest.apply`.
        StoreError: see `verify`.
    """
    found = await verify(store, catalogue, progress)
    last = found
    while last.repairs:
        await repair(store, ingest, last.repairs)
        before, last = last, await verify(store, catalogue, progress)
        if last.differences >= before.differences:
            break
    return found, last


def _report(scanned: Scanned) -> VerificationReport:
    return VerificationReport(
        records=scanned.records,
        tombstones=scanned.tombstones,
        profiles=scanned.profiles,
        identifiers=scanned.identifiers,
        verdicts=scanned.verdicts,
        waiting=scanned.waiting,
        owed=scanned.owed,
    )


def _with(report: VerificationReport, settled: list[Settled]) -> VerificationReport:
    problems, repairs, unnamed = list(report.problems), list(report.repairs), report.unnamed
    for each in settled:
        if len(problems) < NAMED_PROBLEMS:
            problems += each.problems
            repairs += [each.repair] if each.repair is not None else []
        else:
            unnamed += len(each.problems)
    moved = report.moved + sum(each.moved for each in settled)
    return replace(report, problems=tuple(problems), repairs=tuple(repairs), unnamed=unnamed, moved=moved)


def _carriers(spool: Spool, verdict_ids: list[str]) -> set[RecordAddress]:
    query = "SELECT source, key FROM carried_mark WHERE verdict_id = ?"
    return {RecordAddress(*row) for verdict_id in verdict_ids for row in spool.database.execute(query, (verdict_id,))}
