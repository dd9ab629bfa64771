"""Writes `docs/your-data.md` by reading values; `make docs` runs it, and a test holds the two equal.

The tables say what the program makes of a value, not what somebody remembers of it.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import apply_change
from graph_model.resolution.mapping import map_record
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue, value_text
from graph_model.values.positions import Position

#: When the rows of the page were accepted: 2026-11-28T00:00:00Z, in milliseconds since 1970.
_ACCEPTED: Final = 1_795_824_000_000

_CATALOGUE: Final = """\
version: 1
identifiers:
  card: {{normalise: exact}}
  email: {{normalise: email}}
  phone: {{normalise: phone, region: US}}
traits:
  born: date
  seen: timestamp
  orders: integer
  spent: number
  vip: boolean
  name: text
sources:
  crm:
    key: [id]
    columns: {{{column}}}
  others:
    key: [id]
    columns: {{a: {{identifier: card}}, b: {{identifier: email}}, c: {{identifier: phone}}}}
"""

_HEADING: Final = """\
# Your data, and what becomes of it

A value is read as its source meant it, or refused and told: it never becomes another value in silence. What is refused
stays in the record as it was received; it identifies nobody and says nothing, and `ingest`, `resolve` and the profile's
`issues` name the column, the reason and the first example.

Every table below was made by running the program (`make docs`): text stands in quotes, JSON numbers do not.
"""


@dataclass(frozen=True, slots=True)
class _Table:
    title: str
    text: str  #: what is to be known beside the examples
    column: str  #: the column, as the catalogue declares it
    values: Sequence[JsonValue]
    beside: Mapping[str, JsonValue] | None = None  #: other columns of the row


_TABLES: Final = (
    _Table(
        "Numbers that identify",
        "A number's notation is never its identity. What has lost digits identifies nobody.",
        "value: {identifier: card}",
        ("1000001", 1000001, "1000001.0", 1000001.0, "'1000001", "007", "8.96529E+18", "1E+15", 1e30, "C-0042 "),
    ),
    _Table(
        "E-mail addresses",
        "Mailboxes that several people read, and what people type to get on, are no evidence unless the kind allows "
        'them: `allowed: ["info@"]`.',
        "value: {identifier: email}",
        (
            "Ann.Lee@Example.COM", "Ann Lee <ann@example.com>", "mailto:ann@example.com?subject=x", "ann@example.com,",
            "ann+shop@example.com", "ann@example.com;bob@example.com", "info@example.com", "asdf@asdf.com", "NULL",
            ["ann@example.com", "lee@example.org"],
        ),
    ),
    _Table(
        "Phone numbers",
        "An extension is a part of the number. Numbers without a country belong to the `region` of the column, else of "
        "the source, else of the kind (here US).",
        "value: {identifier: phone}",
        (
            "(212) 555-0142", "1-212-555-0142", "+44 (0)20 7946 0018", "0049 171 1234567", "+52 1 55 1234 5678",
            "(212) 555-0142 ext. 12", "2125550142.0", "tel:+1-212-555-0142", "1-800-FLOWERS",
            "212-555-0142 / 917-555-0119", "555-0142",
        ),
    ),
    _Table(
        "Phone numbers where the row says its country",
        "`region: {column: country}`; codes and names, in many languages. A row of a country that is not known does "
        "not fall back to another one.",
        "value: {identifier: phone, region: {column: country}}",
        ("0171 1234567", "+1 212 555 0142"),
        {"country": "Deutschland"},
    ),
    _Table(
        "Dates, undeclared",
        "ISO 8601 in its usual spellings, and nothing else. A birth date (by the name of the trait) does not lie after "
        "the day on which its row was accepted, here 2026-11-28, and placeholders are none.",
        "value: {trait: born}",
        (
            "1984-03-07", "19840307", 19840307, "1984-03-07T00:00:00Z", "1984-03-07Z", "07.03.1984", "03/07/1984",
            "1984", "840307", 30748, "1841-01-75", "2054-03-07", "1900-01-01",
        ),
    ),
    _Table(
        "Dates, as days and months",
        'Patterns are those of `strptime`, one or several: `read: {date: ["%d/%m/%Y", "%d.%m.%Y"]}`.',
        'value: {trait: born, read: {date: ["%d/%m/%Y", "%d.%m.%Y"]}}',
        ("07/03/1984", "7.3.1984", "1984-03-07", "31/02/1984"),
    ),
    _Table(
        "Dates, as spreadsheets count them",
        "`read: excel_serial`. Likewise `yyyymmdd` and `epoch_days`.",
        "value: {trait: born, read: excel_serial}",
        (30748, "30748.0", 60, "1984-03-07"),
    ),
    _Table(
        "Dates of points in time",
        "`read: {zone: Europe/Berlin}`: a browser that sends local midnight means the day there.",
        "value: {trait: born, read: {zone: Europe/Berlin}}",
        ("1984-03-06T23:00:00.000Z", "1984-03-07"),
    ),
    _Table(
        "Times, undeclared",
        "Without a zone they are in UTC. A bare number is no time.",
        "value: {trait: seen}",
        (
            "2026-01-05T12:30:00Z", "2026-01-05 12:30:00 UTC", "2026-01-05 12:30:00 +0200",
            "2026-01-05T12:30:00+01:00[Europe/Berlin]", "20260105123000", "2026-01-05", "05.01.2026 12:30",
            1767616200000,
        ),
    ),
    _Table(
        "Times, declared",
        '`read: {time: "%d.%m.%Y %H:%M", zone: Europe/Berlin}`; counts by `epoch_seconds`, `epoch_milliseconds`, '
        "`epoch_microseconds`, `epoch_nanoseconds`.",
        'value: {trait: seen, read: {time: "%d.%m.%Y %H:%M", zone: Europe/Berlin}}',
        ("05.01.2026 12:30", "05.07.2026 12:30"),
    ),
    _Table(
        "Whole numbers", "", "value: {trait: orders}", ("14", 14.0, "14.0", "14.5", "1,204", "9223372036854775808")
    ),
    _Table(
        "Numbers with a decimal comma",
        '`read: {decimal: ","}`; the point parts thousands then. `"."` reads `1,204.50` and `$12.50`.',
        'value: {trait: spent, read: {decimal: ","}}',
        ("1.234,56", "99,00", "12,50 €", "1 234,5", "(80,00)", "80,00-", "1,234.56", "12 %", "<5"),
    ),
    _Table(
        "Numbers, undeclared",
        "What a JSON number does not hold exactly is refused, never rounded.",
        "value: {trait: spent}",
        ("12.50", "1.234,56", "12345678901234567.89"),
    ),
    _Table("Yes and no", "", "value: {trait: vip}", ("Y", "no", "true", 1, "1.0", "maybe")),
    _Table(
        "No value",
        "`NULL`, `\\N`, `NaN`, `#N/A` and `(null)` stand for none, in just these spellings, so that Ms Null keeps her "
        'name. A catalogue, a source or a column names more (`nulls: ["-"]`), or none (`nulls: []`). Keys are never '
        "null markers.",
        "value: {trait: name}",
        ("NULL", "\\N", "#N/A", "Null", "Test", "-", ""),
    ),
    _Table(
        "Several values in one cell",
        '`separator: ";"`; JSON lists need no word. Nested values have paths: `address.city`, `contacts[].email`.',
        'value: {identifier: email, separator: ";"}',
        ("ann@example.com; lee@example.org", "ann@example.com"),
    ),
)  # fmt: skip


def data_page() -> str:
    """The page, as Markdown."""
    lines = [_HEADING.rstrip("\n")]
    for table in _TABLES:
        lines += ["", f"## {table.title}", ""]
        lines += [table.text, ""] if table.text else []
        lines += ["| value | read as |", "|---|---|", *_rows(table)]
    return "\n".join([*lines, ""])


def _rows(table: _Table) -> Iterator[str]:
    catalogue = parse_catalogue(_CATALOGUE.format(column=table.column), "page")
    source = catalogue.sources["crm"]
    for value in table.values:
        row = {**(table.beside or {}), "id": 1, "value": value}
        change = row_change(source, row, Origin(position=Position(0, 1), observed_at=_ACCEPTED, undated=True))
        record = apply_change(None, change, source.columns).record
        mapped = map_record(record, catalogue)
        said = [each.value for each in mapped.identifiers]
        said += [value_text(trait) for trait in mapped.traits.values()]
        told = [f"refused: {issue.reason}" for issue in mapped.issues]
        outcome = "; ".join([*(f"`{each}`" for each in said), *told]) or "nothing"
        yield f"| `{_cell(value)}` | {outcome} |"


def _cell(value: JsonValue) -> str:
    """As JSON: text in quotes, so that numbers are told from their digits."""
    return orjson.dumps(value).decode()


if __name__ == "__main__":
    sys.stdout.write(data_page())
