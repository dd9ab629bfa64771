"""The columns of a table as its header names them, and which of them can be read."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from services.files.lines import Unreadable, Warn

#: So many columns are named in a message.
_SHOWN: Final = 12


def readable_columns(names: Sequence[str], used: Collection[str] | None, warn: Warn | None) -> list[str | None]:
    """The columns that are read, each at its place: those that have a name, and are the only one of that name.

    Args:
        names: as they stand in the header.
        used: columns that are of any use; None: all. Others may be repeated.
        warn: told once of the columns that are not read.

    Raises:
        Unreadable: a column that is of use is there more than once.
    """
    unnamed = [place for place, name in enumerate(names, start=1) if not name]
    repeated = {name for name, times in Counter(names).items() if name and times > 1}
    wanted = sorted(repeated if used is None else repeated.intersection(used))
    if wanted:
        raise Unreadable(f"the header names {_listed(list(map(repr, wanted)))} more than once")
    if warn is not None and (unnamed or repeated):
        told = [f"{_counted(unnamed)} without a name ({_listed(list(map(str, unnamed)))})"] if unnamed else []
        told += [f"names {_listed(list(map(repr, sorted(repeated))))} more than once"] if repeated else []
        warn(f"has {' and '.join(told)}, not read" if unnamed else f"{told[0]}, not read")
    return [name if name and name not in repeated else None for name in names]


def _counted(places: Sequence[int]) -> str:
    return "a column" if len(places) == 1 else f"{len(places)} columns"


def _listed(told: Sequence[str]) -> str:
    return ", ".join([*told[:_SHOWN], *(["…"] if len(told) > _SHOWN else [])])
