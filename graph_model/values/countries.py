"""Countries as people write them: codes of ISO 3166, and names in the languages of those who keep customer data."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Final

from graph_model.values.characters import readable
from graph_model.values.normalise import phone_regions
from graph_model.values.normalise.name import normalise_name

#: Codes that are no code of ISO 3166 for a country, and mean one all the same.
_OTHER_CODES: Final[Mapping[str, str]] = {"UK": "GB", "EL": "GR"}
_LONG_CODE: Final = 3  #: letters, or digits

#: Whose names of countries are known (Unicode CLDR): the languages of catalogues, and countries in their own.
_LANGUAGES: Final = (
    "en", "de", "fr", "es", "pt", "pt_PT", "it", "nl", "pl", "zh", "zh_Hant", "ja",
    "ar", "bg", "bs", "ca", "cs", "da", "el", "et", "eu", "fi", "ga", "gl", "he", "hi", "hr", "hu", "id", "is", "ko",
    "lt", "lv", "mk", "ms", "mt", "nb", "ro", "ru", "sk", "sl", "sq", "sr", "sr_Latn", "sv", "th", "tr", "uk",
)  # fmt: skip

#: Names that two countries go by, and continents.
_SHARED: Final = ("America", "Congo", "Corea", "Corée", "Korea", "Kongo", "Coreia", "コンゴ", "刚果", "朝鲜半岛")

#: What people and ISO 3166 write and CLDR does not.
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "AE": ("UAE", "Emirates", "VAE", "EAU"),
    "AT": ("Republik Österreich",),
    "BN": ("Brunei Darussalam",),
    "BO": ("Bolivia, Plurinational State of",),
    "BA": ("Bosnia",),
    "CD": ("Democratic Republic of the Congo", "Congo, The Democratic Republic of the", "DR Congo", "DRC"),
    "CG": ("Republic of the Congo",),
    "CI": ("Ivory Coast",),
    "CN": ("PRC", "People's Republic of China", "Mainland China", "中华人民共和国", "中國大陸"),
    "CV": ("Cabo Verde",),
    "CZ": ("Czech Republic", "Tschechische Republik", "République tchèque", "República Checa", "Repubblica Ceca",
           "Tsjechische Republiek", "Republika Czeska", "Česká republika"),
    "DE": ("Bundesrepublik Deutschland", "BRD", "Federal Republic of Germany"),
    "FK": ("Falkland Islands (Malvinas)",),
    "FM": ("Micronesia, Federated States of",),
    "GB": ("U.K.", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland",
           "United Kingdom of Great Britain and Northern Ireland", "Großbritannien", "Schottland", "Nordirland",
           "Grande-Bretagne", "Angleterre", "Écosse", "Gran Bretaña", "Inglaterra", "Escocia", "Grã-Bretanha",
           "Gran Bretagna", "Inghilterra", "Scozia", "Groot-Brittannië", "Engeland", "Schotland", "Anglia",
           "Szkocja", "英格兰", "英國", "イングランド", "英国"),
    "HK": ("Hong Kong", "Hongkong", "Hong Kong SAR", "香港"),
    "IE": ("Republic of Ireland", "Eire"),
    "IR": ("Iran, Islamic Republic of", "Islamic Republic of Iran"),
    "KP": ("Korea, Democratic People's Republic of", "DPRK"),
    "KR": ("Republic of Korea", "Korea, Republic of", "ROK"),
    "LA": ("Lao People's Democratic Republic",),
    "MD": ("Moldova, Republic of", "Republic of Moldova"),
    "MK": ("Macedonia", "Republic of North Macedonia"),
    "MM": ("Burma",),
    "MO": ("Macao", "Macau", "澳门", "澳門"),
    "MX": ("Estados Unidos Mexicanos",),
    "NL": ("Holland", "Holanda", "Hollande", "Olanda", "The Netherlands"),
    "PS": ("Palestine, State of", "State of Palestine"),
    "RU": ("Russian Federation", "Russische Föderation", "Российская Федерация"),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TR": ("Turkey", "Turkiye"),
    "TW": ("Taiwan, Province of China", "Taiwan, Republic of China"),
    "TZ": ("Tanzania, United Republic of", "United Republic of Tanzania"),
    "US": ("U.S.", "U.S.A.", "United States of America", "Vereinigte Staaten von Amerika", "États-Unis d'Amérique",
           "Estados Unidos de América", "Estados Unidos da América", "Stati Uniti d'America", "EE. UU.", "EE.UU.",
           "E.U.A.", "Verenigde Staten van Amerika", "Stany Zjednoczone Ameryki", "美利坚合众国", "アメリカ", "米国"),
    "VA": ("Holy See", "Holy See (Vatican City State)", "Vatican"),
    "VE": ("Venezuela, Bolivarian Republic of",),
    "VG": ("Virgin Islands, British", "Virgin Islands (British)"),
    "VI": ("Virgin Islands, U.S.", "Virgin Islands (U.S.)"),
    "VN": ("Viet Nam",),
}  # fmt: skip

_WITHOUT_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
#: Words that names are written with and without.
_OPTIONAL_WORDS: Final = frozenset({"the", "and", "und", "et", "e", "ed", "y", "en", "i"})
_SAINTS: Final = frozenset({"st", "ste", "sankt", "sta"})


@lru_cache(maxsize=4_096)
def region_of_country(text: str) -> str | None:
    """Return the two-letter code of a country whose numbering plan is known.

    Args:
        text: a code of ISO 3166 (two letters, three letters, or three digits), or the name of a country in one of
            many languages, in any case, with or without accents.

    Returns:
        None where it is none of these, or may be several countries, as `Korea` may.

    >>> region_of_country("Deutschland")
    'DE'
    """
    code = (readable(text) or "").upper()
    if code in phone_regions():
        return code
    key = _key(code)
    return _codes().get(code) or (None if key is None else _countries().get(key))


@cache
def countries_version() -> str:
    """The version of the tables of names, which enters the fingerprint of catalogues that use them."""
    return f"1/{version('babel')}"


def _key(name: str) -> str | None:
    """Return what spellings of one name share; None where nothing is left."""
    normal = normalise_name(name)
    if normal is None:
        return None
    words = ["saint" if word in _SAINTS else word for word in normal.split()]
    if all(len(word) <= 2 for word in words):  # U.S.A., EE. UU.
        return "".join(words)
    return " ".join(word for word in words if word not in _OPTIONAL_WORDS) or None


@cache
def _countries() -> Mapping[str, str]:
    """Every known spelling -> region; those that mean several countries are left out."""
    known = phone_regions()
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for name, region in _names():
        key = _key(name)
        if key is not None and region in known:
            meanings[key].add(region)
    for name in _SHARED:
        meanings.pop(_key(name) or "", None)
    return {key: regions.pop() for key, regions in meanings.items() if len(regions) == 1}


@cache
def _codes() -> Mapping[str, str]:
    """The codes of ISO 3166 with three letters or digits, and others that mean one country -> region."""
    # Only catalogues that name a column of countries need these tables, which take a moment to read.
    from babel.core import get_global

    codes: dict[str, str] = {
        code: regions[0]
        for code, regions in get_global("territory_aliases").items()
        if len(code) == _LONG_CODE and len(regions) == 1 and regions[0] in phone_regions()
    }
    return {**codes, **_OTHER_CODES}


def _names() -> Iterator[tuple[str, str]]:
    from babel import localedata

    for language in _LANGUAGES:
        for region, name in localedata.load(language, merge_inherited=False).get("territories", {}).items():
            yield name, region
            if language == "de":
                yield name.translate(_WITHOUT_UMLAUTS), region
    for region, names in _USUAL.items():
        for name in names:
            yield name, region
            yield name.translate(_WITHOUT_UMLAUTS), region
