"""Who is joined by a single identifier although names or birth dates differ."""

from collections.abc import Mapping

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.explain.doubtful import DoubtfulPair, doubtful_pairs, is_disputed
from graph_model.explain.explanation import survey
from graph_model.records.record import Record, RecordAddress
from graph_model.records.verdicts import Judgement, Verdict
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.values.positions import Position

#: 2026-11-21, milliseconds since 1970.
NOW = 1_795_255_200_000

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers:
  number: {normalise: digits, exclusive: true, priority: 100}
  email: {normalise: email, priority: 90}
  phone: {normalise: digits, holders: many, priority: 50}
traits:
  first_name: text
  last_name: text
  born: date
  company_name: text
  name: text
sources:
  crm:
    file: crm*.csv
    key: [id]
    columns:
      number: {identifier: number}
      email: {identifier: email}
      phone: {identifier: phone}
      first: {trait: first_name}
      last: {trait: last_name}
      born: {trait: born}
      company: {trait: company_name}
  web:
    file: web*.csv
    key: [id]
    columns:
      phone: {identifier: phone}
      name: {trait: name}
""",
    "catalogue.yaml",
)


def at(name: str) -> RecordAddress:
    return RecordAddress.of(name[:3], [int(name[3:])])


def rows_of(rows: Mapping[str, str], *verdicts: Verdict) -> dict[RecordAddress, MappedRecord]:
    """`{"crm1": "phone=1 last=Lee"}`; an underscore is a space within a value."""
    marks = sorted(place for verdict in verdicts for place in verdict.marks)
    found = {}
    for name, text in rows.items():
        values = {part.split("=")[0]: part.split("=")[1].replace("_", " ") for part in text.split()}
        own = tuple(mark for of, mark in marks if of == at(name))
        record = Record(address=at(name), position=Position(0, 1), observed_at=NOW, values=values, marks=own)
        found[at(name)] = map_record(record, CATALOGUE)
    return found


def pairs(*verdicts: Verdict, **rows: str) -> tuple[DoubtfulPair, ...]:
    around = survey(rows_of(rows, *verdicts), {}, CATALOGUE)
    found: list[DoubtfulPair] = []
    for cluster in sorted({each.members for each in around.clusters.values()}):
        found += doubtful_pairs(around.graph(cluster), around.records, CATALOGUE)
    return tuple(found)


def differing(one: str, other: str) -> list[tuple[str, ...]]:
    """The traits that differ between two rows which share a phone."""
    return [pair.differing for pair in pairs(crm1=f"phone=1 {one}", crm2=f"phone=1 {other}")]


def test_two_people_with_one_office_phone_are_found() -> None:
    (found,) = pairs(
        crm1="phone=1 first=Ann last=Lee email=ann@x.org",
        crm2="phone=1 first=Bob last=Fox email=bob@x.org",
    )
    assert found == DoubtfulPair(
        identifier=found.identifier,
        one=at("crm1"),
        other=at("crm2"),
        parts=(1, 1),
        differing=("first_name", "last_name"),
    )
    assert str(found.identifier) == "phone:1"


def test_birth_dates_that_differ_are_enough() -> None:
    assert differing("last=Lee born=1984-03-07", "last=Lee born=2010-01-02") == [("born",)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("last=Lee", "last=LEE"),
        ("last=García", "last=Garcia"),
        ("first=Ann last=Lee", "first=A. last=Lee"),
        ("first=Ann last=Lee", "last=Lee"),
        ("first=Ann last=Lee", "first=Lee last=Ann"),
        ("first=Ann last=Lee", "first=Ann_Marie last=Lee"),
        ("first=Ann last=Lee", "first=Annie last=Lee"),
        ("last=Lee", "born=1984-03-07"),
        ("first=A", "first=B"),
        ("first=Ann", "first=Anonymous"),
        ("company=Fox_Ltd", "company=Lee_Inc"),
        ("born=1984-03-07", "born=1984-03-07T00:00:00Z"),
    ],
)
def test_what_may_be_the_same_person_is_not_doubted(one: str, other: str) -> None:
    assert differing(one, other) == []


@pytest.mark.parametrize(("one", "other"), [("last=李", "last=王"), ("first=Ann last=Lee", "first=Ann last=Fox")])
def test_names_that_cannot_be_one_are_doubted(one: str, other: str) -> None:
    assert differing(one, other) == [("last_name",)]


def test_names_in_different_traits_are_compared_by_their_words() -> None:
    assert pairs(crm1="phone=1 first=Ann last=Lee", web1="phone=1 name=Lee,_Ann") == ()
    (found,) = pairs(crm1="phone=1 first=Ann last=Lee", web1="phone=1 name=Bob_Fox")
    assert found.differing == ("name",)


def test_a_second_shared_identifier_takes_the_doubt_away() -> None:
    assert pairs(crm1="phone=1 email=a@x.org last=Lee", crm2="phone=1 email=a@x.org last=Fox") == ()


def test_an_identifier_of_which_a_person_has_one_is_no_weak_joint() -> None:
    assert pairs(crm1="number=1 last=Lee", crm2="number=1 last=Fox") == ()


def test_what_a_steward_has_confirmed_is_not_doubted() -> None:
    same = Verdict.pair(Judgement.SAME, at("crm1"), at("crm2"), "v")
    assert pairs(same, crm1="phone=1 last=Lee", crm2="phone=1 last=Fox") == ()


def test_what_a_steward_has_separated_is_not_doubted() -> None:
    different = Verdict.pair(Judgement.DIFFERENT, at("crm1"), at("crm2"), "v")
    assert pairs(different, crm1="phone=1 last=Lee", crm2="phone=1 last=Fox") == ()


def test_what_a_constraint_keeps_apart_is_not_doubted() -> None:
    assert pairs(crm1="phone=1 number=1 last=Lee", crm2="phone=1 number=2 last=Fox") == ()


def test_everything_that_hangs_on_a_row_speaks_for_its_person() -> None:
    (found,) = pairs(
        crm1="phone=1 email=ann@x.org",
        crm2="email=ann@x.org last=Lee",
        crm3="phone=1 email=bob@x.org",
        crm4="email=bob@x.org last=Fox",
        crm5="email=bob@x.org",
    )
    assert (found.one, found.other, found.parts) == (at("crm2"), at("crm4"), (2, 3))


def test_each_two_of_three_people_are_a_pair() -> None:
    found = pairs(crm1="phone=1 last=Lee", crm2="phone=1 last=Fox", crm3="phone=1 last=Day")
    assert [(pair.one, pair.other) for pair in found] == [
        (at("crm1"), at("crm2")),
        (at("crm1"), at("crm3")),
        (at("crm2"), at("crm3")),
    ]


def test_the_pair_against_which_most_speaks_goes_first() -> None:
    (first, second) = pairs(
        crm1="phone=1 last=Lee born=1984-03-07",
        crm2="phone=1 last=Lee born=1990-01-01 email=a@x.org",
        crm3="email=a@x.org last=Fox born=1991-01-01",
    )
    assert (str(first.identifier), first.differing) == ("email:a@x.org", ("last_name", "born"))
    assert (str(second.identifier), second.differing) == ("phone:1", ("born",))


def test_no_more_than_ten_pairs_are_named_of_a_crowd() -> None:
    crowd = {f"crm{number}": f"phone=1 last={chr(97 + number % 26) * (2 + number // 26)}" for number in range(90)}
    assert len(pairs(**crowd)) == 10


def test_whether_any_two_rows_differ_is_told_without_evidence() -> None:
    assert is_disputed(rows_of({"crm1": "last=Lee", "crm2": "last=Lee", "crm3": "last=Fox"}).values(), CATALOGUE)
    assert not is_disputed(rows_of({"crm1": "last=Lee", "crm2": "", "crm3": "last=lee"}).values(), CATALOGUE)


def test_a_catalogue_without_names_doubts_nobody() -> None:
    nameless: Catalogue = parse_catalogue(
        "version: 1\nidentifiers: {phone: {normalise: digits}}\nsources: {crm: {file: a, key: [id], "
        "columns: {phone: {identifier: phone}}}}",
        "catalogue.yaml",
    )
    records = [map_record(row.record, nameless) for row in rows_of({"crm1": "phone=1", "crm2": "phone=1"}).values()]
    assert not is_disputed(records, nameless)
