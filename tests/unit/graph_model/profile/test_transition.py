"""What becomes of a profile that is compared with what it was: equal means the same values, however written."""

from collections.abc import Mapping

import orjson
import pytest
from msgspec import structs

from graph_model.profile.codec import Salvaged, decode_profile, encode_profile, salvage_profile
from graph_model.profile.document import Profile
from graph_model.profile.transition import BeforeAndAfter, Cause, Transition, transitions
from graph_model.records.key_changes import KeyChanges
from graph_model.records.record import RecordAddress
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position

LONG = "1234567890123456789"
HEAD: Mapping[str, JsonValue] = {
    "profile_id": "p",
    "version": 3,
    "status": "live",
    "created_at": "2026-01-01",
    "updated_at": "2026-01-01",
}


def body(value: JsonValue = "Ann", key: JsonValue = LONG, time: str = "2026-01-01", records: int = 1) -> Profile:
    said: Mapping[str, JsonValue] = {"source": "crm", "key": [key], "observed_at": time}
    refusal: Mapping[str, JsonValue] = {"constraint": "trait", "name": "x", "values": ["", ""], "refused": None}
    document = {
        **HEAD,
        "traits": {"name": {"value": value, **said}},
        "identifiers": [{"kind": "email", "value": "a", **said, "records": records, "generic": False}],
        "records": [{**said, "issues": [], "incomplete": []}],
        "conflicts": [{**refusal, "records": [{"source": "crm", "key": [key]}, {"source": "crm", "key": [key]}]}],
        "dropped_evidence": [],
    }
    return decode_profile(orjson.dumps(document))


def become(before: Profile | Salvaged, after: Profile) -> Transition:
    address = RecordAddress.of("crm", [LONG])
    around = BeforeAndAfter(
        known={"p": before if isinstance(before, Salvaged) else Salvaged(before)},
        before={address: "p"},
        after={address: "p"},
        keys=KeyChanges({}),
        returned={},
        composed={"p": after},
        causes=lambda _: (),
        now=1_000,
    )
    (transition,) = transitions(around)
    return transition


def told(transition: Transition) -> tuple[list[str], list[str]]:
    assert transition.event is not None
    data = orjson.loads(transition.event.data)
    return data["changed_fields"], data["provenance"]


def test_a_profile_of_which_nothing_changed_is_left_alone() -> None:
    transition = become(body(), body())
    assert (transition.profile.version, transition.document, transition.event) == (3, None, None)


@pytest.mark.parametrize(("before", "after"), [(5, 5.0), (1, True), (0, False), (0.0, -0.0), (1, "1")])
def test_a_trait_of_another_type_is_another_value(before: JsonValue, after: JsonValue) -> None:
    transition = become(body(before), body(after))
    assert transition.profile.version == 4
    assert told(transition) == (["traits.name"], [])
    assert transition.document is not None
    assert repr(orjson.loads(transition.document)["traits"]["name"]["value"]) == repr(after)


def test_a_newer_time_of_the_same_values_is_told_as_provenance() -> None:
    assert told(become(body(), body(time="2026-02-02"))) == (["records"], ["traits.name", "identifiers"])


def test_another_value_at_another_time_is_a_changed_field_only() -> None:
    changed, provenance = told(become(body(), body("Anne", time="2026-02-02", records=2)))
    assert (changed, provenance) == (["traits.name", "identifiers", "records"], [])


@pytest.mark.parametrize("written", [int(LONG), f"{LONG}.0"])
def test_a_document_of_an_earlier_form_is_written_anew_and_nobody_is_told(written: JsonValue) -> None:
    transition = become(body(key=written), body())
    assert (transition.profile.version, transition.event, transition.history) == (3, None, None)
    assert transition.document == encode_profile(body())


def test_what_changes_in_a_document_of_an_earlier_form_is_told_without_the_form() -> None:
    assert told(become(body(key=int(LONG)), body("Anne"))) == (["traits.name"], [])


def test_events_and_steps_keep_the_fields_and_bytes_that_readers_know() -> None:
    row, later = RecordAddress.of("crm", ["ä", 7]), Position(2, 10**30)
    causes = (Cause(row, Position(1, 5), None), Cause(row, later, "00-trace", "v" * 32, withdrawn=False))
    changed = structs.replace(body(-0.0), version=4, updated_at="1970-01-01T00:00:01.000Z")
    around = BeforeAndAfter(
        known={"p": Salvaged(body(1e30))},
        before={row: "p", RecordAddress.of("crm", [1]): "p"},
        after={row: "p", RecordAddress.of("crm", [1]): "q"},
        keys=KeyChanges({}),
        returned={},
        composed={"p": body(-0.0)},
        causes=lambda _: causes,
        now=1_000,
    )
    (transition,) = transitions(around)
    told = {
        "profile_id": "p",
        "version": 4,
        "change": "split",
        "ids_before": ["p"],
        "ids_after": ["p", "q"],
        "merged_into": None,
        "causes": [
            {"source": "crm", "key": ["ä", 7], "epoch": 1, "offset": 5},
            {
                "source": "crm",
                "key": ["ä", 7],
                "epoch": 2,
                "offset": str(10**30),
                "verdict": "v" * 32,
                "withdrawn": False,
            },
        ],
        "causes_total": 2,
    }
    named = {"previous_version": 3, "changed_fields": ["traits.name"], "provenance": []}
    profile = orjson.Fragment(encode_profile(changed))
    assert transition.event is not None
    assert transition.event.data == orjson.dumps({**told, **named, "profile": profile})
    assert transition.history == orjson.dumps({**told, "occurred_at": "1970-01-01T00:00:01.000Z"})
    assert transition.event.trace == "00-trace"


NOW = "1970-01-01T00:00:01.000Z"


@pytest.mark.parametrize("part", ["created_at", "updated_at"])
def test_a_time_of_a_live_profile_that_is_unreadable_becomes_that_of_the_commit(part: str) -> None:
    stored = salvage_profile(orjson.dumps(orjson.loads(encode_profile(body())) | {part: 5}))
    transition = become(stored, body())
    expected = {"created_at": "2026-01-01", part: NOW}
    assert (transition.profile.created_at, transition.profile.updated_at) == (expected["created_at"], NOW)
    assert told(transition) == ([], [])


def former(records: int = 2) -> dict[str, JsonValue]:
    rows: list[JsonValue] = [{"source": "crm", "key": [number]} for number in range(records)]
    return {**HEAD, "status": "absorbed", "merged_into": "q", "records": rows, "records_total": 5}


def remain(document: JsonValue, renamed: Mapping[RecordAddress, RecordAddress] | None = None) -> Transition:
    """What becomes of a profile without records."""
    (transition,) = transitions(
        BeforeAndAfter(
            known={"p": salvage_profile(orjson.dumps(document))},
            before={},
            after={},
            keys=KeyChanges(renamed or {}),
            returned={},
            composed={},
            causes=lambda _: (),
            now=1_000,
        )
    )
    return transition


def test_a_sound_former_profile_is_left_alone() -> None:
    assert remain(former()).document is None


@pytest.mark.parametrize(
    ("part", "damage", "mended"),
    [
        ("created_at", 5, NOW),
        ("updated_at", None, NOW),
        ("merged_into", 5, None),
        ("records", "x", []),
        ("records", [{"source": "crm", "key": [0]}, 5, {"source": 7}], [{"source": "crm", "key": [0]}]),
        ("records_total", "x", 2),
    ],
)
def test_a_damaged_former_profile_is_written_again_with_what_can_be_read_of_it(
    part: str, damage: JsonValue, mended: JsonValue
) -> None:
    transition = remain({**former(), part: damage})
    assert transition.document is not None
    assert orjson.loads(transition.document) == {**former(), "version": 4, "updated_at": NOW, part: mended}
    assert transition.event is not None


@pytest.mark.parametrize("part", ["merged_into", "records_total"])
def test_a_former_profile_that_has_lost_a_part_keeps_its_records(part: str) -> None:
    assert len(remain({name: said for name, said in former().items() if name != part}).profile.members) == 2


def test_a_former_profile_remembers_how_many_records_it_had_when_their_keys_change() -> None:
    transition = remain(former(), {RecordAddress.of("crm", [0]): RecordAddress.of("crm", [9])})
    assert transition.profile.lineage is not None
    assert [address.key_parts for address in transition.profile.members] == [["1"], ["9"]]
    assert transition.profile.lineage.records_total == 5
