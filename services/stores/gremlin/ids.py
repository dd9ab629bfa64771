"""The ids of vertices. This is the only place that makes them; to all other code they are opaque.

An id can be read by a person (`record:crm%5B1%5D`, `identifier:email:ann@example.com`), and holds only what
TinkerGraph, Amazon Neptune and JanusGraph all accept: printable ASCII without a hyphen.
"""

from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import BUCKETS
from graph_model.values.characters import LONGEST_REMEMBERED
from graph_model.values.identifiers import Identifier

LONGEST_NAME = 200  #: characters; longer names are replaced by their hash


class Label(StrEnum):
    """What a vertex stands for."""

    RECORD = "record"
    IDENTIFIER = "identifier"
    BUCKET = "bucket"
    TALLY = "tally"
    PROFILE = "profile"
    HISTORY = "history"
    VERDICT = "verdict"
    TASK = "task"
    PENDING = "pending"
    STORE = "store"


_PREFIXES: Final = {label: f"{label}:" for label in Label}


def vertex_id(label: Label, name: str) -> str:
    """Make the id of the vertex of `label` that is called `name`.

    Everything outside `[A-Za-z0-9._~@:+]` is percent-encoded. A hashed name starts with `~` and has no further
    separator, which no name has by itself.
    """
    return _PREFIXES[label] + (_encoded(name) if len(name) > LONGEST_REMEMBERED else _encoded_before(name))


def _encoded(name: str) -> str:
    encoded = name.translate(_ENCODED) if name.isascii() else _quoted(name)
    return encoded if len(encoded) <= LONGEST_NAME else "~" + sha256(name.encode()).hexdigest()


def _quoted(name: str) -> str:
    return quote(name, safe="@:+").replace("-", "%2D")


#: ASCII character -> its encoded form; by such a table a name is encoded several times as fast.
_ENCODED: Final = {code: _quoted(chr(code)) for code in range(128)}
_encoded_before = lru_cache(maxsize=65_536)(_encoded)


def record_id(address: RecordAddress) -> str:
    """The id of a record or a tombstone."""
    return vertex_id(Label.RECORD, str(address))


def identifier_id(identifier: Identifier) -> str:
    """The id of an identifier."""
    return vertex_id(Label.IDENTIFIER, str(identifier))


def bucket_id(identifier: Identifier, number: int) -> str:
    """The id of a bucket, which a part of the holders of a hub hang on."""
    return vertex_id(Label.BUCKET, f"{identifier}:{number}")


def bucket_ids(identifier: Identifier) -> list[str]:
    """The ids of all buckets that an identifier has while it is a hub, by number."""
    return [bucket_id(identifier, number) for number in range(BUCKETS)]


def tally_id(identifier: Identifier, number: int) -> str:
    """The id of what tells how many records hang on a bucket."""
    return vertex_id(Label.TALLY, f"{identifier}:{number}")


def profile_id(profile: str) -> str:
    """The id of a profile."""
    return vertex_id(Label.PROFILE, profile)


def history_id(profile: str, version: int) -> str:
    """The id of a step in the life of a profile."""
    return vertex_id(Label.HISTORY, f"{profile}:{version}")


def verdict_id(verdict: str) -> str:
    """The id of an entry of the ledger of verdicts."""
    return vertex_id(Label.VERDICT, verdict)


def task_id(task: str) -> str:
    """The id of work that is owed."""
    return vertex_id(Label.TASK, task)


def slot_id(writer: str, slot: int) -> str:
    """The id of one place in a writer's outbox."""
    return vertex_id(Label.PENDING, f"{writer}:{slot}")


#: The one vertex that tells which store this is.
STORE_ID = vertex_id(Label.STORE, "this")


def revision(vertex: str, commit_id: str) -> str:
    """The revision that a commit gives a vertex.

    It holds the vertex' own id, so that a list of revisions can be asserted at once and none passes for another's.
    """
    return f"{vertex}#{commit_id}"


class GraphRevisions:
    """Implements `services.stores.port.protocols.Revisions`."""

    def of_record(self, address: RecordAddress, commit_id: str) -> str:
        """See `Revisions.of_record`."""
        return revision(record_id(address), commit_id)

    def of_identifier(self, identifier: Identifier, commit_id: str) -> str:
        """See `Revisions.of_identifier`."""
        return revision(identifier_id(identifier), commit_id)

    def of_bucket(self, identifier: Identifier, number: int, commit_id: str) -> str:
        """See `Revisions.of_bucket`; its tally has it."""
        return revision(tally_id(identifier, number), commit_id)

    def of_profile(self, profile: str, commit_id: str) -> str:
        """See `Revisions.of_profile`."""
        return revision(profile_id(profile), commit_id)
