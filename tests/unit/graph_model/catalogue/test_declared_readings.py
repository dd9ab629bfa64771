"""What a catalogue may say of how values are written, and what is told where it cannot be."""

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import ACCEPTED, NULL_MARKERS, Catalogue, DeletionFlag, RegionColumn, TimeColumn
from graph_model.errors import CatalogueError
from graph_model.values.blocked_values import BLOCKED_BIRTH_DATES
from graph_model.values.reading import AS_WRITTEN, Notation, Reading

HEAD = """\
version: 1
identifiers:
  email: {normalise: email}
  phone: {normalise: phone, region: US}
traits:
  born: date
  name: text
sources:
  all: {key: [id], columns: {a: {identifier: email}, b: {identifier: phone}, c: {trait: born}, d: {trait: name}}}
  crm:
    key: [id]
"""


def catalogue(crm: str, head: str = HEAD) -> Catalogue:
    return parse_catalogue(head + "".join(f"    {line}\n" for line in crm.splitlines()), "c.yaml")


def column(meaning: str) -> str:
    return f"columns: {{v: {meaning}}}"


@pytest.mark.parametrize(
    ("read", "reading"),
    [
        ("iso", AS_WRITTEN),
        ("excel_serial", Reading(Notation.EXCEL_SERIAL)),
        ("{as: epoch_days, zone: UTC}", Reading(Notation.EPOCH_DAYS, zone="UTC")),
        ("{date: '%d/%m/%Y'}", Reading(formats=("%d/%m/%Y",))),
        ("{date: ['%d/%m/%Y', '%Y%m%d']}", Reading(formats=("%d/%m/%Y", "%Y%m%d"))),
        ("{time: '%d.%m.%Y %H:%M', zone: Europe/Berlin}", Reading(formats=("%d.%m.%Y %H:%M",), zone="Europe/Berlin")),
        ("{decimal: ','}", Reading(decimal=",")),
    ],
)
def test_a_column_says_how_it_is_written(read: str, reading: Reading) -> None:
    (said,) = catalogue(column(f"{{trait: born, read: {read}}}")).sources["crm"].meanings
    assert said.reading == reading


@pytest.mark.parametrize(
    ("crm", "path", "message"),
    [
        (column("{trait: born, read: exel_serial}"), "sources.crm.columns.v.read", "did you mean 'excel_serial'?"),
        (column("{trait: born, read: {}}"), "sources.crm.columns.v.read", "says nothing"),
        (column("{trait: born, read: {date: []}}"), "sources.crm.columns.v.read.date", "an empty list"),
        (column("{trait: born, read: {date: '%d/%m'}}"), "sources.crm.columns.v.read.date", "no year"),
        (column("{trait: born, read: {date: '%x'}}"), "sources.crm.columns.v.read.date", "found %x"),
        (column("{trait: born, read: {as: iso, date: '%d/%m/%Y'}}"), "sources.crm.columns.v.read.date", "only one"),
        (column("{trait: born, read: {zone: Berlin}}"), "sources.crm.columns.v.read.zone", "Europe/Berlin"),
        (column("{trait: born, read: {decimal: ';'}}"), "sources.crm.columns.v.read.decimal", "expected one of"),
        (column("{trait: born, read: {dat: x}}"), "sources.crm.columns.v.read.dat", "did you mean 'date'?"),
        (column("{identifier: phone, region: XX}"), "sources.crm.columns.v.region", "two-letter code"),
        (column("{identifier: phone, region: {}}"), "sources.crm.columns.v.region", "either `code`"),
        (column("{identifier: phone, region: {colum: x}}"), "sources.crm.columns.v.region.colum", "'column'?"),
        (column("{identifier: email, region: DE}"), "sources.crm.columns.v.region", "only of a kind with"),
        ("region: germany\n" + column("{identifier: phone}"), "sources.crm.region", "two-letter code"),
        ("encoding: cp99\n" + column("{trait: name}"), "sources.crm.encoding", "such as cp1252"),
        ("encoding: hex\n" + column("{trait: name}"), "sources.crm.encoding", "such as cp1252"),
        ("deleted: {}\n" + column("{trait: name}"), "sources.crm.deleted", "the key 'column' is missing"),
        ("event_time: {column: at, read: soon}\n" + column("{trait: name}"), "sources.crm.event_time.read", "one of"),
        ("version: {colum: at}\n" + column("{trait: name}"), "sources.crm.version.colum", "did you mean 'column'?"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(crm: str, path: str, message: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        catalogue(crm)
    assert any(path in problem and message in problem for problem in refused.value.problems), refused.value.problems


@pytest.mark.parametrize(
    ("trait", "message"),
    [
        ("{type: text, earliest: 1900-01-01}", "only of a date or timestamp"),
        ("{type: date, earliest: '1900'}", "a day such as"),
        ("{type: date, earliest: accepted}", "a day such as"),
        ("{type: date, latest: tomorrow}", "or accepted"),
        ("{type: date, latest: 1900-02-29}", "a day such as"),
    ],
)
def test_a_limit_that_is_no_day_is_told(trait: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        catalogue(column("{trait: born}"), HEAD.replace("born: date", f"born: {trait}"))


def test_birth_dates_are_known_by_their_names_and_can_be_told_otherwise() -> None:
    names = ("born", "birth_date", "date_of_birth", "dob", "birthday")
    others = ("born_in", "reborn_at", "stubborn", "borne")
    traits = "".join(f"  {name}: date\n" for name in (*names, *others) if name != "born")
    found = catalogue(column("{trait: born}"), HEAD.replace("  name: text\n", f"  name: text\n{traits}")).traits
    assert {name for name, trait in found.items() if trait.latest == ACCEPTED} == {*names, "born_in"}
    assert found["dob"].blocked == BLOCKED_BIRTH_DATES
    free = HEAD.replace("born: date", "born: {type: date, latest: any, blocked: []}")
    assert not catalogue(column("{trait: born}"), free).traits["born"].is_limited


def test_null_markers_add_up_from_the_catalogue_to_the_column() -> None:
    head = HEAD.replace("version: 1\n", "version: 1\nnulls: [a]\n")
    source = catalogue("nulls: [b]\ncolumns: {v: {trait: name, nulls: [c]}, w: {trait: name, nulls: []}}", head)
    crm = source.sources["crm"]
    assert crm.nulls == NULL_MARKERS | {"a", "b"}
    assert [column.nulls for column in crm.meanings] == [NULL_MARKERS | {"a", "b", "c"}, frozenset()]
    assert catalogue(column("{trait: name}"), HEAD).sources["crm"].nulls == NULL_MARKERS


def test_times_flags_and_regions_may_be_short_or_long() -> None:
    short = catalogue("event_time: at\ndeleted: gone\nregion: DE\n" + column("{identifier: phone}")).sources["crm"]
    assert (short.event_time, short.deleted) == (TimeColumn("at"), DeletionFlag("gone", None))
    assert short.meanings[0].region == "DE"
    long = catalogue(
        "event_time: {column: at, read: epoch_seconds}\ndeleted: {column: gone, equals: [true, 'Y']}\n"
        "region: {column: land}\n" + column("{identifier: phone}")
    ).sources["crm"]
    assert long.event_time == TimeColumn("at", Reading(Notation.EPOCH_SECONDS))
    assert long.deleted == DeletionFlag("gone", frozenset({"true", "y"}))
    assert long.meanings[0].region == RegionColumn("land", "US")
    assert long.columns == {"v", "land"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (column("{trait: born}"), column("{trait: born, read: epoch_days}")),
        (column("{trait: name}"), column("{trait: name, nulls: ['-']}")),
        (column("{trait: name}"), "nulls: []\n" + column("{trait: name}")),
        (column("{identifier: email}"), column("{identifier: email, separator: ';'}")),
        (column("{identifier: phone}"), column("{identifier: phone, region: DE}")),
        (column("{identifier: phone}"), "region: {column: land}\n" + column("{identifier: phone}")),
        (column("{trait: name}"), "deleted: gone\n" + column("{trait: name}")),
        (column("{trait: name}"), "event_time: at\n" + column("{trait: name}")),
    ],
)
def test_how_values_are_read_is_a_part_of_the_fingerprint(one: str, other: str) -> None:
    assert catalogue(one).fingerprint != catalogue(other).fingerprint


def test_where_files_come_from_is_no_part_of_the_fingerprint() -> None:
    plain, encoded = column("{trait: name}"), "encoding: cp1252\n" + column("{trait: name}")
    assert catalogue(plain).fingerprint == catalogue(encoded).fingerprint
