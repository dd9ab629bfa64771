"""The key of a table: what its messages say, else columns that no two rows share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from graph_model.catalogue.draft.guesses import Guess, rows
from graph_model.catalogue.draft.person_words import ABOVE, OTHERS, SORTING
from graph_model.catalogue.draft.profiles import Profile, comparable
from graph_model.catalogue.draft.tables import Row, SampledTable
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.equality import JsonValue
from graph_model.values.paths import value_at
from graph_model.values.trait_values import TraitType

#: Columns that are tried together, and how many of them at the most.
_TRIED_TOGETHER: Final = 10
_MOST_PARTS: Final = 3
#: So many rows prove that a column is unique; in fewer, many are by chance.
_ENOUGH_ROWS: Final = 5

#: So much of what a column says has to be different, if it is to be a key but for slips.
_NEARLY: Final = 0.9

#: What changes, or what people share.
_OF_PEOPLE: Final = (
    Meaning.FIRST_NAME, Meaning.MIDDLE_NAME, Meaning.LAST_NAME, Meaning.NAME, Meaning.BIRTH_DATE, Meaning.EMAIL,
    Meaning.PHONE, Meaning.MOBILE, Meaning.FAX,
)  # fmt: skip
_PLACES: Final = (Meaning.POSTCODE, Meaning.CITY, Meaning.COUNTRY)
_MEASURES: Final = frozenset({TraitType.NUMBER, TraitType.DATE, TraitType.TIMESTAMP, TraitType.BOOLEAN})


@dataclass(frozen=True, slots=True)
class Key:
    """The columns of a key."""

    columns: tuple[str, ...]
    reason: str
    doubt: str = ""


def message_key(table: SampledTable) -> tuple[str, ...]:
    """The columns that make up the keys of the messages; none where they have no keys, or these are in no column."""
    keys = [key for key in table.keys if key is not None]
    if not keys or len(keys) < len(table.rows):
        return ()
    if all(isinstance(key, Mapping) and key for key in keys):
        names = list(dict.fromkeys(name for key in keys if isinstance(key, Mapping) for name in _paths(key)))
        return tuple(names) if _have(table.rows, names) else ()
    for column in table.columns:
        pairs = zip(table.rows, table.keys, strict=True)
        if all(_same(value_at(row, column), key) for row, key in pairs):
            return (column,)
    return ()


def newest_rows(table: SampledTable, key: Sequence[str]) -> list[Row]:
    """The last version of each row."""
    if not key:
        return list(table.rows)
    newest: dict[tuple[str | None, ...], Row] = {}
    for row in table.rows:
        address = tuple(comparable(value_at(row, column)) for column in key)
        newest.pop(address, None)
        newest[address] = row
    return list(newest.values())


def find_key(guesses: Sequence[Guess], profiles: Sequence[Profile], in_messages: Sequence[str], named: str) -> Key:
    """Choose the key of a table.

    Args:
        guesses: what its columns hold.
        profiles: of all columns, those that are left out included.
        in_messages: the columns of the messages' keys.
        named: of the table, folded, without an ending that tells several.
    """
    if in_messages:
        return Key(tuple(in_messages), "the key of the messages")
    number = len(guesses[0].profile.cells) if guesses else 0
    fit = [guess for guess in guesses if not guess.profile.left_out and not guess.profile.is_element]
    ranked = sorted(fit, key=lambda guess: _preference(guess, named))
    unique = [guess for guess in ranked if guess.profile.unique and not _is_unlikely(guess)]
    if unique and is_named_like_key(unique[0]):
        return Key((unique[0].column,), f"unique in {rows(number)}", _too_few(number) or _doubt_of_place(unique[0]))
    together = _unique_together(ranked)
    own = together is not None and any(_is_own(guess, named) for guess in fit if guess.column in together)
    nearly = [] if own else [guess for guess in ranked if is_named_like_key(guess) and _is_nearly_unique(guess)]
    if nearly:
        return Key((nearly[0].column,), "named like a key", _doubt_of_gaps(nearly[0].profile))
    if together is not None and (own or not unique):
        return Key(together, f"together unique in {rows(number)}", "is this the key?")
    if unique:
        return Key((unique[0].column,), f"unique in {rows(number)}", "it is not named like a key: is it one?")
    return _of_last_resort(ranked, profiles, number)


def _of_last_resort(ranked: Sequence[Guess], profiles: Sequence[Profile], number: int) -> Key:
    """A key where no column looks like one: a catalogue needs one."""
    if not ranked:
        column = profiles[0].column if profiles else "id"
        return Key((column,), "no column could be a key", "which columns are the key?")
    first, of_versions = ranked[0], "rows of one key are versions of one row"
    if is_named_like_key(first):
        asked = f"not unique in the sample: which columns are the key? {of_versions}"
        return Key((first.column,), "named like a key", asked)
    if first.profile.unique:
        asked = "nothing in this table looks like a key, and what this says may change or be shared"
        return Key((first.column,), f"unique in {rows(number)}", f"{asked}: which columns are the key?")
    asked = f"nothing in this table looks like a key: which columns are it? {of_versions}"
    return Key((first.column,), "the first column that could be one", asked)


def _preference(guess: Guess, named: str) -> tuple[bool | int, ...]:
    """Unique columns first, then those that are named like this table's key, then like any key."""
    is_named = is_named_like_key(guess)
    return (
        not guess.profile.unique,
        not is_named,
        guess.profile.name.meanings.get(Meaning.KEY, 0) >= len(guess.profile.name.words) > 0,
        guess.profile.is_nested,
        not _is_own(guess, named),
        _is_unlikely(guess) and guess.role != "email",
        _is_unlikely(guess),
        len(guess.profile.name.words) if is_named else 0,
    )


def _is_own(guess: Guess, named: str) -> bool:
    """Whether a column is named like the key of just this table: `id`, or `customer_no` of `customers`."""
    words = guess.profile.name.words
    is_own = words == ("id",) or bool(named and any(word.startswith(named) or named.startswith(word) for word in words))
    return is_own and is_named_like_key(guess)


def is_named_like_key(guess: Guess) -> bool:
    """Tell whether a column has a name that keys have."""
    meant = guess.profile.name.meanings.keys()
    is_other = meant & {Meaning.POSTCODE, Meaning.PHONE, Meaning.MOBILE, Meaning.FAX, Meaning.COUNTRY}
    is_number = bool(meant & {Meaning.KEY, Meaning.PERSON_NUMBER}) and guess.trait not in _MEASURES
    return is_number and not is_other and guess.role not in ("email", "phone")


def _is_unlikely(guess: Guess) -> bool:
    """Whether values may change, or repeat in other rows: an address, a telephone, a name, a measure."""
    is_place = guess.means(*_PLACES) and not is_named_like_key(guess)
    return _is_of_people(guess) or is_place or guess.separator is not None or guess.trait in _MEASURES


def _is_of_people(guess: Guess) -> bool:
    return guess.role in ("email", "phone") or (guess.means(*_OF_PEOPLE) and not is_named_like_key(guess))


def _is_nearly_unique(guess: Guess) -> bool:
    """Whether a column names a row wherever it says anything, but for slips, and mostly says something."""
    profile = guess.profile
    is_of_row = not guess.profile.name.shared(OTHERS | ABOVE | SORTING)
    said = sum(1 for text in profile.texts if text is not None)
    return is_of_row and 2 * said >= len(profile.cells) and profile.distinct >= _NEARLY * said > 0


def _doubt_of_gaps(profile: Profile) -> str:
    number, said = len(profile.cells), sum(1 for text in profile.texts if text is not None)
    gaps, repeated = number - said, said - profile.distinct
    told = [f"{gaps:,} of {number:,} rows have none, and are rejected"] if gaps else []
    if repeated:
        verb = "repeats" if repeated == 1 else "repeat"
        told.append(f"{repeated:,} of {said:,} values {verb}, and rows of one key are versions of one row")
    return f"{'; '.join(told)}: is it the key?"


def _doubt_of_place(guess: Guess) -> str:
    return "it lies inside of another value: is it the key of the row?" if guess.profile.is_nested else ""


def _unique_together(ranked: Sequence[Guess]) -> tuple[str, ...] | None:
    """Find the fewest columns that no two rows share all of."""
    whole = [guess for guess in ranked if None not in guess.profile.texts and guess.trait is not TraitType.NUMBER]
    tried = [guess for guess in whole if not _is_of_people(guess)][:_TRIED_TOGETHER]
    for count in range(2, _MOST_PARTS + 1):
        for some in combinations(tried, count):
            number = len(some[0].profile.cells)
            named = any(is_named_like_key(guess) for guess in some)
            different = {tuple(guess.profile.texts[row] for guess in some) for row in range(number)}
            if named and number >= _ENOUGH_ROWS and len(different) == number:
                return tuple(guess.column for guess in some)
    return None


def _paths(key: Mapping[str, JsonValue], before: str = "") -> Iterator[str]:
    """The columns of a key, those that lie in objects as paths."""
    for name, value in key.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _too_few(number: int) -> str:
    return "" if number >= _ENOUGH_ROWS else "so few rows prove nothing: is it the key?"


def _have(sample: Sequence[Row], names: Sequence[str]) -> bool:
    return all(comparable(value_at(row, name)) is not None for row in sample for name in names)


def _same(value: JsonValue, key: JsonValue) -> bool:
    found = comparable(value)
    return found is not None and found == comparable(key)
