"""What a store can answer instead of what was asked.

StoreError
├── CommitConflict      something the plan has read changed since: read again, then retry
│   ├── ClaimLost       another worker has taken over this writer's outbox: stop writing
│   └── CommitTooLarge  more than the store takes at once: commit less
├── StoreUnavailable    the store does not answer: wait, then retry
├── CatalogueChanged    the store was made with a catalogue of another meaning: re-resolve or use another store
└── StoreReplaced       the store is not the one it was (an in-memory graph that restarted): rewind
"""

from graph_model.errors import IdentityGraphError


class StoreError(IdentityGraphError):
    """The store did not do what was asked."""


class CommitConflict(StoreError):
    """Something that this plan has read changed since; read again, then retry."""


class ClaimLost(CommitConflict):
    """Another worker has taken over the outbox that this commit went through; this one must stop."""


class CommitTooLarge(CommitConflict):
    """Too large for one request: commit less at once."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"too large: the request has {size} bytes, the server takes {limit}; commit less at once")


class StoreUnavailable(StoreError):
    """The store does not answer; waiting and trying again can help."""


class CatalogueChanged(StoreError):
    """The store holds results of a catalogue with another meaning."""

    def __init__(self, stored: str, found: str) -> None:
        super().__init__(
            f"this store was built with a catalogue of another meaning (fingerprint {stored[:12]}, the catalogue "
            f"given has {found[:12]}): identifiers, limits or normalisers differ. Use the catalogue that the store "
            "was built with, or build a new store from the sources (another IDENTITY_GRAPH_STORE)."
        )


class StoreReplaced(StoreError):
    """The store that answers is not the one that was opened, or not the one the offsets belong to."""
