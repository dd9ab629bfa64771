"""Invented customers: the same ones in every run."""

import random
from collections.abc import Iterable, Iterator, Mapping

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position

CATALOGUE_TEXT = """
version: 1
identifiers:
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: phone, region: US, holders: few, priority: 60}
traits: {name: text, email: text, city: text}
sources:
  crm:
    topic: benchmark.public.crm
    format: debezium
    key: [id]
    columns:
      email: {identifier: email, trait: email}
      phone: {identifier: phone}
      name: {trait: name}
      city: {trait: city}
  shop:
    topic: benchmark.public.shop
    format: debezium
    key: [id]
    columns:
      email: {identifier: email, trait: email}
      phone: {identifier: phone}
      name: {trait: name}
      city: {trait: city}
"""
SOURCES = ("crm", "shop")
#: When the first change was observed, milliseconds since 1970.
_BEGIN = 1_700_000_000_000
CITIES = ("Oslo", "Lima", "Graz", "Kyoto", "Accra")


def catalogue() -> Catalogue:
    """Two tables that share e-mails and phones."""
    return parse_catalogue(CATALOGUE_TEXT, "benchmark")


def rows(count: int) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    """`count` rows of about half as many people, as (source, row)."""
    chosen = random.Random(7)  # noqa: S311 - invented data
    for key in range(count):
        person = chosen.randrange(count // 2 + 1)
        row: dict[str, JsonValue] = {
            "id": key,
            "email": f"person{person}@example.com" if chosen.random() < 0.9 else None,
            "phone": f"+1212555{person % 10_000:04d}" if count <= 10_000 and chosen.random() < 0.5 else None,
            "name": f"Person Number{person}",
            "city": chosen.choice(CITIES),
        }
        yield chosen.choice(SOURCES), row


def changes(
    given: Iterable[tuple[str, Mapping[str, JsonValue]]], catalogue: Catalogue, first: int = 0
) -> Iterator[Change]:
    """Rows, as (source, row), as changes of a log that begins at the offset `first`."""
    for offset, (source, row) in enumerate(given, first):
        yield row_change(catalogue.sources[source], row, origin(offset))


def origin(offset: int) -> Origin:
    """Where the change at an offset of the one log comes from."""
    return Origin(position=Position(1, offset), observed_at=_BEGIN + offset)
