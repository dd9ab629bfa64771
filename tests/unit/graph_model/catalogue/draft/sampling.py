"""Samples of tables, their drafts, and what the drafts join."""

import csv
import io
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.draft.drafting import draft_catalogue
from graph_model.catalogue.draft.tables import SampledTable
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress, apply_change
from graph_model.resolution.mapping import map_record
from graph_model.resolution.resolve import resolve
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position

Row: TypeAlias = Mapping[str, JsonValue]

NOW = 1_795_900_000_000  #: 2026-11-28


def table(text: str, name: str = "people") -> SampledTable:
    """A table of CSV; semicolons part columns where the header has some."""
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    return of_rows([{column: value or None for column, value in row.items()} for row in rows], name)


def of_rows(rows: Sequence[Row], name: str = "people") -> SampledTable:
    """A table of these rows."""
    return SampledTable(name=name, columns=list(dict.fromkeys(column for row in rows for column in row)), rows=rows)


def of_values(column: str, values: Sequence[JsonValue]) -> SampledTable:
    """A table of one column beside its key."""
    return of_rows([{"id": number, column: value} for number, value in enumerate(values, start=1)])


def draft(*tables: SampledTable) -> str:
    """The text of a draft."""
    return draft_catalogue(tables)


def drafted(*tables: SampledTable) -> Catalogue:
    """The catalogue that a draft is."""
    return parse_catalogue(draft(*tables), "draft")


def line_of(text: str, beginning: str) -> str:
    """The line of a draft that begins so."""
    return next(line.strip() for line in text.splitlines() if line.strip().startswith(beginning))


def clusters(*tables: SampledTable) -> list[list[RecordAddress]]:
    """The rows of each person, by the draft of all these tables."""
    catalogue = drafted(*tables)
    mapped = {}
    for name, source in catalogue.sources.items():
        rows = next(each.rows for each in tables if each.name == name)
        for number, row in enumerate(rows):
            change = row_change(source, row, Origin(position=Position(0, number), observed_at=NOW))
            record = apply_change(None, change, source.columns).record
            if record is not None:
                mapped[record.address] = map_record(record, catalogue)
    holders = Counter(identifier for each in mapped.values() for identifier in each.identifiers)
    generic = frozenset(each for each, number in holders.items() if catalogue.kinds[each.kind].is_generic(number))
    components = resolve(mapped, (), generic, catalogue)
    return [[*each.members] for each in itertools.chain.from_iterable(found.clusters for found in components)]


def joined(*tables: SampledTable) -> list[list[str]]:
    """The rows of those who have several."""
    return [[str(address) for address in members] for members in clusters(*tables) if len(members) > 1]
