"""Does the work owed beside the events, through a claim of its own, so that neither waits for the other's offsets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from consumers.batch import DATA_FAULTS
from consumers.retry import TRANSIENT, Retry
from consumers.worker_parts import WorkerParts
from services.ingestion.claim import Claim
from services.ingestion.ingest import Ingest
from services.maintenance.tasks import WorkStopped, work_off
from services.stores.port.errors import ClaimLost, CommitTooLarge
from services.waiting import first_of

_log = structlog.get_logger()


class BackgroundTasks:
    """Does what is owed as long as this worker has the first partition of a topic, whichever topic caused it.

    1. Claim the outbox of the topic's agenda, which fences whoever had it before; publish what it holds.
    2. Wait until the heartbeat tells of work: about a second, and not that long where this worker has just
       written some down.
    3. For each batch: wait for the turn, bring it into force, publish.
    """

    def __init__(
        self, topic: str, parts: WorkerParts, stopping: asyncio.Event, confirm_ownership: Callable[[], Awaitable[None]]
    ) -> None:
        """Prepare; nothing is claimed yet.

        Args:
            topic: whose first partition this worker has.
            parts: what the partitions of the worker share.
            stopping: set when the partition is to be left.
            confirm_ownership: asks the broker whether the partition is still ours; raises `PartitionLost`.
        """
        self._name = f"{topic}/agenda"  # stores keep it, so it never changes
        self._parts = parts
        self._stopping = stopping
        self._confirm_ownership = confirm_ownership
        self._retry = Retry(parts.health, stopping)
        self._claim = Claim(
            parts.store,
            parts.catalogue,
            f"{parts.settings.group}/{self._name}",
            metrics=parts.metrics.for_work_owed(),
            publish=parts.publisher.publish,
            line=parts.line,
        )

    async def run(self) -> None:
        """Do what is owed, again and again, until stopped.

        Raises:
            IdentityGraphError: something that waiting does not help against.
        """
        fault_part = f"{self._name}/faults"
        try:
            while not self._stopping.is_set():
                try:
                    await self._retry.until_done(self._name, self._work_off)
                except TRANSIENT:
                    return  # Raised only when stopping: what is left stays owed.
                except DATA_FAULTS as fault:
                    self._parts.health.report(fault_part, _reason(fault))
                else:
                    self._parts.health.clear(fault_part)
                await first_of(self._parts.heartbeat.next_beat(), self._stopping.wait())
        finally:
            self._parts.health.clear(fault_part)

    async def _work_off(self) -> None:
        heartbeat, turn = self._parts.heartbeat, self._parts.tasks_turn
        try:
            await self._claim.hold()
            if not heartbeat.tasks_owed or turn.locked():
                return
            async with turn:
                _log.info("doing work owed", part=self._name)
                with suppress(WorkStopped):
                    await work_off(
                        self._parts.store,
                        self._lend,
                        self._parts.metrics.count_task,
                        self._parts.publisher.tell,
                    )
                    _log.info("no work is owed any more", part=self._name)
            heartbeat.beat_now()
        except ClaimLost:
            # Either the partition is another worker's by now, and the broker refuses this; or it is ours.
            await self._confirm_ownership()
            raise

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Ingest]:
        if self._stopping.is_set():
            raise WorkStopped
        async with self._claim.lend() as ingest:
            yield ingest


def _reason(fault: Exception) -> str:
    # The text of other faults is left out: it may quote a value.
    found = str(fault) if isinstance(fault, CommitTooLarge) else f"unexpected {type(fault).__name__}; please report it"
    return f"work owed cannot be done: {found}"
