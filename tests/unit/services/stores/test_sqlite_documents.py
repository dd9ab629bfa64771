"""Documents of a file are compressed once there are enough; no value of a row is in what they are compressed by."""

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from graph_model.values.equality import JsonValue
from services.maintenance.verification.verify import verify
from services.stores.port.errors import DictionaryLost
from services.stores.sqlite import dictionary
from services.stores.sqlite.catalogue import make_tables
from services.stores.sqlite.connection import StoreConnection, connect
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import FINGERPRINT, address, person, plan, record, write_record
from tests.contract.refusals import assert_refused_without_trace
from tests.unit.services.people import CATALOGUE, Company

PEOPLE = 40


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionary, "FIRST_AT_RECORDS", 10)


@pytest.fixture
async def large(company: Company) -> Company:
    """A company with so many rows that its documents are compressed."""
    for first in range(1, PEOPLE, 10):
        rows = range(first, first + 10)
        await company.apply(*(company.change(f"crm{n}", email_1=f"zephyrine{n}", name=f"Quillon {n}") for n in rows))
    return company


def stored(path: Path, table: str) -> list[bytes]:
    with closing(sqlite3.connect(path)) as connection:
        return [bytes(row[0]) for row in connection.execute(f"SELECT document FROM {table}")]  # noqa: S608


async def test_most_documents_are_compressed_and_all_are_read(large: Company, tmp_path: Path) -> None:
    for table in ("record", "profile"):
        documents = stored(tmp_path / "graph.sqlite", table)
        plain = [document for document in documents if document.startswith(b"{")]
        assert (len(documents), len(plain)) == (PEOPLE, 10)
        assert sum(map(len, documents)) < sum(map(len, plain)) * 3
    assert len(await large.profiles()) == PEOPLE
    assert await large.is_sound()


async def test_another_process_reads_what_was_compressed_since_it_opened(company: Company, tmp_path: Path) -> None:
    other = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    for number in range(1, PEOPLE):
        await company.put(f"crm{number}", email_1=f"e{number}")
    await company.put("crm30", email_1="again")
    assert (await verify(other, CATALOGUE)).problems == ()
    further = await Company.over(other, writer="other")
    further.offset = 1_000
    await further.put("crm31", email_1="again")
    assert await company.is_sound()
    await other.close()


async def test_a_dictionary_holds_no_value_of_any_row(large: Company, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection:
        ((content,),) = connection.execute("SELECT content FROM dictionary").fetchall()
    for value in (b"zephyrine", b"Quillon", b"uillo", b"ephyr"):
        assert value not in content
    assert b"observed_at" in content


async def test_a_larger_file_gets_another_dictionary(
    large: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionary, "GROWTH", 2)
    await large.put("crm1", email_1="anew")
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection:
        assert connection.execute("SELECT number FROM dictionary").fetchall() == [(1,), (2,)]
    assert await large.is_sound()


async def test_a_dictionary_that_a_refused_commit_made_compresses_nothing(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT)
    outbox = await store.claim_outbox("tests")
    for number in range(10):
        await store.commit(person(number, f"ann{number}"), outbox)
    refused = plan(records=[write_record(record(address(9)), "p9")])
    await assert_refused_without_trace(store, outbox, refused)
    others = [address(number) for number in range(10, 20)]
    for number, at in enumerate(others, 10):
        values: dict[str, JsonValue] = {"id": number, "note": f"another form of values {number}"}
        await store.commit(plan(records=[write_record(record(at, values), f"p{number}")]), outbox)
    await store.close()
    again = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT)
    assert (await again.read_records(others)).keys() == {*others}
    await again.close()


async def test_what_was_damaged_after_compression_is_told_as_damage(large: Company, tmp_path: Path) -> None:
    profile_id = await large.live_id(f"crm{PEOPLE}")
    with closing(connect(tmp_path / "graph.sqlite")) as connection:
        connection.execute("UPDATE profile SET document = x'01ffff' WHERE profile_id = packed(?)", (profile_id,))
    problems = (await verify(large.store, CATALOGUE)).problems
    assert problems
    assert all(profile_id in problem for problem in problems)


@pytest.mark.parametrize("number", [1, 2])
async def test_no_other_dictionary_takes_the_place_of_one_that_was_lost(
    large: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(dictionary, "GROWTH", 2)
    await large.put("crm1", email_1="anew")
    with closing(connect(tmp_path / "graph.sqlite")) as connection:
        connection.execute("DELETE FROM dictionary WHERE number >= ?", (number,))
    before = stored(tmp_path / "graph.sqlite", "record")
    with pytest.raises(DictionaryLost, match="backup"):
        await large.put("crm99", email_1="further")
    assert stored(tmp_path / "graph.sqlite", "record") == before


@pytest.mark.parametrize("place", [{"values": {"status": "Ann"}}, {"traits": {"mood": {"value": {"status": "Ann"}}}}])
def test_what_a_row_calls_like_a_word_of_the_form_is_still_its_own(place: dict[str, object]) -> None:
    assert b"Ann" not in dictionary.train([orjson.dumps(place)])


def test_samples_that_are_too_few_to_learn_from_make_a_dictionary_as_they_are() -> None:
    content = dictionary.train([b'{"source":"crm","value":"ann"}'])
    assert b'"source":"crm"' in content
    assert b"ann" not in content


#: Two dictionaries, and a document that both make shorter.
ONE, ANOTHER = b'{"source":"crm","observed_at":' * 20, b'"values":{"id":1,"email_1"' * 20
DOCUMENT = b'{"source":"crm","observed_at":1,"values":{"id":1,"email_1":"somebody"}}'


def write_by(connection: StoreConnection, dictionary_content: bytes, end: str) -> bytes:
    """Make a dictionary and write by it; `end` is how the transaction ends."""
    connection.execute("BEGIN")
    connection.execute("INSERT INTO dictionary VALUES (1, 10, ?)", (dictionary_content,))
    connection.documents.write_by_newest()
    stored = connection.documents.pack(DOCUMENT)
    assert connection.documents.unpack(stored) == DOCUMENT
    connection.execute(end)
    return stored


def test_nothing_is_written_by_a_dictionary_that_was_taken_back(tmp_path: Path) -> None:
    """Another process may have made another one under its number since."""
    path = tmp_path / "graph.sqlite"
    with closing(connect(path)) as connection, closing(connect(path)) as other:
        make_tables(connection)
        write_by(connection, ONE, "ROLLBACK")
        write_by(other, ANOTHER, "COMMIT")
        connection.documents.write_by_newest()
        assert other.documents.unpack(connection.documents.pack(DOCUMENT)) == DOCUMENT


def test_nothing_is_read_by_a_dictionary_that_was_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    with closing(connect(path)) as connection, closing(connect(path)) as other:
        make_tables(connection)
        write_by(connection, ONE, "ROLLBACK")
        stored = write_by(connection, ANOTHER, "COMMIT")
        assert other.documents.unpack(stored) == DOCUMENT


def test_names_inside_of_a_value_are_part_of_it() -> None:
    row = {"values": {"sizes": {"ann@example.com": {"zephyrine": 1}}}, "traits": {"all": {"value": {"Quillon": 2}}}}
    content = dictionary.train([orjson.dumps(row)])
    assert b"sizes" in content
    for name in (b"example", b"zephyrine", b"Quillon"):
        assert name not in content


@pytest.mark.parametrize("value", ["Żółcińska", "Жанна", "漢字かな", "प्रिया"])
def test_values_of_every_script_are_replaced(value: str) -> None:
    content = dictionary.train([orjson.dumps({"traits": {"name": {"value": value, "source": "crm"}}})])
    assert b'"source":"crm"' in content
    assert not [letter for letter in value if not letter.isascii() and letter.encode() in content]


@pytest.mark.parametrize("value", ["+491701234567", "b7f3c9a2d4", 491701234567])
def test_digits_are_replaced(value: JsonValue) -> None:
    content = dictionary.train([orjson.dumps({"values": {"phone": value}})])
    said = str(value).encode()
    assert not [said[start : start + 4] for start in range(len(said) - 3) if said[start : start + 4] in content]


async def test_what_only_events_say_comes_into_a_dictionary_too(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionary, "FIRST_AT_RECORDS", 400)
    await company.apply(*(company.change(f"crm{n}", email_1=f"zephyrine{n}", name=f"Quillon {n}") for n in range(400)))
    await company.put("crm1", email_1="anew")
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection:
        ((content,),) = connection.execute("SELECT content FROM dictionary").fetchall()
    assert b"previous_version" in content
