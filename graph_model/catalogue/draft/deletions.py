"""The column of a table that says that a row is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.draft.guesses import Guess
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.equality import JsonValue
from graph_model.values.flags import flag_text, is_set

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
#: Of more rows deleted than this, it is asked whether they are.
_MANY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Deletion:
    """A column that says that a row is deleted."""

    column: str
    equals: tuple[str, ...]  #: what it says then; empty: yes, or a time
    doubts: tuple[str, ...]


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
    """The question of a column of states of which one is that of deleted rows, or that is named after deletions."""
    said = _said(guess)
    if guess.means(Meaning.DELETED):
        return f"does it tell deleted rows? then `deleted: {{column: {guess.column}, equals: [...]}}` with what it says"
    if not _FEWEST_STATES <= len(said) <= _MOST_STATES:
        return ""
    states = sorted({text for text in said if text.casefold() in _STATES})
    if not states:
        return ""
    return f"are these rows deleted? then `deleted: {{column: {guess.column}, equals: [{', '.join(states)}]}}`"


def _flag(guess: Guess) -> Deletion | None:
    said = _said(guess)
    if said and all(text.casefold() in _SIGNS for text in said):
        unset = {text for text in said if text.casefold() in _SET}
        written = sorted(said - unset) or [_in_case_of(_SET[text.casefold()], text) for text in sorted(unset)[:1]]
        return _saying(guess, tuple(written))
    return _yes_or_time(guess)


def _yes_or_time(guess: Guess) -> Deletion | None:
    """A column that is read as it is: yes, no, a time, or nothing; None where most of it is none of these."""
    told = [is_set(flag_text(cell) or "") for cell in guess.profile.cells if cell is not None]
    unread = told.count(None)
    if 2 * unread > len(told):
        return None
    asked = ["rows with a time here that stands for one, or with yes, are taken for deleted: are they?"]
    if unread:
        asked.append(
            f"{unread:,} of {len(told):,} say neither yes, no, nor a time{_unread_words(guess)}, and their rows are "
            "refused; `nulls: [...]` of the source names what means not deleted, `equals: [...]` what means deleted"
        )
    return Deletion(guess.column, (), (*asked, *_many(told.count(True), guess)))


def _unread_words(guess: Guess) -> str:
    """What stands for no value elsewhere, but not in a flag."""
    unread = sorted(marker for marker in guess.profile.markers if is_set(flag_text(marker) or "") is None)
    listed = ", ".join(f'"{marker}"' for marker in unread)
    return f" (such as {listed})" if unread else ""


def _saying(guess: Guess, equals: tuple[str, ...]) -> Deletion:
    """A column that says one of some things of deleted rows."""
    deleted = sum(1 for cell in guess.profile.cells if cell is not None and _text(cell) in equals)
    asked = f"rows that say {' or '.join(equals)} here are taken for deleted: are they?"
    return Deletion(guess.column, equals, (asked, *_many(deleted, guess)))


def _many(deleted: int, guess: Guess) -> list[str]:
    of = len(guess.profile.cells)
    return [f"{deleted:,} of {of:,} rows would be deleted: is this right?"] if deleted > _MANY * of else []


def _operation(guess: Guess) -> Deletion | None:
    said = _said(guess)
    if not said or not all(text.casefold() in _OPERATIONS for text in said):
        return None
    return _saying(guess, tuple(sorted(text for text in said if text.casefold() in _DELETIONS)) or ("d",))


def _said(guess: Guess) -> set[str]:
    return {_text(value) for value in guess.profile.singles}


def _text(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _in_case_of(text: str, other: str) -> str:
    return text.upper() if other.isupper() else text.capitalize() if other.istitle() else text
