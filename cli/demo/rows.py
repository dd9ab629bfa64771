"""What the systems of an invented company know of its customers: each less than all, and some of it wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cli.demo.chance import Dice
from cli.demo.lives import Life
from cli.demo.people import People, Person
from graph_model.values.equality import JsonValue

CRM: Final = "crm"
WEB_SHOP: Final = "web_shop"
NEWSLETTER: Final = "newsletter"
LOYALTY: Final = "loyalty"

#: The rows that a person may have: the system, and how likely there is one.
PLACES: Final = (
    (CRM, 0.75),
    (CRM, 0.08),  # entered twice
    (WEB_SHOP, 0.60),
    (WEB_SHOP, 0.15),  # ordered without logging in
    (NEWSLETTER, 0.40),
    (LOYALTY, 0.35),
)

#: So many people share a till, whose mailbox stands for customers who gave no e-mail address.
TILL_CUSTOMERS: Final = 2_000

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class RowPlace:
    """One row of one person."""

    person: Person
    number: int  #: of all places of all people
    source: str


class Rows:
    """The rows of all systems, each made when asked for."""

    def __init__(self, people: People, seed: int) -> None:
        self._people = people
        self._seed = seed

    def exists(self, number: int) -> bool:
        """Whether the person has a row at this place; everybody has at least one."""
        person, place = divmod(number, len(PLACES))
        dice = Dice(self._seed, "places", person)
        found = [dice.happens(chance) for _, chance in PLACES]
        return found[place] or (place == 0 and not any(found))

    def place(self, number: int) -> RowPlace:
        """The row place of a number below people times places."""
        person, place = divmod(number, len(PLACES))
        return RowPlace(self._people.person(person), number, PLACES[place][0])

    def columns(self, place: RowPlace, life: Life) -> Mapping[str, JsonValue]:
        """What a row says, without its key and its times."""
        # Drawn for the row, not for its version: who was misspelt once stays so.
        dice = Dice(self._seed, "row", place.number)
        person = place.person
        given = _typed(person.given_name, dice, 0.03)
        surname = _typed(person.surname, dice, 0.03)
        email = self._email(person, life, dice)
        phone = _written(self._phone(person, life, dice), dice)
        home = self._people.address(person, life.moves)
        says_born, says_phone, says_email = dice.happens(0.85), dice.happens(0.8), dice.happens(0.4)
        if place.source == CRM:
            return {
                "first_name": given,
                "last_name": surname,
                "email": self._shared_mailbox(person, dice) or (email if dice.happens(0.92) else None),
                "phone": phone,
                "born": person.born.toordinal() - 719_163 if says_born else None,  # days since 1970
                "street": home.street,
                "city": home.city,
                "postcode": home.postcode,
            }
        if place.source == WEB_SHOP:
            return {
                "email": self._till(person, dice) or email,
                "name": f"{given} {surname}",
                "phone": phone if says_phone else None,
                "city": home.city,
                "zip": home.postcode,
            }
        if place.source == NEWSLETTER:
            return {"email": email, "first_name": given, "interests": dice.one_of(("garden", "kitchen", "travel"))}
        return {
            "given_name": given,
            "family_name": surname,
            "birth_date": person.born.strftime("%d.%m.%Y"),
            "phone": phone if says_phone else None,
            "email": email if says_email else None,
            "postcode": home.postcode,
        }

    def _email(self, person: Person, life: Life, dice: Dice) -> str:
        name, _, domain = self._people.email(person, life.emails).partition("@")
        return f"{_typed(name, dice, 0.01)}@{domain}"

    def _phone(self, person: Person, life: Life, dice: Dice) -> str:
        at_work, at_home = dice.happens(0.4), dice.happens(0.12)
        if person.company is not None and at_work:
            return self._people.office(person.company)
        return self._people.landline(person) if at_home else self._people.mobile(person, life.phones)

    def _shared_mailbox(self, person: Person, dice: Dice) -> str | None:
        gives_it = dice.happens(0.25)
        return f"info@company{person.company}.example.com" if person.company is not None and gives_it else None

    def _till(self, person: Person, dice: Dice) -> str | None:
        return f"till{person.number // TILL_CUSTOMERS}@shop.example.com" if dice.happens(0.03) else None


def _typed(text: str, dice: Dice, chance: float) -> str:
    """A text as somebody typed it: two letters swapped, one left out, doubled, or another one."""
    goes_wrong, place, how, letter = dice.happens(chance), dice.below(64), dice.below(4), dice.one_of(_LETTERS)
    if not goes_wrong or len(text) < 3:
        return text
    place = 1 + place % (len(text) - 2)
    before, this, after = text[:place], text[place], text[place + 1 :]
    return (
        f"{before}{after[0]}{this}{after[1:]}",
        f"{before}{after}",
        f"{before}{this}{this}{after}",
        f"{before}{letter}{after}",
    )[how]


def _written(digits: str, dice: Dice) -> str:
    """A phone number in one of the ways in which people write it."""
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return dice.one_of(
        (
            f"+1{digits}",
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"1 {area} {exchange} {line}",
        )
    )
