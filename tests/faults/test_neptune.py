"""A worker on Amazon Neptune, or what stands in for it, is killed or wakes too late, as on every other store."""

import pytest

from tests.faults.ambush import Point
from tests.faults.ground import Ground
from tests.faults.test_kills import test_after_a_kill_anywhere_on_the_road_everything_is_in_force_and_told as kill_at
from tests.faults.test_takeovers import while_a_worker_sleeps

pytestmark = [pytest.mark.stack, pytest.mark.gremlin, pytest.mark.timeout(120)]


async def test_a_worker_that_is_killed_between_the_requests_of_its_commits_loses_nothing(
    neptune_ground: Ground,
) -> None:
    await kill_at(neptune_ground, Point.COMMITTING)


async def test_a_worker_that_wakes_after_its_partition_was_taken_over_writes_nothing(neptune_ground: Ground) -> None:
    await while_a_worker_sleeps(neptune_ground, Point.LOADED)
