"""Whatever changes come, a first load leaves what the stream leaves that carries the same changes."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Change
from services.maintenance.verification.verify import verify
from tests.dump import Dump, dump
from tests.first_load import Place
from tests.properties import worlds
from tests.properties.histories import FAST_FOLDER, Move, Truth, batches
from tests.properties.worlds import Step

pytestmark = pytest.mark.timeout(3_600)


async def streamed(place: Place, changes: Sequence[Change], at_once: int) -> Dump:
    await place.stream(changes, at_once)
    async with place.opened() as store:
        return await dump(store)


async def loaded(place: Place, changes: Sequence[Change], at_once: int) -> Dump:
    await place.load(place.filling(changes, at_once), portion=at_once)
    async with place.opened() as store:
        heads = {(each.status, each.version) async for each in store.scan_profiles()}
        assert heads <= {(ProfileStatus.LIVE, 1)}
        assert (await verify(store, place.catalogue)).problems == ()
        return await dump(store)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds.catalogues, st.lists(batches, max_size=6), st.integers(1, 7), st.integers(1, 7))
def test_a_first_load_leaves_what_the_stream_leaves(
    catalogue: Catalogue, acts: Sequence[Sequence[Step | Move]], by_stream: int, by_load: int
) -> None:
    truth = Truth(catalogue)
    for batch in acts:
        truth.take(truth.write(batch))
    with tempfile.TemporaryDirectory(dir=FAST_FOLDER) as folder:
        here = Path(folder)
        one = Place(catalogue, here / "unused", here / "streamed.sqlite")
        other = Place(catalogue, here / "spool", here / "loaded.sqlite")
        assert asyncio.run(streamed(one, truth.log, by_stream)) == asyncio.run(loaded(other, truth.log, by_load))
