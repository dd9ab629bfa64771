"""A store that answers badly at random: with conflicts, not at all, too late, or not any more once it has written.

It says nothing that a real store could not say. A conflict means that nothing was written, so it comes before the
commit only; a store that does not answer may have written or not.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from inspect import iscoroutinefunction
from random import Random
from typing import Any, cast

from services.stores.port.errors import CommitConflict, StoreUnavailable
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox, Store


class Fault(StrEnum):
    """What can go wrong with one request."""

    CONFLICT = "conflict"  #: a commit is refused, as if another one had been faster
    REQUEST_LOST = "request lost"  #: no answer, and nothing has happened
    ANSWER_LOST = "answer lost"  #: no answer, though it has happened
    DELAY = "delay"  #: the answer takes long


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """How probable each fault is, for one request."""

    conflict: float = 0.2  #: of commits
    request_lost: float = 0.06
    answer_lost: float = 0.06
    delay: float = 0.05
    longest_delay: float = 0.05  #: seconds


class FaultyStore:
    """Stands before a store; whatever it does not name itself goes to the store, with faults where it is awaited."""

    def __init__(self, store: Store, random: Random, odds: Odds, injected: Counter[Fault]) -> None:
        """Stand before `store`; every fault is counted in `injected`."""
        self._store = store
        self._dice = _Dice(random, odds, injected)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return self._dice.on(getattr(self._store, name))

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """See `Store.commit`."""
        if self._dice.falls(Fault.CONFLICT, self._dice.odds.conflict):
            raise CommitConflict("injected: another commit was faster")
        claim = outbox.claim if isinstance(outbox, FaultyOutbox) else outbox
        await self._dice.on(self._store.commit)(plan, claim)

    async def claim_outbox(self, writer: str) -> "FaultyOutbox":
        """See `Store.claim_outbox`."""
        return FaultyOutbox(await self._dice.on(self._store.claim_outbox)(writer), self._dice)

    async def close(self) -> None:
        """See `Store.close`."""
        await self._store.close()


class FaultyOutbox:
    """Stands before a claim."""

    def __init__(self, claim: Outbox, dice: "_Dice") -> None:
        self.claim = claim
        self._dice = dice

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the claim has
        return self._dice.on(getattr(self.claim, name))


def faulty(store: Store, seed: int, odds: Odds, injected: Counter[Fault]) -> Store:
    """A store like `store` with faults drawn from `seed`; every one is counted in `injected`."""
    random = Random(seed)  # noqa: S311 - faults that can be repeated
    return cast("Store", FaultyStore(store, random, odds, injected))


@dataclass(frozen=True, slots=True)
class _Dice:
    random: Random
    odds: Odds
    injected: Counter[Fault]

    def falls(self, fault: Fault, probability: float) -> bool:
        """Whether the fault happens now."""
        happens = self.random.random() < probability
        self.injected[fault] += happens
        return happens

    def on(self, found: Any) -> Any:  # noqa: ANN401 - an attribute of any kind
        """The same with faults, where it is something to await; all else as it is."""
        return self._on_call(found) if iscoroutinefunction(found) else found

    def _on_call(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(call)
        async def faulty_call(*arguments: object, **named: object) -> Any:  # noqa: ANN401 - what the call answers
            if self.falls(Fault.DELAY, self.odds.delay):
                await asyncio.sleep(self.random.uniform(0, self.odds.longest_delay))
            if self.falls(Fault.REQUEST_LOST, self.odds.request_lost):
                raise StoreUnavailable("injected: the request is lost")
            answer = await call(*arguments, **named)
            if self.falls(Fault.ANSWER_LOST, self.odds.answer_lost):
                raise StoreUnavailable("injected: the answer is lost")
            return answer

        return faulty_call
