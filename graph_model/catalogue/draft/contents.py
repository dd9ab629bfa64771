"""What single values are: addresses, telephone numbers, amounts, yes and no."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from graph_model.catalogue.draft.notations import MOST
from graph_model.values.equality import JsonValue
from graph_model.values.normalise import NormaliserName
from graph_model.values.normalise.email import normalise_email
from graph_model.values.normalise.phone import normalise_phone
from graph_model.values.reading import Reading
from graph_model.values.trait_values import TraitType, typed_value

Test: TypeAlias = Callable[[JsonValue], object]

#: What parts several values in one cell, the longer ones first.
SEPARATORS: Final = (" ::: ", ":::", " / ", "; ", ";", "|", ", ", ",", "/")

_TRUTHS: Final = frozenset({"true", "false", "t", "f", "yes", "no", "y", "n"})
_BITS: Final = frozenset({"0", "1", "0.0", "1.0"})
_WHOLE: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_PLAIN: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
#: A whole part of nothing is no thousand: it tells that its mark is the decimal one.
_NO_THOUSAND: Final = {mark: re.compile(rf"(?:^|\D)0+{other}\d") for mark, other in ((",", r"\."), (".", ","))}
_BASE64: Final = re.compile(
    r"(?:[A-Za-z0-9+/]{4}){1,5}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?|[A-Za-z0-9+/]{2,3}={1,2}"
)
#: How numbers from 0 on begin in it.
_NOT_NEGATIVE: Final = re.compile(r"[A-Za-f]")
_SEPARATED_DIGITS: Final = re.compile(r"\d[\d -]*\d", re.ASCII)
_PHONE_DIGITS: Final = range(6, 16)
_PHONE: Final = re.compile(r"[+(\d'][\d\s()./+-]*(?:(?:ext|x|#)[\s.:]*\d+)?", re.ASCII | re.IGNORECASE)
#: `#1001`, `INV-2026/17`: digits with marks and at the most some capitals around them.
_MARKED_NUMBER: Final = re.compile(r"\W*(?:[A-Z]{1,5}\W*)?[0-9](?:[0-9\W]*[0-9])?\W*[A-Z]{0,3}")
_FEWEST_DIGITS: Final = 5  #: of a number that one person has


def mostly(test: Test, values: Sequence[JsonValue]) -> bool:
    """Tell whether nearly all values pass; a test that gives None or False is failed."""
    return bool(values) and passed(test, values) >= MOST * len(values)


def passed(test: Test, values: Iterable[JsonValue]) -> int:
    """How many values pass a test."""
    return sum(1 for value in values if (found := test(value)) is not None and found is not False)


def email_in(value: JsonValue) -> str | None:
    """The address that a value is."""
    return normalise_email(value) if isinstance(value, str) and "@" in value else None


def is_phone_like(value: JsonValue) -> bool:
    """Tell whether a value may be a telephone number, in whichever country."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    text = str(value).strip()
    digits = len(re.findall(r"\d", text))
    return digits in _PHONE_DIGITS and _PHONE.fullmatch(text) is not None


def is_international(value: JsonValue) -> bool:
    """Tell whether a value is a telephone number with its country, and can be one."""
    return names_country(value) and normalise_phone(str(value)) is not None


def names_country(value: JsonValue) -> bool:
    """Tell whether a telephone number is written with its country."""
    return isinstance(value, str) and value.lstrip(" (").startswith(("+", "00"))


def separator_in(test: Test, values: Sequence[JsonValue]) -> str | None:
    """What parts several values in one cell, where the parts pass a test and the whole does not."""
    texts = [value for value in values if isinstance(value, str) and not _passes(test, value)]
    best, most = None, 0
    for separator in SEPARATORS:
        parted = [text.split(separator) for text in texts if separator in text]
        good = sum(1 for parts in parted if len(pieces := _pieces(parts)) > 1 and all(_passes(test, p) for p in pieces))
        if good > most:
            best, most = separator, good
    return best


def parted(values: Sequence[JsonValue], separator: str | None) -> list[JsonValue]:
    """Values, each of those in one cell by itself."""
    if separator is None:
        return list(values)
    return [
        piece for value in values for piece in (_pieces(value.split(separator)) if isinstance(value, str) else [value])
    ]


def is_truth(value: JsonValue) -> bool:
    """Tell whether a value is yes or no, and nothing else."""
    return isinstance(value, bool) or (isinstance(value, str) and value.casefold() in _TRUTHS)


def is_bit(value: JsonValue) -> bool:
    """Tell whether a value is 0 or 1, which may mean no and yes."""
    return is_truth(value) or str(value) in _BITS


def is_whole(value: JsonValue) -> bool:
    """Tell whether a value is a whole number that is no name: `007` is one."""
    return not isinstance(value, bool) and _WHOLE.fullmatch(str(value)) is not None


def is_number(value: JsonValue) -> bool:
    """Tell whether a value is a number as programs write it."""
    return not isinstance(value, bool) and _PLAIN.fullmatch(str(value)) is not None


def decimal_mark(values: Sequence[JsonValue]) -> tuple[str | None, str]:
    """Find the decimal mark of amounts as people write them.

    Returns:
        The mark, None where there is none; and a doubt, where the values leave it open.
    """
    fits = {mark: passed(_reads_as(TraitType.NUMBER, mark), _without_thousands(values, mark)) for mark in (",", ".")}
    likely = max(fits, key=lambda mark: fits[mark])
    if fits[likely] < MOST * len(values) or not values:
        mixed = 2 * fits[likely] >= len(values) > 0
        return None, "are these amounts? they are written in several ways" if mixed else ""
    if fits[","] == fits["."] and any(re.search(r"\d[.,]\d", str(value)) for value in values):
        return None, "are these amounts? whether the comma or the point is the decimal mark, no value tells"
    told = any(re.search(r"[.,]", str(value)) for value in values)
    return (likely, "") if told else (None, "")


def _without_thousands(values: Sequence[JsonValue], mark: str) -> list[JsonValue]:
    """Values whose thousands, if a decimal mark leaves them some, do not begin with a 0."""
    return [value for value in values if _NO_THOUSAND[mark].search(str(value)) is None]


def is_number_of_one(value: JsonValue) -> bool:
    """Tell whether a value may be a number that an authority gave to one person."""
    text = str(value)
    return len(re.findall(r"\d", text)) >= _FEWEST_DIGITS and not isinstance(value, bool)


def is_number_of_row(value: JsonValue) -> bool:
    """Tell whether a value may be a customer's number: it has digits, and is no measure."""
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        return False
    text = str(value)
    return len(text) <= 64 and bool(re.search(r"\d", text)) and not re.fullmatch(r"-?\d+\.\d*[1-9]\d*", text)


def number_normaliser(values: Sequence[JsonValue]) -> NormaliserName:
    """How numbers of people are brought into one form."""
    texts = [str(value).strip() for value in values]
    shapes = {re.sub(r"\d", "0", text) for text in texts if not text.isdecimal()}
    if texts and all(_SEPARATED_DIGITS.fullmatch(text) for text in texts) and len(shapes) <= 1:
        return "digits"  # where the marks stand elsewhere in each, `12-3` and `1-23` are two
    if texts and any(_UUID.fullmatch(text) for text in texts):
        return "casefold"
    return "exact"


def is_marked_number(value: JsonValue) -> bool:
    """Tell whether a value is a number of an order, an invoice or the like, and no name of anybody."""
    return not isinstance(value, bool) and _MARKED_NUMBER.fullmatch(str(value)) is not None


def are_base64_numbers(values: Sequence[JsonValue]) -> bool:
    """Tell whether values look like numbers in base64, as Debezium writes decimals where no schema comes with them.

    Words, codes in one case, and digits in base 16 look otherwise.
    """
    texts = [value for value in values if isinstance(value, str) and _BASE64.fullmatch(value)]
    if len(texts) < MOST * len(values) or not texts:
        return False
    written = "".join(texts)
    is_mixed = written != written.upper() and written != written.lower()
    words = sum(1 for text in texts if text.isalpha() and (text.istitle() or text.islower() or text.isupper()))
    begins = sum(1 for text in texts if _NOT_NEGATIVE.match(text))
    return is_mixed and 2 * words <= len(texts) and begins >= MOST * len(texts)


def has_digits(value: JsonValue) -> bool:
    """Tell whether there are digits in a value."""
    return any(character.isdecimal() for character in str(value))


def digits_of(text: str) -> str | None:
    """The digits of a text, which compare where marks between them mean nothing."""
    return re.sub(r"\D", "", text) or None


def dialled(text: str) -> str | None:
    """The digits of a telephone number, without what is dialled in front of a country."""
    return (digits_of(text) or "").lstrip("0") or None


def types_of_numbers(values: Sequence[JsonValue]) -> TraitType | None:
    """The type of values that are numbers as programs write them."""
    if values and all(map(is_whole, values)):
        return TraitType.INTEGER
    return TraitType.NUMBER if values and all(map(is_number, values)) else None


def type_of_amounts(values: Sequence[JsonValue], mark: str) -> TraitType:
    """The type of numbers with a decimal mark: whole ones may have none."""
    whole = passed(_reads_as(TraitType.INTEGER, mark), values) == len(values)
    return TraitType.INTEGER if whole else TraitType.NUMBER


def _reads_as(kind: TraitType, mark: str) -> Test:
    reading = Reading(decimal=mark)

    def reads(value: JsonValue) -> JsonValue:
        try:
            return None if isinstance(value, bool) else typed_value(value, kind, reading)
        except ValueError:
            return None

    return reads


def _passes(test: Test, value: JsonValue) -> bool:
    return test(value) not in (None, False)


def _pieces(parts: Sequence[str]) -> list[str]:
    return [piece for part in parts if (piece := part.strip())]
