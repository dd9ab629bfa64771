"""Makes the dictionaries by which documents are compressed, from what the file holds by then.

A dictionary holds pieces of what it was made from, and outlives it. So no value of any row comes into one: letters and
digits of all that is not known to be a word of the form are replaced by others first.
"""

import random
import re
import sqlite3
from typing import Any, Final

import orjson
import zstandard

from services.stores.port.errors import DictionaryLost
from services.stores.sqlite.connection import StoreConnection
from services.stores.sqlite.documents import MOST_DICTIONARIES

#: The first one is made where there are so many records; each further one where there are so many times as many.
FIRST_AT_RECORDS: Final = 200
GROWTH: Final = 32

_BYTES: Final = 8_192
#: Bytes of the pieces that it is put together from, and of what is looked for in them. Trying out which ones are the
#: best takes five times as long, and makes documents no smaller.
_SEGMENT: Final = 1_000
_MATCH: Final = 8
#: Records that it is made from, with their profiles and as many events: where events are fewer than a third of all,
#: nothing of what only they say comes into it.
_SAMPLES: Final = 100
_EVENTS: Final = 100

#: Members whose values are words of the form, names of the catalogue, or times at which something was said.
_KEPT: Final = frozenset(
    {
        *("status", "source", "kind", "change", "epoch", "version", "previous_version", "changed_fields", "provenance"),
        *("created_at", "updated_at", "observed_at", "occurred_at", "accepted_at", "causes_total", "records_total"),
        *("incomplete", "column", "together"),
    }
)
#: Members that hold what rows say, whatever is called how inside of them; the first one holds it by column.
_COLUMNS: Final = "values"
_VALUE: Final = "value"
_VALUES: Final = frozenset({_COLUMNS, _VALUE, "key"})
#: What is replaced of a value: letters, digits, and whatever is not ASCII. What remains are its signs and spaces.
_REPLACED: Final = re.compile(r"[0-9A-Za-z\x80-\U0010ffff]+")
#: What any byte is replaced by.
_LETTERS: Final = bytes(ord("a") + byte % 26 for byte in range(256))
_DIGITS: Final = bytes(ord("0") + byte % 10 for byte in range(256))

_RECORDS: Final = """
SELECT plain(r.document), plain(p.document) FROM json_each(?) AS wanted
JOIN record AS r ON r.id = wanted.value LEFT JOIN profile AS p ON p.profile_id = r.profile_id
"""
_NEWEST_EVENTS: Final = "SELECT plain(data) FROM outbox_body ORDER BY sequence DESC LIMIT ?"
#: Documents that begin with the number of a dictionary that is to come: it was there, and is lost.
_COMPRESSED_BY_LATER: Final = " UNION ALL ".join(
    f"SELECT * FROM (SELECT substr({column}, 1, 1) AS number FROM {table} "  # noqa: S608 - constants
    f"WHERE substr({column}, 1, 1) BETWEEN ?1 AND ?2 LIMIT 1)"
    for table, column in (
        ("record", "document"),
        ("profile", "document"),
        ("history", "document"),
        ("outbox_body", "data"),
    )
)


def take_dictionary(connection: StoreConnection) -> None:
    """Write documents by the newest dictionary from now on; the caller holds the transaction.

    It is made first where there is none yet, or the file has grown much since.

    Raises:
        DictionaryLost: there was one of the number that it would get.
    """
    _make_where_due(connection)
    connection.documents.write_by_newest()


def _make_where_due(connection: sqlite3.Connection) -> None:
    (records,) = connection.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()
    number, made_at = connection.execute("SELECT coalesce(max(number), 0), max(records) FROM dictionary").fetchone()
    if records < (FIRST_AT_RECORDS if made_at is None else made_at * GROWTH) or number == MOST_DICTIONARIES:
        return
    _require_unused(connection, number + 1)
    content = train(_samples(connection, records))
    connection.execute("INSERT INTO dictionary VALUES (?, ?, ?)", (number + 1, records, content))


def _require_unused(connection: sqlite3.Connection, number: int) -> None:
    """Make sure that no document would be read by a dictionary that it was not written by."""
    found = connection.execute(_COMPRESSED_BY_LATER, (bytes((number,)), bytes((MOST_DICTIONARIES,)))).fetchone()
    if found is not None:
        raise DictionaryLost(found[0][0])


def train(samples: list[bytes]) -> bytes:
    """Make a dictionary from documents, without their values."""
    invented = random.Random(len(samples))  # noqa: S311 - only replaces what is not to be kept
    read = [document for document in map(_read, samples) if document]
    bare: list[bytes | bytearray | memoryview] = [orjson.dumps(_without_values(each, invented)) for each in read]
    try:
        return zstandard.train_dictionary(_BYTES, bare, k=_SEGMENT, d=_MATCH).as_bytes()
    except zstandard.ZstdError:  # too few, or too much alike: they are a dictionary as they are
        return b"".join(bare)[:_BYTES]


def _samples(connection: sqlite3.Connection, records: int) -> list[bytes]:
    wanted = sorted({1 + number * records // _SAMPLES for number in range(_SAMPLES)})
    found = connection.execute(_RECORDS, (orjson.dumps(wanted).decode(),)).fetchall()
    events = connection.execute(_NEWEST_EVENTS, (_EVENTS,)).fetchall()
    return list(dict.fromkeys(document for row in (*found, *events) for document in row if document))


def _read(document: bytes) -> Any:  # noqa: ANN401 - whatever JSON says
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError:
        return None


def _without_values(value: Any, invented: random.Random, member: str = "") -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        inside = _VALUE if member in _VALUES else None
        # What a row calls its columns says nothing of what is in them; names inside of a value are part of it.
        is_value = inside is not None and member != _COLUMNS
        return {
            _invented(name, invented) if is_value else name: _without_values(each, invented, inside or name)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_without_values(each, invented, member) for each in value]
    if member in _KEPT or value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _invented(value, invented)
    return invented.randrange(10 ** min(15, len(str(value))))


def _invented(text: str, invented: random.Random) -> str:
    """Another text of the same shape: each character is replaced by one that has nothing to do with it."""

    def another(found: re.Match[str]) -> str:
        alike = _DIGITS if found[0].isdecimal() else _LETTERS
        return invented.randbytes(len(found[0])).translate(alike).decode("ascii")

    return _REPLACED.sub(another, text)
