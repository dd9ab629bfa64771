"""The schema that a JanusGraph is given: a type for each property, and a lock on what guards a commit.

Of two commits that overlap only LOCK refuses one: at the end, each property that a commit has changed must still have
the value that it read first. Two things pass by that, and are kept apart by unique indexes, which are locked as well:

- Two commits may make the same vertex, since nothing is there yet that could be locked.
- A commit that drops a vertex reads it anew, and then takes what another commit has just written for what it read.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from services.stores.gremlin.ids import Label
from services.stores.gremlin.opening import GENERATION
from services.stores.gremlin.plan import ABOUT, BECAME, HAS, MEMBER_OF, OUTBOX, OWES, WAS_MEMBER_OF

#: On every vertex its own id: of two that are made with the same one, one is refused.
NAME: Final = "unique_name"
#: On every vertex that can be dropped its revision: that one is taken out of the index once only.
LIFE: Final = "unique_revision"
#: Unique index -> the property that it holds.
INDEXES: Final[Mapping[str, str]] = {"by_unique_name": NAME, "by_unique_revision": LIFE}
#: What stands for the property `key` of a record, a name that JanusGraph keeps for itself.
ROW_KEY: Final = "row_key"
#: What guards commits; all but the revision stands on the store alone.
LOCKED: Final = ("rev", "claim", "meaning", GENERATION, "store_id", "schema_version", "migration", "migrator")

_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "Boolean": ("deleted", "hub", "in_force"),
    "Integer": ("epoch", "holders", "number", "schema_version", "slot", GENERATION),
    "Long": ("accepted", "acknowledged", "offset", "sequence", "version", "version_floor", "written_at"),
    "String": (
        *("author", "catalogue", "claim", "commit", "component", "document", "events", "fingerprint", "former_ids"),
        *("generation", "guests", "judgement", "kind", "meaning", "migration", "migrator", "profile_id", "progress"),
        *("rev", "source", "status", "store_id", "task_id", "value", "verdict_id", "writer", ROW_KEY, NAME, LIFE),
    ),
}
KEYS: Final[Mapping[str, str]] = {name: kind for kind, names in _TYPES.items() for name in names}
_EDGES: Final = (ABOUT, BECAME, HAS, MEMBER_OF, OUTBOX, OWES, WAS_MEMBER_OF)

#: What both scripts are told.
BINDINGS: Final[Mapping[str, Any]] = {
    "locked": list(LOCKED),
    "indexes": dict(INDEXES),
}
SCHEMA: Final[Mapping[str, Any]] = {
    **BINDINGS,
    "types": dict(KEYS),
    "vertexLabels": [label.value for label in Label],
    "edgeLabels": list(_EDGES),
}


def script(name: str) -> str:
    """The text of a Groovy script beside this module."""
    return (files(__package__) / f"{name}.groovy").read_text()
