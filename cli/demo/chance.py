"""Chance that can be asked again: the same place in the same world always draws the same numbers."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

Value = TypeVar("Value")

_PARTS: Final = 10_000  #: chances are given as shares of this many


class Dice:
    """Draws for one place, such as one row or one event; enough for some forty of them."""

    __slots__ = ("_left",)

    def __init__(self, *place: int | str) -> None:
        """Begin to draw.

        Args:
            place: what is drawn for, the seed first.
        """
        digest = blake2b(":".join(map(str, place)).encode(), digest_size=64).digest()
        self._left = int.from_bytes(digest, "big")

    def below(self, bound: int) -> int:
        """A number from 0 to one less than `bound`."""
        self._left, drawn = divmod(self._left, bound)
        return drawn

    def happens(self, chance: float) -> bool:
        """Whether something happens that has this chance, from 0 to 1."""
        return self.below(_PARTS) < chance * _PARTS

    def one_of(self, values: Sequence[Value]) -> Value:
        """One of the values, each as likely as the others."""
        return values[self.below(len(values))]


class Shuffle:
    """The numbers below `size` in another order, without keeping any of them."""

    __slots__ = ("_first", "_size")

    _STEP: Final = 2_654_435_761  #: a prime: no smaller size shares a factor with it

    def __init__(self, size: int, dice: Dice) -> None:
        """Choose an order of the numbers below `size`, which is smaller than 2 654 435 761."""
        self._size = size
        self._first = dice.below(size)

    def __getitem__(self, place: int) -> int:
        """The number at a place of the order."""
        return (self._first + place * self._STEP) % self._size
