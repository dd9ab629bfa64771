"""Ids go back to whom they belonged: a wrong merge, once corrected, leaves both people with the ids that they had."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.stores.sqlite.store import SqliteStore
from tests.properties.histories import FAST_FOLDER
from tests.properties.towns import CATALOGUE, EVIDENCE, Story, Town
from tests.unit.services.people import Company

_sizes = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
#: What arrives carries the mail of one of the three people, or of a fourth one.
_arrivals = st.lists(st.integers(0, 3), max_size=5)
_evidence = st.sampled_from(EVIDENCE)
_stories = st.builds(
    Story,
    sizes=_sizes,
    evidence=st.tuples(_evidence, _evidence),
    arrivals=st.tuples(_arrivals, _arrivals),
    inner_first=st.booleans(),
    turned=st.booleans(),
)


@settings(max_examples=max(60, settings().max_examples // 2), deadline=None)
@given(_stories)
def test_all_have_their_ids_again_when_merges_are_corrected(story: Story) -> None:
    async def tell() -> None:
        with tempfile.TemporaryDirectory(dir=FAST_FOLDER) as folder:
            store = await SqliteStore.open(Path(folder) / "town.sqlite", CATALOGUE.fingerprint)
            await story.comes_true(await Company.over(store, CATALOGUE))
            await store.close()

    asyncio.run(tell())


async def test_fifty_absorbed_ids_come_back(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "town.sqlite", CATALOGUE.fingerprint)
    town = Town(await Company.over(store, CATALOGUE))
    await town.settle([1] * 51)
    before = await town.ids()
    corrections = [await town.merge(0, person, "a verdict") for person in range(1, 51)]
    assert len(set().union(*await town.ids())) == 1
    for correction in corrections:
        await correction.make()
    assert await town.ids() == before
    await store.close()
