"""Normalisers: from a value as received to the one form that equal values share.

Each is a pure function of the text and changes nothing when applied to its own result. A change of what
one returns raises its version, which enters the catalogue's fingerprint: stored identifiers depend on it.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import email_validator
import idna
import phonenumbers

from graph_model.values.identifiers import Normaliser
from graph_model.values.normalise.date import normalise_date
from graph_model.values.normalise.email import normalise_email
from graph_model.values.normalise.name import normalise_name
from graph_model.values.normalise.phone import normalise_phone
from graph_model.values.normalise.plain import normalise_casefold, normalise_digits, normalise_exact

__all__ = ["NORMALISERS", "NamedNormaliser", "NormaliserName", "phone_regions"]

NormaliserName = Literal["email", "phone", "exact", "casefold", "digits", "name", "date"]


@dataclass(frozen=True, slots=True)
class NamedNormaliser:
    """A normaliser as the catalogue names it."""

    for_region: Callable[[str | None], Normaliser]  #: the function to use, given a default region
    version: str  #: raised when the function returns something else for any value


#: Where tables of a library decide what is valid or equal, its version is part of ours.
_UNICODE = unicodedata.unidata_version
_ADDRESSES = f"{email_validator.__version__}/{idna.__version__}/{_UNICODE}"
_NUMBERING_PLANS = f"{phonenumbers.__version__}/{_UNICODE}"
NORMALISERS: Mapping[NormaliserName, NamedNormaliser] = {
    "email": NamedNormaliser(lambda _: normalise_email, f"3/{_ADDRESSES}"),
    "phone": NamedNormaliser(lambda region: partial(normalise_phone, region=region), f"2/{_NUMBERING_PLANS}"),
    "exact": NamedNormaliser(lambda _: normalise_exact, f"3/{_UNICODE}"),
    "casefold": NamedNormaliser(lambda _: normalise_casefold, f"3/{_UNICODE}"),
    "digits": NamedNormaliser(lambda _: normalise_digits, f"4/{_UNICODE}"),
    "name": NamedNormaliser(lambda _: normalise_name, f"2/{_UNICODE}"),
    "date": NamedNormaliser(lambda _: normalise_date, "2"),
}


def phone_regions() -> frozenset[str]:
    """Two-letter codes of the countries whose numbering plan is known."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)
