"""A profile has one JSON form, to the byte, and whatever of it is damaged is told apart from the rest."""

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from graph_model.profile.codec import count_records, decode_profile, encode_profile, salvage_profile
from graph_model.profile.differences import differences, says_the_same, with_present_keys
from graph_model.profile.document import Observation, ProfileDamaged, ProfileStatus, ProfileTrait
from graph_model.records.record import RecordAddress
from graph_model.values.equality import JsonValue, canonical_bytes
from graph_model.values.identifiers import Identifier

TIME = "2026-01-01T00:00:00.000Z"
SAID: Mapping[str, JsonValue] = {"source": "crm", "key": [7, "ä/b"], "observed_at": TIME}
HEAD = {"profile_id": "0" * 32, "version": 3, "status": "live", "created_at": TIME, "updated_at": TIME}
#: Numbers that libraries spell in different ways, and texts that they escape in different ways.
TRICKY: tuple[JsonValue, ...] = (
    1e30, 1e16, 123456789012345680.0, -0.0, 0.0, 2.0**53, 2**53, 2**63 - 1, -(2**63), 5e-324, 1e-7, 1.0, 1, True,
    "", 'é\u2028\x00\x7f"\\/</script>😀', {"b": [1e22, None], "a": {"ß": -1.5}},
)  # fmt: skip


def live(traits: Mapping[str, JsonValue], **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a JSON document
    return {
        **HEAD,
        "traits": {name: {"value": value, **SAID} for name, value in traits.items()},
        "identifiers": [
            {"kind": "email", "value": "a", **SAID, "records": 1, "generic": False},
            {"kind": "phone", "value": "1", **SAID, "records": 1, "generic": True},
        ],
        "records": [{**SAID, "issues": [{"column": "born", "reason": "no date"}], "incomplete": ["memo"]}],
        "conflicts": [
            {
                "constraint": "trait",
                "name": "born",
                "records": [{"source": "crm", "key": [1]}, {"source": "shop", "key": ["x"]}],
                "values": ["1", "2"],
                "refused": None,
            }
        ],
        "dropped_evidence": ["email:b"],
        **parts,
    }


FORMER = {
    **HEAD,
    "status": "absorbed",
    "merged_into": "1" * 32,
    "records": [{"source": "crm", "key": [7]}],
    "records_total": 1_234,
}
JSON_VALUES = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.text()
)


@pytest.mark.parametrize("value", TRICKY, ids=repr)
def test_a_document_keeps_its_bytes(value: JsonValue) -> None:
    document = orjson.dumps(live({"naïve": value, "name": "Ann"}))
    assert encode_profile(decode_profile(document)) == document
    assert decode_profile(document).traits["naïve"].value == value


@given(st.dictionaries(st.text(), JSON_VALUES))
def test_any_value_keeps_its_bytes(traits: dict[str, JsonValue]) -> None:
    document = orjson.dumps(live(traits))
    assert encode_profile(decode_profile(document)) == document
    profile = decode_profile(document)
    rebuilt = {name: replace(t, written=Raw(canonical_bytes(traits[name]))) for name, t in profile.traits.items()}
    assert encode_profile(replace(profile, traits=rebuilt)) == document


def test_a_profile_that_is_gone_keeps_its_bytes_and_what_it_remembers() -> None:
    profile = decode_profile(orjson.dumps(FORMER))
    assert encode_profile(profile) == orjson.dumps(FORMER)
    assert (profile.status, profile.merged_into) == (ProfileStatus.ABSORBED, "1" * 32)
    assert profile.members == [RecordAddress("crm", "[7]")]
    assert (profile.records, profile.traits) == ((), {})


def test_a_profile_tells_its_members_and_what_is_generic() -> None:
    profile = decode_profile(orjson.dumps(live({})))
    assert profile.members == [RecordAddress("crm", '[7,"ä/b"]')]
    assert profile.generic == {Identifier("phone", "1")}


def test_a_document_with_white_space_is_read_like_any_other() -> None:
    for document in (live({"age": 41}), FORMER):
        spaced = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        assert decode_profile(spaced).members == decode_profile(orjson.dumps(document)).members


def test_a_trait_of_several_records_names_them_all() -> None:
    further = Observation("shop", (1,), TIME)
    trait = ProfileTrait(Raw(b"3"), "crm", (7,), TIME, (further,))
    written = msgspec.json.encode(trait)
    assert orjson.loads(written) == {
        "value": 3,
        "source": "crm",
        "key": [7],
        "observed_at": TIME,
        "further": [{"source": "shop", "key": [1], "observed_at": TIME}],
    }
    assert msgspec.json.decode(written, type=ProfileTrait) == trait
    assert [record.address for record in trait.records] == [RecordAddress("crm", "[7]"), RecordAddress("shop", "[1]")]


@pytest.mark.parametrize("spelled", [b"1e30", b"1E+30", b"1000000000000000019884624838656.0"])
def test_a_number_that_another_library_has_spelled_is_the_same_value(spelled: bytes) -> None:
    written = decode_profile(orjson.dumps(live({"worth": 1e30})))
    stored = salvage_profile(orjson.dumps(live({"worth": 1e30})).replace(b"1e+30", spelled))
    assert says_the_same(stored, written)
    assert differences(stored, written).fields == []


@pytest.mark.parametrize("key", [[1.0], [True], ["1"], ["1.0"]])
def test_a_key_in_a_former_spelling_is_read_and_told_from_the_present_one(key: list[JsonValue]) -> None:
    record = {"source": "crm", "observed_at": TIME, "issues": [], "incomplete": []}
    stored = salvage_profile(orjson.dumps(live({}, records=[{**record, "key": key}])))
    present = decode_profile(orjson.dumps(live({}, records=[{**record, "key": ["true"] if key[0] is True else [1]}])))
    assert not stored.damaged
    assert not says_the_same(stored, present)
    assert with_present_keys(stored.profile) == present
    assert stored.profile.members == present.members


@pytest.mark.parametrize(
    ("document", "damaged"),
    [
        ({**live({}), "traits": 1}, {"traits"}),
        (live({}, identifiers=[{"kind": "email"}]), {"identifiers"}),
        (live({}, records="none", conflicts=None), {"records", "conflicts"}),
        ({**FORMER, "records": 1}, {"records"}),
        ({**FORMER, "version": "three", "created_at": None}, {"version", "created_at"}),
        ({name: part for name, part in live({}).items() if name != "dropped_evidence"}, {"dropped_evidence"}),
    ],
)
def test_a_damaged_part_says_nothing_and_the_others_are_read(document: dict[str, Any], damaged: set[str]) -> None:
    written = orjson.dumps(document)
    with pytest.raises(ProfileDamaged):
        decode_profile(written)
    found = salvage_profile(written)
    assert found.damaged == damaged
    assert found.profile.profile_id == HEAD["profile_id"]
    assert not says_the_same(found, found.profile)


def test_a_damaged_trait_costs_no_other_one() -> None:
    document = live({"name": "Ann", "age": 41})
    document["traits"]["name"] = "Eve"
    sound = decode_profile(orjson.dumps(live({"name": "Ann", "age": 41})))
    found = salvage_profile(orjson.dumps(document))
    assert found.profile.traits == {"age": sound.traits["age"]}
    assert differences(found, sound).fields == ["traits.name"]


@pytest.mark.parametrize("written", [b'"\xff\xfe"', b"1e999"])
def test_a_value_that_is_none_is_damaged_and_equal_to_nothing(written: bytes) -> None:
    sound = decode_profile(orjson.dumps(live({"name": "Ann"})))
    stored = salvage_profile(orjson.dumps(live({"name": "Ann"})).replace(b'"Ann"', written))
    with pytest.raises(ProfileDamaged):
        _ = stored.profile.traits["name"].value
    assert not says_the_same(stored, sound)
    assert differences(stored, sound).fields == ["traits.name"]


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"1", b"null", b"\xff\xfe", b'{"traits":"\xff"}', b"{}"])
def test_what_is_no_profile_at_all_is_damaged_in_every_part(document: bytes) -> None:
    with pytest.raises(ProfileDamaged) as refused:
        decode_profile(document)
    assert "verify --repair" in str(refused.value)
    assert {*HEAD, "traits", "records"} <= salvage_profile(document).damaged


@pytest.mark.parametrize("document", [live({}), live({}, records=[]), FORMER])
def test_the_records_of_the_profile_of_an_event_are_counted(document: dict[str, Any]) -> None:
    data = orjson.dumps({"profile_id": "p", "causes": [{"records": [1, 2]}], "profile": document})
    assert count_records(data) == len(document["records"])


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"profile":{}}', b'{"profile":{"records":1}}'])
def test_what_is_no_event_has_no_records_to_count(data: bytes) -> None:
    with pytest.raises(ProfileDamaged):
        count_records(data)
