"""People who are merged by mistake, and pulled apart again."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph_model.records.verdicts import Judgement, VerdictEntry
from tests.properties import worlds
from tests.unit.services.people import Company

#: Values join any number of rows, and nothing keeps any apart but verdicts.
CATALOGUE = worlds.catalogue((100, 100, 100), (3, 2, 1), (False, False, False))

EVIDENCE = ("a row changes", "a row comes", "a verdict")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Two merges of three people, one inside the other, and how they are corrected."""

    sizes: tuple[int, int, int]  #: rows that each of them has before
    evidence: tuple[str, str]  #: what joins the first two, and what joins the third
    arrivals: tuple[Sequence[int], Sequence[int]]  #: after each merge: whose mail each row carries that arrives then
    inner_first: bool  #: which merge is corrected first
    turned: bool  #: the people the other way round

    async def comes_true(self, company: Company) -> None:
        """Let it happen, and see that all have the ids again that they had before."""
        town = Town(company)
        await town.settle(self.sizes)
        before = await town.ids()
        first, second, third = (1, 0, 2) if self.turned else (0, 1, 2)
        corrections = [await town.merge(first, second, self.evidence[0])]
        for person in self.arrivals[0]:
            await town.arrive(person)
        corrections.append(await town.merge(third, 1, self.evidence[1]))
        assert len(set().union(*await town.ids())) == 1
        for person in self.arrivals[1]:
            await town.arrive(person)
        for correction in corrections if self.inner_first else reversed(corrections):
            await correction.make()
        assert await town.ids() == before
        assert await company.is_sound()
