"""Values that count as they are: customer numbers, UUIDs of one system."""

from graph_model.values.normalise.characters import readable, within_limit


def normalise_exact(text: str) -> str | None:
    """Keep the value, without invisible characters or white space at its ends, in Unicode form NFC.

    >>> normalise_exact(" C-0042 ")
    'C-0042'
    """
    seen = readable(text)
    return None if seen is None else within_limit(seen)
