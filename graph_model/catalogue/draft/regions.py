"""Which country the telephone numbers of a table belong to that are written without one.

A column of the row that says it is the best there is. Else the numbers themselves say it, in which country they could
be assigned, together with what hints at a country: other numbers, addresses, postcodes, the language of the headers.
Numbers alone fit a dozen countries, so that nothing is guessed without a hint.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers

from graph_model.catalogue.draft import contents
from graph_model.catalogue.draft.guesses import Guess, single_values
from graph_model.catalogue.draft.notations import MOST
from graph_model.catalogue.draft.people import plainest
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.countries import region_of_country
from graph_model.values.normalise import phone_regions
from graph_model.values.normalise.phone import normalise_phone

#: So many numbers are read in each country that comes into question.
_READ: Final = 60
#: So many make a country sure without a question.
_ENOUGH: Final = 20

#: Countries by the languages of headers, the likely ones first. English is written everywhere.
LANGUAGE_REGIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH", "CA"),
    "es": ("ES", "MX", "AR", "CO", "CL", "PE"),
    "pt": ("BR", "PT"),
    "it": ("IT", "CH"),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "zh": ("CN", "TW", "HK"),
    "ja": ("JP",),
}
LANGUAGE_NAMES: Final[Mapping[str, str]] = {
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "zh": "Chinese",
    "ja": "Japanese",
}
#: Postcodes that are written so in one country only.
_POSTCODES: Final[Mapping[str, re.Pattern[str]]] = {
    "GB": re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE),
    "CA": re.compile(r"[A-Z]\d[A-Z] ?\d[A-Z]\d", re.IGNORECASE),
    "NL": re.compile(r"[1-9]\d{3} ?[A-Z]{2}", re.IGNORECASE),
    "PL": re.compile(r"\d{2}-\d{3}"),
    "JP": re.compile(r"〒? ?\d{3}-\d{4}"),
    "BR": re.compile(r"\d{5}-\d{3}"),
    "PT": re.compile(r"\d{4}-\d{3}"),
    "US": re.compile(r"\d{5}-\d{4}"),
}
#: Written as in North America and hardly anywhere else.
_NORTH_AMERICAN: Final = re.compile(r"(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?: ?x.*)?", re.ASCII)
_TOP_DOMAINS: Final = {"uk": "GB"}


@dataclass(frozen=True, slots=True)
class RegionGuess:
    """Which country numbers without `+` belong to."""

    column: str | None = None  #: the column that says it
    code: str | None = None
    reason: str = ""
    doubt: str = ""


def find_region(guesses: Sequence[Guess], language: str | None) -> RegionGuess | None:
    """Find the country of a table's numbers; None where it has none of them."""
    phones = [guess for guess in guesses if guess.role == "phone"]
    if not phones:
        return None
    numbers = [str(value) for guess in phones for value in single_values(guess)]
    national = [number for number in numbers if not contents.names_country(number)]
    by_column = _by_column(guesses, phones, len(national))
    if by_column is not None:
        return by_column
    hints = _hints(guesses, numbers, language)
    if not national:
        return _without_national(numbers, hints)
    some = national[:: len(national) // _READ + 1]
    fits = {code: _valid(some, code) for code in hints}
    fitting = sorted((code for code in hints if fits[code] >= MOST), key=lambda code: -hints[code][0])
    if not fitting:
        asked = f"which country do the {len(national):,} numbers without + belong to?"
        return RegionGuess(doubt=f"{asked} `region: …`; without it they are refused")
    code = fitting[0]
    others = [each for each in fitting[1:] if _calling_code(each) != _calling_code(code) and hints[each][0] >= 1]
    reason = f"{fits[code]:.0%} of them exist there; {hints[code][1]}"
    if others:
        return RegionGuess(code=code, reason=reason, doubt=f"or is it {' or '.join(others)}?")
    return RegionGuess(code=code, reason=reason, doubt="" if len(some) >= _ENOUGH else "is it this country?")


def language_of(guesses: Sequence[Guess]) -> str | None:
    """The language that most headers are in, but English; None where none stands out."""
    score: Counter[str] = Counter()
    for guess in guesses:
        score.update(guess.profile.name.languages)
    english = score.pop("en", 0)
    likely = score.most_common(2)
    # Words such as `id` and `email` stand in tables of all languages.
    if not likely or 2 * likely[0][1] < english or (len(likely) > 1 and likely[1][1] == likely[0][1]):
        return None
    return likely[0][0]


def _by_column(guesses: Sequence[Guess], phones: Sequence[Guess], national: int) -> RegionGuess | None:
    """The column of countries, if the numbers exist in the countries of their rows."""
    countries = plainest(guesses, Meaning.COUNTRY)
    if countries is None or not contents.mostly(_country, countries.profile.singles):
        return None
    read = exist = 0
    for guess in phones:
        for cell, country in zip(guess.profile.cells, countries.profile.cells, strict=True):
            region = _country(country)
            for number in contents.parted(cell if isinstance(cell, list) else [cell], guess.separator):
                if number is not None and region is not None and not contents.names_country(number):
                    read += 1
                    exist += normalise_phone(str(number), region) is not None
    if not national:
        return RegionGuess(column=countries.column, reason="it says countries; all numbers have theirs in the sample")
    if not read or exist < MOST * read:
        return None
    return RegionGuess(
        column=countries.column, reason=f"{exist:,} of {read:,} numbers exist in the country of their row"
    )


def _country(value: object) -> str | None:
    return region_of_country(value) if isinstance(value, str) else None


def _hints(guesses: Sequence[Guess], numbers: Sequence[str], language: str | None) -> dict[str, tuple[float, str]]:
    """Countries that come into question: how much speaks for each, and what."""
    hints: dict[str, tuple[float, str]] = {}
    for code, weight, reason in (
        *_of_numbers(numbers),
        *_of_addresses(guesses),
        *_of_postcodes(guesses),
        *_of_language(language),
    ):
        before, said = hints.get(code, (0.0, ""))
        hints[code] = (before + weight, f"{said}, {reason}" if said else reason)
    return hints


def _of_numbers(numbers: Sequence[str]) -> Iterator[tuple[str, float, str]]:
    codes: Counter[str] = Counter()
    for number in numbers:
        written = normalise_phone(number) if contents.names_country(number) else None
        region = None if written is None else _region(written)
        codes.update([] if region is None else [region])
    for code, count in codes.items():
        yield code, 3 * count / codes.total(), "numbers with a country are of this one"
    american = [number for number in numbers if _NORTH_AMERICAN.fullmatch(number.strip())]
    if len(american) >= MOST * len(numbers) > 0:
        found = Counter(
            _region(written) for number in american if (written := normalise_phone(number, "US")) is not None
        )
        likely = next((region for region, _ in found.most_common() if region is not None), None)
        if likely is not None:
            yield likely, 2, "they are written as in North America"


def _of_addresses(guesses: Sequence[Guess]) -> Iterator[tuple[str, float, str]]:
    addresses = [
        address
        for guess in guesses
        if guess.role == "email"
        for value in single_values(guess)
        if (address := contents.email_in(value)) is not None
    ]
    tops = Counter(address.rpartition(".")[2] for address in addresses)
    for top, count in tops.items():
        code = _TOP_DOMAINS.get(top, top.upper())
        if code in phone_regions() and 5 * count >= len(addresses):
            yield code, 1.5 * count / len(addresses), f"addresses end with .{top}"


def _of_postcodes(guesses: Sequence[Guess]) -> Iterator[tuple[str, float, str]]:
    postcodes = plainest(guesses, Meaning.POSTCODE)
    values = [] if postcodes is None else [str(value) for value in postcodes.profile.singles]
    for code, shape in _POSTCODES.items():
        if values and sum(1 for value in values if shape.fullmatch(value)) >= MOST * len(values):
            yield code, 1.5, "postcodes are written as there"


def _of_language(language: str | None) -> Iterator[tuple[str, float, str]]:
    if language is not None:
        for place, code in enumerate(LANGUAGE_REGIONS[language]):
            yield code, 1 / (place + 1), f"the headers are {LANGUAGE_NAMES[language]}"


def _without_national(numbers: Sequence[str], hints: Mapping[str, tuple[float, str]]) -> RegionGuess:
    if not numbers:
        return RegionGuess(
            doubt="which country do numbers without + belong to? `region: …`; without it they are refused"
        )
    likely = max(hints, key=lambda code: hints[code][0], default=None)
    if likely is None or hints[likely][0] < 3 * MOST:
        return RegionGuess(reason="all numbers have their country in the sample")
    return RegionGuess(
        code=likely,
        reason=hints[likely][1],
        doubt="all numbers have their country in the sample; do others belong to this one?",
    )


def _valid(numbers: Sequence[str], code: str) -> float:
    return sum(1 for number in numbers if normalise_phone(number, code) is not None) / len(numbers)


def _region(written: str) -> str | None:
    """The country of a number in E.164."""
    number = phonenumbers.parse(written.partition(";")[0])
    return phonenumbers.region_code_for_number(number)


def _calling_code(code: str) -> int:
    return phonenumbers.country_code_for_region(code)
