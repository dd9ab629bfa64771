"""Stores that answer badly, and connections that are cut."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from consumers import worker
from graph_model.catalogue.rules import Catalogue
from services.settings import Settings
from services.stores.opening import open_store
from services.stores.port.protocols import Store
from stack.kafka import KafkaBroker
from tests.contract.conftest import empty_graph
from tests.faults.crowd import Crowd
from tests.faults.cutting_wire import CuttingWire
from tests.faults.faulty_store import Fault, Odds, faulty
from tests.faults.ground import Ground, new_ground

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CROWD = Crowd(rows=60, values=20)
CUTS = 12
FAULTS = 10  #: at least; about forty are usual


async def test_two_workers_whose_store_answers_badly_at_random_lose_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list(islice(CROWD.steps(seed=6), 160))
    injected: Counter[Fault] = Counter()
    seeds = count()

    async def open_faulty(settings: Settings, catalogue: Catalogue) -> Store:
        return faulty(await open_store(settings, catalogue), next(seeds), Odds(), injected)

    monkeypatch.setattr(worker, "open_store", open_faulty)
    async with ground.worker(), ground.worker():
        await ground.send(steps)
        await ground.until_read(len(steps))
    assert injected.total() >= FAULTS
    await ground.check(steps)


@pytest.fixture
async def wire(gremlin_url: str) -> AsyncIterator[CuttingWire]:
    await empty_graph(gremlin_url)
    address, random = urlsplit(gremlin_url), Random(7)  # noqa: S311 - places that can be repeated
    async with CuttingWire(str(address.hostname), int(address.port or 0), random, CUTS) as wire:
        yield wire


@pytest.mark.gremlin
async def test_a_worker_whose_connection_is_cut_in_the_middle_of_requests_loses_nothing(
    kafka_broker: KafkaBroker, tmp_path: Path, gremlin_url: str, wire: CuttingWire
) -> None:
    direct = await new_ground(kafka_broker, tmp_path, gremlin_url)
    through_the_wire = replace(direct, url=f"ws://127.0.0.1:{wire.port}/gremlin")
    steps = list(islice(CROWD.steps(seed=7), 240))
    async with through_the_wire.worker():
        await direct.send(steps)
        await direct.until_read(len(steps))
    assert wire.cuts == CUTS
    await direct.check(steps)
