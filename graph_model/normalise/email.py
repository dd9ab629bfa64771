"""E-mail addresses."""

from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from graph_model.normalise.casefold import fold_case
from graph_model.normalise.characters import readable


@lru_cache(maxsize=32_768)
def normalise_email(text: str) -> str | None:
    """Fold case on both sides of the @ and write international domains in Unicode.

    Tags (`ann+shop@…`) and dots stay: whether they count is each provider's own rule, and joining two people
    is worse than missing one. Refused: what is no address by RFC 5321 and 6531, quoted local parts, domains
    without a dot or reserved against use with mail (`.invalid`, `.local`). Nothing is looked up.

    >>> normalise_email("Ann.Lee@Example.COM")
    'ann.lee@example.com'
    """
    seen = readable(text)
    if seen is None:
        return None
    try:
        # Folding may change which characters there are, so what is checked is the folded address.
        address = validate_email(fold_case(seen), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return address.normalized
