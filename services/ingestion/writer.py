"""The one claim on the outbox through which a process writes: for changes, verdicts and work owed alike.

Every process that takes changes over HTTP writes under a name of its own, so that none takes another's claim. Who dies
with events that are not published leaves them to the others.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import structlog

from graph_model.catalogue.rules import Catalogue
from graph_model.errors import IdentityGraphError
from services.clock import now_milliseconds
from services.ingestion.ingest import Committed, Ingest
from services.metrics import Metrics
from services.stores.port.errors import CatalogueChanged, CommitConflict
from services.stores.port.guarantees import require_guarded_commits
from services.stores.port.identity import WriterState
from services.stores.port.protocols import DurableOutbox, Outbox, Store

_log = structlog.get_logger()

#: Names of writers whose events others publish, where they wait for longer than `ABANDONED_MILLISECONDS`.
API_WRITERS: Final = "api"
ABANDONED_MILLISECONDS: Final = 60_000

#: Publishes the events of commits and acknowledges the commits in the outbox.
Publish: TypeAlias = Callable[[Outbox, tuple[Committed, ...]], Awaitable[None]]


class NobodyPublishes(IdentityGraphError):
    """The store keeps events only until they are published, and this process publishes none."""

    def __init__(self) -> None:
        super().__init__(
            "nothing can be written here: this store keeps events only until they are published, and no Kafka is "
            "configured (IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS). Send changes to a topic, or configure Kafka"
        )


class Writer:
    """Writes into a store, one piece of work after the other, and publishes what follows from it."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        name: str,
        *,
        metrics: Metrics,
        publish: Publish | None,
        clock: Callable[[], int] = now_milliseconds,
    ) -> None:
        """Prepare to write; nothing is claimed yet.

        Args:
            store: where to.
            catalogue: what the data means.
            name: name of the claim; of two processes with the same name only the later one can write.
            metrics: where commits are counted.
            publish: publishes events; None: only the embedded store can be written, whose readers come to it.
            clock: the present time, milliseconds since 1970.
        """
        self._store = store
        self._catalogue = catalogue
        self._name = name
        self._metrics = metrics
        self._publish = publish
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._ingest: Ingest | None = None  #: None: the outbox must be claimed first
        self._outbox: Outbox | None = None  #: the last claim

    @property
    def can_write(self) -> bool:
        """Whether anybody would hear of what is written."""
        return self._publish is not None or isinstance(self._store, DurableOutbox)

    async def open(self) -> None:
        """Claim the outbox, if it can be written to, and publish what earlier processes left there.

        Raises:
            UnsafeStore: the store does not keep several writers apart.
        """
        if self.can_write:
            await self._claim()
            await publish_abandoned(self._store, self._hand_over, but=self._name, now=self._clock())

    async def look_after_outboxes(self) -> Mapping[str, WriterState]:
        """Let the store know what is published of one's own, and publish what processes that are gone left behind.

        Returns:
            What the other writers had in their outboxes.
        """
        async with self._one_at_a_time:
            if self._ingest is None:
                await self._claim()
            if self._outbox is not None:
                await self._outbox.settle()
        return await publish_abandoned(self._store, self._hand_over, but=self._name, now=self._clock())

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Ingest]:
        """Wait for one's turn to write.

        Raises:
            NobodyPublishes: the events would be lost.
        """
        if not self.can_write:
            raise NobodyPublishes
        async with self._one_at_a_time:
            ingest, self._ingest = self._ingest or await self._claim(), None
            yield ingest
            # Not reached after a failure: whoever writes next claims anew, and publishes what this one left.
            self._ingest = ingest

    async def _claim(self) -> Ingest:
        """Claim the outbox, and publish what it holds.

        Raises:
            CatalogueChanged: another catalogue is in force than the one that this writer has.
        """
        require_guarded_commits(self._store)
        outbox = self._outbox = await self._store.claim_outbox(self._name)
        # The store may have gone on with another one, for those who come after us.
        if self._store.fingerprint != self._catalogue.fingerprint:
            raise CatalogueChanged(self._store.fingerprint, self._catalogue.fingerprint)
        await self._hand_over(outbox, _left_in(outbox))
        self._ingest = Ingest(
            self._store,
            self._catalogue,
            outbox,
            metrics=self._metrics,
            clock=self._clock,
            on_commit=lambda commit: self._hand_over(outbox, (commit,)),
        )
        return self._ingest

    async def _hand_over(self, outbox: Outbox, commits: tuple[Committed, ...]) -> None:
        for commit in commits:
            if self._publish is None:
                await outbox.acknowledge(commit.commit_id)
            else:
                await self._publish(outbox, (commit,))


async def publish_abandoned(store: Store, publish: Publish, *, now: int, but: str = "") -> Mapping[str, WriterState]:
    """Publish what API processes committed and did not publish for so long that they must be gone.

    One that is alive after all, and only waited for the broker, claims its outbox anew with its next commit.

    Args:
        store: whose outboxes.
        publish: see `Publish`.
        but: the writer that is looked after otherwise: the caller.
        now: milliseconds since 1970.

    Returns:
        All writers but the caller, as they were before.
    """
    writers = {writer: state for writer, state in (await store.read_writers()).items() if writer != but}
    for writer, state in writers.items():
        serves = writer == API_WRITERS or writer.startswith(f"{API_WRITERS}/")
        since = state.waiting_since
        if not serves or since is None or now - since < ABANDONED_MILLISECONDS:
            continue
        try:
            outbox = await store.claim_outbox(writer)
            await publish(outbox, _left_in(outbox))
            await outbox.settle()
        except CommitConflict:
            continue  # somebody else does the same, or it lives
        if outbox.pending:
            _log.info("published what another process left", writer=writer, commits=len(outbox.pending))
    return writers


def _left_in(outbox: Outbox) -> tuple[Committed, ...]:
    return tuple(Committed(pending.commit_id, pending.events) for pending in outbox.pending)
