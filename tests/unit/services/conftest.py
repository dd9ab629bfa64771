from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.stores.sqlite.store import SqliteStore
from tests.unit.services.people import CATALOGUE, Company


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


@pytest.fixture
async def company(store: SqliteStore) -> Company:
    return await Company.over(store)
