"""What is published fits the schema that is published beside it."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import getitem
from pathlib import Path

import jsonschema
import orjson
import pytest

from cli.event_schema import event_schema
from consumers.publisher import event_headers
from graph_model.catalogue.document import parse_catalogue
from graph_model.profile.events import ProfileEvent
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.stores.port.plan import VerdictWrite
from services.stores.sqlite.store import SqliteStore

SCHEMA = Path(__file__).parents[3] / "docs/profile-updated.schema.json"
CATALOGUE = """
version: 1
identifiers:
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: phone, region: US, holders: few, priority: 60}
  national_id: {normalise: digits, holders: few, exclusive: true, priority: 100}
traits: {name: text, age: integer}
sources:
  people:
    topic: people
    key: [id]
    columns:
      email: {identifier: email}
      phone: {identifier: phone}
      number: {identifier: national_id}
      name: {trait: name}
      age: {trait: age}
"""
ANN: dict[str, JsonValue] = {"id": 1, "email": "ann@example.com", "phone": "none", "name": "Ann", "age": 41}
BOB: dict[str, JsonValue] = {"id": 2, "email": "bob@example.com", "number": "123", "age": "old"}
HISTORY: tuple[tuple[Mapping[str, JsonValue], bool], ...] = (
    (ANN, False),
    (BOB, False),
    ({**BOB, "email": "ann@example.com"}, False),
    ({**ANN, "number": "456"}, False),
    ({**ANN, "name": "Anne"}, False),
    ({"id": 1}, True),
    ({"id": 2}, True),
)
#: So that causes of both kinds are told: rows that changed, and verdicts.
VERDICT = VerdictWrite(
    entry=VerdictEntry(
        verdict=Verdict.pair(
            Judgement.DIFFERENT, RecordAddress.of("people", [1]), RecordAddress.of("people", [2]), "0" * 32
        ),
        reason="called",
        author="kim",
        given_at=0,
    ),
    expected=None,
)


async def events_of_a_life(folder: Path) -> list[ProfileEvent]:
    catalogue = parse_catalogue(CATALOGUE, "catalogue.yaml")
    store = await SqliteStore.open(folder / "graph.sqlite", catalogue.fingerprint)
    ingest = Ingest(store, catalogue, await store.claim_outbox("test"), metrics=Metrics())
    events: list[ProfileEvent] = []
    for offset, (row, deleted) in enumerate(HISTORY):
        origin = Origin(position=Position(1, offset), observed_at=offset)
        change = row_change(catalogue.sources["people"], row, origin, deleted=deleted)
        events += [event for commit in (await ingest.apply([change])).committed for event in commit.events]
        if offset == 4:
            events += [event for commit in (await ingest.decide([VERDICT])).committed for event in commit.events]
    await store.close()
    return events


async def test_every_kind_of_event_fits_the_schema(tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(
        orjson.loads(SCHEMA.read_bytes()), format_checker=jsonschema.FormatChecker()
    )
    events = await events_of_a_life(tmp_path)
    assert {event.type for event in events} == {"created", "updated", "merged", "split", "deleted"}
    for event in events:
        validator.validate(orjson.loads(event.data))


def test_the_schema_is_made_from_the_types() -> None:
    assert orjson.loads(SCHEMA.read_bytes()) == event_schema(), "run `make docs`"


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("profile", "status"), "absorbed"),
        (("profile", "status"), None),
        (("profile", "profile_id"), "ann"),
        (("profile", "version"), 0),
        (("profile", "created_at"), "2026-01-01"),
        (("profile", "records"), []),
        (("profile", "records", 0, "key"), []),
        (("profile", "records", 0, "key"), [1.5]),
        (("profile", "records", 0, "issues"), None),
        (("profile", "traits", "name", "value"), None),
        (("profile", "traits", "name", "value"), {}),
        (("profile", "identifiers", 0, "generic"), "no"),
        (("profile", "conflicts"), [{"constraint": "none"}]),
        (("profile", "dropped_evidence"), [1]),
        (("change",), "renamed"),
        (("changed_fields",), ["trait"]),
        (("provenance",), ["records"]),
        (("causes",), [{}] * 21),
        (("causes", 0, "epoch"), -1),
        (("previous_version",), -1),
    ],
)
async def test_what_is_never_published_does_not_fit(place: Sequence[str | int], wrong: object, tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(orjson.loads(SCHEMA.read_bytes()))
    data = orjson.loads((await events_of_a_life(tmp_path))[0].data)
    assert validator.is_valid(data)
    part = reduce(getitem, place[:-1], data)
    part[place[-1]] = wrong
    assert not validator.is_valid(data)
    del part[place[-1]]
    assert not validator.is_valid(data) or isinstance(place[-1], int)


async def test_the_headers_are_those_of_a_cloud_event_in_binary_mode(tmp_path: Path) -> None:
    event = (await events_of_a_life(tmp_path))[0]
    assert dict(event_headers(event, "store-1")) == {
        "ce_specversion": b"1.0",
        "ce_id": event.event_id.encode(),
        "ce_source": b"/identity-graph/store-1",
        "ce_type": b"identitygraph.profile.created.v1",
        "ce_subject": event.profile_id.encode(),
        "ce_time": dict(event_headers(event, "store-1"))["ce_time"],
        "content-type": b"application/json",
        "ce_dataschema": orjson.loads(SCHEMA.read_bytes())["$id"].encode(),
    }
