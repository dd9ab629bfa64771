"""Partitions that change hands: workers that wake too late, and groups that never rest."""

import asyncio
import signal
from itertools import islice

import pytest

from tests.faults.ambush import Point
from tests.faults.crowd import Crowd
from tests.faults.ground import PARTITIONS, Ground

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CROWD = Crowd(rows=60, values=20)


async def while_a_worker_sleeps(ground: Ground, point: Point) -> None:
    """Put a worker to sleep at a point, let another one do all that there is, and wake the first."""
    steps = list(islice(CROWD.steps(seed=3), 240))
    await ground.send(steps[:80])
    async with ground.ambushed(point, visit=2, hit=signal.SIGSTOP) as sleeper:
        await sleeper.until_stalled()
        await ground.expel()
        async with ground.worker():
            await ground.send(steps[80:160])
            await ground.until_read(160)
            sleeper.wake()
            await ground.until_members(2)
            await ground.send(steps[160:])
            await ground.until_read(len(steps))
        await sleeper.finish()
    await ground.check(steps)


async def test_a_worker_that_wakes_with_a_plan_after_its_partition_was_taken_over_writes_nothing(
    ground: Ground,
) -> None:
    await while_a_worker_sleeps(ground, Point.LOADED)


async def test_a_worker_that_publishes_late_what_others_have_overtaken_leaves_the_states_right(ground: Ground) -> None:
    await while_a_worker_sleeps(ground, Point.PUBLISHING)


async def test_a_group_that_never_rests_loses_nothing(ground: Ground) -> None:
    steps = list(islice(CROWD.steps(seed=4), 240))
    async with ground.worker():
        for start in range(0, len(steps), 80):
            async with ground.worker():
                await ground.send(steps[start : start + 80])
                await ground.until_members(2)
            await ground.until_members(1)
        await ground.until_read(len(steps))
    await ground.check(steps)


async def test_a_broker_that_restarts_under_a_worker_loses_nothing(embedded_ground: Ground) -> None:
    ground, steps = embedded_ground, list(islice(CROWD.steps(seed=5), 240))
    async with ground.worker():
        await ground.send(steps[:160])
        await ground.read(f"{ground.name}.updates", PARTITIONS)
        await asyncio.to_thread(ground.broker.restart)
        await ground.send(steps[160:])
        await ground.until_read(len(steps))
    await ground.check(steps)
