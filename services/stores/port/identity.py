"""What a store says of itself: which one it is, and what is in force there."""

from dataclasses import dataclass
from typing import Protocol

import orjson

from graph_model.catalogue.rules import Catalogue
from services.stores.port.stored_form import StoredForm

#: What a store has forgotten it cannot count: how many versions a profile was given between a backup and its return.
#: Nobody's profile changes a thousand million times, and what JSON readers hold exactly (2^53) has room for nine
#: million restores.
VERSIONS_PER_RESTORE = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCatalogue:
    """The catalogue in force, as the store keeps it: whoever works with another one can load it."""

    name: str  #: the file that it came from, for messages
    text: str  #: YAML

    @classmethod
    def of(cls, catalogue: Catalogue) -> "KeptCatalogue | None":
        """What is kept of a catalogue; None of one that was parsed from no text."""
        return cls(name=catalogue.name, text=catalogue.text) if catalogue.text else None

    @classmethod
    def from_json(cls, stored: str | bytes | None) -> "KeptCatalogue | None":
        """Read what `to_json` wrote; None where nothing was kept."""
        return cls(**orjson.loads(stored)) if stored else None

    def to_json(self) -> str:
        """Its stored form."""
        return orjson.dumps({"name": self.name, "text": self.text}).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What every process looks at all the time."""

    fingerprint: str  #: the meaning of the catalogue in force
    generation: int  #: how often that has changed
    form: StoredForm  #: how the store is written
    tasks_owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterState:
    """What a writer has left in its outbox."""

    waiting_since: int | None
    """When the oldest event was committed that may not be published: milliseconds since 1970, by the clock of the
    process that did; None: all are published."""
    accepted: int  #: the greatest number given at acceptance that its commits recorded; 0: none


class IdentifiedStore(Protocol):
    """A store that says which one it is. Every method may raise `StoreUnavailable`."""

    @property
    def store_id(self) -> str:
        """Random id, given when the store was made."""
        ...

    @property
    def former_ids(self) -> frozenset[str]:
        """Ids that it had before it came back from a backup; see `restored`."""
        ...

    @property
    def version_floor(self) -> int:
        """Every version of a profile that is given from now on is greater than this; see `restored`."""
        ...

    @property
    def fingerprint(self) -> str:
        """The meaning of the catalogue that this store works with: `Catalogue.fingerprint`."""
        ...

    @property
    def generation(self) -> int:
        """How often the meaning of the catalogue has changed since the store was made."""
        ...

    async def read_pulse(self) -> Pulse:
        """Read, in one request, what is in force by now and how much work is owed.

        Raises:
            StoreReplaced: another store answers.
        """
        ...

    async def read_catalogue(self) -> KeptCatalogue | None:
        """Read the catalogue in force; None: a version of this program brought it into force that kept no text."""
        ...

    async def adopt(self, fingerprint: str) -> None:
        """Go on with the meaning of the catalogue that has come into force since this store was opened.

        Claims made before are invalid, as for everybody.

        Raises:
            CatalogueChanged: by now yet another one is in force.
            StoreReplaced: another store answers.
        """
        ...

    async def restored(self) -> None:
        """Take this store for one that came back from a backup, which has forgotten what happened since.

        In one atomic step: it gets another `store_id`, and its former one is remembered; `version_floor` grows by
        `VERSIONS_PER_RESTORE`, so that every version of a profile that is given from now on is greater than any that
        was published before; and every claim on the outbox becomes invalid. This object works on with all that.

        Raises:
            CommitConflict: somebody else did the same, or changed the catalogue, at the same time.
        """
        ...
