"""A first load that was interrupted: who goes on with it comes to what a whole one comes to, or is told what to do."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, Outcome
from graph_model.records.tasks import AnnounceProfiles
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.positions import Position
from services.bootstrap.filling import Filling
from services.bootstrap.load import CatalogueLost, Fill, SpoolLost, StoreInUse
from services.bootstrap.loaded import Loaded
from services.bootstrap.spool import LoadSpool, NoPlaceForSpool
from services.bootstrap.turn import Turn
from services.bootstrap.writing import WRITER
from services.maintenance.re_resolve import change_meaning
from services.maintenance.verification.verify import verify
from services.stores.port.errors import CatalogueChanged, LoadUnderWay
from services.stores.port.protocols import Store
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm, load_mark
from tests.dump import dump
from tests.first_load import Killed, Place, in_batches, new_place

TEXT = """
version: 1
identifiers:
  email: {normalise: email, holders: 3}
traits: {name: text}
sources:
  crm:
    topic: t.crm
    format: debezium
    key: [id]
    columns: {email: {identifier: email}, name: {trait: name}}
"""
CATALOGUE: Catalogue = parse_catalogue(TEXT, "catalogue.yaml")
EDITED: Catalogue = parse_catalogue(TEXT.replace("holders: 3", "holders: 9"), "catalogue.yaml")

#: What its caller wants told of what was read.
TOLD = "a line was rejected"


@pytest.fixture(params=["sqlite", pytest.param("gremlin", marks=pytest.mark.gremlin)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return await new_place(CATALOGUE, request, tmp_path)


def changes() -> list[Change]:
    """Rows of which some share an e-mail, five have one that cannot be read, and one comes twice."""
    found = []
    for offset, number in enumerate([*range(30), 0]):
        email = "no mail" if number % 7 == 3 else "till@x.org" if number % 7 == 5 else f"p{number % 12}@x.org"
        origin = Origin(position=Position(1, offset), observed_at=1_700_000_000_000 + offset)
        found.append(row_change(CATALOGUE.sources["crm"], {"id": number, "email": email, "name": "N"}, origin))
    return found


def filling() -> Fill:
    async def fill(filled: Filling) -> str:
        for batch in in_batches(changes(), 4):
            filled.take(batch)
        return TOLD

    return fill


async def never(_filling: Filling) -> None:
    raise AssertionError("what was to be loaded is in the spool")


class Kill:
    """Hears of the progress of a load, and ends it after so many portions."""

    def __init__(self, portions: int) -> None:
        self._left = portions

    def __call__(self, _what: str, _done: int) -> None:
        self._left -= 1
        if not self._left:
            raise Killed


async def killed_while_reading(place: Place) -> None:
    """Leave what a process leaves that has no time to clean up."""
    async with place.marking() as marking:
        async with place.opened():
            pass
        with Turn.take(place.spool, "0" * 32):
            await marking.begin(await marking.read_form() or StoredForm(SCHEMA_VERSION), load_mark("0" * 32))
            LoadSpool.new(place.spool, "0" * 32).close()


async def sealed_and_killed(place: Place, portions: int) -> None:
    with pytest.raises(Killed):
        await place.load(filling(), Kill(portions), input_name="files")


def comparable(loaded: Loaded) -> Loaded:
    """Without what differs from run to run."""
    sizes = tuple((str(number), size) for number, (_, size) in enumerate(loaded.largest))
    return replace(loaded, largest=sizes, resumed=False, was_read=False, is_of_input=True, was_complete=False)


@pytest.mark.parametrize("portions", [1, 4])
async def test_whoever_ends_a_load_tells_what_an_uninterrupted_one_tells(
    place: Place, tmp_path: Path, portions: int
) -> None:
    whole = await Place(CATALOGUE, tmp_path / "other", tmp_path / "whole.sqlite").load(filling(), input_name="files")
    assert (whole.read_counts, whole.records, whole.generic) == (TOLD, 30, 1)
    assert whole.taken.outcomes == Counter({("crm", Outcome.APPLIED): 30, ("crm", Outcome.UNCHANGED): 1})
    ((_, unread),) = whole.taken.unread.first.values()
    assert (*whole.taken.unread.counts.values(), unread) == (4, "the input, line 4: n*** m***")
    await sealed_and_killed(place, portions)
    ended = await place.load(never, input_name="files")
    assert (ended.resumed, ended.was_read, ended.is_of_input) == (True, True, True)
    assert comparable(ended) == comparable(whole)


async def test_files_that_a_load_goes_on_without_are_told_as_others(place: Place) -> None:
    await sealed_and_killed(place, 1)
    assert not (await place.load(never, input_name="other files")).is_of_input


async def test_a_complete_load_is_told_again_to_who_names_the_same(place: Place) -> None:
    loaded = await place.load(filling(), input_name="files", announce=True)
    again = await place.load(never, input_name="files")
    assert again.was_complete
    assert comparable(again) == comparable(loaded)
    assert again.largest == loaded.largest
    async with place.opened() as store:
        assert [type(owed.task) for owed in await store.read_tasks()] == [AnnounceProfiles]


async def test_a_complete_load_is_told_to_nobody_who_names_something_else(place: Place) -> None:
    await place.load(filling(), input_name="files")
    with pytest.raises(StoreInUse, match="bootstrap"):
        await place.load(never, input_name="other files")


async def test_a_complete_load_is_told_no_more_once_others_have_written(place: Place) -> None:
    await place.load(filling(), input_name="files")
    async with place.opened() as store:
        await store.claim_outbox("api")
    with pytest.raises(StoreInUse, match="api"):
        await place.load(never, input_name="files")


async def test_a_load_of_nothing_leaves_the_store_to_its_first_load(place: Place) -> None:
    async def nothing(filling: Filling) -> str:
        filling.take([])
        filling.note_progress({"worker": Position(1, 5)})
        return TOLD

    loaded = await place.load(nothing, input_name="files")
    assert (loaded.records, loaded.read_counts) == (0, TOLD)
    async with place.opened() as store:
        assert await store.read_writers() == {}
    assert [each.name for each in place.spool.parent.glob("spool*")] == []
    assert (await place.load(filling())).records == 30


async def test_a_load_that_was_killed_while_it_read_follows_the_catalogue_given_now(place: Place) -> None:
    await killed_while_reading(place)
    edited = replace(place, catalogue=EDITED)
    assert (await edited.load(filling())).generic == 0
    async with edited.opened() as store:
        assert await store.read_tasks() == ()
        assert (await verify(store, EDITED)).problems == ()


async def killed_before_writing(place: Place, monkeypatch: pytest.MonkeyPatch, *, claimed: bool) -> None:
    async def killed(store: Store, *_: object, **__: object) -> None:
        if claimed:
            await store.claim_outbox(WRITER)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("services.bootstrap.load.write_load", killed)
        with pytest.raises(Killed):
            await place.load(filling())
    assert place.spool.exists()


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_load_of_which_nothing_is_in_force_is_read_again_by_the_catalogue_given_now(
    place: Place, monkeypatch: pytest.MonkeyPatch, claimed: bool
) -> None:
    await killed_before_writing(place, monkeypatch, claimed=claimed)
    edited = replace(place, catalogue=EDITED)
    assert not (await edited.load(filling())).was_read
    async with edited.opened() as store:
        assert (await verify(store, EDITED)).problems == ()


async def test_a_load_of_which_nothing_is_in_force_is_read_again_where_it_is_to_be_read_otherwise(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await killed_before_writing(place, monkeypatch, claimed=True)
    loaded = await place.load(filling(), reading="logs")
    assert (loaded.records, loaded.was_read) == (30, False)


async def test_a_load_that_is_partly_in_force_is_told_as_another_where_it_was_read_otherwise(place: Place) -> None:
    await sealed_and_killed(place, 2)
    loaded = await place.load(never, input_name="files", reading="logs")
    assert (loaded.records, loaded.is_of_input) == (30, False)


async def test_a_damaged_spool_is_named(place: Place) -> None:
    await sealed_and_killed(place, 2)
    place.spool.write_bytes(b"no spool any more")
    for end in (place.end_interrupted, lambda: place.load(never)):
        with pytest.raises(NoPlaceForSpool, match="is damaged"):
            await end()


async def test_where_no_further_process_can_be_made_one_does_all_the_work(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        raise OSError("no semaphores here")

    monkeypatch.setattr("services.bootstrap.load.Apart", refused)
    assert (await place.load(filling(), apart=True)).records == 30


async def test_a_load_that_is_partly_in_force_is_ended_by_its_own_catalogue(place: Place, tmp_path: Path) -> None:
    await sealed_and_killed(place, 2)
    edited = replace(place, catalogue=EDITED)
    assert (await edited.load(never)).by_former == CATALOGUE.fingerprint
    streamed = Place(CATALOGUE, tmp_path / "unused", tmp_path / "streamed.sqlite")
    await streamed.stream(changes())
    async with place.opened() as one, streamed.opened() as other:
        assert await dump(one) == await dump(other)
    with pytest.raises(CatalogueChanged, match="re-resolve"):
        await edited.open()
    async with edited.opened_by_load(None) as store:
        assert await change_meaning(store, EDITED)


async def test_a_load_whose_catalogue_is_lost_says_what_to_do(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await sealed_and_killed(place, 2)
    monkeypatch.setattr("services.bootstrap.load.parse_catalogue", lambda *_: EDITED)
    with pytest.raises(CatalogueLost, match="Name the file as it was"):
        await replace(place, catalogue=EDITED).load(never)
    assert (await place.load(never)).records == 30


async def test_of_two_processes_that_load_the_second_is_told_to_wait(place: Place) -> None:
    async def fill(filled: Filling) -> None:
        for end in (lambda: place.load(never), place.end_interrupted):
            with pytest.raises(LoadUnderWay):
                await end()
        filled.take(changes())

    assert (await place.load(fill)).records == 30


async def test_a_load_that_was_killed_after_reading_is_ended_without_its_files(place: Place) -> None:
    await sealed_and_killed(place, 2)
    ended = await place.end_interrupted()
    assert ended is not None
    assert (ended.records, ended.read_counts) == (30, TOLD)
    assert [each.name for each in place.spool.parent.glob("spool*")] == []


async def test_a_load_that_was_killed_while_it_read_gives_the_store_back(place: Place) -> None:
    await killed_while_reading(place)
    edited = replace(place, catalogue=EDITED)
    assert await edited.end_interrupted() is None
    assert [each.name for each in place.spool.parent.glob("spool*")] == []
    async with edited.opened() as store:
        assert await store.read_writers() == {}


async def test_a_load_that_began_elsewhere_is_left_alone(place: Place) -> None:
    await sealed_and_killed(place, 2)
    with pytest.raises(LoadUnderWay):
        await replace(place, spool=place.spool.with_name("another")).end_interrupted()
    assert (await place.load(never)).records == 30


async def test_a_load_whose_spool_is_lost_is_not_taken_for_one_that_has_not_begun(place: Place) -> None:
    await sealed_and_killed(place, 2)
    place.spool.unlink()
    with pytest.raises(SpoolLost):
        await place.end_interrupted()
