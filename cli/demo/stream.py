"""The stream of changes, in the order in which it arrives; it keeps four bytes of each row, however long it is."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from cli.demo.chance import Dice, Shuffle
from cli.demo.lives import Happening, Life
from cli.demo.messages import written
from cli.demo.people import People
from cli.demo.rows import CRM, PLACES, RowPlace, Rows

LATE: Final = "late"  #: arrived after newer ones
REPEATED: Final = "repeated"  #: arrived once more

_LATE: Final = 0.02  #: share of all events
_LATEST: Final = 500  #: so many events later a late one arrives at the most
_REPEATED: Final = 0.02
_REMEMBERED: Final = 256  #: the last events, of which one may be repeated
_CREATING: Final = 0.6  #: share of the events that create rows, if there are that many rows


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one event adds to the file of its system."""

    source: str
    lines: tuple[bytes, ...]


class Stream:
    """Changes of the rows of invented people."""

    def __init__(self, people: int, events: int, seed: int) -> None:
        """Prepare a stream.

        Args:
            people: how many people there are, from 1 to 10 million.
            events: how many events arrive. Where they are too few, some people have no rows.
            seed: the same seed gives the same bytes.
        """
        self.happened: Counter[str] = Counter()
        self._events = events
        self._seed = seed
        self._rows = Rows(People(people, seed), seed)
        self._places = people * len(PLACES)
        self._order = Shuffle(self._places, Dice(seed, "order"))
        self._keys = Shuffle(self._places, Dice(seed, "keys"))
        self._lives = array("I", bytes(4 * self._places))
        self._opened = 0  #: of the places in their order: all before are rows that are or were there, or none
        rows = sum(map(self._rows.exists, range(self._places)))
        self._to_create = min(rows, max(1, round(events * _CREATING)))

    def arrivals(self) -> Iterator[Arrival]:
        """All events, once; late ones last, if need be."""
        late: list[tuple[int, int, Arrival]] = []
        remembered: list[Arrival] = []
        for number in range(self._events):
            dice = Dice(self._seed, "event", number)
            is_repeated, is_late = dice.happens(_REPEATED), dice.happens(_LATE)
            if is_repeated and remembered and self._to_create < self._events - number:
                self.happened[REPEATED] += 1
                yield dice.one_of(remembered)
                continue
            arrival = self._arrival(number, dice)
            if is_late:
                self.happened[LATE] += 1
                heappush(late, (number + 1 + dice.below(_LATEST), number, arrival))
            else:
                _remember(remembered, number, arrival)
                yield arrival
            while late and late[0][0] <= number:
                yield heappop(late)[2]
        yield from (arrival for _, _, arrival in sorted(late, key=lambda held: held[:2]))

    def truth(self) -> Iterator[tuple[str, int, int]]:
        """Every row that is there after all events: its source, its key and the number of its person."""
        for number in range(self._places):
            packed = self._lives[number]
            if packed and (life := Life.unpacked(packed)).is_live:
                person, place = divmod(number, len(PLACES))
                yield PLACES[place][0], self._key(number, life), person

    def _arrival(self, number: int, dice: Dice) -> Arrival:
        """What happens next: a row is created as long as the events left just suffice, or by chance."""
        if self._opened == 0 or dice.below(self._events - number) < self._to_create:
            place = self._next_new()
            return self._told(place, None, Life(), Happening.CREATED, number)
        place = self._one_of_the_old(dice)
        before = Life.unpacked(self._lives[place.number])
        happened, life = before.next(dice, keys_change=place.source == CRM)
        return self._told(place, before, life, happened, number)

    def _told(self, place: RowPlace, before: Life | None, life: Life, happened: Happening, number: int) -> Arrival:
        self.happened[happened.value] += 1
        self._lives[place.number] = life.packed()
        key, columns = self._key(place.number, life), self._rows.columns(place, life)
        old_key = self._key(place.number, before) if before and before.keys != life.keys else None
        return Arrival(place.source, written(place.source, key, old_key, columns, happened, number))

    def _key(self, place: int, life: Life) -> int:
        return 1 + self._keys[place] + life.keys * self._places

    def _next_new(self) -> RowPlace:
        self._to_create -= 1
        while not self._rows.exists(self._order[self._opened]):
            self._opened += 1
        self._opened += 1
        return self._rows.place(self._order[self._opened - 1])

    def _one_of_the_old(self, dice: Dice) -> RowPlace:
        place = dice.below(self._opened)
        while not self._lives[self._order[place]]:
            place = (place + 1) % self._opened
        return self._rows.place(self._order[place])


def _remember(remembered: list[Arrival], number: int, arrival: Arrival) -> None:
    if len(remembered) < _REMEMBERED:
        remembered.append(arrival)
    else:
        remembered[number % _REMEMBERED] = arrival
