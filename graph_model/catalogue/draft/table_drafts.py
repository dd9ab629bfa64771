"""What is guessed of one table, before it is seen beside the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from graph_model.catalogue.draft import contents
from graph_model.catalogue.draft.deletions import Deletion, doubt_of_state, find_deletion, tells_of_change
from graph_model.catalogue.draft.guesses import Guess, Setting, guess_column, order_told, rows
from graph_model.catalogue.draft.keys import Key, find_key, message_key, newest_rows
from graph_model.catalogue.draft.naming import name_words, source_name
from graph_model.catalogue.draft.notations import DayOrder
from graph_model.catalogue.draft.people import Person, Sharing, namesakes, people_in, sharing
from graph_model.catalogue.draft.profiles import Profile, profiles_of
from graph_model.catalogue.draft.regions import LANGUAGE_NAMES, RegionGuess, find_region, language_of
from graph_model.catalogue.draft.tables import SampledTable
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.trait_values import TraitType

#: Of so many rows on, a column of few values sorts people and names none.
_ENOUGH_ROWS: Final = 20
_FEW_VALUES: Final = 0.05
#: So many numbers that are nearly the same are no chance.
_SLIPS: Final = 2

#: Countries that write the month first.
_MONTH_FIRST: Final = frozenset({"US", "PH"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDraft:
    """One table and what is guessed of it."""

    table: SampledTable
    source: str  #: name of its source
    number: int  #: rows that were looked at, each in its last version
    guesses: tuple[Guess, ...]
    key: Key
    people: tuple[Person, ...]  #: of each row
    event_time: Guess | None
    deletion: Deletion | None
    region: RegionGuess | None

    @property
    def entity(self) -> str:
        """What one of its rows is, folded: `customer` of `customers`."""
        return entity_of(self.table.name)

    @property
    def of_row(self) -> frozenset[str]:
        """Columns that say something of the row, and nothing of a person."""
        of_row = {self.event_time.column} if self.event_time is not None else set()
        return frozenset(of_row | ({self.deletion.column} if self.deletion is not None else set()))

    @property
    def tells_of_people(self) -> bool:
        """Whether its rows say who people are."""
        names = (Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.BIRTH_DATE)
        return any(guess.role is not None or (guess.means(*names) and not guess.left_out) for guess in self.guesses)

    def with_guess(self, changed: Guess) -> "TableDraft":
        """The same with another guess for one column."""
        guesses = tuple(changed if each.column == changed.column else each for each in self.guesses)
        return replace(self, guesses=guesses)


def drafted_table(table: SampledTable, source: str = "") -> TableDraft:
    """Guess what one table holds."""
    in_messages = message_key(table)
    newest = newest_rows(table, in_messages)
    profiles = profiles_of(table.columns, newest)
    guesses = _in_setting(table, profiles)
    guesses = _judged_by_people(guesses)
    key = find_key(guesses, profiles, in_messages, entity_of(table.name))
    deletion = find_deletion(guesses)
    guesses = [_doubting_zone(_of_the_row(guess, deletion, key)) for guess in guesses]
    region = find_region(guesses, language_of(guesses))
    return TableDraft(
        table=table,
        source=source or source_name(table.name),
        number=len(newest),
        guesses=tuple(guesses),
        key=key,
        people=tuple(people_in(guesses)),
        event_time=_event_time(guesses, key),
        deletion=deletion,
        region=region,
    )


def _event_time(guesses: Sequence[Guess], key: Key) -> Guess | None:
    """The column that says when the row was last changed; what the table itself says before what was added."""
    telling = [guess for guess in guesses if guess.tells_change and guess.column not in key.columns]
    return min(telling, key=lambda guess: bool(guess.left_out), default=None)


def entity_of(name: str) -> str:
    """What one row of a table of this name is: the last word, without an ending that tells several."""
    words = [word for word in name_words(name) if not word.isdecimal()]
    last = words[-1] if words else ""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if last.endswith(ending) and len(last) > len(ending) + 2 and not last.endswith("ss"):
            return last.removesuffix(ending) + instead
    return last


def texts_of(guess: Guess) -> tuple[str | None, ...]:
    """What a column says in each row, in the form in which it identifies."""
    if guess.role == "email":
        return tuple(contents.email_in(cell) for cell in guess.profile.cells)
    if guess.role == "phone":
        return tuple(None if text is None else contents.dialled(text) for text in guess.profile.texts)
    if guess.normalise == "digits":
        return tuple(None if text is None else contents.digits_of(text) for text in guess.profile.texts)
    return tuple(guess.profile.texts)


def _in_setting(table: SampledTable, profiles: Sequence[Profile]) -> list[Guess]:
    """Judge the columns, and those again whose days or months the others may tell apart."""
    setting = Setting(counts_days=table.origin.format == "debezium")
    guesses = [guess_column(profile, setting) for profile in profiles]
    order, reason = _order_of_days(guesses)
    if order is None:
        return guesses
    informed = replace(setting, order=order, order_reason=reason)
    return [guess_column(guess.profile, informed) if guess.doubts else guess for guess in guesses]


def _order_of_days(guesses: Sequence[Guess]) -> tuple[DayOrder | None, str]:
    told = order_told(guesses)
    if told is not None:
        return told, f"taken as the {told} first, as in other columns of the table"
    language = language_of(guesses)
    if language is not None and language not in ("zh", "ja"):
        return "day", f"taken as the day first, since the headers are {LANGUAGE_NAMES[language]}"
    region = find_region(guesses, language)
    if region is None or region.code is None:
        return None, ""
    order: DayOrder = "month" if region.code in _MONTH_FIRST else "day"
    return order, f"taken as the {order} first, since telephone numbers are of {region.code}"


def _judged_by_people(guesses: Sequence[Guess]) -> list[Guess]:
    """Judge the columns by whose values they are: addresses first, since those of several people tell of nobody."""
    people = people_in(guesses)
    by_addresses = [_judged(guess, people) if guess.role == "email" else guess for guess in guesses]
    people = people_in(by_addresses)
    judged = [guess if guess.role == "email" else _judged(guess, people) for guess in by_addresses]
    return [_not_mistyped(guess, people) for guess in judged]


def _judged(guess: Guess, people: Sequence[Person]) -> Guess:
    """Take the role from a column whose values are of several people each."""
    if guess.role is None or not guess.profile.repeats:
        return guess
    found = sharing(texts_of(guess), people, email=guess.role == "email")
    if found.is_judged:
        return _by_people(guess, found)
    filled, distinct = guess.profile.filled, guess.profile.distinct
    if filled >= _ENOUGH_ROWS and distinct < _FEW_VALUES * filled:
        return guess.without_role(f"only {distinct:,} different values in {rows(filled)}: do they name people?")
    return guess.doubting("values repeat: are all rows with one value about one person?")


def _by_people(guess: Guess, found: Sharing) -> Guess:
    judged = found.same + found.different
    if not found.tells_people_apart:
        asked = f"rows with one value are of different people ({found.different:,} of {judged:,} pairs): is it shared?"
        return guess.without_role(asked)
    if found.different:
        return guess.doubting(
            f"{found.different:,} of {judged:,} pairs of rows with one value seem to be of different people; "
            "`blocked` keeps a value from joining"
        )
    return guess


def _not_mistyped(guess: Guess, people: Sequence[Person]) -> Guess:
    """Let a person have several numbers, where the same people have nearly the same number in several rows."""
    if not guess.exclusive:
        return guess
    found = namesakes(texts_of(guess), people)
    if found.mistyped <= found.unlike or found.mistyped < _SLIPS:
        return guess
    reason = f"{guess.reason}; mistyped in places, so that two of them do not keep rows apart"
    return replace(guess, exclusive=False, reason=reason)


def _of_the_row(guess: Guess, deletion: Deletion | None, key: Key) -> Guess:
    """Leave out what says something of the row alone."""
    if guess.left_out or guess.column in key.columns:
        return guess
    said = tells_of_change(guess)
    if said and (deletion is None or deletion.column != guess.column):
        return replace(guess, role=None, trait=None, left_out=said)
    asked = doubt_of_state(guess) if deletion is None else ""
    return guess.doubting(asked) if asked else guess


def _doubting_zone(guess: Guess) -> Guess:
    """Ask for the zone of times that have none."""
    written = guess.written
    if written is None or written.has_zone or not (guess.tells_change or guess.trait is TraitType.TIMESTAMP):
        return guess
    how = "time: …" if written.patterns else f"as: {written.notation}"
    return guess.doubting(
        f"times without a zone are read as UTC: `read: {{{how}, zone: Europe/Berlin}}` names another one"
    )
