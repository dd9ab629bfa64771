from services.acceptance import AcceptanceClock


def test_numbers_are_microseconds_of_acceptance() -> None:
    assert AcceptanceClock(lambda: 1_000).next(1) == 1_000_000


def test_numbers_given_at_the_same_time_still_grow() -> None:
    clock = AcceptanceClock(lambda: 1_000)
    first = clock.next(5)
    assert clock.next(1) == first + 5


def test_numbers_grow_while_the_system_clock_is_set_back() -> None:
    times = iter((2_000, 1_000))
    clock = AcceptanceClock(lambda: next(times))
    assert clock.next(1) < clock.next(1)
