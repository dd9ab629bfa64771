"""How a first load is done, and what it has made."""

from dataclasses import dataclass, field
from typing import Final, Self

from graph_model.values.identifiers import Identifier
from services.bootstrap.filling import TAKEN
from services.bootstrap.spool import LoadSpool
from services.bootstrap.taken import Taken
from services.bootstrap.writing import Written

#: Under these names a spool keeps what its caller said of what is read, and what it wants told in the end.
INPUT: Final = "input"
READING: Final = "reading"
TOLD: Final = "told"

#: So many identifiers are named that too many records carry.
_GENERIC: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a load is done."""

    announce: bool
    """Whether the new profiles are to be told of one by one; else nobody hears of them, but that readers of a durable
    outbox are told to read anew."""
    apart: bool = False
    """Whether another process fills the spool while this one reads, and then resolves while this one writes."""
    portion: int | None = None
    """So many records are written in one commit, if their groups allow it; None: as many as suits the store."""
    input_name: str | None = None
    """What is read, as the caller names it. Who names the same once the load is complete is told of it again, as long
    as its spool is there and nobody else has written; None: nobody is."""
    reading: str = ""
    """How it is read, as the caller names it: what was read in another way is read again, as long as nothing of it is
    in force."""
    keeps_spool: bool = False
    """Whether the spool of a complete load stays, for the caller to take away when all is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load has made, in all its runs."""

    records: int = 0  #: in force, live and deleted
    profiles: int = 0
    largest: tuple[tuple[str, int], ...] = ()  #: profile id, its records; of some with most records, most first
    generic: int = 0  #: identifiers that join nobody, since too many records carry them
    first_generic: tuple[Identifier, ...] = ()  #: some of these
    taken: Taken = field(default_factory=Taken)  #: what became of the changes that were read
    read_counts: str | None = None  #: what the caller kept of its reading, to be told in the end
    resumed: bool = False  #: whether this run went on with one that was interrupted
    was_read: bool = False  #: whether what is to be loaded was read by an earlier run
    is_of_input: bool = True  #: whether it is what the caller named
    was_complete: bool = False  #: whether an earlier run had brought all of it into force
    by_former: str | None = None  #: fingerprint of the catalogue that the load had begun with, where another is given

    @classmethod
    def of(
        cls,
        spool: LoadSpool,
        written: Written,
        *,
        resumed: bool,
        was_read: bool,
        is_of_input: bool = True,
        was_complete: bool = False,
        by_former: str | None = None,
    ) -> Self:
        """What a load has made, by its spool and what is in force."""
        generic, first = spool.generic(_GENERIC)
        taken = spool.kept(TAKEN)
        return cls(
            records=spool.records,
            profiles=written.profiles,
            largest=written.largest,
            generic=generic,
            first_generic=first,
            taken=Taken() if taken is None else Taken.from_json(taken),
            read_counts=spool.kept(TOLD),
            resumed=resumed,
            was_read=was_read,
            is_of_input=is_of_input,
            was_complete=was_complete,
            by_former=by_former,
        )
