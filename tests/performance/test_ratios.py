"""Nothing becomes slower by a third without anybody noticing."""

from functools import cache

import pytest

from tests.performance.recorded import MODULES, RECORDED, measured

#: Lower than this part of what was recorded is a fault. More noise than this there is not: the processor time of one
#: run is compared with that of another in the same seconds.
STILL_GOOD = 0.7

#: Seconds; the first test of each module measures all of it, on a busy machine for a while.
pytestmark = pytest.mark.timeout(300)

NAMES = [(module, what) for module in MODULES for what in RECORDED[module]]

shares = cache(measured)


@pytest.mark.parametrize(("module", "what"), NAMES, ids=[what for _, what in NAMES])
def test_a_ratio_to_the_raw_limit_is_nearly_as_recorded(module: str, what: str) -> None:
    share = shares(module)[what]
    assert share >= STILL_GOOD * RECORDED[module][what], (
        f"{share:.0%} of the raw limit are reached, {RECORDED[module][what]:.0%} were recorded; where that is meant, "
        "`python -m tests.performance.record` records it anew"
    )


@pytest.mark.parametrize("module", MODULES)
def test_everything_that_is_measured_is_recorded(module: str) -> None:
    assert shares(module).keys() == RECORDED[module].keys()
