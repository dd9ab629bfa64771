"""What can happen to a row, and what has happened to it so far, in four bytes."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from cli.demo.chance import Dice

_KEY_BITS: Final = 12
_COUNT_BITS: Final = 6


class Happening(StrEnum):
    """What an event does to a row."""

    CREATED = "created"
    EMAIL_CHANGED = "email_changed"
    PHONE_CHANGED = "phone_changed"
    MOVED = "moved"
    TOUCHED = "touched"  #: saved again with nothing changed
    KEY_CHANGED = "key_changed"
    DELETED = "deleted"
    RETURNED = "returned"  #: created again after it was deleted


#: Of a hundred changes of a row that is there; all others change nothing but the time of the change.
_SHARES: Final = (
    (Happening.DELETED, 6),
    (Happening.KEY_CHANGED, 4),
    (Happening.EMAIL_CHANGED, 8),
    (Happening.PHONE_CHANGED, 8),
    (Happening.MOVED, 8),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How far a row has come; the counts begin again after a while."""

    is_live: bool = True
    keys: int = 0
    emails: int = 0
    phones: int = 0
    moves: int = 0

    def packed(self) -> int:
        """The same in 32 bits; never 0."""
        number = self.keys
        for count in (self.emails, self.phones, self.moves):
            number = number << _COUNT_BITS | count
        return (number << 1 | self.is_live) << 1 | 1

    @classmethod
    def unpacked(cls, number: int) -> "Life":
        """What `packed` has made small."""
        number, is_live = number >> 2, bool(number & 2)
        counts = []
        for _ in range(3):
            counts.append(number & (1 << _COUNT_BITS) - 1)
            number >>= _COUNT_BITS
        moves, phones, emails = counts
        return cls(is_live=is_live, keys=number, emails=emails, phones=phones, moves=moves)

    def next(self, dice: Dice, *, keys_change: bool) -> tuple[Happening, "Life"]:
        """What happens next, and the life after it."""
        happening = self._drawn(dice, keys_change=keys_change)
        match happening:
            case Happening.RETURNED:
                life = replace(self, is_live=True)
            case Happening.DELETED:
                life = replace(self, is_live=False)
            case Happening.KEY_CHANGED:
                life = replace(self, keys=_grown(self.keys, _KEY_BITS))
            case Happening.EMAIL_CHANGED:
                life = replace(self, emails=_grown(self.emails, _COUNT_BITS))
            case Happening.PHONE_CHANGED:
                life = replace(self, phones=_grown(self.phones, _COUNT_BITS))
            case Happening.MOVED:
                life = replace(self, moves=_grown(self.moves, _COUNT_BITS))
            case _:
                life = self
        return happening, life

    def _drawn(self, dice: Dice, *, keys_change: bool) -> Happening:
        if not self.is_live:
            return Happening.RETURNED
        drawn = dice.below(100)
        for happening, share in _SHARES:
            if drawn < share:
                return Happening.TOUCHED if happening is Happening.KEY_CHANGED and not keys_change else happening
            drawn -= share
        return Happening.TOUCHED


def _grown(count: int, bits: int) -> int:
    return (count + 1) % (1 << bits)
