"""What a column probably holds, judged by its values, and by its name where they leave it open.

Guesses are for a person to check: they err towards leaving something out, since an identifier too many joins
strangers. Every guess has its reason, and what is in doubt is asked. Nothing of the values themselves is kept but marks
that stand for none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from graph_model.catalogue.draft import contents
from graph_model.catalogue.draft.notations import (
    DayOrder,
    Written,
    days_since_1970,
    milliseconds_since_1970,
    written_days,
)
from graph_model.catalogue.draft.null_words import PUNCTUATION
from graph_model.catalogue.draft.person_words import (
    COMPANIES,
    FLAGS,
    NUMBERS,
    OTHERS,
    PERSONS,
    SORTING,
)
from graph_model.catalogue.draft.profiles import Profile
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.equality import JsonValue
from graph_model.values.normalise import NormaliserName
from graph_model.values.reading import Notation
from graph_model.values.trait_values import TraitType

#: What a column's values would tell of people.
Role = Literal["email", "phone", "national", "number", "login"]

_LONG_TEXT: Final = 500  #: characters
#: So many values of a column may be written wrongly without a question.
_SLIPS: Final = 0.05
#: Letters of the codes of states and countries, two of which are also written for no value.
_CODE: Final = 2
#: How names of columns begin that programs add which copy rows: Debezium, Fivetran, Airbyte, Singer.
_ADDED: Final = ("__", "_fivetran_", "_airbyte_", "_ab_", "_sdc_")
#: When the source wrote the row, as Debezium adds it on demand.
_CHANGE_OF_SOURCE: Final = ("__source_ts_ms", "__ts_ms")
_NAMES: Final = (Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.MIDDLE_NAME, Meaning.NAME)
_TEXTS: Final = (*_NAMES, Meaning.POSTCODE, Meaning.CITY, Meaning.COUNTRY, Meaning.KEY, Meaning.FAX, Meaning.PHONE)
#: What makes a day or a time of numbers is the name alone.
_DATED: Final = (Meaning.BIRTH_DATE, Meaning.CHANGED, Meaning.DATED, Meaning.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known of the table that a column stands in."""

    order: DayOrder | None = None  #: of day and month elsewhere in it
    order_reason: str = ""
    counts_days: bool = False  #: its rows come from a connector that writes days as counts since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What one column seems to be."""

    profile: Profile
    role: Role | None = None  #: what kind of identifier it may be
    kind_of: str = ""  #: the name that its kind has from elsewhere
    link: str = ""  #: what has one kind whatever else speaks against it: a key, and the columns that name it
    normalise: NormaliserName = "exact"
    exclusive: bool = False  #: whether a person has only one value of that kind
    trait: TraitType | None = None
    written: Written | None = None  #: of days and times
    decimal: str | None = None  #: the decimal mark of its numbers, where it has to be declared
    separator: str | None = None
    nulls: tuple[str, ...] = ()  #: what stands for no value in it
    reason: str = ""  #: why it is taken for this
    doubts: tuple[str, ...] = ()
    left_out: str = ""  #: why it is neither identifier nor trait

    @property
    def column(self) -> str:
        """The column, or the path to it."""
        return self.profile.column

    @property
    def tells_change(self) -> bool:
        """Whether it says when the row was last changed."""
        readable = self.written is not None and self.written.is_clear
        named = self.means(Meaning.CHANGED) or self.column in _CHANGE_OF_SOURCE
        return readable and named and not self.profile.is_element

    def means(self, *meanings: Meaning) -> bool:
        """Whether its name says one of these."""
        return any(meaning in self.profile.name.meanings for meaning in meanings)

    def doubting(self, *doubts: str) -> "Guess":
        """The same with further doubts."""
        return replace(self, doubts=(*self.doubts, *(doubt for doubt in doubts if doubt not in self.doubts)))

    def without_role(self, *doubts: str) -> "Guess":
        """The same as a trait only."""
        kept = self.trait or TraitType.TEXT
        return replace(self, role=None, exclusive=False, trait=kept).doubting(*doubts)


def guess_column(profile: Profile, setting: Setting) -> Guess:
    """Judge one column."""
    is_numbered = bool(profile.name.meanings.keys() & set(_NAMES)) and contents.mostly(
        contents.is_marked_number, profile.singles
    )
    if is_numbered:
        # Shops call the numbers of their orders names.
        profile = replace(profile, name=profile.name.meaning_instead(Meaning.KEY, _NAMES))
    guess = _by_content(profile, setting)
    if is_numbered and not guess.left_out:
        guess = replace(guess, reason=f"{guess.reason}; numbers, so that it names nobody")
    if profile.guarded and not guess.left_out:
        guess = replace(guess, reason=f"{guess.reason}; the apostrophe in front of its numbers is not read")
    return guess if guess.left_out else _asking_for_base64(_with_nulls(guess))


def _asking_for_base64(guess: Guess) -> Guess:
    """Where no schema comes with its messages, Debezium's decimals are bytes, and `AYah` is a number."""
    if guess.means(*_NAMES) or guess.profile.is_typed or not contents.are_base64_numbers(guess.profile.singles):
        return guess
    return guess.doubting("is this a decimal in base64, as Debezium writes it? then set decimal.handling.mode=string")


def _by_content(profile: Profile, setting: Setting) -> Guess:
    if Meaning.SECRET in profile.name.meanings and not contents.mostly(contents.is_truth, profile.singles):
        return Guess(profile=profile, left_out="looks like a secret")
    if profile.left_out:
        return Guess(profile=profile, left_out=profile.left_out)
    if profile.column.startswith(_ADDED) and not profile.name.meanings.keys() & {Meaning.DELETED, Meaning.OPERATION}:
        written = written_days(profile.singles) if Meaning.DATED in profile.name.meanings else None
        return Guess(profile=profile, written=written, left_out="is added by the program that copies the rows")
    contact = _contact(profile)
    if contact is not None:
        return contact
    left_out = _no_use(profile)
    if left_out:
        return Guess(profile=profile, left_out=left_out)
    return _numbered(profile) or _typed(profile, setting)


def _no_use(profile: Profile) -> str:
    """Why a column is of no use; empty where it may be of some."""
    values = profile.singles
    if not values:
        return "has no values in the sample"
    is_long = any(isinstance(value, str) and len(value) > _LONG_TEXT for value in values)
    if is_long or Meaning.NOTES in profile.name.meanings:
        return "holds free text"
    if all(isinstance(value, str) and value[:1] in "{[" and value[-1:] in "}]" for value in values):
        return "holds JSON as text"
    if profile.column.endswith(".$binary.subType"):
        return "says what sort of binary value it is"
    return "is one of several, in a list of objects" if profile.is_element else ""


def _contact(profile: Profile) -> Guess | None:
    """A column of e-mail addresses or telephone numbers."""
    meant = profile.name.meanings.keys()
    is_fax = Meaning.FAX in meant
    is_phone = not is_fax and bool(meant & {Meaning.PHONE, Meaning.MOBILE})
    found = _contact_of(profile, "email", contents.email_in, is_named=Meaning.EMAIL in meant)
    if found is None and not is_fax:
        test = contents.is_phone_like if is_phone else contents.is_international
        found = _contact_of(profile, "phone", test, is_named=is_phone)
    return None if found is None else _of_the_person(found)


def _contact_of(
    profile: Profile, role: Literal["email", "phone"], test: contents.Test, *, is_named: bool
) -> Guess | None:
    """The guess that values are what a test finds, several in one cell included."""
    values = profile.singles
    separator = contents.separator_in(test, values)
    if not contents.mostly(test, contents.parted(values, separator)) and (values or not is_named):
        return None
    what = "e-mail addresses" if role == "email" else "telephone numbers"
    reason = f"{what} in {rows(profile.filled)}" if values else f"named like {what}; no values in the sample"
    several = f", several in one cell parted by {separator!r}" if separator else ""
    return Guess(
        profile=profile,
        role=role,
        normalise=role,
        trait=TraitType.TEXT,
        separator=separator,
        reason=f"{reason}{several}",
    )


def _of_the_person(guess: Guess) -> Guess:
    """Take the role from a column that is of somebody else, or of a company."""
    name = guess.profile.name
    if name.shared(OTHERS):
        return guess.without_role("named like somebody else's: is it the person's own? then it is an identifier")
    if name.shared(COMPANIES) and not name.shared(PERSONS):
        return guess.without_role("named like a company's: is it the person's own? then it is an identifier")
    return guess


def _numbered(profile: Profile) -> Guess | None:
    """A column with a number that tells who a row is about."""
    name, values = profile.name, profile.singles
    if name.shared(SORTING) or name.shared(OTHERS):
        return None
    if Meaning.NATIONAL_NUMBER in name.meanings and contents.mostly(contents.is_number_of_one, values):
        return Guess(
            profile=profile,
            role="national",
            normalise=contents.number_normaliser(values),
            exclusive=True,
            reason=f"named like a number that only one person has, {rows(profile.filled)}",
        )
    named = Meaning.PERSON_NUMBER in name.meanings or (name.shared(PERSONS) and name.shared(NUMBERS))
    if named and contents.mostly(contents.is_number_of_row, values):
        return Guess(
            profile=profile,
            role="number",
            normalise=contents.number_normaliser(values),
            reason=f"named like the number of a person, {rows(profile.filled)}",
        )
    if Meaning.LOGIN in name.meanings and not contents.mostly(contents.is_bit, values):
        return Guess(
            profile=profile,
            role="login",
            normalise="casefold",
            reason=f"named like the name of a person's account, {rows(profile.filled)}",
        )
    return None


def _typed(profile: Profile, setting: Setting) -> Guess:
    """A trait, of the type that its values have."""
    name, values = profile.name, profile.singles
    counted = f"in {rows(profile.filled)}"
    plain = Guess(profile=profile, trait=TraitType.TEXT, reason=counted)
    is_birth = Meaning.BIRTH_DATE in name.meanings
    dated = _dated(plain, setting)
    if dated is not None:
        return dated
    if not is_birth and name.meanings.keys() & set(_TEXTS):
        return plain
    is_flag = any(map(contents.is_truth, values)) or (name.words[:1] and name.words[0] in FLAGS)
    if is_flag and all(map(contents.is_bit, values)):
        return replace(plain, trait=TraitType.BOOLEAN, reason=f"yes or no {counted}")
    numbers = contents.types_of_numbers(values)
    if numbers is not None:
        return replace(plain, trait=numbers, reason=f"numbers {counted}")
    mark, doubt = contents.decimal_mark(values)
    if mark is not None:
        meant, kind = "comma" if mark == "," else "point", contents.type_of_amounts(values, mark)
        return replace(plain, trait=kind, decimal=mark, reason=f"numbers with a decimal {meant} {counted}")
    return plain.doubting(doubt) if doubt else plain


def _dated(plain: Guess, setting: Setting) -> Guess | None:
    """The guess for days and times; None where the column has none."""
    values = plain.profile.singles
    is_birth, is_named = plain.means(Meaning.BIRTH_DATE), plain.means(*_DATED)
    written = written_days(values, is_birth=is_birth, hint=setting.order, counts=is_named)
    if plain.profile.is_typed_date and (counted := milliseconds_since_1970(values)).is_clear:
        written = counted
    elif (
        setting.counts_days
        and is_named
        and written.notation in (Notation.EXCEL_SERIAL, Notation.EPOCH_DAYS, Notation.ISO)
    ):
        counted = days_since_1970(values)
        written = counted if counted.is_clear else written
    doubts = list(written.doubts)
    if doubts and written.patterns and written.order is None and setting.order_reason:
        doubts = [f"{doubt}; {setting.order_reason}" for doubt in doubts]
    if not written.is_clear and not is_birth:
        asked = (
            [f"are these days? {doubt}" for doubt in doubts] if is_named or written.fits or written.names_months else []
        )
        if not asked and is_named and 2 * written.fits >= written.of:
            asked = ["are these days or times? they are written in several ways: `read` names one, or several patterns"]
        return plain.doubting(*asked) if asked else None
    if is_birth and not written.fits and not doubts:
        if not contents.mostly(contents.has_digits, values):
            return None
        doubts.append("none of these can be read as a day: how are they written?")
    if is_birth and written.has_time:
        doubts.append("times beside birth dates: in which zone is the day? `read: {as: iso, zone: …}`")
    missed = written.of - written.fits
    if written.fits and missed > _SLIPS * written.of:
        doubts.append(f"{missed:,} of {written.of:,} cannot be read so; how are these written?")
    is_time = written.has_time and not is_birth
    slips = f", but for {missed:,} that cannot be read so" if 0 < missed <= _SLIPS * written.of else ""
    return replace(
        plain,
        trait=TraitType.TIMESTAMP if is_time else TraitType.DATE,
        written=written,
        reason=f"{'times' if is_time else 'days'} {plain.reason}{slips}",
    ).doubting(*doubts)


def _with_nulls(guess: Guess) -> Guess:
    """Find what stands for no value: in columns that hold something else, and in texts what is no word."""
    if guess.means(*_NAMES):
        return _asking_for_names(guess)
    markers = guess.profile.markers
    is_text = guess.role is None and guess.trait is TraitType.TEXT
    sure = tuple(sorted(marker for marker in markers if not is_text or marker in PUNCTUATION))
    asked = [marker for marker in markers if marker not in sure and len(marker) > _CODE]
    if sure:
        guess = replace(guess, nulls=sure)
    if asked:
        listed = _listed(asked)
        guess = guess.doubting(f"some say {listed}: does it stand for no value? then `nulls: [{listed}]`")
    return guess


def _asking_for_names(guess: Guess) -> Guess:
    """People are called Null, None and Unknown, and programs write these where there is no name."""
    asked = [marker for marker in guess.profile.markers if len(marker) > _CODE or not marker.isalpha()]
    if asked:
        listed = _listed(asked)
        guess = guess.doubting(f"some say {listed}: is it a name? if it stands for no value, `nulls: [{listed}]`")
    if guess.profile.nothing:
        listed = _listed(guess.profile.nothing)
        guess = guess.doubting(f"some say {listed}, which is no value: is it a name? then `nulls: []`")
    return guess


def _listed(markers: Iterable[str]) -> str:
    return ", ".join(f'"{marker}"' for marker in sorted(markers))


def rows(number: int) -> str:
    """A number of rows, in words."""
    return f"{number:,} row{'' if number == 1 else 's'}"


def order_told(guesses: Sequence[Guess]) -> DayOrder | None:
    """The order of day and month that all columns agree on which tell one."""
    told = {guess.written.order for guess in guesses if guess.written is not None and guess.written.order is not None}
    return told.pop() if len(told) == 1 else None


def single_values(guess: Guess) -> list[JsonValue]:
    """The values of a column, each of those in one cell by itself."""
    return contents.parted(guess.profile.singles, guess.separator)
