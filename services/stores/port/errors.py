"""What a store can answer instead of what was asked.

StoreError
├── CommitConflict      something the plan has read changed since: read again, then retry
│   ├── ClaimLost       another worker has taken over this writer's outbox: stop writing
│   ├── CommitTooLarge  more than the store takes at once: commit less
│   └── ReadsDisagree   what was read for it does not fit together
├── StoreUnavailable    the store does not answer: wait, then retry
│   └── NoRoom          it answers, and can write nothing more: make room
├── StoreDamaged        what is stored contradicts itself: verify and repair it
│   ├── FileDamaged     the file itself is damaged: restore it from a backup
│   └── DictionaryLost  what documents are compressed by is missing: likewise
├── TaskTaken           another worker has gone on with the work owed: read what is owed again
├── CatalogueChanged    the store holds what another meaning of the catalogue says: preview, then re-resolve
├── CatalogueUnusable   another catalogue came into force, and this process cannot load it: start it anew
├── OtherForm           the store is written in another form than this program knows
│   ├── FormerForm      in a former one: migrate it
│   ├── LaterForm       in a later one: use a later program
│   ├── MigrationUnderWay  it is being brought into another form: wait, or finish that
│   └── LoadUnderWay    its first load is under way: wait, or finish that
├── MigrationTaken      another process has gone on with the migration
├── ForeignFile         the file is none of this program: name another one
├── UnsafeStore         the store could lose what several writers do at once: use another one
└── StoreReplaced       the store is not the one it was (an in-memory graph that restarted): rewind
"""

from typing import Self

from graph_model.errors import IdentityGraphError


class StoreError(IdentityGraphError):
    """The store did not do what was asked."""


class CommitConflict(StoreError):
    """Something that this plan has read changed since; read again, then retry."""


class ClaimLost(CommitConflict):
    """Another worker has taken over the outbox that this commit went through; this one must stop."""


class CommitTooLarge(CommitConflict):
    """Too large for one request: commit less at once."""

    @classmethod
    def of(cls, size: int, limit: int, unit: str = "bytes") -> Self:
        """One of which it is known by how much."""
        return cls(f"too large: the request has {size} {unit}, the server takes {limit}; commit less at once")


class ReadsDisagree(CommitConflict):
    """Reads of different times do not fit together; read again. Nobody has written where they disagree again alike."""

    def __init__(self, message: str, seen: frozenset[tuple[object, ...]]) -> None:
        """Tell it.

        Args:
            message: what does not fit.
            seen: where, with the revisions that were read there.
        """
        super().__init__(message)
        self.seen = seen


class StoreUnavailable(StoreError):
    """The store does not answer; waiting and trying again can help."""


class NoRoom(StoreUnavailable):
    """The store has no room left, or its disk fails. Something tiny may still find a place where a commit does not."""


class StoreDamaged(StoreError):
    """What is stored contradicts itself, and nobody is writing there; reading again does not help."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the store is damaged: {found}. Something else than this service has written to it, or a part of it is "
            "lost; `identity-graph verify --repair` names what is wrong and mends it"
        )


class FileDamaged(StoreDamaged):
    """The file of the embedded store is damaged below what this program writes."""

    def __init__(self, path: str, found: str) -> None:
        StoreError.__init__(
            self,
            f"the file {path} is damaged ({found}): stop what works on it, put a backup in its place, and run "
            "`identity-graph restored` on that",
        )


class DictionaryLost(StoreDamaged):
    """A dictionary is missing by which documents of the embedded store are compressed; without it nobody reads them."""

    def __init__(self, number: int) -> None:
        StoreError.__init__(
            self,
            f"the store is damaged: dictionary {number} is missing, by which documents in its file are compressed, so "
            "that these cannot be read, and nothing is written. Put a backup of the file in its place and run "
            "`identity-graph restored` on that, or load the sources into a new store",
        )


class TaskTaken(StoreError):
    """Another worker has done a part of the work owed meanwhile; read what is owed again."""


class CatalogueChanged(StoreError):
    """The store holds results of a catalogue with another meaning."""

    def __init__(self, stored: str, found: str) -> None:
        super().__init__(
            f"this store holds what another catalogue says (its fingerprint is {stored[:12]}, that of the catalogue "
            f"given {found[:12]}): identifiers, limits or normalisers differ. See what the new one would change with "
            "`identity-graph preview --catalogue FILE`, and bring it into force with `identity-graph re-resolve "
            "--catalogue FILE`; or go on with the catalogue that the store was built with."
        )


class OtherForm(StoreError):
    """The store is written in another form than this program knows."""


class FormerForm(OtherForm):
    """The store was written by a former version of this program."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"this store is written in form {found}, and this program works with form {known}. Stop whatever works on "
            "the store, keep a copy of it, and bring it over with `identity-graph migrate --store STORE --catalogue "
            "FILE`, or start `serve` or `consume` with --migrate"
        )


class LaterForm(OtherForm):
    """The store was written by a later version of this program."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"this store is written in form {found}, and this program knows forms up to {known}: use the version of "
            "identity-graph that wrote it, or a later one"
        )


class MigrationUnderWay(OtherForm):
    """The store is being brought into another form, or its migration was interrupted."""

    def __init__(self) -> None:
        super().__init__(
            "a migration of this store is under way, and nobody else can work on it meanwhile. Wait until it has "
            "ended; if it was interrupted, run `identity-graph migrate --store STORE --catalogue FILE` to finish it"
        )


class LoadUnderWay(OtherForm):
    """The first load of the store is under way, or was interrupted."""

    def __init__(self) -> None:
        super().__init__(
            "the first load of this store is under way, and nobody else can work on it meanwhile. Wait until it has "
            "ended; if it was interrupted, run the same `identity-graph bootstrap` or `ingest` again to finish it"
        )


class MigrationTaken(StoreError):
    """Of two processes that migrate a store, the other one goes on."""

    def __init__(self) -> None:
        super().__init__("another process has gone on with the migration of this store; wait until it has ended")


class CatalogueUnusable(StoreError):
    """Another catalogue came into force while this process ran, and it cannot go on with that one."""

    def __init__(self, in_force: str, reason: str) -> None:
        super().__init__(
            f"another catalogue came into force (`identity-graph re-resolve`; its fingerprint is {in_force[:12]}), and "
            f"this process cannot load it: {reason}. Start it again with the file that is in force (`--catalogue "
            "FILE`), in the version of this program that brought it into force"
        )


class ForeignFile(StoreError):
    """The file is none that this program has made."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(
            f"{path} is {found}; a store of identity-graph is expected, or a path where there is no file yet. It was "
            "left as it is; name another file with --store or IDENTITY_GRAPH_STORE"
        )


class UnsafeStore(StoreError):
    """The store does not keep apart what several writers do at once."""

    def __init__(self, guaranteed: str) -> None:
        super().__init__(
            f"nothing is written into this store: it guarantees guarded commits as {guaranteed!r}, and `safe` is "
            "expected. Of two writers at the same time one could undo what the other did, and nobody would see it. Use "
            "an embedded store (sqlite:FILE) or a graph with transactions (TinkerTransactionGraph)"
        )


class StoreReplaced(StoreError):
    """The store that answers is not the one that was opened, or not the one the offsets belong to."""


def is_failure(error: BaseException) -> bool:
    """Whether the store has failed: not where it only says that others were faster, or have changed the catalogue."""
    return isinstance(error, StoreError) and not isinstance(error, CommitConflict | TaskTaken | CatalogueChanged)
