"""In which form a store is written, and who may work with it.

The fingerprint of the catalogue says what the result depends on; the schema version says how it is written. Whoever
changes a stored form raises `SCHEMA_VERSION` and adds a migration (`services.maintenance.migration`).
"""

from dataclasses import dataclass
from typing import Final

from services.stores.port.errors import FormerForm, LaterForm, LoadUnderWay, MigrationTaken, MigrationUnderWay

#: The form that this program writes.
SCHEMA_VERSION: Final = 4

#: The form of stores that do not tell theirs.
UNTOLD_VERSION: Final = 1

#: Stands where programs that know nothing of schema versions look for the meaning of the catalogue: it is none that
#: any catalogue has, so they refuse the store. They show its first twelve characters; form 2 is the first that they do
#: not know, so later ones keep this text.
REFUSAL: Final = "newer form 2: this store needs a newer version of identity-graph"


#: What the mark of a first load begins with; its id follows. While it stands, nobody else works with the store.
_LOAD_MARK: Final = "load:"


@dataclass(frozen=True, slots=True)
class StoredForm:
    """The form of a store."""

    version: int
    mark: str | None = None  #: how far its migration to the next version is (JSON); None: none is under way
    migrator: str | None = None  #: id of who migrates or loads it, and alone works with it meanwhile

    @property
    def load_id(self) -> str | None:
        """The id of its first load, where that is under way; see `load_mark`."""
        mark = self.mark or ""
        return mark.removeprefix(_LOAD_MARK) if mark.startswith(_LOAD_MARK) else None

    def require(self, migrator: str | None = None) -> None:
        """Make sure that this program can work with the store.

        Args:
            migrator: by this id the caller migrates it; None: the caller does not.

        Raises:
            LaterForm: a later version wrote it.
            FormerForm: a former version wrote it.
            MigrationUnderWay: it is being brought into another form.
            LoadUnderWay: it is being loaded for the first time.
            MigrationTaken: that is now done by somebody else.
        """
        if self.version > SCHEMA_VERSION:
            raise LaterForm(self.version, SCHEMA_VERSION)
        if migrator is not None:
            if self.migrator != migrator:
                raise MigrationTaken
            return
        if self.load_id is not None:
            raise LoadUnderWay
        if self.mark is not None:
            raise MigrationUnderWay
        if self.version < SCHEMA_VERSION:
            raise FormerForm(self.version, SCHEMA_VERSION)


def load_mark(load_id: str) -> str:
    """The mark of a store whose first load is under way."""
    return f"{_LOAD_MARK}{load_id}"
