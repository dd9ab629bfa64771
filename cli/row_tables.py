"""Rows as people read them: side by side, and one by itself; made of the same documents that scripts get."""

from collections.abc import Iterator, Sequence
from typing import Final

import orjson
from rich.cells import cell_len, set_cell_size

from cli.output import counted
from cli.terminal import UNLIMITED, room, visible
from graph_model.values.equality import JsonObject, JsonValue, value_text

#: Stands before a line in which rows say different things.
MARK: Final = "≠"

_MISSING: Final = "(missing)"
_NO_COLUMN: Final = "(no column)"

#: So wide is a cell at the most, in characters of a terminal.
_WIDEST: Final = 32

_GAP: Final = "  "


def comparison_text(comparison: JsonObject) -> str:
    """Rows side by side: a column for each row, a line for each meaning; empty where there is nothing to compare.

    On a terminal, rows that do not fit beside the others stand below.
    """
    lines = [line for line in comparison["lines"] if any(cell["values"] for cell in line["cells"])]
    if not lines:
        return ""
    names = ["", *(f"{MARK if line['differs'] else ' '} {visible(line['field'])}" for line in lines)]
    columns = [
        [_heading(record), *(_cell(line["cells"][place]) for line in lines)]
        for place, record in enumerate(comparison["records"])
    ]
    tables = ["\n".join(_aligned([names, *group])) for group in _groups(names, columns)]
    more = comparison["records_total"] - len(columns)
    notes = [f"and {counted(more, 'more row')}"] if more else []
    notes += [f"{MARK} the rows say different things"] if any(line["differs"] for line in lines) else []
    return "\n\n".join([*tables, *(["\n".join(notes)] if notes else [])]) + "\n"


def record_text(document: JsonObject) -> str:
    """One row with what became of it."""
    place = f"epoch {document['epoch']}, offset {document['offset']}"
    verb = "deleted" if document["deleted"] else "accepted" if document["undated"] else "observed"
    told = [f"{record_name(document)}: {verb} {document['observed_at']} ({place})"]
    told += [f"{'last in' if document['deleted'] else 'in'} profile {document['profile_id']}"]
    told += [f"its key was {record_name(document['moved_from'])}"] if document["moved_from"] else []
    told += [f"its key is {record_name(document['moved_to'])} now"] if document["moved_to"] else []
    values = [(column, _shown(value, UNLIMITED)) for column, value in (document["values"] or {}).items()]
    values += [(column, "(never sent)") for column in document["incomplete"]]
    width = max((cell_len(column) for column, _ in values), default=0)
    told += [f"  {set_cell_size(column, width)}{_GAP}{value}" for column, value in values]
    told += [f"  {issue['column']}: {issue['reason']}" for issue in document["issues"]]
    return "".join(f"{visible(line)}\n" for line in told)


def _groups(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """As many rows as fit beside each other, and the next ones."""
    left = room() - _width(names)
    group: list[Sequence[str]] = []
    taken = 0
    for column in columns:
        width = len(_GAP) + _width(column)
        if group and taken + width > left:
            yield group
            group, taken = [], 0
        group.append(column)
        taken += width
    yield group


def _aligned(columns: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [_width(column) for column in columns]
    for cells in zip(*columns, strict=True):
        yield _GAP.join(set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _width(column: Sequence[str]) -> int:
    return max(map(cell_len, column))


def _heading(record: JsonObject) -> str:
    return f"{record_name(record)} (deleted)" if record["deleted"] else record_name(record)


def _cell(cell: JsonObject) -> str:
    if not cell["columns"]:
        return _NO_COLUMN
    return " | ".join(_shown(value, _WIDEST) for value in cell["values"]) or _MISSING


def _shown(value: JsonValue, widest: int) -> str:
    """A value on one line, so that nothing in it can move the lines around it."""
    if value is None:
        return _MISSING
    line = visible(value_text(value))
    return line if cell_len(line) <= widest else f"{set_cell_size(line, widest - 1).rstrip()}…"


def record_name(record: JsonObject) -> str:
    """A record as people write it."""
    return visible(f"{record['source']}{orjson.dumps(record['key']).decode()}")
