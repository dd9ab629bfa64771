"""Ids go back to whom they belonged: a wrong merge, once corrected, leaves both people with the ids that they had."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.verdicts import Judgement, VerdictEntry
from services.stores.sqlite import SqliteStore
from tests.properties import worlds
from tests.properties.histories import FAST_FOLDER
from tests.unit.services.people import Company

#: Values join any number of rows, and nothing keeps any apart but verdicts.
CATALOGUE = worlds.catalogue((100, 100, 100), (3, 2, 1), (False, False, False))

#: How many rows each of three people has, in the order in which they are loaded.
_sizes = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
#: What arrives while people are merged: which person's mail a row carries, or a mail of nobody else's.
_arrivals = st.lists(st.integers(0, 3), max_size=5)
_evidence = st.sampled_from(("a row changes", "a row comes", "a verdict"))


class Town:
    """Three people, each held together by a mail of their own, who are merged and pulled apart again."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.rows: list[list[str]] = []
        self.free = iter(range(1, 1_000))

    async def arrive(self, person: int) -> str:
        name = f"crm{next(self.free)}"
        await self.company.put(name, email_1=f"mail{person}")
        return name

    async def settle(self, sizes: Sequence[int]) -> None:
        for person, size in enumerate(sizes):
            self.rows.append([await self.arrive(person) for _ in range(size)])

    async def ids(self) -> list[set[str]]:
        return [{await self.company.live_id(name) for name in rows} for rows in self.rows]

    async def merge(self, one: int, other: int, evidence: str) -> "Correction":
        """Let something join two people; answers what takes it away again."""
        if evidence == "a verdict":
            entry = await self.company.decide(Judgement.SAME, self.rows[one][0], self.rows[other][0])
            return Correction(self.company, entry=entry)
        if evidence == "a row comes":
            bridge = f"shop{next(self.free)}"
            await self.company.put(bridge, email_1=f"mail{one}", email_2=f"mail{other}")
            return Correction(self.company, row=bridge, mail=None)
        await self.company.put(self.rows[one][0], email_1=f"mail{one}", email_2=f"mail{other}")
        return Correction(self.company, row=self.rows[one][0], mail=f"mail{one}")


class Correction:
    """Takes the evidence for a merge away."""

    def __init__(
        self, company: Company, row: str = "", mail: str | None = None, entry: VerdictEntry | None = None
    ) -> None:
        self.company = company
        self.row, self.mail, self.entry = row, mail, entry

    async def make(self) -> None:
        if self.entry is not None:
            await self.company.withdraw(self.entry)
        elif self.mail is None:
            await self.company.put(self.row)
        else:
            await self.company.put(self.row, email_1=self.mail)


async def live(
    sizes: tuple[int, int, int],
    first: str,
    second: str,
    arrivals: tuple[list[int], list[int]],
    inner_first: bool,
    turned: bool,
) -> None:
    with tempfile.TemporaryDirectory(dir=FAST_FOLDER) as folder:
        store = await SqliteStore.open(Path(folder) / "town.sqlite", CATALOGUE.fingerprint)
        town = Town(await Company.over(store, CATALOGUE))
        await town.settle(sizes)
        before = await town.ids()
        corrections = [await town.merge(1, 0, first) if turned else await town.merge(0, 1, first)]
        for person in arrivals[0]:
            await town.arrive(person)
        corrections.append(await town.merge(2, 1, second) if turned else await town.merge(1, 2, second))
        assert len(set().union(*await town.ids())) == 1
        for person in arrivals[1]:
            await town.arrive(person)
        for correction in corrections if inner_first else reversed(corrections):
            await correction.make()
        assert await town.ids() == before
        assert await town.company.is_sound()
        await store.close()


@settings(max_examples=max(60, settings().max_examples // 2), deadline=None)
@given(_sizes, _evidence, _evidence, st.tuples(_arrivals, _arrivals), st.booleans(), st.booleans())
def test_all_have_their_ids_again_when_merges_are_corrected(
    sizes: tuple[int, int, int],
    first: str,
    second: str,
    arrivals: tuple[list[int], list[int]],
    inner_first: bool,
    turned: bool,
) -> None:
    """Two merges, one inside the other, corrected in either order; rows arrive in between that join nobody."""
    asyncio.run(live(sizes, first, second, arrivals, inner_first, turned))


@pytest.mark.parametrize("absorbed", [50])
async def test_so_many_absorbed_ids_come_back(absorbed: int, tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "town.sqlite", CATALOGUE.fingerprint)
    town = Town(await Company.over(store, CATALOGUE))
    await town.settle([1] * (absorbed + 1))
    before = await town.ids()
    corrections = [await town.merge(0, person, "a verdict") for person in range(1, absorbed + 1)]
    assert len(set().union(*await town.ids())) == 1
    for correction in corrections:
        await correction.make()
    assert await town.ids() == before
    await store.close()
