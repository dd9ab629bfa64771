"""The one claim on the outbox through which a process writes: for changes, verdicts and work owed alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from graph_model.catalogue import Catalogue
from graph_model.errors import IdentityGraphError
from services.clock import now_milliseconds
from services.ingest import Committed, Ingest
from services.metrics import Metrics
from services.stores.port import DurableOutbox, Outbox, Store

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

    @property
    def can_write(self) -> bool:
        """Whether anybody would hear of what is written."""
        return self._publish is not None or isinstance(self._store, DurableOutbox)

    async def open(self) -> None:
        """Claim the outbox, if it can be written to, and publish what an earlier process left there."""
        if self.can_write:
            await self._claim()

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
        outbox = await self._store.claim_outbox(self._name)

        async def hand_over(commit: Committed) -> None:
            if self._publish is None:
                await outbox.acknowledge(commit.commit_id)
            else:
                await self._publish(outbox, (commit,))

        for pending in outbox.pending:
            await hand_over(Committed(pending.commit_id, pending.events))
        self._ingest = Ingest(
            self._store,
            self._catalogue,
            outbox,
            metrics=self._metrics,
            clock=self._clock,
            on_commit=hand_over,
        )
        return self._ingest
