"""Lists of names as statements take them: as JSON, since the number of parameters is limited."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import orjson

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier

Named = TypeVar("Named", Identifier, RecordAddress)


def by_first(names: Iterable[Named]) -> Iterator[tuple[str, list[Named], str]]:
    """Gather addresses by their source, or identifiers by their kind, which is faster to look for than whole names.

    Yields:
        The first part, the names that have it, and their second parts as a JSON array in the same order.
    """
    gathered: dict[str, list[Named]] = {}
    for each in names:
        gathered.setdefault(each[0], []).append(each)
    for first, found in gathered.items():
        yield first, found, orjson.dumps([second for _, second in found]).decode()
