"""Countries."""


def region_of_country(text: str) -> str | None:
    """Two-letter code."""
    return text.upper() if len(text) == 2 else None


def countries_version() -> str:
    """Version."""
    return ""
