"""Small stories out of the life of a customer database, one file each; see `README.md` in this folder."""

from pathlib import Path

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from services.stores.sqlite.store import SqliteStore
from tests.stories.reading import read_story
from tests.stories.telling import Manner, Teller

HERE = Path(__file__).parent
STORIES = sorted((HERE / "cases").glob("*.md"))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    path = HERE / "catalogue.yaml"
    return parse_catalogue(path.read_text(), path.name)


@pytest.mark.parametrize("manner", Manner)
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_a_story_ends_as_written(path: Path, manner: Manner, catalogue: Catalogue, tmp_path: Path) -> None:
    story = read_story(path)
    store = await SqliteStore.open(tmp_path / "story.sqlite", catalogue.fingerprint)
    try:
        teller = await Teller.over(store, catalogue)
        if manner in (Manner.AT_ONCE, Manner.BACKWARDS):
            await teller.tell_all(story, backwards=manner is Manner.BACKWARDS)
            wrong = await teller.differences(story.chapters[-1], with_ids=False)
            _fail_if(wrong, f"{story.title}, told {manner}, at the end ({path.name})")
            return
        for chapter in story.chapters:
            for happening in chapter.happenings:
                await teller.tell(happening, times=2 if manner is Manner.TWICE else 1)
            wrong = await teller.differences(chapter, with_ids=True)
            _fail_if(wrong, f"{story.title}, told {manner}, after {chapter.heading!r} ({path.name})")
    finally:
        await store.close()


def _fail_if(wrong: list[str], where: str) -> None:
    if wrong:
        pytest.fail("\n".join([where, "- expected, + found:", *wrong]), pytrace=False)
