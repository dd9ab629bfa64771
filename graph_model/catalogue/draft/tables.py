"""What whole tables seem to be: their keys, what they share, which of them are about people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from graph_model.catalogue.draft.columns import ColumnGuess, Row, guess_columns
from graph_model.catalogue.draft.readings import MOST
from graph_model.catalogue.draft.words import Meaning, ascii_name, likely_regions
from graph_model.catalogue.rules import MessageFormat
from graph_model.values.countries import region_of_country
from graph_model.values.equality import JsonValue
from graph_model.values.normalise.phone import normalise_phone
from graph_model.values.paths import value_at

#: Where people are who keep tables in English, in the order in which they are tried.
_ENGLISH: Final = ("US", "GB", "AU", "IN", "NZ", "ZA", "IE")
_INTERNATIONAL: Final = re.compile(r"\s*(?:'?\+|00)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTable:
    """A sample of one table, and where it came from."""

    name: str
    columns: Sequence[str]  #: all of them, in order
    rows: Sequence[Row]  #: the newest version of each; a few hundred are enough
    file: str | None = None  #: name pattern of the file
    topic: str | None = None  #: Kafka topic
    format: MessageFormat = "rows"
    key: tuple[str, ...] = ()  #: columns of the key, where messages tell them
    encoding: str | None = None  #: of the file, where it is no Unicode


@dataclass(frozen=True, slots=True)
class Region:
    """Which country the phone numbers of a table belong to."""

    column: str | None = None
    code: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGuess:
    """What one table seems to be."""

    table: SampleTable
    source: str  #: its name in the catalogue
    key: tuple[str, ...]
    key_reason: str
    guesses: tuple[ColumnGuess, ...]
    region: Region | None
    activity_of: str | None = None  #: why it is about what people did, and not about people

    @property
    def event_time(self) -> ColumnGuess | None:
        """The column that says when a row was last changed."""
        return next((guess for guess in self.guesses if guess.tells_change), None)

    @property
    def deletion(self) -> ColumnGuess | None:
        """The column that says that a row is deleted."""
        return next((guess for guess in self.guesses if guess.tells_deletion is not None), None)


def guess_tables(tables: Sequence[SampleTable]) -> list[TableGuess]:
    """Judge tables by themselves, then beside each other: what is a key in one and repeats in another refers to it."""
    found = [_guess(table, name) for table, name in zip(tables, _source_names(tables), strict=True)]
    judged = [_beside(guess, [other for other in found if other is not guess]) for guess in found]
    if all(guess.activity_of is not None for guess in judged):
        return [replace(guess, activity_of=None) for guess in judged]
    return judged


def _guess(table: SampleTable, name: str) -> TableGuess:
    guesses = guess_columns(table.columns, table.rows)
    key, reason = _key(table, guesses)
    plain = [replace(guess, kind=None, question="") if _is_own_row(guess, key) else guess for guess in guesses]
    return TableGuess(
        table=table,
        source=name,
        key=key,
        key_reason=reason,
        guesses=tuple(plain),
        region=_region(table, guesses),
    )


def _is_own_row(guess: ColumnGuess, key: tuple[str, ...]) -> bool:
    """Whether a column only numbers the rows, so that it tells nothing beyond its table."""
    is_of_a_person = guess.normalise in ("email", "phone") or guess.means & {
        Meaning.PERSON_NUMBER,
        Meaning.NATIONAL_NUMBER,
    }
    return key == (guess.column,) and not is_of_a_person


def _key(table: SampleTable, guesses: Sequence[ColumnGuess]) -> tuple[tuple[str, ...], str]:
    """The key that messages tell; else prefer unique columns, then those named like a key, then the first."""
    if table.key:
        return table.key, "as the messages say"
    if not guesses:
        return ("id",), "no column was found"

    def preference(guess: ColumnGuess) -> tuple[bool, bool, bool, bool]:
        numbered = bool(guess.means & {Meaning.NUMBER, Meaning.PERSON_NUMBER})
        plain = guess.column.casefold() in (
            "id",
            "_id",
            "uuid",
            f"{table.name}_id".casefold(),
            f"{table.name}id".casefold(),
        )
        return (not guess.unique, not plain, Meaning.PERSON_NUMBER not in guess.means, not numbered)

    best = min(guesses, key=preference)
    count = f"{len(table.rows)} row{'' if len(table.rows) == 1 else 's'}"
    return (
        best.column,
    ), f"unique in {count}" if best.unique else "not unique in the sample: which columns are the key?"


def _beside(guess: TableGuess, others: Sequence[TableGuess]) -> TableGuess:
    """Compare a table with the others: columns that hold keys of theirs are the same kind of identifier."""
    columns = list(guess.guesses)
    activity = None
    for place, column in enumerate(columns):
        target = next((other for other in others if _refers(column, guess, other)), None)
        if target is None:
            continue
        owner = next(each for each in target.guesses if each.column == target.key[0])
        if column.unique or (owner.kind is not None and not _repeats(column)):
            kind = owner.kind or f"{ascii_name(target.source)}_key"
            columns[place] = replace(
                column, kind=kind, normalise="exact", trait=None, reason=f"is the key of {target.source}"
            )
        elif guess.key != (column.column,):
            activity = f"{column.column} is the key of {target.source}, again and again"
    return replace(guess, guesses=tuple(columns), activity_of=activity)


def _refers(column: ColumnGuess, table: TableGuess, other: TableGuess) -> bool:
    """Whether nearly all values of a column are keys of another table, and its name does not say otherwise."""
    if not column.values or len(other.key) != 1 or column.left_out:
        return False
    owner = next((each for each in other.guesses if each.column == other.key[0]), None)
    if owner is None:
        return False
    names = {ascii_name(owner.column), f"{ascii_name(other.source)}_{ascii_name(owner.column)}"}
    both_of_people = Meaning.PERSON_NUMBER in column.means & owner.means and table.key != (column.column,)
    named = (ascii_name(column.column) in names and column.column.casefold() != "id") or both_of_people
    return named and len(column.values & owner.values) >= MOST * len(column.values)


def _repeats(column: ColumnGuess) -> bool:
    return len(column.values) < column.filled


def _region(table: SampleTable, guesses: Sequence[ColumnGuess]) -> Region | None:
    """The country of a table's phone numbers: what a column says, else where most of those without `+` are valid."""
    phones = [guess for guess in guesses if guess.kind == "phone"]
    if not phones:
        return None
    for guess in guesses:
        if Meaning.COUNTRY in guess.means and guess.values and not guess.left_out:
            known = sum(region_of_country(value) is not None for value in guess.values)
            if known >= MOST * len(guess.values):
                return Region(column=guess.column)
    numbers = {text for guess in phones for row in table.rows for text in _texts(value_at(row, guess.column), guess)}
    national = sorted(text for text in numbers if not _INTERNATIONAL.match(text))
    if not national:
        return Region(why="every number of the sample has its country")
    tried = likely_regions(tuple(table.columns)) or _ENGLISH
    shares = {code: sum(normalise_phone(text, code) is not None for text in national) for code in tried}
    best = max(tried, key=lambda code: shares[code])
    if shares[best] < MOST * len(national):
        return Region(why="which country do numbers without + belong to? then: region: ..")
    return Region(code=best, why=f"{shares[best]} of {len(national)} numbers without + are valid there; is it right?")


def _texts(value: JsonValue, guess: ColumnGuess) -> list[str]:
    pieces = value if isinstance(value, list) else [value]
    texts = [str(piece) for piece in pieces if isinstance(piece, str | int)]
    return [
        each for text in texts for each in (text.split(guess.separator) if guess.separator else [text]) if each.strip()
    ]


def _source_names(tables: Sequence[SampleTable]) -> list[str]:
    names: list[str] = []
    for table in tables:
        base = re.sub(r"[^A-Za-z0-9_.-]+", "_", table.name).strip("_.-") or "source"
        base = base if base[0].isalpha() else f"source_{base}"
        name, count = base, 1
        while name in names:
            count += 1
            name = f"{base}_{count}"
        names.append(name)
    return names
