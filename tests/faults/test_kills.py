"""A worker that is killed at any step of the road loses nothing and tells everything."""

import sqlite3
from itertools import islice

import pytest

from tests.faults.ambush import Point
from tests.faults.crowd import Crowd
from tests.faults.ground import Ground

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CROWD = Crowd(rows=60, values=20)


@pytest.mark.parametrize("point", Point)
async def test_after_a_kill_anywhere_on_the_road_everything_is_in_force_and_told(ground: Ground, point: Point) -> None:
    steps = list(islice(CROWD.steps(seed=1), 240))
    await ground.send(steps[:160])
    async with ground.ambushed(point, visit=2) as worker:
        await worker.until_killed()
    await ground.expel()
    async with ground.worker():
        await ground.send(steps[160:])
        await ground.until_read(len(steps))
    assert await ground.check(steps)


async def test_a_file_whose_workers_are_killed_one_after_the_other_in_their_commits_stays_whole(
    embedded_ground: Ground,
) -> None:
    ground, steps = embedded_ground, list(islice(CROWD.steps(seed=2), 240))
    await ground.send(steps)
    for visit in (1, 2, 3, 1):
        async with ground.ambushed(Point.COMMITTING, visit) as worker:
            await worker.until_killed()
        await ground.expel()
    async with ground.worker():
        await ground.until_read(len(steps))
    await ground.check(steps)
    file = sqlite3.connect(ground.folder / "graph.sqlite")
    assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    file.close()
