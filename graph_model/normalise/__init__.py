"""Normalisers: from a value as received to the one form that equal values share.

Each is a pure function of the text and changes nothing when applied to its own result. A change of what
one returns raises its version, which enters the catalogue's fingerprint: stored identifiers depend on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import phonenumbers

from graph_model.identifiers import Normaliser
from graph_model.normalise.casefold import normalise_casefold
from graph_model.normalise.date import normalise_date
from graph_model.normalise.digits import normalise_digits
from graph_model.normalise.email import normalise_email
from graph_model.normalise.exact import normalise_exact
from graph_model.normalise.name import normalise_name
from graph_model.normalise.phone import normalise_phone

__all__ = ["NORMALISERS", "NamedNormaliser", "NormaliserName", "phone_regions"]

NormaliserName = Literal["email", "phone", "exact", "casefold", "digits", "name", "date"]


@dataclass(frozen=True, slots=True)
class NamedNormaliser:
    """A normaliser as the catalogue names it."""

    for_region: Callable[[str | None], Normaliser]  #: the function to use, given a default region
    version: str  #: raised when the function returns something else for any value


#: Where data of a library decides what is valid, its version is part of ours.
NORMALISERS: Mapping[NormaliserName, NamedNormaliser] = {
    "email": NamedNormaliser(lambda _: normalise_email, "1"),
    "phone": NamedNormaliser(lambda region: partial(normalise_phone, region=region), f"1/{phonenumbers.__version__}"),
    "exact": NamedNormaliser(lambda _: normalise_exact, "1"),
    "casefold": NamedNormaliser(lambda _: normalise_casefold, "1"),
    "digits": NamedNormaliser(lambda _: normalise_digits, "1"),
    "name": NamedNormaliser(lambda _: normalise_name, "1"),
    "date": NamedNormaliser(lambda _: normalise_date, "1"),
}


def phone_regions() -> frozenset[str]:
    """Two-letter codes of the countries whose numbering plan is known."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)
