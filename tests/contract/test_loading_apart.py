"""A first load that several processes share: it comes to the same, also where one of them is killed."""

from multiprocessing import active_children
from pathlib import Path

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from services.bootstrap.filling import Filling
from services.maintenance.verification.verify import verify
from services.stores.port.errors import StoreUnavailable
from tests.dump import dump
from tests.first_load import Place

#: A catalogue that another process can read, with a hub and further generic identifiers.
CATALOGUE: Catalogue = parse_catalogue(
    """
version: 1
identifiers:
  email: {normalise: email, holders: 3}
  phone: {normalise: exact, holders: 3, exclusive: true}
traits: {name: text}
sources:
  crm:
    topic: t.crm
    format: debezium
    key: [id]
    columns: {email: {identifier: email}, phone: {identifier: phone}, name: {trait: name}}
""",
    "catalogue.yaml",
)


def changes() -> list[Change]:
    """Two versions of many rows: some are one person, some are deleted, and most share a phone."""
    source = CATALOGUE.sources["crm"]
    found = []
    for offset in range(600):
        row: dict[str, JsonValue] = {"id": offset % 400, "email": f"p{offset % 170}@example.com", "name": f"N {offset}"}
        row["phone"] = "everybody" if offset % 7 else f"phone {offset % 90}"
        origin = Origin(position=Position(1, offset), observed_at=1_700_000_000_000 + offset)
        found.append(row_change(source, row, origin, deleted=offset % 11 == 10))
    return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(CATALOGUE, tmp_path / "spool", tmp_path / "loaded.sqlite")


@pytest.fixture
def streamed(tmp_path: Path) -> Place:
    return Place(CATALOGUE, tmp_path / "unused", tmp_path / "streamed.sqlite")


async def never(_filling: Filling) -> None:
    raise AssertionError("what was to be loaded is in the spool")


async def assert_same(place: Place, streamed: Place) -> None:
    await streamed.stream(changes(), 90)
    async with place.opened() as one, streamed.opened() as other:
        assert await dump(one) == await dump(other)
        assert (await verify(one, CATALOGUE)).problems == ()


async def test_a_load_by_several_processes_leaves_what_the_stream_leaves(place: Place, streamed: Place) -> None:
    await place.load(place.filling(changes(), 90), apart=True, portion=70)
    await assert_same(place, streamed)


async def test_a_load_goes_on_whose_helping_process_was_killed(place: Place, streamed: Place) -> None:
    def kill(_what: str, _done: int) -> None:
        for process in active_children():
            process.kill()

    with pytest.raises(StoreUnavailable, match="has been killed"):
        await place.load(place.filling(changes(), 90), kill, apart=True, portion=5)
    assert (await place.load(never, apart=True, portion=70)).resumed
    await assert_same(place, streamed)
