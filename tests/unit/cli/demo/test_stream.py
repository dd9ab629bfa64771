"""Invented changes: the same ones for a seed, every kind of them, and a truth that they lead to."""

from collections import Counter
from itertools import islice

import pytest

from cli.demo.chance import Dice, Shuffle
from cli.demo.lives import Happening, Life
from cli.demo.people import COMPANY_SIZE, People
from cli.demo.stream import LATE, REPEATED, Arrival, Stream

PEOPLE, EVENTS = 200, 2_000


@pytest.fixture(scope="module")
def streamed() -> tuple[Stream, list[Arrival]]:
    stream = Stream(PEOPLE, EVENTS, seed=1)
    return stream, list(stream.arrivals())


def test_the_same_seed_gives_the_same_bytes(streamed: tuple[Stream, list[Arrival]]) -> None:
    again = Stream(PEOPLE, EVENTS, seed=1)
    assert list(again.arrivals()) == streamed[1]
    assert list(again.truth()) == list(streamed[0].truth())


def test_another_seed_gives_other_bytes(streamed: tuple[Stream, list[Arrival]]) -> None:
    assert list(Stream(PEOPLE, EVENTS, seed=2).arrivals()) != streamed[1]


def test_as_many_events_arrive_as_were_asked_for(streamed: tuple[Stream, list[Arrival]]) -> None:
    assert len(streamed[1]) == EVENTS


@pytest.mark.parametrize("what", [*map(str, Happening), LATE, REPEATED])
def test_everything_that_can_happen_happens(streamed: tuple[Stream, list[Arrival]], what: str) -> None:
    assert streamed[0].happened[what] > 0


@pytest.mark.parametrize("events", [1, 10, 300])
def test_few_events_are_enough_to_begin(events: int) -> None:
    stream = Stream(PEOPLE, events, seed=1)
    assert len(list(stream.arrivals())) == events
    assert any(stream.truth())


def test_everybody_has_a_row_once_there_are_events_enough() -> None:
    stream = Stream(PEOPLE, EVENTS, seed=1)
    list(stream.arrivals())
    assert len({person for _, _, person in stream.truth()}) > 0.9 * PEOPLE


def test_no_two_rows_of_a_system_have_one_key(streamed: tuple[Stream, list[Arrival]]) -> None:
    keys = [(source, key) for source, key, _ in streamed[0].truth()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("life", [Life(), Life(is_live=False), Life(keys=4095, emails=63, phones=1, moves=62)])
def test_a_life_fits_into_32_bits(life: Life) -> None:
    assert 0 < life.packed() < 1 << 32
    assert Life.unpacked(life.packed()) == life


@pytest.mark.parametrize("size", [1, 2, 6, 1000])
def test_a_shuffle_has_every_number_once(size: int) -> None:
    shuffle = Shuffle(size, Dice(1))
    assert sorted(shuffle[place] for place in range(size)) == list(range(size))


def test_a_place_draws_the_same_numbers_each_time() -> None:
    assert [Dice(1, "row", 7).below(1000) for _ in range(2)] == [Dice(1, "row", 7).below(1000)] * 2


def test_people_live_together_and_share_phone_and_address() -> None:
    people = People(600, seed=1)
    homes = Counter(people.person(number).household for number in range(600))
    assert {1, 2, 3, 4} <= set(homes.values())
    first, second = islice((people.person(n) for n in range(600) if homes[people.person(n).household] > 1), 2)
    assert people.landline(first) == people.landline(second)
    assert people.address(first, 0) == people.address(second, 0)


def test_no_two_people_have_one_mobile_phone_or_one_email_address() -> None:
    people = People(500, seed=1)
    everybody = [people.person(number) for number in range(500)]
    for of in (people.mobile, people.email):
        assert len({of(person, 0) for person in everybody} | {of(person, 1) for person in everybody}) == 1000


def test_some_people_work_where_all_share_a_phone() -> None:
    people = People(20 * COMPANY_SIZE, seed=1)
    sizes = Counter(people.person(number).company for number in range(20 * COMPANY_SIZE))
    del sizes[None]
    assert sizes
    assert set(sizes.values()) == {COMPANY_SIZE}
