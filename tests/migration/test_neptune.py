"""A graph on Amazon Neptune comes into the present form as every other one does."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.maintenance.verification.verify import verify
from services.stores.port.stored_form import SCHEMA_VERSION
from tests.migration.conftest import Ground
from tests.migration.interrupted import migrate_with_kills
from tests.migration.kept import kept_catalogue
from tests.neptune.double import neptune_double

pytestmark = pytest.mark.gremlin


async def test_a_graph_of_a_former_form_is_brought_over_whoever_is_killed(gremlin_url: str, tmp_path: Path) -> None:
    ground = Ground(tmp_path / "unused", gremlin_url, form=3)
    await ground.fill()
    with neptune_double(gremlin_url) as neptune:
        ground = replace(ground, url=neptune.url)
        kills, migrated = await migrate_with_kills(ground.migrating, ground.opening)
        assert kills > 1
        assert migrated.version == SCHEMA_VERSION
        store = await ground.open()
        assert (await verify(store, kept_catalogue())).problems == ()
        await store.close()
        assert not neptune.refused
