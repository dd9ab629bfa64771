"""The size of batches follows how often they are refused."""

import pytest

from consumers.pace import Pace


def test_a_worker_that_is_never_refused_takes_as_many_messages_as_it_may() -> None:
    pace = Pace(500)
    pace.went_through(500)
    assert pace.size == 500


def test_each_refusal_halves_what_is_taken_but_not_without_end() -> None:
    pace, sizes = Pace(500), []
    for _ in range(8):
        pace.refused()
        sizes.append(pace.size)
    assert sizes == [250, 125, 62, 31, 25, 25, 25, 25]


def test_full_batches_that_go_through_lead_back_to_the_most() -> None:
    pace = Pace(500)
    pace.refused()
    while pace.size < 500:
        before = pace.size
        pace.went_through(before)
        assert before < pace.size <= 500


def test_a_small_batch_that_goes_through_tells_nothing() -> None:
    pace = Pace(500)
    pace.refused()
    pace.went_through(1)
    assert pace.size == 250


@pytest.mark.parametrize("most", [1, 5])
def test_a_worker_that_may_take_few_takes_no_fewer(most: int) -> None:
    pace = Pace(most)
    pace.refused()
    assert pace.size == most
