"""What a column probably holds, judged by its name and a sample of its values.

Guesses are for a person to check: they err towards leaving something out, since an identifier too many joins
strangers. Nothing of the values themselves is kept.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from graph_model.values.equality import JsonValue
from graph_model.values.normalise import NormaliserName
from graph_model.values.normalise.email import normalise_email
from graph_model.values.normalise.phone import normalise_phone
from graph_model.values.trait_values import TraitType, timestamp_milliseconds, typed_value

Test: TypeAlias = Callable[[JsonValue], object]

#: So much of a column must be readable as what it is taken for; the rest are slips.
MOST = 0.8

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_SEPARATED_DIGITS = re.compile(r"\d[\d -]*\d", re.ASCII)
_LETTERS_AND_DIGITS = re.compile(r"[A-Za-z0-9-]+")
_TRUTH = re.compile(r"true|false|t|f|yes|no", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)

_PHONE_WORDS = frozenset({"phone", "telephone", "tel", "mobile", "cell", "cellphone", "msisdn"})
_UNIQUE_TO_A_PERSON = frozenset({"ssn", "passport", "nin", "curp", "tax", "national", "soc", "social"})
_PERSON_WORDS = frozenset({"customer", "client", "person", "member", "user", "loyalty", "patient", "guest"})
_NUMBER_WORDS = frozenset({"id", "no", "number", "num", "nr", "uuid", "guid", "code", "key", "card"})
_LOGIN_WORDS = frozenset({"login", "username", "nickname"})
_CHANGE_WORDS = frozenset({"updated", "modified", "changed", "changedate", "lastmodified", "update", "change"})
_TIME_WORDS = frozenset({"at", "time", "timestamp", "on", "ts", "updated", "modified", "changed", "created", "last"})
_DATE_WORDS = frozenset({"date", "birth", "birthdate", "birthday", "dob", "born"})
_TEXT_WORDS = frozenset({"zip", "zipcode", "postcode", "postal", "code", "plz", "number", "no"})
_FREE_TEXT_WORDS = frozenset({"note", "notes", "comment", "comments", "remark", "remarks", "message"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGuess:
    """What one column seems to be."""

    column: str
    words: frozenset[str]  #: of its name, in lower case
    filled: int  #: rows of the sample in which it has a value
    unique: bool  #: it has a value in every row, and no value twice
    kind: str | None = None  #: identifier kind
    normalise: NormaliserName = "exact"  #: of that kind
    exclusive: bool = False  #: whether a person has only one value of that kind
    trait: TraitType | None = None
    tells_change: bool = False  #: it says when the row was last changed
    left_out: str = ""  #: why it is neither identifier nor trait

    @property
    def names_row(self) -> bool:
        """Whether its name is one that keys have."""
        return bool(self.words & _NUMBER_WORDS)


def guess_column(column: str, rows: Sequence[Mapping[str, JsonValue]]) -> ColumnGuess:
    """Judge one column by its name and its values in `rows`."""
    values = [value for row in rows if (value := row.get(column)) is not None and value != ""]
    words = frozenset(name_words(column))
    single = [value for value in values if isinstance(value, str | int | float)]
    unique = len(single) == len(rows) and len({str(value) for value in single}) == len(rows) > 0
    kind, normalise = _identifier(column, words, single)
    left_out, trait = "", None
    if len(single) < len(values):
        left_out, kind = "holds lists or objects", None
    elif not values and kind is None:
        left_out = "has no values in the sample"
    elif words & _FREE_TEXT_WORDS or any(isinstance(value, str) and len(value) > 500 for value in single):
        left_out, kind = "holds free text", None
    elif kind is None or normalise in {"email", "phone"}:
        trait = _trait_type(words, single)
    tells_change = bool(words & _CHANGE_WORDS) and not words & {"by"} and _mostly(timestamp_milliseconds, single)
    return ColumnGuess(
        column=column,
        words=words,
        filled=len(values),
        unique=unique,
        kind=kind,
        normalise=normalise,
        exclusive=kind is not None and bool(words & _UNIQUE_TO_A_PERSON),
        trait=trait,
        tells_change=tells_change,
        left_out=left_out,
    )


def name_words(name: str) -> list[str]:
    """Take the name of a column or file apart: `customerNo`, `customer_no`, `Customer No.` are the same."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _identifier(column: str, words: frozenset[str], values: Sequence[JsonValue]) -> tuple[str | None, NormaliserName]:
    if _mostly(_is_email, values) or (words & {"email", "mail"} and not values):
        return "email", "email"
    if words & _PHONE_WORDS and (_mostly(_is_phone, values) or not values):
        return "phone", "phone"
    own_name = "_".join(name_words(column))
    if own_name and own_name[0].isalpha():
        if words & _UNIQUE_TO_A_PERSON or (words & _PERSON_WORDS and words & _NUMBER_WORDS):
            return own_name, _number_normaliser([str(value) for value in values])
        if words & _LOGIN_WORDS:
            return own_name, "casefold"
    return None, "exact"


def _number_normaliser(texts: Sequence[str]) -> NormaliserName:
    if texts and all(_SEPARATED_DIGITS.fullmatch(text.strip()) for text in texts):
        return "digits"
    if texts and all(_LETTERS_AND_DIGITS.fullmatch(text) for text in texts):
        return "casefold" if any(_UUID.fullmatch(text) for text in texts) else "exact"
    return "exact"


def _trait_type(words: frozenset[str], values: Sequence[JsonValue]) -> TraitType:
    if not values or words & (_TEXT_WORDS | _PHONE_WORDS):
        return TraitType.TEXT
    return next((trait_type for trait_type, fits in _TYPES if fits(words, values)), TraitType.TEXT)


def _is_date(words: frozenset[str], values: Sequence[JsonValue]) -> bool:
    written = all(isinstance(value, str) and ":" not in value and not value.isdecimal() for value in values)
    return (written or bool(words & _DATE_WORDS)) and _mostly(_reads_as(TraitType.DATE), values)


def _is_timestamp(words: frozenset[str], values: Sequence[JsonValue]) -> bool:
    written = all(isinstance(value, str) and ":" in value for value in values)
    return (written or bool(words & _TIME_WORDS)) and _mostly(timestamp_milliseconds, values)


def _is_boolean(_: frozenset[str], values: Sequence[JsonValue]) -> bool:
    return all(isinstance(value, bool) or _TRUTH.fullmatch(str(value)) for value in values)


def _is_integer(_: frozenset[str], values: Sequence[JsonValue]) -> bool:
    return all(_WHOLE_NUMBER.fullmatch(str(value)) for value in values)


def _is_number(_: frozenset[str], values: Sequence[JsonValue]) -> bool:
    return all(_PLAIN_NUMBER.fullmatch(str(value)) for value in values)


#: In the order in which they are tried.
_TYPES = (
    (TraitType.DATE, _is_date),
    (TraitType.TIMESTAMP, _is_timestamp),
    (TraitType.BOOLEAN, _is_boolean),
    (TraitType.INTEGER, _is_integer),
    (TraitType.NUMBER, _is_number),
)


def _mostly(test: Test, values: Sequence[JsonValue]) -> bool:
    return bool(values) and _passed(test, values) >= MOST * len(values)


def _passed(test: Test, values: Iterable[JsonValue]) -> int:
    return sum(1 for value in values if test(value) is not None)


def _is_email(value: JsonValue) -> str | None:
    return normalise_email(value) if isinstance(value, str) and "@" in value else None


def _is_phone(value: JsonValue) -> str | None:
    """Take numbers without a country as those of North America: only the share that can be read counts."""
    text = str(value)
    return normalise_phone(text, "US") or (text if len(re.findall(r"\d", text)) in range(7, 16) else None)


def _reads_as(trait_type: TraitType) -> Test:
    def reads(value: JsonValue) -> JsonValue:
        try:
            return typed_value(value, trait_type)
        except ValueError:
            return None

    return reads
