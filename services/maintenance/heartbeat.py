"""A look at the store about once a second, for a whole process: which catalogue is in force, and what work is owed.

Everybody in the process who wants to know one of these asks here, so that it costs the store one request however many
partitions or streams there are.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

import structlog

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import CatalogueError
from services.failures import cause_of, reason_of
from services.metrics import Metrics
from services.stores.port.errors import (
    CatalogueChanged,
    CatalogueUnusable,
    NoRoom,
    OtherForm,
    StoreDamaged,
    StoreError,
    StoreReplaced,
    StoreUnavailable,
    is_failure,
)
from services.stores.port.identity import Pulse
from services.stores.port.protocols import Store

_log = structlog.get_logger()

#: A little more than a second, so that whoever has nothing to do asks the store less than once a second, proofs and
#: looks for abandoned outboxes included.
_SECONDS: Final = 1.1
#: A look that takes longer counts as failed.
LOOK_SECONDS: Final = 3.0
#: After so long without a commit something tiny is written, to see whether a commit still could be. So long also counts
#: what something tiny cannot disprove: that there is no room for a commit, that a row is damaged.
PROOF_SECONDS: Final = 30.0

#: Goes on with a catalogue that came into force, and lets the store adopt it; called at every beat until it has.
Take: TypeAlias = Callable[[Catalogue], Awaitable[None]]


class Heartbeat:
    """What is known of the store, about a second old at the most while `run` runs."""

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        *,
        take: Take | None = None,
        tell: "Callable[[Heartbeat], None] | None" = None,
        writes: bool = True,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            store: open.
            metrics: where the work owed is shown.
            take: goes on with another catalogue; None: somebody looks at `another` and does.
            tell: hears of every beat, and tells the log what was found; None: the heartbeat itself does.
            writes: whether this process writes into the store, so that it is not well where nobody could.
        """
        self._store = store
        self._metrics = metrics
        self._take = take
        self._tell = tell or Heartbeat._log
        self._writes = writes
        self._loaded: Catalogue | None = None  #: the newest that came into force while we ran
        self._next: Catalogue | None = None  #: the same, as long as it is in force and not the one we began with
        self._beating = asyncio.Lock()
        self._beat = asyncio.Event()
        self._hurry = asyncio.Event()
        self._beaten_at = -math.inf
        self._proven_at = time.monotonic()  #: who opens a store writes there, or need not
        self._found: StoreError | None = None  #: why the store could not be looked at the last time
        self._met: StoreError | None = None  #: what somebody has met since, and is not disproved yet
        self._met_at = -math.inf
        self._told: set[str] = set()  #: what the log has been told since the store worked
        self.tasks_owed = 0
        self.refusal: StoreError | None = None  #: why this process must not go on with what it has
        self.refused = asyncio.Event()  #: set while there is a refusal

    @property
    def another(self) -> Catalogue | None:
        """The catalogue in force, while the store object works on with a former one."""
        is_taken = self._next is not None and self._next.fingerprint == self._store.fingerprint
        return None if is_taken else self._next

    @property
    def problem(self) -> StoreError | None:
        """Why the store does not do what is asked of it; it is asked again."""
        return self._found or self._met

    @property
    def has_gone_on(self) -> bool:
        """Whether the store has another catalogue by now, or was replaced by another store."""
        return self.another is not None or self.refusal is not None

    @property
    def age(self) -> float:
        """Seconds since the last beat ended; infinite before the first."""
        return time.monotonic() - self._beaten_at

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self.beat()
            with suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS):
                    await self._hurry.wait()
            self._hurry.clear()

    async def beat(self) -> None:
        """Look once. What goes wrong is kept in `problem` or `refusal`, and never raised."""
        async with self._beating:
            problem: StoreError | None = None
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look()
                    await self._prove()
            except (CatalogueUnusable, OtherForm, StoreReplaced) as refusal:
                self._refuse(refusal)
            except CatalogueChanged:
                self.beat_now()  # yet another one came into force while we took the last
            except StoreError as error:
                problem = error
            except TimeoutError:
                problem = StoreUnavailable(f"the store has not answered for {LOOK_SECONDS:.0f} seconds: it hangs")
            except Exception as fault:  # noqa: BLE001 - the store may answer the next time
                problem = StoreUnavailable(f"the store could not be looked at: {reason_of(fault)}")
                problem.__cause__ = fault
            else:
                self._refuse(None)
            if problem is not None:
                self._metrics.store_failures.labels(type(problem).__name__).inc()
            self._found = problem
            self._beaten_at = time.monotonic()
            beat, self._beat = self._beat, asyncio.Event()
            beat.set()
            self._tell(self)

    def met(self, failure: BaseException) -> None:
        """Hear of what somebody has met, who has told and counted it: the store counts as failed until it is disproved.

        A commit that comes into force disproves it, and so does a next look with something tiny written; not at once,
        where that says little: see `PROOF_SECONDS`.
        """
        if is_failure(failure) and isinstance(failure, StoreError):
            self._met, self._met_at = failure, time.monotonic()
            self._told.add(str(failure))

    async def next_beat(self) -> None:
        """Wait for the end of the next beat."""
        await self._beat.wait()

    def beat_now(self) -> None:
        """Let `run` beat at once: something has happened that others here should know."""
        self._hurry.set()

    async def _look(self) -> None:
        pulse = await self._store.read_pulse()
        self.tasks_owed = pulse.tasks_owed
        self._metrics.tasks_owed.set(pulse.tasks_owed)
        pulse.form.require()
        if pulse.fingerprint != self._store.fingerprint:
            if self._loaded is None or self._loaded.fingerprint != pulse.fingerprint:
                self._loaded = await self._load(pulse)
            self._next = self._loaded
            if self._take is not None:
                await self._take(self._loaded)
            return
        self._next = None
        if pulse.generation != self._store.generation:
            await self._store.adopt(pulse.fingerprint)  # changed there and back

    async def _prove(self) -> None:
        """Find out whether a commit could come into force, by the last one if that is recent."""
        written_at, now, met = self._store.written_at, time.monotonic(), self._met
        is_stubborn = isinstance(met, NoRoom | StoreDamaged)
        if met is not None and is_stubborn and now - self._met_at < PROOF_SECONDS:
            if isinstance(met, NoRoom) and written_at > self._met_at:
                self._met = None
            return
        is_due = met is not None and written_at <= self._met_at
        if self._writes and (is_due or now - max(written_at, self._proven_at) >= PROOF_SECONDS):
            await self._store.prove_writable()
            self._proven_at = time.monotonic()
        if self._met is met:
            self._met = None

    def _log(self) -> None:
        """Tell the log what the look has found; once, however long it stays so."""
        problem = self.problem
        if problem is None and self._told:
            self._told.clear()
            _log.info("the store works again")
        elif problem is not None and str(problem) not in self._told:
            self._told.add(str(problem))
            _log.error("the store fails", reason=str(problem), cause=cause_of(problem))

    async def _load(self, pulse: Pulse) -> Catalogue:
        """Read the catalogue in force from the store.

        Raises:
            CatalogueUnusable: there is no text, or this program understands it otherwise.
        """
        kept = await self._store.read_catalogue()
        if kept is None:
            raise CatalogueUnusable(pulse.fingerprint, "the store keeps no text of it")
        try:
            catalogue = parse_catalogue(kept.text, kept.name)
        except CatalogueError as error:
            reason = f"this program finds its text wrong ({error.problems[0]})"
            raise CatalogueUnusable(pulse.fingerprint, reason) from error
        if catalogue.fingerprint != pulse.fingerprint:
            if (await self._store.read_pulse()).fingerprint != pulse.fingerprint:
                raise CatalogueChanged(pulse.fingerprint, catalogue.fingerprint)
            raise CatalogueUnusable(
                pulse.fingerprint,
                f"by the rules of this program its text has the fingerprint {catalogue.fingerprint[:12]}",
            )
        return catalogue

    def _refuse(self, refusal: StoreError | None) -> None:
        if refusal is not None:
            if self.refusal is None:
                self._metrics.store_failures.labels(type(refusal).__name__).inc()
                _log.error("this process cannot go on with what it has", reason=str(refusal), cause=cause_of(refusal))
            self.refused.set()
        elif self.refusal is not None:
            _log.info("this process can go on")
            self.refused.clear()
        self.refusal = refusal
