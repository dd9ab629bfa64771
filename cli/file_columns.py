"""Does a file have the columns that the catalogue names? Told once for each file, before its rows are used."""

from collections.abc import Collection
from typing import Final

from graph_model.catalogue.faults import suggestion
from graph_model.catalogue.rules import Source
from graph_model.values.paths import root_of

#: So many columns of a file are named in a message.
_SHOWN: Final = 12


def header_refusal(source: Source, columns: Collection[str]) -> str | None:
    """Why no row of a CSV file can be used that has these columns; None where rows can, or where there are none."""
    needed = [*source.key, *([source.version.column] if source.version is not None else [])]
    missing = [column for column in needed if not _has(columns, column)]
    if not missing or not columns:
        return None
    role = "key" if missing[0] in source.key else "version"
    return (
        f"the file has no column {missing[0]!r}, the {role} of source {source.name!r}; it has {_listed(columns)}"
        f"; none of its rows can be used{suggestion(missing[0], columns)}"
    )


def missing_columns(source: Source, columns: Collection[str]) -> str | None:
    """Which columns of the catalogue's a file with these columns does not have; None where it has all, or no rows."""
    missing = [column for column in source.named if not _has(columns, column)]
    if not missing or not columns:
        return None
    told = ", ".join(f"{column!r}{_hint(column, columns)}" for column in missing)
    return f"no column {told}; the catalogue names that for source {source.name!r}; the file has {_listed(columns)}"


def _has(columns: Collection[str], column: str) -> bool:
    """Whether there is such a column, or the one that a path begins in."""
    return column in columns or root_of(column) in columns


def _hint(column: str, columns: Collection[str]) -> str:
    meant = suggestion(column, columns).removeprefix("; ")
    return f" ({meant})" if meant else ""


def _listed(columns: Collection[str]) -> str:
    shown = [repr(column) if "," in column else column for column in list(columns)[:_SHOWN]]
    return ", ".join([*shown, *(["…"] if len(columns) > _SHOWN else [])])
