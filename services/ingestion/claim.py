"""The claim on an outbox through which one writer writes: claim, publish what is pending, claim anew after a failure.

Whatever takes changes (an API process, a partition of a log, work owed) writes through one of these, each under a name
of its own. How events are published is the caller's: nothing here knows the broker.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeAlias, runtime_checkable

from graph_model.catalogue.rules import Catalogue
from graph_model.errors import IdentityGraphError
from services.clock import now_milliseconds
from services.ingestion.ingest import Committed, Ingest
from services.ingestion.line import Line
from services.metrics import Metrics
from services.stores.port.errors import CatalogueChanged, TaskTaken
from services.stores.port.protocols import Outbox, Store


class BrokerTrouble(IdentityGraphError):
    """Something between this process and the broker did not work; what is in force keeps its events until it does."""


#: Publishes the events of commits and acknowledges the commits in the outbox; raises `BrokerTrouble` where it cannot.
Publish: TypeAlias = Callable[[Outbox, tuple[Committed, ...]], Awaitable[None]]


@runtime_checkable
class WatchedPublish(Protocol):
    """A `Publish` that is looked after."""

    @property
    def problem(self) -> IdentityGraphError | None:
        """Why nothing can be published now; it is tried again. None: as far as is known it can be."""
        ...


class Claim:
    """One writer's claim, renewed as often as it is needed; used by one task at a time.

    After a failure nobody knows what has come into force. The claim counts as lost then, and whoever writes next claims
    the outbox anew: that fences an attempt which is still on its way, and publishes what it left.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        name: str,
        *,
        metrics: Metrics,
        publish: Publish,
        on_commit: Publish | None = None,
        line: Line | None = None,
        clock: Callable[[], int] = now_milliseconds,
    ) -> None:
        """Prepare to write; nothing is claimed yet.

        Args:
            store: where to.
            catalogue: what the data means.
            name: name of the claim; of two writers with the same name only the later one can write.
            metrics: where commits are counted.
            publish: publishes what earlier holders of the claim left.
            on_commit: takes each commit as soon as it is in force, and sees to it that it is published; None: `publish`
                does.
            line: where its work stands in line with that of others in this process; None: all by itself.
            clock: the present time, milliseconds since 1970.
        """
        self._store = store
        self._catalogue = catalogue
        self._name = name
        self._metrics = metrics
        self._publish = publish
        self._on_commit = on_commit or publish
        self._line = line or Line()
        self._clock = clock
        self._held: tuple[Outbox, Ingest] | None = None  #: None: the outbox must be claimed first

    @property
    def is_held(self) -> bool:
        """Whether the outbox need not be claimed before the next writing, as far as is known here."""
        return self._held is not None

    async def hold(self) -> Outbox:
        """Claim the outbox unless it is claimed."""
        return (self._held or await self._claim())[0]

    async def renew(self) -> Outbox:
        """Claim the outbox, which fences whoever had it before, and publish what it holds.

        Raises:
            CatalogueChanged: another catalogue is in force than the one that this writer has.
            UnsafeStore: the store does not keep several writers apart.
        """
        return (await self._claim())[0]

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Ingest]:
        """Give an `Ingest` for one piece of work; the outbox is claimed first where it must be."""
        outbox, ingest = self._held or await self._claim()
        self._held = None
        try:
            yield ingest
        except TaskTaken:
            # Refused, and nothing is in doubt: another writer has done the work.
            self._held = outbox, ingest
            raise
        self._held = outbox, ingest

    async def _claim(self) -> tuple[Outbox, Ingest]:
        self._held = None
        self._store.guarantees.require_guarded_commits()
        outbox = await self._store.claim_outbox(self._name)
        # The store may have gone on with another one, for those who come after us.
        if self._store.fingerprint != self._catalogue.fingerprint:
            raise CatalogueChanged(self._store.fingerprint, self._catalogue.fingerprint)
        await self._publish(outbox, left_in(outbox))
        ingest = Ingest(
            self._store,
            self._catalogue,
            outbox,
            metrics=self._metrics,
            clock=self._clock,
            on_commit=lambda commit: self._on_commit(outbox, (commit,)),
            line=self._line,
        )
        self._held = outbox, ingest
        return self._held


def left_in(outbox: Outbox) -> tuple[Committed, ...]:
    """What earlier holders of a claim committed and may not have published, oldest first."""
    return tuple(Committed(pending.commit_id, pending.events) for pending in outbox.pending)
