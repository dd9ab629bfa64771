"""Records and tombstones come back as they were written."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from graph_model.records.record import ExpectedVerdictMark, Passage, Record, RecordAddress, VerdictMark
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Offset, Position, SourcePosition
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import (
    OBSERVED_AT,
    address,
    email,
    identifier_revision,
    person,
    plan,
    record,
    record_revision,
    tombstone,
    write_identifier,
    write_profile,
    write_record,
)

VALUES: list[JsonValue] = [
    None,
    True,
    0,
    -(2**63),
    2**63 - 1,
    1.5,
    1e300,
    "",
    'O\'Brien "quoted" \\ back\nslash\t',
    "Zoë 李小龍 🦀 \u202e",
    [],
    [1, [None, "a"], {"b": False}],
    {},
    {"nested": {"deep": [1.0]}, "ключ": "значение"},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_a_value_of_any_json_type_is_read_back_equal(store: Store, outbox: Outbox, value: JsonValue) -> None:
    written = record(address(1), {"column": value})
    await store.commit(plan(records=[write_record(written, "p1")], profiles=[write_profile("p1")]), outbox)
    assert (await store.read_records([address(1)]))[address(1)].record == written


@pytest.mark.parametrize(
    "at",
    [
        RecordAddress.of("shop-eu.public.customers", [1, "a-b", "9" * 20, 2.5]),
        RecordAddress.of("источник", ["имя/2 % знака", '"quoted"', "#?&=;"]),
        RecordAddress.stored("crm", ["x" * 5_000]),
        RecordAddress.of("crm", [2**62]),
    ],
    ids=["several parts", "not ascii", "very long", "great number"],
)
async def test_a_record_is_found_by_any_key(store: Store, outbox: Outbox, at: RecordAddress) -> None:
    await store.commit(plan(records=[write_record(record(at), "p1")], profiles=[write_profile("p1")]), outbox)
    assert list(await store.read_records([at])) == [at]


async def test_two_long_keys_that_begin_alike_are_two_records(store: Store, outbox: Outbox) -> None:
    first, second = (RecordAddress.of("crm", ["x" * 999 + end]) for end in "ab")
    records = [write_record(record(at, {"key": at.key}), "p1") for at in (first, second)]
    await store.commit(plan(records=records, profiles=[write_profile("p1")]), outbox)
    found = await store.read_records([first, second])
    assert {at: stored.record.values for at, stored in found.items()} == {
        first: {"key": first.key},
        second: {"key": second.key},
    }


async def test_positions_and_what_was_never_sent_are_kept(store: Store, outbox: Outbox) -> None:
    written = Record(
        address=address(1),
        position=Position(3, 2**40),
        observed_at=OBSERVED_AT,
        values={"id": 1},
        streamed=SourcePosition("postgresql", (27306032, 2**40)),
        incomplete=frozenset({"note", "photo"}),
    )
    await store.commit(plan(records=[write_record(written, "p1")], profiles=[write_profile("p1")]), outbox)
    assert (await store.read_records([address(1)]))[address(1)].record == written


@pytest.mark.parametrize("offset", [2**63, -(2**70), 10**56 + 1, Decimal("1767312000123.456"), "7", "shard-1:7"])
async def test_a_position_is_exact_whatever_a_source_counts_by(store: Store, outbox: Outbox, offset: Offset) -> None:
    streamed = SourcePosition("kinesis", (10**56 + 1, -(2**70), 7))
    written = replace(record(address(1)), position=Position(1, offset), streamed=streamed)
    await store.commit(plan(records=[write_record(written, "p1")], profiles=[write_profile("p1")]), outbox)
    assert (await store.read_records([address(1)]))[address(1)].record == written


async def test_a_record_keeps_its_marks_and_its_generation(store: Store, outbox: Outbox) -> None:
    marks = (VerdictMark("v001", 0, together=True), VerdictMark("v002", 3, together=False))
    written = replace(record(address(1)), marks=marks, generation=3)
    await store.commit(plan(records=[write_record(written, "p1")], profiles=[write_profile("p1")]), outbox)
    assert (await store.read_records([address(1)]))[address(1)].record == written
    assert (await store.read_components(["p1"])).records == {address(1): written}


async def test_a_tombstone_keeps_its_marks_and_where_the_row_is_now(store: Store, outbox: Outbox) -> None:
    buried = replace(
        tombstone(address(1)),
        marks=(VerdictMark("v001", 0, together=True),),
        expected=(ExpectedVerdictMark(address(3), VerdictMark("v002", 1, together=False)),),
        moved_from=address(2),
        moved_to=address(4),
        passages=(Passage(address(2), address(4)),),
    )
    await store.commit(plan(records=[write_record(buried, None)]), outbox)
    assert (await store.read_records([address(1)]))[address(1)].record == buried


async def test_a_record_is_read_with_its_profile_and_the_component_of_that(store: Store, outbox: Outbox) -> None:
    await store.commit(
        plan(
            records=[write_record(record(address(1)), "p1")],
            profiles=[
                write_profile("p1", component=("p1", "p2")),
                write_profile("p2", component=("p1", "p2")),
            ],
        ),
        outbox,
    )
    stored = (await store.read_records([address(1)]))[address(1)]
    assert (stored.profile_id, stored.component) == ("p1", ("p1", "p2"))


async def test_a_tombstone_keeps_its_position_and_its_last_profile(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    buried = tombstone(address(1))
    await store.commit(
        plan(
            records=[write_record(buried, "p1", expected=await record_revision(store, address(1)))],
        ),
        outbox,
    )
    stored = (await store.read_records([address(1)]))[address(1)]
    assert (stored.record, stored.profile_id) == (buried, "p1")


async def test_a_tombstone_is_no_record_of_its_profile(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    revision = await record_revision(store, address(1))
    await store.commit(plan(records=[write_record(tombstone(address(1)), "p1", expected=revision)]), outbox)
    assert (await store.read_components(["p1"])).records == {}


async def test_a_record_without_a_profile_is_read_without_one(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(records=[write_record(tombstone(address(1)), None)]), outbox)
    stored = (await store.read_records([address(1)]))[address(1)]
    assert (stored.profile_id, stored.component) == (None, ())


async def test_what_is_unknown_is_left_out(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    assert list(await store.read_records([address(1), address(2)])) == [address(1)]


async def test_asking_for_nothing_answers_nothing(store: Store) -> None:
    assert await store.read_records([]) == {}
    assert await store.read_identifiers({}) == {}
    assert await store.read_profiles([]) == {}
    assert (await store.read_components([])).profiles == {}
    assert await store.read_links([]) == {}
    assert await store.read_verdicts([]) == {}


async def test_the_links_of_records_are_read_in_order(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "zoe", "ann"), outbox)
    await store.commit(person(2, "bob"), outbox)
    assert await store.read_links([address(1), address(2), address(3)]) == {
        address(1): (email("ann"), email("zoe")),
        address(2): (email("bob"),),
    }


async def test_a_record_without_identifiers_has_no_links(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1), outbox)
    await store.commit(plan(records=[write_record(tombstone(address(2)), None)]), outbox)
    assert await store.read_links([address(1), address(2)]) == {address(1): (), address(2): ()}


async def test_links_follow_a_record_that_changes_identifiers(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "old"), outbox)
    await store.commit(
        plan(
            records=[
                write_record(
                    record(address(1), offset=2),
                    "p1",
                    [email("new")],
                    expected=await record_revision(store, address(1)),
                )
            ],
            identifiers=[
                write_identifier(email("old"), 0, expected=await identifier_revision(store, email("old"))),
                write_identifier(email("new")),
            ],
        ),
        outbox,
    )
    assert await store.read_links([address(1)]) == {address(1): (email("new"),)}


async def test_more_records_than_fit_one_request_are_read_at_once(store: Store, outbox: Outbox) -> None:
    numbers = range(1_200)
    records = [write_record(record(address(number)), "p1") for number in numbers]
    await store.commit(plan(records=records, profiles=[write_profile("p1")]), outbox)
    assert len(await store.read_records([address(number) for number in numbers])) == len(numbers)


async def test_a_record_rewritten_without_edges_keeps_profile_and_identifiers(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    revision = await record_revision(store, address(1))
    newer = record(address(1), {"id": 2}, offset=2)
    await store.commit(
        plan(records=[write_record(newer, "p1", [email("ann")], expected=revision, edges_changed=False)]), outbox
    )
    assert (await store.read_records([address(1)]))[address(1)].record == newer
    assert [found.profile_id for found in await store.find_profiles(email("ann"), 10)] == ["p1"]


async def test_a_record_that_changes_identifiers_is_found_by_the_new_ones_only(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "old", "kept"), outbox)
    await store.commit(
        plan(
            records=[
                write_record(
                    record(address(1), offset=2),
                    "p1",
                    [email("kept"), email("new")],
                    expected=await record_revision(store, address(1)),
                )
            ],
            identifiers=[
                write_identifier(
                    email("old"),
                    0,
                    expected=(await store.read_identifiers({email("old"): 0}))[email("old")].revision,
                ),
                write_identifier(email("new")),
            ],
        ),
        outbox,
    )
    found = {name: await store.find_profiles(email(name), 10) for name in ("old", "kept", "new")}
    assert {name: len(profiles) for name, profiles in found.items()} == {"old": 0, "kept": 1, "new": 1}


async def test_removed_tombstones_are_as_if_they_had_never_been(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    await store.commit(person(2, "bob"), outbox)
    revision = await record_revision(store, address(1))
    await store.commit(plan(records=[write_record(tombstone(address(1)), "p1", expected=revision)]), outbox)
    await store.remove_tombstones([address(1), address(2), address(3)])
    assert list(await store.read_records([address(1), address(2), address(3)])) == [address(2)]
    await store.commit(plan(records=[write_record(record(address(1)), "p1")]), outbox)
