"""Where reading begins, and what is refused."""

from dataclasses import replace

import pytest

from consumers.errors import OffsetsRefused
from consumers.offsets import (
    CommittedOffset,
    Log,
    OffsetNote,
    check_offsets,
    forgotten,
    offsets_of_store,
    starting_offset,
)
from graph_model.values.positions import Position
from services.stores.port.errors import StoreReplaced

LOG = Log(topic="people", partition=0, partitions=2, beginning=10, end=100, epoch=3)
NOTE = OffsetNote(store_id="ours", partitions=2, epoch=3)


def committed(offset: int, note: OffsetNote | None = NOTE) -> CommittedOffset:
    return CommittedOffset(offset=offset, note=note)


def test_a_note_survives_the_way_through_the_broker() -> None:
    assert OffsetNote.parse(NOTE.to_text()) == NOTE


@pytest.mark.parametrize("text", ["", "null", "{}", "reset by hand"])
def test_what_another_tool_wrote_is_no_note(text: str) -> None:
    assert OffsetNote.parse(text) is None


def test_reading_goes_on_at_the_committed_offset() -> None:
    check_offsets(LOG, {0: committed(40)}, "ours")
    assert starting_offset(LOG, committed(40), Position(3, 39), "earliest") == 40


@pytest.mark.parametrize(("start", "offset"), [("earliest", 10), ("latest", 100)])
def test_a_group_without_offsets_begins_where_the_settings_say(start: str, offset: int) -> None:
    assert starting_offset(LOG, None, None, "latest" if start == "latest" else "earliest") == offset


def test_a_group_that_lost_its_offsets_goes_on_where_the_store_is() -> None:
    assert starting_offset(LOG, None, Position(3, 39), "latest") == 40


def test_offsets_that_retention_has_overtaken_begin_at_the_oldest_message() -> None:
    assert starting_offset(LOG, committed(4), Position(3, 3), "latest") == 10


def test_a_raised_epoch_reads_the_new_topic_from_its_beginning() -> None:
    old = committed(400, replace(NOTE, epoch=2, partitions=1))
    check_offsets(LOG, {0: old}, "ours")
    assert starting_offset(LOG, old, Position(2, 399), "latest") == 10


def test_a_raised_epoch_reads_from_the_beginning_also_without_offsets() -> None:
    assert starting_offset(LOG, None, Position(2, 399), "latest") == 10


def test_offsets_of_another_store_are_refused() -> None:
    with pytest.raises(StoreReplaced, match="identity-graph consume --rewind"):
        check_offsets(LOG, {0: committed(40, replace(NOTE, store_id="other"))}, "ours")


def test_offsets_of_another_store_are_refused_after_the_epoch_was_raised_as_well() -> None:
    with pytest.raises(StoreReplaced):
        check_offsets(LOG, {0: committed(40, replace(NOTE, store_id="other", epoch=2))}, "ours")


def test_an_offset_beyond_the_end_tells_of_a_topic_made_anew() -> None:
    with pytest.raises(OffsetsRefused, match=r"ends at 100.*Raise `epoch`"):
        check_offsets(LOG, {0: committed(101)}, "ours")


def test_another_number_of_partitions_is_refused_whichever_partition_tells() -> None:
    with pytest.raises(OffsetsRefused, match=r"had 1 partitions and has 2.*with 2 partitions.*`epoch`.*above 3"):
        check_offsets(LOG, {1: committed(1, replace(NOTE, partitions=1))}, "ours")


def test_a_store_that_is_ahead_of_the_log_tells_of_a_topic_made_anew() -> None:
    with pytest.raises(OffsetsRefused, match="Raise `epoch`"):
        starting_offset(LOG, None, Position(3, 100), "earliest")


def test_an_epoch_that_goes_back_is_refused() -> None:
    with pytest.raises(OffsetsRefused, match="only ever raised"):
        check_offsets(LOG, {0: committed(40, replace(NOTE, epoch=4))}, "ours")


def test_a_store_of_a_later_epoch_is_refused() -> None:
    with pytest.raises(OffsetsRefused, match="only ever raised"):
        starting_offset(LOG, None, Position(4, 1), "earliest")


def test_an_offset_set_by_hand_is_followed_where_the_store_knows_the_partition() -> None:
    assert starting_offset(LOG, committed(20, None), Position(3, 39), "earliest") == 20


def test_an_offset_set_by_hand_is_refused_where_the_store_knows_nothing() -> None:
    with pytest.raises(StoreReplaced, match="tells no store"):
        starting_offset(LOG, committed(20, None), None, "earliest")


def test_an_offset_set_by_hand_to_the_beginning_is_followed() -> None:
    assert starting_offset(LOG, committed(10, None), None, "latest") == 10


def test_a_store_that_is_behind_the_group_begins_where_the_store_is() -> None:
    assert starting_offset(LOG, committed(80), Position(3, 39), "latest") == 40
    assert forgotten(LOG, committed(80), Position(3, 39)) == 40


def test_a_store_that_is_ahead_of_the_group_begins_where_the_group_is() -> None:
    assert starting_offset(LOG, committed(40), Position(3, 79), "latest") == 40
    assert forgotten(LOG, committed(40), Position(3, 79)) == 0


@pytest.mark.parametrize("progress", [None, Position(2, 399)])
def test_a_store_from_before_the_partition_was_first_read_begins_at_the_oldest_message(
    progress: Position | None,
) -> None:
    assert starting_offset(LOG, committed(80), progress, "latest") == 10
    assert forgotten(LOG, committed(80), progress) == 80


def test_nothing_is_forgotten_where_the_offset_tells_no_store_or_another_epoch() -> None:
    assert forgotten(LOG, None, Position(3, 39)) == 0
    assert forgotten(LOG, committed(80, None), Position(3, 39)) == 0
    assert forgotten(LOG, committed(80, replace(NOTE, epoch=2)), Position(2, 39)) == 0


def test_offsets_of_a_restored_store_name_it_by_a_former_id() -> None:
    check_offsets(LOG, {0: committed(40)}, "restored", {"ours"})
    assert offsets_of_store({0: committed(40)}, "restored", {"ours"}) == {0: committed(40)}
    with pytest.raises(StoreReplaced):
        check_offsets(LOG, {0: committed(40)}, "restored", {"another"})


def test_a_rewind_has_nothing_to_do_with_the_offsets_of_another_store() -> None:
    other = replace(NOTE, store_id="other", partitions=1)
    offsets = {0: committed(400, other), 1: committed(5), 2: committed(7, None)}
    assert offsets_of_store(offsets, "ours") == {1: committed(5)}
