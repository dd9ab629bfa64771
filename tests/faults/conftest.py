"""The real broker and both kinds of store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.kafka import KafkaBroker
from stack.settings import StackSettings
from tests.contract.conftest import empty_graph, neptune, running_double
from tests.faults.ground import Ground, new_ground
from tests.neptune.double import NeptuneDouble

__all__ = ["neptune", "running_double"]


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One that tests may restart."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka"), StackSettings().cache) as broker:
        yield broker


@pytest.fixture(params=["sqlite", pytest.param("gremlin", marks=pytest.mark.gremlin)])
async def store_url(request: pytest.FixtureRequest) -> str:
    """The address of an emptied Gremlin Server, or nothing: then the store is an SQLite file."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("gremlin_url")
    await empty_graph(url)
    return url


@pytest.fixture
async def ground(kafka_broker: KafkaBroker, tmp_path: Path, store_url: str) -> Ground:
    return await new_ground(kafka_broker, tmp_path, store_url)


@pytest.fixture
async def embedded_ground(kafka_broker: KafkaBroker, tmp_path: Path) -> Ground:
    return await new_ground(kafka_broker, tmp_path)


@pytest.fixture
async def neptune_ground(kafka_broker: KafkaBroker, tmp_path: Path, neptune: NeptuneDouble) -> Ground:
    await empty_graph(neptune.server)
    return await new_ground(kafka_broker, tmp_path, neptune.url)
