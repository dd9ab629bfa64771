"""What a figure says of its rounds."""

import pytest

from benchmarks.figures import Figure, Goal, Sense


def _figure(goal: Goal | None = None) -> Figure:
    return Figure(what="rows", unit="rows/s", ours=(40.0, 60.0, 45.0), raw=(100.0, 100.0, 90.0), goal=goal)


def test_the_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians() -> None:
    assert _figure().ratio == 0.5


def test_the_spread_is_the_range_of_the_ratios() -> None:
    assert _figure().spread == (0.4, 0.6)


def test_without_a_raw_limit_the_spread_is_the_range_of_ours() -> None:
    assert Figure(what="memory", unit="MB", ours=(3.0, 1.0, 2.0)).spread == (1.0, 3.0)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(Sense.RATIO_AT_LEAST, 0.5), True),
        (Goal(Sense.RATIO_AT_LEAST, 0.51), False),
        (Goal(Sense.RATIO_AT_MOST, 0.49), False),
        (Goal(Sense.ABOVE_RAW_AT_MOST, -45), True),
        (Goal(Sense.AT_MOST, 44), False),
        (Goal(Sense.AT_LEAST, 45), True),
        (None, None),
    ],
)
def test_a_goal_is_met_by_the_median(goal: Goal | None, met: bool | None) -> None:
    assert _figure(goal).is_met is met


def test_rounds_without_their_raw_limit_are_no_figure() -> None:
    with pytest.raises(ValueError, match="3 rounds of ours and 1"):
        Figure(what="rows", unit="rows/s", ours=(1.0, 2.0, 3.0), raw=(1.0,))
