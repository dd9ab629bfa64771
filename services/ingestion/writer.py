"""The one writer of a process that takes changes over HTTP, or is a command: for changes, verdicts and work owed alike.

Every process that takes changes over HTTP writes under a name of its own, so that none takes another's claim. Who dies
with events that are not published leaves them to the others.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import structlog

from graph_model.catalogue.rules import Catalogue
from graph_model.errors import IdentityGraphError
from services.clock import now_milliseconds
from services.ingestion.claim import Claim, Publish, WatchedPublish, left_in
from services.ingestion.ingest import Committed, Ingest
from services.ingestion.series import Series, series
from services.metrics import Metrics
from services.stores.port.errors import CommitConflict
from services.stores.port.identity import WriterState
from services.stores.port.protocols import DurableOutbox, Outbox, Store

_log = structlog.get_logger()

#: Names of writers whose events others publish, where they wait for longer than `ABANDONED_MILLISECONDS`.
API_WRITERS: Final = "api"
ABANDONED_MILLISECONDS: Final = 60_000


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
        self._name = name
        self._publish = publish
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._claim = Claim(store, catalogue, name, metrics=metrics, publish=self._hand_over, clock=clock)

    @property
    def can_write(self) -> bool:
        """Whether anybody would hear of what is written."""
        return self._publish is not None or isinstance(self._store, DurableOutbox)

    @property
    def problem(self) -> IdentityGraphError | None:
        """Why nothing can be published now, as far as somebody looks after that."""
        return self._publish.problem if isinstance(self._publish, WatchedPublish) else None

    async def open(self) -> None:
        """Claim the outbox, if it can be written to, and publish what earlier processes left there.

        Raises:
            UnsafeStore: the store does not keep several writers apart.
        """
        if not self.can_write:
            return
        try:
            await self._claim.renew()
            await publish_abandoned(self._store, self._hand_over, except_for=self._name, now=self._clock())
        except IdentityGraphError:
            if self.problem is None:
                raise
            # Told by who looks after the broker. Whoever writes next claims anew, and publishes what is left.

    async def look_after_outboxes(self) -> Mapping[str, WriterState]:
        """Let the store know what is published of one's own, and publish what processes that are gone left behind.

        Returns:
            What the other writers had in their outboxes.
        """
        async with self._one_at_a_time:
            outbox = await self._claim.hold()
            await outbox.settle()
        return await publish_abandoned(self._store, self._hand_over, except_for=self._name, now=self._clock())

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Ingest]:
        """Wait for one's turn to write.

        Raises:
            NobodyPublishes: the events would be lost.
        """
        if not self.can_write:
            raise NobodyPublishes
        async with self._one_at_a_time, self._claim.lend() as ingest:
            yield ingest

    @asynccontextmanager
    async def lend_for_many(self) -> AsyncIterator[Series]:
        """The same for many batches of one log, of which one is planned while another is committed.

        Raises:
            NobodyPublishes: the events would be lost.
        """
        async with self.lend() as ingest, series(ingest) as batches:
            yield batches

    async def _hand_over(self, outbox: Outbox, commits: tuple[Committed, ...]) -> None:
        for commit in commits:
            if self._publish is None:
                await outbox.acknowledge(commit.commit_id)
            else:
                await self._publish(outbox, (commit,))


async def publish_abandoned(
    store: Store, publish: Publish, *, now: int, except_for: str = ""
) -> Mapping[str, WriterState]:
    """Publish what API processes committed and did not publish for so long that they must be gone.

    One that is alive after all, and only waited for the broker, claims its outbox anew with its next commit.

    Args:
        store: whose outboxes.
        publish: see `Publish`.
        except_for: the writer that is looked after otherwise: the caller.
        now: milliseconds since 1970.

    Returns:
        All writers but the caller, as they were before.
    """
    writers = {writer: state for writer, state in (await store.read_writers()).items() if writer != except_for}
    for writer, state in writers.items():
        serves = writer == API_WRITERS or writer.startswith(f"{API_WRITERS}/")
        since = state.waiting_since
        if not serves or since is None or now - since < ABANDONED_MILLISECONDS:
            continue
        try:
            outbox = await store.claim_outbox(writer)
            await publish(outbox, left_in(outbox))
            await outbox.settle()
        except CommitConflict:
            continue  # somebody else does the same, or it lives
        if outbox.pending:
            _log.info("published what another process left", writer=writer, commits=len(outbox.pending))
    return writers
