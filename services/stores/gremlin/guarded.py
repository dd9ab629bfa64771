"""A write behind a guard, and how its answer tells whether the guard held."""

from collections.abc import Collection
from dataclasses import dataclass

from services.stores.gremlin.socket import Traversal


@dataclass(frozen=True, slots=True)
class GuardedRequest:
    """A traversal that writes everything or, where something is not as it was read, nothing."""

    traversal: Traversal
    sign: str  #: among the answers exactly if the guard held

    def is_accepted(self, answer: Collection[object]) -> bool:
        """Whether the answer says that the guard held."""
        return self.sign in answer
