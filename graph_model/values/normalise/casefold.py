"""Values in which case does not count: user names, host names."""

import unicodedata

from graph_model.values.normalise.characters import readable, visible_text, within_limit


def normalise_casefold(text: str) -> str | None:
    """Fold case and width (Unicode NFKC case folding), strip the ends.

    >>> normalise_casefold(" AnnLee ")
    'annlee'
    """
    seen = readable(text)
    return None if seen is None else within_limit(visible_text(fold_case(seen)))


def fold_case(text: str) -> str:
    """Fold case and compatibility forms together, so that folding again changes nothing.

    The sequence is that of the Unicode Standard for compatibility caseless matching (definition D146).
    """
    folded = unicodedata.normalize("NFD", text).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFKC", folded)
