"""What a store must promise before anything is written into it."""

from services.stores.port.errors import UnsafeStore
from services.stores.port.protocols import Store


def require_guarded_commits(store: Store) -> None:
    """Make sure that of two commits that rest on the same state the store refuses one.

    Raises:
        UnsafeStore: it does not promise that.
    """
    guaranteed = store.guarantees.guarded_commits
    if guaranteed != "safe":
        raise UnsafeStore(guaranteed)
