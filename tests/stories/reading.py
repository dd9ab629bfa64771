"""Reads a story: a Markdown document whose tables tell what happens to records, and what must come of it.

How such a document is written is told in `README.md`, for those who write one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from markdown_it import MarkdownIt

from graph_model.records.record import RecordAddress

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_RECORDS = re.compile(r"(?P<source>[a-z]+) (?P<first>\d+)(?: to (?P<last>\d+))?")
_EACH_ALONE = "each of "


class What(StrEnum):
    """What happens to a record; the words are those of the documents."""

    ADDED = "is added"
    CHANGES = "changes"
    LATE = "comes late"
    DELETED = "is deleted"
    BECOMES = "becomes"
    SAME = "verdict: same as"
    DIFFERENT = "verdict: different from"
    WITHDRAWN = "verdict withdrawn:"
    REPLAYED = "is replayed"


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of a table of what happens."""

    step: int  #: its place in the log; a late one has an old place
    what: What
    records: tuple[RecordAddress, ...]  #: empty for a replay
    other: RecordAddress | None  #: the new address, or the other record of a verdict
    row: Mapping[str, str]  #: the columns that have a value


@dataclass(frozen=True, slots=True)
class Person:
    """Records that must be together, and nobody else with them."""

    name: str
    records: frozenset[RecordAddress]
    profile_id: str  #: what must have become of the id: "new", "stays", "returns"; empty: anything


@dataclass(frozen=True, slots=True)
class Chapter:
    """What happens, and what is true then."""

    heading: str
    happenings: tuple[Happening, ...]
    people: tuple[Person, ...]
    conflicts: tuple[Mapping[str, str], ...]
    look_ups: tuple[Mapping[str, str], ...]
    doubtful: tuple[Mapping[str, str], ...] | None  #: None: the story does not ask who may be two people


@dataclass(frozen=True, slots=True)
class Story:
    """A title, and what happened then."""

    title: str
    chapters: tuple[Chapter, ...]


def read_story(path: Path) -> Story:
    """Read a story; whatever in its tables cannot be understood is a ValueError that names it."""
    title, chapters = "", []
    heading, tables = "", list[list[Mapping[str, str]]]()
    for tag, content in _blocks(path.read_text()):
        if tag == "h1":
            title = str(content)
        elif tag == "h2":
            chapters += [_chapter(heading, tables)] if tables else []
            heading, tables = str(content), []
        elif isinstance(content, list):
            tables.append(content)
    chapters.append(_chapter(heading, tables))
    if any(chapter.doubtful is not None for chapter in chapters):
        chapters = [replace(chapter, doubtful=chapter.doubtful or ()) for chapter in chapters]
    return Story(title, tuple(chapters))


def _blocks(text: str) -> Iterator[tuple[str, str | list[Mapping[str, str]]]]:
    """The headings and the tables of a document; of a table one mapping from column to cell for each line."""
    tokens = _MARKDOWN.parse(text)
    rows: list[list[str]] = []
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            yield token.tag, tokens[position + 1].content
        elif token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(tokens[position + 1].content.strip("`"))
        elif token.type == "table_close":
            header, *lines = rows
            yield "table", [dict(zip(header, line, strict=True)) for line in lines]


def _chapter(heading: str, tables: list[list[Mapping[str, str]]]) -> Chapter:
    by_column = {next(iter(table[0])): table for table in tables}
    unknown = by_column.keys() - {"step", "person", "conflict", "look-up", "doubtful"}
    if unknown or len(by_column) != len(tables) or not {"step", "person"} <= by_column.keys():
        raise ValueError(
            f"the chapter {heading!r} has tables that begin with {[next(iter(table[0])) for table in tables]}; "
            "one with 'step' and one with 'person' are expected, and at most one with each of 'conflict', 'look-up' "
            "and 'doubtful'"
        )
    return Chapter(
        heading=heading,
        happenings=tuple(_happening(line) for line in by_column["step"]),
        people=tuple(person for line in by_column["person"] for person in _people(line)),
        conflicts=tuple(by_column.get("conflict", ())),
        look_ups=tuple(by_column.get("look-up", ())),
        doubtful=tuple(by_column["doubtful"]) if "doubtful" in by_column else None,
    )


def _happening(line: Mapping[str, str]) -> Happening:
    said = line["what happens"]
    what = next((what for what in What if said.startswith(what)), None)
    if what is None:
        raise ValueError(f"a record {said!r}; it can: {', '.join(What)}")
    other = said.removeprefix(what).strip()
    row = {column: cell for column, cell in line.items() if cell and column not in ("step", "record", "what happens")}
    records = () if line["record"] == "everything" else read_records(line["record"])
    return Happening(int(line["step"]), what, records, read_records(other)[0] if other else None, row)


def _people(line: Mapping[str, str]) -> Iterator[Person]:
    name, records, profile_id = line["person"], line["records"], line.get("id", "")
    if not records.startswith(_EACH_ALONE):
        yield Person(name, frozenset(read_records(records)), profile_id)
        return
    for number, record in enumerate(read_records(records.removeprefix(_EACH_ALONE)), 1):
        yield Person(f"{name} {number}", frozenset([record]), profile_id)


def read_records(text: str) -> tuple[RecordAddress, ...]:
    """Read `crm 1, till 2 to 4`."""
    found = []
    for part in text.split(", "):
        match = _RECORDS.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} names no records; 'crm 1' or 'crm 1 to 4' would")
        first, last = int(match["first"]), int(match["last"] or match["first"])
        found += [RecordAddress.of(match["source"], [number]) for number in range(first, last + 1)]
    return tuple(found)


def written(address: RecordAddress) -> str:
    """An address as stories write it."""
    return f"{address.source} {address.key_parts[0]}"
