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

#: Schemes that stand in front of an address: in links, and in directories of Exchange.
_SCHEME: Final = re.compile(r"\A(?:mailto|smtp):(?://)?", re.IGNORECASE)
#: What stands in brackets beside an address, and an address in angle brackets behind a name (RFC 5322, section 3.4).
_COMMENT: Final = re.compile(r"\([^()]*\)")
_NAMED: Final = re.compile(r"[^<>]*<([^<>]*)>")
#: White space, quotes and what splitting a list leaves at the ends.
_FRAME: Final = " '\"‘’“”,;"  # noqa: RUF001 quotes as they are typed


def normalise_email(text: str) -> str | None:
    """Fold case on both sides of the @ and write international domains in Unicode.

    Tags (`ann+shop@…`) and dots stay: whether they count is each provider's own rule, and joining two people
    is worse than missing one. Refused: what is no address by RFC 5321 and 6531, quoted local parts, domains
    without a dot or reserved against use with mail (`.invalid`, `.local`), several addresses. Nothing is looked up.

    Of `Ann Lee <ann@…>` and `mailto:ann@…?subject=…` the address counts, without quotes around it, the comma that
    splitting a list left, or the dot that ended a sentence.

    >>> normalise_email("Ann.Lee@Example.COM")
    'ann.lee@example.com'
    """
    seen = readable(text)
    if seen is None:
        return None
    # Folding may change which characters there are, so what is checked is the folded address.
    folded = fold_case(seen)
    if folded[0] not in _FRAME:
        address = _checked(folded)
        if address is not None:
            return address
    bare = _bare(folded)
    return None if bare is None else _checked(bare)


def _bare(text: str) -> str | None:
    """Return the one address in a text that holds more than an address; None where there is none, or several."""
    # A quote in front may open a name alone; one that frames all of it stands behind, too.
    text = text.strip(" ,;")
    text = text if text.startswith('"') and text.endswith(">") else text.strip(_FRAME)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        text = fold_case(unquote(text[scheme.end() :].partition("?")[0]))
    found = _COMMENT.sub("", text).strip(_FRAME)
    named = _NAMED.fullmatch(found)
    if named is not None:
        found = _SCHEME.sub("", named[1].strip(_FRAME))
    address = found.removesuffix(".")
    # A name that is another address, or half of one, tells of somebody else.
    others = text.replace(address, "")
    return None if not address or "@" in others else address


def _checked(folded: str) -> str | None:
    local, _, domain = folded.rpartition("@")
    if not _ORDINARY_LOCAL_PART.fullmatch(local):
        return _validated(folded)
    # An ordinary local part says nothing about the domain, and most addresses share a few domains.
    checked = _validated_domain(domain)
    return None if checked is None or len(folded) > _LONGEST_ADDRESS else f"{local}@{checked}"


@lru_cache(maxsize=8_192)
def _validated_domain(domain: str) -> str | None:
    checked = _validated(f"a@{domain}")
    return None if checked is None else checked.removeprefix("a@")


def _validated(address: str) -> str | None:
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None
