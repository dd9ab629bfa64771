"""Countries as people write them: codes of ISO 3166, and names in the languages of those who keep customer data."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Final

from graph_model.values.characters import visible_text
from graph_model.values.normalise import phone_regions

#: Short names that two countries go by.
_SHARED: Final = frozenset({"congo", "korea", "guinea", "sudan", "samoa", "china taiwan"})

_ALPHA_3: Final = 3  #: letters

#: Languages whose names of countries are known (Unicode CLDR).
_LANGUAGES: Final = (
    "en", "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "da", "sv", "nb", "fi", "hu", "ro", "tr", "el", "ru", "uk",
    "zh", "zh_Hant", "ja", "ko", "ar", "he",
)  # fmt: skip
#: What people write that no list of names has.
_USUAL: Final[Mapping[str, str]] = {
    "u.s.": "US", "u.s.a.": "US", "america": "US", "united states of america": "US", "the united states": "US",
    "u.k.": "GB", "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "holland": "NL", "the netherlands": "NL", "bundesrepublik deutschland": "DE", "brd": "DE",
    "czech republic": "CZ", "tschechische republik": "CZ", "south korea": "KR", "republic of korea": "KR",
    "republic of ireland": "IE", "russian federation": "RU", "people's republic of china": "CN", "prc": "CN",
    "uae": "AE", "ivory coast": "CI", "u.a.e.": "AE", "viet nam": "VN", "turkey": "TR", "el": "GR", "ksa": "SA",
}  # fmt: skip


def region_of_country(text: str) -> str | None:
    """Return the two-letter code of a country whose numbering plan is known.

    Args:
        text: a two- or three-letter code of ISO 3166, or the name of a country, in any case.

    Returns:
        None where it is none of these, or may be several.

    >>> region_of_country("Deutschland")
    'DE'
    """
    folded = _folded(text)
    code = folded.upper()
    if code in phone_regions():
        return code
    return _countries().get(folded)


@cache
def countries_version() -> str:
    """The version of the tables of names, which enters the fingerprint of catalogues that use them."""
    return f"1/{version('babel')}"


def _folded(text: str) -> str:
    taken_apart = unicodedata.normalize("NFKD", visible_text(text)).casefold()
    return " ".join("".join(each for each in taken_apart if not unicodedata.combining(each)).split())


@cache
def _countries() -> Mapping[str, str]:
    """Every known spelling -> region; those that mean several are left out."""
    # Only catalogues that name a column of countries need these tables, which take a moment to read.
    from babel import Locale  # noqa: PLC0415
    from babel.core import get_global  # noqa: PLC0415

    known = phone_regions()
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for language in _LANGUAGES:
        for region, name in Locale.parse(language).territories.items():
            if region in known:
                meanings[_folded(name)].add(region)
    for code, regions in get_global("territory_aliases").items():
        if len(regions) == 1 and len(code) == _ALPHA_3 and code.isalpha() and regions[0] in known:
            meanings[_folded(code)].add(regions[0])
    for spelling in _SHARED:
        meanings[spelling].clear()
    spellings = {spelling: regions.pop() for spelling, regions in meanings.items() if len(regions) == 1}
    return spellings | {_folded(spelling): region for spelling, region in _USUAL.items()}
