"""E-mail addresses."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from graph_model.values.characters import readable
from graph_model.values.normalise.plain import fold_case

#: A dot-atom of RFC 5322 in ASCII, at most 64 characters; everything else takes the library's whole check.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ORDINARY_LOCAL_PART: Final = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*")
_LONGEST_ADDRESS: Final = 254

#: Nothing stands around an address, as is nearly always so.
_BARE: Final = re.compile(r"[^\s<>,;:'\"]*[^\s<>,;:'\".]")
_NAMED: Final = re.compile(r"[^<>]*<\s*([^<>]+?)\s*>")
_SCHEME: Final = "mailto:"
#: What may be left at the ends of an address that was in a list, or a sentence.
_LEFT_OVER: Final = " ,;"


@lru_cache(maxsize=32_768)
def normalise_email(text: str) -> str | None:
    """Fold case on both sides of the @ and write international domains in Unicode.

    Tags (`ann+shop@…`) and dots stay: whether they count is each provider's own rule, and joining two people
    is worse than missing one. Refused: what is no address by RFC 5321 and 6531, quoted local parts, domains
    without a dot or reserved against use with mail (`.invalid`, `.local`). Nothing is looked up. Of `Ann <ann@…>` and
    `mailto:ann@…` the address counts, and so it does without the comma that splitting a list leaves behind it.

    >>> normalise_email("Ann Lee <Ann.Lee@Example.COM>")
    'ann.lee@example.com'
    """
    seen = readable(text)
    if seen is None:
        return None
    if not _BARE.fullmatch(seen):
        seen = _address_in(seen)
    # Folding may change which characters there are, so what is checked is the folded address.
    folded = fold_case(seen)
    local, _, domain = folded.rpartition("@")
    if not _ORDINARY_LOCAL_PART.fullmatch(local):
        return _validated(folded)
    # An ordinary local part says nothing about the domain, and most addresses share a few domains.
    checked = _validated_domain(domain)
    return None if checked is None or len(folded) > _LONGEST_ADDRESS else f"{local}@{checked}"


def _address_in(text: str) -> str:
    """The address in a text that holds a name, a scheme or punctuation beside it."""
    text = text.strip(_LEFT_OVER)
    named = _NAMED.fullmatch(text)
    address = text if named is None else named[1]
    if address[: len(_SCHEME)].lower() == _SCHEME:
        address = unquote(address[len(_SCHEME) :].partition("?")[0])
    return address.strip(_LEFT_OVER).removesuffix(".")


@lru_cache(maxsize=8_192)
def _validated_domain(domain: str) -> str | None:
    checked = _validated(f"a@{domain}")
    return None if checked is None else checked.removeprefix("a@")


def _validated(address: str) -> str | None:
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None
