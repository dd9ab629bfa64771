"""A store that counts what it is asked."""

from collections import Counter
from inspect import iscoroutinefunction
from typing import Any

from services.stores.port.protocols import Store


class CountingStore:
    """Stands before a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()  #: name of a request -> how often it was made

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        found = getattr(self._store, name)
        if iscoroutinefunction(found):
            self.asked[name] += 1
        return found
