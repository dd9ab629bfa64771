"""Records with evidence between them, written shortly, for tests of graphs and explanations."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.explain.explanation import Surroundings, survey
from graph_model.records.record import Record, RecordAddress
from graph_model.records.verdicts import Judgement, Verdict
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position

CATALOGUE: Final[Catalogue] = parse_catalogue(
    """
version: 1
identifiers:
  passport: {normalise: exact, holders: few, exclusive: true, priority: 100}
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: digits, holders: few, priority: 50}
  card: {normalise: digits, holders: few, values: 2, priority: 40}
traits: {name: text}
sources:
  crm:
    file: crm*.csv
    key: [id]
    columns:
      passport: {identifier: passport}
      other_passport: {identifier: passport}
      email: {identifier: email}
      phone: {identifier: phone}
      card: {identifier: card}
      second_card: {identifier: card}
      name: {trait: name}
  web:
    file: web*.csv
    key: [id]
    trust: 40
    columns:
      email: {identifier: email}
      phone: {identifier: phone}
  list:
    file: list*.csv
    key: [email]
    trust: 0
    columns:
      email: {identifier: email}
""",
    "catalogue.yaml",
)


def at(name: str) -> RecordAddress:
    """`crm1` is the row 1 of crm."""
    return RecordAddress.of(name.rstrip("0123456789"), [int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))])


def records(verdicts: Iterable[Verdict] = (), /, **rows: str) -> dict[RecordAddress, MappedRecord]:
    """`crm1="email=a@x.org phone=1"` is the row 1 of crm with these columns."""
    marks = sorted(place for verdict in verdicts for place in verdict.marks)
    found = {}
    for name, text in rows.items():
        address = at(name)
        record = Record(
            address=address,
            position=Position(0, 1),
            observed_at=0,
            values=dict(part.split("=", 1) for part in text.split()),
            marks=tuple(mark for of, mark in marks if of == address),
        )
        found[address] = map_record(record, CATALOGUE)
    return found


def verdict(one: str, judgement: Judgement, other: str) -> Verdict:
    low, high = sorted((at(one), at(other)))
    return Verdict.pair(judgement, low, high, f"{one}-{judgement}-{other}")


class Generic(NamedTuple):
    """An identifier that so many records carry that it is no evidence."""

    identifier: Identifier
    holders: int


def generic(text: str, holders: int) -> Generic:
    kind, _, value = text.partition(":")
    return Generic(Identifier(kind, value), holders)


def surroundings(*known: Verdict | Generic, **rows: str) -> Surroundings:
    verdicts = [entry for entry in known if isinstance(entry, Verdict)]
    counted = {entry.identifier: entry.holders for entry in known if isinstance(entry, Generic)}
    return survey(records(verdicts, **rows), counted, CATALOGUE)
