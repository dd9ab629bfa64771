"""The column of a table that says that a row is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.draft.guesses import Guess
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.equality import JsonValue

#: What a flag says where it is set, by what it says where it is not.
_SET: Final = {
    "false": "true", "f": "t", "no": "yes", "n": "y", "0": "1", "nein": "ja", "non": "oui", "nie": "tak", "nee": "ja",
    "não": "sim", "nao": "sim", "否": "是", "いいえ": "はい",
}  # fmt: skip
_SIGNS: Final = frozenset({*_SET, *_SET.values(), "si", "sí", "s", "j", "x", "o"})
_OPERATIONS: Final = frozenset({"c", "r", "u", "d", "i", "insert", "update", "delete", "create", "read", "upsert"})
_DELETIONS: Final = frozenset({"d", "delete"})
_STATES: Final = frozenset(
    {"deleted", "gelöscht", "geloescht", "supprimé", "eliminado", "excluído", "eliminato", "verwijderd", "usunięty"}
)
_FEWEST_STATES: Final = 2
_MOST_STATES: Final = 20


@dataclass(frozen=True, slots=True)
class Deletion:
    """A column that says that a row is deleted."""

    column: str
    equals: tuple[str, ...]  #: what it says then; empty: anything but nothing and no
    doubt: str


def find_deletion(guesses: Sequence[Guess]) -> Deletion | None:
    """Find the column that says that a row is deleted: a flag, a time, what a change did."""
    ranked = [
        *(found for guess in guesses if guess.means(Meaning.DELETED) and (found := _flag(guess)) is not None),
        *(found for guess in guesses if guess.means(Meaning.OPERATION) and (found := _operation(guess)) is not None),
    ]
    return ranked[0] if ranked else None


def tells_of_change(guess: Guess) -> str:
    """Why a column says something of its row and nothing of a person; empty where it does not."""
    if guess.means(Meaning.OPERATION) and _operation(guess) is not None:
        return "says what a change did to the row"
    return "says that the row is deleted" if guess.means(Meaning.DELETED) and _flag(guess) is not None else ""


def doubt_of_state(guess: Guess) -> str:
    """The question of a column of states of which one is that of deleted rows."""
    said = _said(guess)
    if not _FEWEST_STATES <= len(said) <= _MOST_STATES:
        return ""
    states = sorted({text for text in said if text.casefold() in _STATES})
    if not states:
        return ""
    return f"are these rows deleted? then `deleted: {{column: {guess.column}, equals: [{', '.join(states)}]}}`"


def _flag(guess: Guess) -> Deletion | None:
    said = _said(guess)
    if guess.written is not None or not said:
        return Deletion(guess.column, (), "a row with a value here is taken for deleted: is it?")
    if not all(text.casefold() in _SIGNS for text in said):
        return None
    unset = {text for text in said if text.casefold() in _SET}
    written = sorted(said - unset) or [_in_case_of(_SET[text.casefold()], text) for text in sorted(unset)[:1]]
    listed = tuple(written)
    return Deletion(guess.column, listed, f"rows that say {' or '.join(listed)} here are taken for deleted: are they?")


def _operation(guess: Guess) -> Deletion | None:
    said = _said(guess)
    if not said or not all(text.casefold() in _OPERATIONS for text in said):
        return None
    written = tuple(sorted(text for text in said if text.casefold() in _DELETIONS)) or ("d",)
    return Deletion(
        guess.column, written, f"rows that say {' or '.join(written)} here are taken for deleted: are they?"
    )


def _said(guess: Guess) -> set[str]:
    return {_text(value) for value in guess.profile.singles}


def _text(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _in_case_of(text: str, other: str) -> str:
    return text.upper() if other.isupper() else text.capitalize() if other.istitle() else text
