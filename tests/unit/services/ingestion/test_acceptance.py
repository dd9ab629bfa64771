import pytest

from services.ingestion.acceptance import AcceptanceClock, ClockAhead


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


def test_what_others_gave_is_passed_over() -> None:
    clock = AcceptanceClock(lambda: 1_000)
    clock.pass_over(5_000_000)
    clock.pass_over(3)
    assert clock.next(1) == 5_000_001


DAY = 24 * 3_600_000


def test_a_clock_set_forward_by_more_than_a_day_numbers_nothing() -> None:
    times, steady = iter((1_000, 1_000 + DAY, 3_000 + DAY)), iter((7, 7, 8))
    clock = AcceptanceClock(lambda: next(times), lambda: next(steady))
    clock.next(1)
    clock.next(1)
    with pytest.raises(ClockAhead, match="Set the clock right"):
        clock.next(1)


def test_time_that_has_really_gone_by_refuses_nothing() -> None:
    times, steady = iter((1_000, 1_000 + 9 * DAY)), iter((7, 7 + 9 * DAY))
    clock = AcceptanceClock(lambda: next(times), lambda: next(steady))
    assert clock.next(1) < clock.next(1)


def test_a_clock_a_day_ahead_of_a_writer_that_lives_numbers_nothing_until_it_is_right() -> None:
    now = 10 * DAY
    clock = AcceptanceClock(lambda: now, lambda: now)
    clock.compare({"api/other": 8 * DAY * 1_000})
    clock.next(1)
    clock.compare({"api/other": 8 * DAY * 1_000 + 60})
    with pytest.raises(ClockAhead, match="'api/other'"):
        clock.next(1)
    now = 8 * DAY
    clock.compare({"api/other": 8 * DAY * 1_000 + 70})
    clock.next(1)


def test_a_store_that_was_quiet_for_days_refuses_nobody() -> None:
    clock = AcceptanceClock(lambda: 10 * DAY, lambda: 0)
    for _ in range(3):
        clock.compare({"api/gone": 2 * DAY * 1_000})
    clock.next(1)
