"""Two workers in an order that a test chooses: one commits between two requests of the other."""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from random import Random
from typing import Any, Self, TypeAlias, cast

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, RecordAddress
from graph_model.records.verdicts import Judgement, VerdictEntry
from services.ingestion.ingest import Ingest
from services.maintenance.verification.verify import verify
from services.stores.port.protocols import Store
from tests.contract.conftest import Reopen
from tests.properties import worlds
from tests.unit.services.people import Company

ROWS = (*(f"crm{key}" for key in range(1, 9)), *(f"shop{key}" for key in range(1, 6)))
_COLUMNS = ("email_1", "email_2", "phone_1", "passport_1", "name")
_JUDGEMENTS = (Judgement.SAME, Judgement.SAME, Judgement.DIFFERENT)

#: What another worker does meanwhile.
Act: TypeAlias = Callable[[], Awaitable[object]]


class InterleavedStore:
    """Stands before a store; once, before a request, it lets somebody else act first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._act: Act | None = None
        self._is_time: Callable[[str], bool] = bool

    def meanwhile(self, act: Act | None, is_time: Callable[[str], bool]) -> None:
        """Let `act` happen once, before the first request of which `is_time`, given its name, says yes."""
        self._act, self._is_time = act, is_time

    @property
    def is_waiting(self) -> bool:
        """Whether what shall happen has not happened yet."""
        return self._act is not None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        found = getattr(self._store, name)
        if not iscoroutinefunction(found):
            return found

        async def request(*args: object, **options: object) -> object:
            if self._act is not None and self._is_time(name):
                act, self._act = self._act, None
                await act()
            return await found(*args, **options)

        return request


async def pair(reopen: Reopen, catalogue: Catalogue) -> tuple[Company, Company, InterleavedStore]:
    """A slow and a quick worker, each with a connection of the own, and what is between the slow one and the store."""
    between = InterleavedStore(await reopen(catalogue.fingerprint))
    slow = await Company.over(cast("Store", between), catalogue, writer="slow")
    quick = await Company.over(await reopen(catalogue.fingerprint), catalogue, writer="quick")
    return slow, quick, between


async def recompute(company: Company, *names: str) -> None:
    """Read rows anew."""
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics, clock=lambda: 5_000)
    await ingest.recompute([company.address(name) for name in names])


class InterleavedLife:
    """Random things happen to rows at the slow worker's hands, and others at the quick one's in between."""

    def __init__(self, random: Random, slow: Company, quick: Company, between: InterleavedStore) -> None:
        self.random = random
        self.slow = slow
        self.quick = quick
        self.between = between
        self.values = random.choice(("ab", "abc", "abcdef", "aaaaab"))
        self.newest: dict[RecordAddress, Change] = {}
        self.in_force: list[VerdictEntry] = []

    @classmethod
    async def over(cls, reopen: Reopen, random: Random) -> Self:
        """A life in an empty store, with a random catalogue."""
        catalogue = worlds.catalogue(
            random.choices((1, 2, 3), k=3),
            random.choices((1, 2, 3), k=3),
            (False, False, random.random() < 0.5),
            trust=random.choice(((100, 100), (100, 50), (100, 0))),
            exclusive_traits=random.choice((frozenset(), frozenset(worlds.TRAITS))),
        )
        return cls(random, *await pair(reopen, catalogue))

    async def step(self) -> None:
        """The slow worker does something, and twice in three times the quick one does in between."""
        act = self.random.choice((None, self._something_by_quick, self._something_by_quick))
        self.between.meanwhile(act, lambda _: self.random.random() < 0.25)
        await self._something(self.slow)
        self.between.meanwhile(None, bool)

    async def problems(self) -> tuple[str, ...]:
        """What is stored otherwise than the records say, or than was said last."""
        stored = {
            record.record.address: record.record.position.offset async for record in self.quick.store.scan_records()
        }
        said = {address: change.position.offset for address, change in self.newest.items()}
        lost = [str(address) for address in said.keys() | stored if said.get(address) != stored.get(address)]
        report = await verify(self.quick.store, self.quick.catalogue)
        return (*(f"the newest change of {address} is lost" for address in sorted(lost)), *report.problems)

    async def _something_by_quick(self) -> None:
        await self._something(self.quick)

    async def _something(self, company: Company) -> None:
        happens = self.random.choices(
            (self._rows_change, self._key_changes, self._steward_judges, self._verdict_ends, self._rows_are_read_anew),
            weights=(50, 10, 18, 12, 10),
        )
        await happens[0](company)

    async def _rows_change(self, company: Company) -> None:
        names = self.random.sample(ROWS, self.random.choice((1, 1, 1, 2, 4, 8)))
        await company.apply(*(self._change(company, name, is_gone=self.random.random() < 0.3) for name in names))

    async def _key_changes(self, company: Company) -> None:
        old, new = self.random.sample(ROWS[:8], 2)
        changes = [
            self._change(company, old, is_gone=True, moved_to=new),
            self._change(company, new, is_gone=False, moved_from=old),
        ]
        await company.apply(*self.random.sample(changes, 2))

    async def _steward_judges(self, company: Company) -> None:
        known = await self._known(company, 2)
        if len(known) == 2:
            company.verdicts = max(self.slow.verdicts, self.quick.verdicts)
            self.in_force.append(await company.decide(self.random.choice(_JUDGEMENTS), *known))

    async def _verdict_ends(self, company: Company) -> None:
        if self.in_force:
            await company.withdraw(self.in_force.pop(self.random.randrange(len(self.in_force))))

    async def _rows_are_read_anew(self, company: Company) -> None:
        await recompute(company, *await self._known(company, 3))

    async def _known(self, company: Company, size: int) -> list[str]:
        """Random rows, without those that never were there."""
        names = self.random.sample(ROWS, size)
        stored = await company.store.read_records([company.address(name) for name in names])
        return [name for name in names if company.address(name) in stored]

    def _change(
        self,
        company: Company,
        name: str,
        *,
        is_gone: bool,
        moved_from: str | None = None,
        moved_to: str | None = None,
    ) -> Change:
        """A change at the next position of the one log that both workers read."""
        company.offset = max(self.slow.offset, self.quick.offset)
        row = {column: self.random.choice(self.values) for column in _COLUMNS if self.random.random() < 0.45}
        change = company.change(name, moved_from, moved_to, **({} if is_gone else {"name": "x", **row}))
        self.newest[change.address] = change
        return change
