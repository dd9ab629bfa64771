"""Invented people: who lives with whom, who works where. Each follows from the seed and a number, so none is kept."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cli.demo.chance import Dice, Shuffle
from cli.demo.names import AREA_CODES, CITIES, GIVEN_NAMES, MAIL_DOMAINS, STREETS, SURNAMES

#: So many neighbours are parted into households.
_BLOCK: Final = 6
#: How many people live together, household by household of one block.
_PARTITIONS: Final = ((1, 2, 3), (2, 4), (1, 1, 4), (3, 3), (1, 2, 1, 2), (1, 1, 1, 1, 2), (5, 1))

COMPANY_SIZE: Final = 60  #: people who share an office phone and a mailbox info@
_COMPANIES: Final = 0.4  #: share of all groups of this size that work together

_FIRST_DAY: Final = date(1940, 1, 1)
_DAYS: Final = 25_000  #: in which people were born
_CHILD_YEARS: Final = 25

_LINES: Final = 10_000  #: phone numbers of one exchange
_EXCHANGES: Final = range(200, 1000)
_PHONES_OF_A_PERSON: Final = 4  #: two mobile ones, the household's and the office's
_EMAILS_OF_A_PERSON: Final = 3
_HOMES_OF_A_PERSON: Final = 3


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives."""

    street: str
    city: str
    postcode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One invented person; what changes in life is asked of `People` by how often it changed."""

    number: int
    given_name: str
    surname: str
    born: date
    household: int  #: number of the first person of the household
    company: int | None


class People:
    """A town of people, each made when asked for."""

    def __init__(self, count: int, seed: int) -> None:
        """Found a town.

        Args:
            count: how many people, from 1 to 10 million: more phone numbers there are not.
            seed: the same seed gives the same people.
        """
        self.count = count
        self._seed = seed
        self._phones = Shuffle(len(AREA_CODES) * len(_EXCHANGES) * _LINES, Dice(seed, "phones"))

    def person(self, number: int) -> Person:
        """The person of a number below `count`."""
        dice = Dice(self._seed, "person", number)
        first, place = self._household(number)
        home = Dice(self._seed, "household", first)
        family = home.one_of(SURNAMES)
        days = home.below(_DAYS - _CHILD_YEARS * 365) + dice.below(2_000)
        if place >= 2:
            days += _CHILD_YEARS * 365 - 2_000
        return Person(
            number=number,
            given_name=dice.one_of(GIVEN_NAMES),
            surname=dice.one_of(SURNAMES) if place and dice.happens(0.15) else family,
            born=_FIRST_DAY + timedelta(days=days),
            household=first,
            company=self._company(number),
        )

    def email(self, person: Person, changes: int) -> str:
        """The address that a person uses after so many changes of it: one of three."""
        which = changes % _EMAILS_OF_A_PERSON
        dice = Dice(self._seed, "email", person.number, which)
        between = dice.one_of((".", "_", ""))
        name = f"{person.given_name}{between}{person.surname}".lower()
        # With the number nobody else has it.
        return f"{name}{person.number * 10 + which}@{dice.one_of(MAIL_DOMAINS)}"

    def mobile(self, person: Person, changes: int) -> str:
        """The ten digits of the phone that only this person answers, after so many changes of it: one of two."""
        return self._phone(person.number, changes % (_PHONES_OF_A_PERSON - 2))

    def landline(self, person: Person) -> str:
        """The ten digits of the phone that the household shares."""
        return self._phone(person.household, _PHONES_OF_A_PERSON - 2)

    def office(self, company: int) -> str:
        """The ten digits of the phone that a company shares."""
        return self._phone(company * COMPANY_SIZE, _PHONES_OF_A_PERSON - 1)

    def address(self, person: Person, changes: int) -> Address:
        """Where a person lives after so many moves: at first, and now and then again, with the household."""
        which = changes % _HOMES_OF_A_PERSON
        place = ("home", person.household) if which == 0 else ("home", person.number, which)
        dice = Dice(self._seed, *place)
        return Address(
            street=f"{dice.below(180) + 1} {dice.one_of(STREETS)}",
            city=dice.one_of(CITIES),
            postcode=f"{dice.below(90_000) + 10_000}",
        )

    def _household(self, number: int) -> tuple[int, int]:
        """Number of the first person of somebody's household, and the person's place in it."""
        start = number - number % _BLOCK
        sizes = Dice(self._seed, "block", start).one_of(_PARTITIONS)
        for size in sizes:
            if number < start + size:
                break
            start += size
        return start, number - start

    def _company(self, number: int) -> int | None:
        company = number // COMPANY_SIZE
        is_whole = (company + 1) * COMPANY_SIZE <= self.count
        # The first group always does, so that a small town has an office, too.
        works = company == 0 or Dice(self._seed, "company", company).happens(_COMPANIES)
        return company if is_whole and works else None

    def _phone(self, number: int, which: int) -> str:
        rest, line = divmod(self._phones[number * _PHONES_OF_A_PERSON + which], _LINES)
        area, exchange = divmod(rest, len(_EXCHANGES))
        return f"{AREA_CODES[area]}{_EXCHANGES[exchange]}{line:04d}"
