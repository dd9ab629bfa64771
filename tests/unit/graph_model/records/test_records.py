from collections.abc import Mapping
from itertools import permutations

import pytest
from msgspec.structs import replace

from graph_model.records.record import Change, Outcome, Record, RecordAddress, apply_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position, SourcePosition

ADDRESS = RecordAddress.of("crm", [1])
COLUMNS = frozenset({"email", "note"})


def change(
    offset: int,
    row: Mapping[str, JsonValue] | None,
    *,
    epoch: int = 1,
    lsn: int | None = None,
    unavailable: frozenset[str] = frozenset(),
) -> Change:
    return Change(
        address=ADDRESS,
        position=Position(epoch, offset),
        row=row,
        observed_at=1_000 * offset,
        unavailable=unavailable,
        source_position=None if lsn is None else SourcePosition("postgresql", (lsn,)),
    )


def after(*changes: Change) -> tuple[Record | None, Outcome]:
    record: Record | None = None
    outcome = Outcome.IGNORED
    for each in changes:
        record, outcome = (applied := apply_change(record, each, COLUMNS)).record, applied.outcome
    return record, outcome


def values(record: Record | None) -> Mapping[str, JsonValue] | None:
    assert record is not None
    return record.values


def test_only_the_columns_that_the_catalogue_names_are_kept() -> None:
    record, outcome = after(change(1, {"email": "a", "password": "x"}))
    assert (values(record), outcome) == ({"email": "a"}, Outcome.APPLIED)


def test_a_version_read_before_is_stale() -> None:
    record, outcome = after(change(5, {"email": "new"}), change(4, {"email": "old"}))
    assert (values(record), outcome) == ({"email": "new"}, Outcome.STALE)


def test_a_streamed_version_that_a_connector_sends_again_is_stale() -> None:
    record, outcome = after(change(5, {"email": "new"}, lsn=20), change(6, {"email": "old"}, lsn=10))
    assert (values(record), outcome) == ({"email": "new"}, Outcome.STALE)


def test_a_transaction_open_during_a_snapshot_is_applied_although_its_log_sequence_number_is_smaller() -> None:
    streamed, snapshot = change(1, {"email": "a"}, lsn=10), change(2, {"email": "a2"})
    record, outcome = after(streamed, snapshot, change(4, {"email": "b"}, lsn=15))
    assert (values(record), outcome) == ({"email": "b"}, Outcome.APPLIED)


def test_source_positions_do_not_count_across_epochs() -> None:
    record, outcome = after(change(5, {"email": "a"}, lsn=20), change(1, {"email": "b"}, epoch=2, lsn=3))
    assert (values(record), outcome) == ({"email": "b"}, Outcome.APPLIED)


def test_a_change_that_alters_nothing_moves_only_the_position() -> None:
    record, outcome = after(change(1, {"email": "a"}), change(2, {"email": "a"}))
    assert outcome is Outcome.UNCHANGED
    assert record is not None
    assert (record.position, record.observed_at) == (Position(1, 2), 1_000)


def test_values_count_as_accepted_when_they_first_were() -> None:
    first = replace(change(1, {"email": "a"}), accepted_at=1_500, undated=True)
    again = replace(change(2, {"email": "a"}), accepted_at=9_000, undated=True)
    record, _ = after(first, again)
    assert record is not None
    assert (record.believed_until, record.undated) == (1_500, True)
    record, _ = after(first, again, replace(change(3, {"email": "b"}), accepted_at=9_500))
    assert record is not None
    assert (record.believed_until, record.undated) == (9_500, False)


def test_values_that_had_no_time_take_the_one_that_a_later_version_has() -> None:
    record, outcome = after(replace(change(1, {"email": "a"}), undated=True), change(2, {"email": "a"}))
    assert record is not None
    assert (record.observed_at, record.undated, outcome) == (2_000, False, Outcome.APPLIED)


def test_the_newest_version_dates_values_that_are_the_same_in_whichever_order_versions_came() -> None:
    versions = [
        replace(change(1, {"email": "a"}), dates_itself=True),
        replace(change(2, {"email": "a"}), undated=True, accepted_at=9_000),
        replace(change(3, {"email": "a"}), dates_itself=True, observed_at=2_500),
        replace(change(4, {"email": "a"}), dates_itself=True, observed_at=1_500, accepted_at=9_500),
    ]
    for order in permutations(versions):
        record, _ = after(*order)
        assert record is not None
        assert (record.observed_at, record.undated) == (1_500, False)


def test_a_row_that_dates_itself_as_before_is_unchanged_and_keeps_when_it_was_accepted() -> None:
    first = replace(change(1, {"email": "a"}), dates_itself=True, accepted_at=5_000)
    record, outcome = after(first, replace(first, position=Position(1, 2), accepted_at=9_000))
    assert record is not None
    assert (outcome, record.believed_until) == (Outcome.UNCHANGED, 5_000)


def test_a_deletion_keeps_when_it_was_accepted() -> None:
    record, _ = after(change(1, {"email": "a"}), replace(change(2, None), accepted_at=2_500))
    assert record is not None
    assert (record.observed_at, record.believed_until) == (2_000, 2_500)


@pytest.mark.parametrize(
    ("before", "after_it"),
    [(5, 5.0), (5, "5"), (1, True), (0, False), (0, None), (0.0, -0.0), ([1], [1.0]), ({"a": 1}, {"a": True})],
)
def test_values_that_python_takes_for_the_same_are_two_values(before: JsonValue, after_it: JsonValue) -> None:
    for one, other in ((before, after_it), (after_it, before)):
        record, outcome = after(change(1, {"note": one}), change(2, {"note": other}))
        assert (repr(values(record)), outcome) == (repr({"note": other}), Outcome.APPLIED)


def test_the_order_of_the_members_of_an_object_is_no_difference() -> None:
    _, outcome = after(change(1, {"note": {"a": 1, "b": 2}}), change(2, {"note": {"b": 2, "a": 1}}))
    assert outcome is Outcome.UNCHANGED


def test_an_unavailable_column_keeps_what_is_stored() -> None:
    toasted = change(2, {"email": "b", "note": "?"}, unavailable=frozenset({"note"}))
    record, _ = after(change(1, {"email": "a", "note": "long"}), toasted)
    assert record is not None
    assert (record.values, record.incomplete) == ({"email": "b", "note": "long"}, frozenset())


def test_an_unavailable_column_that_was_never_seen_is_unknown_and_named() -> None:
    record, _ = after(change(1, {"email": "a", "note": "?"}, unavailable=frozenset({"note"})))
    assert record is not None
    assert (record.values, record.incomplete) == ({"email": "a"}, frozenset({"note"}))


def test_an_unavailable_column_takes_nothing_from_a_tombstone() -> None:
    toasted = change(3, {"email": "a"}, unavailable=frozenset({"note"}))
    record, _ = after(change(1, {"note": "long"}), change(2, None), toasted)
    assert record is not None
    assert record.incomplete == frozenset({"note"})


def test_nothing_older_than_its_tombstone_brings_a_row_back() -> None:
    record, outcome = after(change(5, None), change(4, {"email": "a"}))
    assert (values(record), outcome) == (None, Outcome.STALE)


def test_a_newer_version_brings_a_row_back() -> None:
    record, outcome = after(change(5, None), change(6, {"email": "a"}))
    assert (values(record), outcome) == ({"email": "a"}, Outcome.APPLIED)


def test_deleting_a_deleted_row_changes_nothing() -> None:
    _, outcome = after(change(5, None), change(6, None))
    assert outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("newer", "older", "follows"),
    [
        (SourcePosition("postgresql", (2,)), SourcePosition("postgresql", (1,)), True),
        (SourcePosition("postgresql", (1,)), SourcePosition("postgresql", (1,)), False),
        (SourcePosition("mysql", (1, 1)), SourcePosition("postgresql", (9,)), True),
        (SourcePosition("mysql", (1, 1)), None, True),
    ],
)
def test_source_positions_compare_only_within_their_kind(
    newer: SourcePosition, older: SourcePosition | None, follows: bool
) -> None:
    assert newer.is_newer_than(older) is follows


def absence(offset: int, *, epoch: int = 1) -> Change:
    return replace(change(offset, None, epoch=epoch), is_absence=True)


def test_an_absence_deletes_the_version_that_was_not_there() -> None:
    record, outcome = after(change(5, {"email": "a"}, lsn=20), absence(5))
    assert record is not None
    assert (record.values, record.is_absent, outcome) == (None, True, Outcome.APPLIED)
    assert (record.position, record.streamed) == (Position(1, 5), SourcePosition("postgresql", (20,)))


@pytest.mark.parametrize("offset", [4, 6])
def test_an_absence_of_another_version_is_stale(offset: int) -> None:
    record, outcome = after(change(5, {"email": "a"}), absence(offset))
    assert (values(record), outcome) == ({"email": "a"}, Outcome.STALE)


def test_what_is_deleted_stays_so_by_the_word_of_its_source() -> None:
    record, outcome = after(change(5, {"email": "a"}), change(6, None), absence(6))
    assert record is not None
    assert (record.is_absent, outcome) == (False, Outcome.STALE)


@pytest.mark.parametrize(("version", "expected"), [(4, None), (5, {"email": "b"}), (6, {"email": "b"})])
def test_a_row_of_the_version_that_was_absent_or_a_later_one_is_there_again(
    version: int, expected: Mapping[str, JsonValue] | None
) -> None:
    record, _ = after(change(5, {"email": "a"}, epoch=0), absence(5, epoch=0), change(version, {"email": "b"}, epoch=0))
    assert record is not None
    assert (record.values, record.is_absent) == (expected, expected is None)


def test_once_there_again_its_version_is_stale_as_ever() -> None:
    first, again = change(5, {"email": "a"}, epoch=0), change(5, {"email": "b"}, epoch=0)
    record, outcome = after(first, absence(5, epoch=0), first, again)
    assert (values(record), outcome) == ({"email": "a"}, Outcome.STALE)


def test_a_deletion_of_the_absent_version_is_the_word_of_its_source() -> None:
    record, outcome = after(
        change(5, {"email": "a"}, epoch=0),
        absence(5, epoch=0),
        change(5, None, epoch=0),
        change(5, {"email": "a"}, epoch=0),
    )
    assert record is not None
    assert (record.values, outcome) == (None, Outcome.STALE)


def test_an_offset_of_a_log_that_comes_again_brings_nothing_back() -> None:
    record, outcome = after(change(5, {"email": "a"}), absence(5), change(5, {"email": "a"}))
    assert (values(record), outcome) == (None, Outcome.STALE)
    record, _ = after(change(5, {"email": "a"}), absence(5), change(6, {"email": "a"}))
    assert values(record) == {"email": "a"}


def test_a_later_snapshot_brings_back_a_row_of_a_log_and_what_is_old_in_the_log_stays_old() -> None:
    of_log, of_file = change(5, {"email": "a"}, lsn=20), change(9, {"email": "b"}, epoch=0)
    record, outcome = after(of_log, absence(5), of_file)
    assert record is not None
    assert (record.values, record.is_absent, outcome) == ({"email": "b"}, False, Outcome.APPLIED)
    assert (record.position, record.streamed) == (of_log.position, SourcePosition("postgresql", (20,)))
    assert after(of_log, absence(5), of_file, of_log)[1] is Outcome.STALE
    assert after(of_log, absence(5), of_file, change(6, {"email": "c"}, lsn=21))[1] is Outcome.APPLIED


def test_a_file_says_nothing_against_a_row_of_a_log_that_is_there() -> None:
    record, outcome = after(change(5, {"email": "a"}), change(9, {"email": "b"}, epoch=0))
    assert (values(record), outcome) == ({"email": "a"}, Outcome.STALE)
    record, outcome = after(change(5, {"email": "a"}), change(6, None), change(9, {"email": "b"}, epoch=0))
    assert (values(record), outcome) == (None, Outcome.STALE)


def is_rewound(*changes: Change) -> bool:
    record: Record | None = None
    for each in changes[:-1]:
        record = apply_change(record, each, COLUMNS).record
    applied = apply_change(record, changes[-1], COLUMNS)
    assert applied.is_rewound is False or applied.outcome is Outcome.STALE
    return applied.is_rewound


def test_a_position_that_jumps_back_while_times_go_on_is_told() -> None:
    assert is_rewound(change(5, {"email": "a"}, lsn=9_000), change(6, {"email": "b"}, lsn=20))
    assert is_rewound(change(5, {"email": "a"}, lsn=9_000), change(6, None, lsn=20))
    assert is_rewound(change(5, None, lsn=9_000), change(6, {"email": "b"}, lsn=20))


def test_what_a_connector_sends_again_is_no_jump() -> None:
    """After a crash it repeats a block of its log: positions and times both lie before the newest ones."""
    first, second, third = (change(n, {"email": each}, lsn=10 * n) for n, each in ((1, "a"), (2, "b"), (3, "c")))
    for again in (first, second, third):
        assert not is_rewound(first, second, third, replace(again, position=Position(1, 9)))


def test_what_is_sent_again_is_no_jump_where_versions_said_the_same() -> None:
    """Of versions that say the same the time of the first one is kept."""
    first, second, third = (change(n, {"email": "a"}, lsn=10 * n) for n in (1, 2, 3))
    for again in (second, third):
        assert not is_rewound(first, second, third, replace(again, position=Position(1, 9)))


def test_a_deletion_that_is_sent_again_is_no_jump() -> None:
    gone = change(2, None, lsn=20)
    assert not is_rewound(change(1, {"email": "a"}, lsn=10), gone, replace(gone, position=Position(1, 9)))


def test_a_raised_epoch_ends_the_jump() -> None:
    record, outcome = after(change(5, {"email": "a"}, lsn=9_000), change(6, {"email": "b"}, epoch=2, lsn=20))
    assert (values(record), outcome) == ({"email": "b"}, Outcome.APPLIED)
