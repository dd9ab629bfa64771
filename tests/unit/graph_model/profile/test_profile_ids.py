from collections.abc import Sequence
from itertools import count

import pytest

from graph_model.profile.ids import IdCandidate, assign_ids, guests
from graph_model.records.record import RecordAddress


def rows(*keys: int) -> tuple[RecordAddress, ...]:
    return tuple(RecordAddress.of("crm", [key]) for key in keys)


def former(profile_id: str, *keys: int, live: bool = True, own: Sequence[int] | None = None) -> IdCandidate:
    members = frozenset(rows(*keys))
    return IdCandidate(
        profile_id=profile_id, live=live, members=members, own=members if own is None else frozenset(rows(*own))
    )


def assigned(clusters: list[tuple[RecordAddress, ...]], *profiles: IdCandidate) -> list[str]:
    numbers = count(1)
    return assign_ids(clusters, profiles, lambda: f"new{next(numbers)}")


def test_a_new_cluster_gets_a_new_id() -> None:
    assert assigned([rows(1)]) == ["new1"]


def test_the_side_with_more_records_keeps_the_id_of_a_split_profile() -> None:
    assert assigned([rows(1), rows(2, 3)], former("p", 1, 2, 3)) == ["new1", "p"]


def test_the_profile_with_more_records_survives_a_merge() -> None:
    assert assigned([rows(1, 2, 3)], former("p", 1), former("q", 2, 3)) == ["q"]


def test_of_equally_large_profiles_the_smaller_id_survives() -> None:
    assert assigned([rows(1, 2)], former("q", 1), former("p", 2)) == ["p"]


def test_a_live_id_goes_before_an_absorbed_one() -> None:
    assert assigned([rows(1)], former("a", 1, live=False), former("p", 1)) == ["p"]


def test_a_split_that_gives_an_absorbed_profile_its_records_back_brings_its_id_back() -> None:
    live, absorbed = former("p", 1, 2, 3, 4, 5), former("q", 4, 5, live=False)
    assert assigned([rows(1, 2, 3), rows(4, 5)], live, absorbed) == ["p", "q"]


def test_no_id_is_given_twice() -> None:
    assert assigned([rows(1), rows(2)], former("p", 1, 2)) == ["p", "new1"]


def test_both_have_their_ids_again_when_a_wrong_merge_is_corrected() -> None:
    bob, ann = former("bob", 1, 2, own=[2]), former("ann", 1, live=False)
    assert assigned([rows(1), rows(2)], bob, ann) == ["ann", "bob"]


def test_what_arrived_while_two_were_merged_counts_for_neither() -> None:
    bob, ann = former("bob", 1, 2, 3, 4, own=[2]), former("ann", 1, live=False)
    assert assigned([rows(1, 3, 4), rows(2)], bob, ann) == ["ann", "bob"]


def test_as_many_records_as_possible_get_their_ids_back_together() -> None:
    """The greatest claim of all, 3 of p to the first cluster, would leave 4 others without their ids."""
    p, q = former("p", 1, 2, 3, 6, 7), former("q", 4, 5)
    assert assigned([rows(1, 2, 3, 4, 5), rows(6, 7)], p, q) == ["q", "p"]


def test_among_equals_fewer_records_change_their_live_id() -> None:
    """Of both one own record is here; two further ones have the greater id now."""
    q, p = former("q", 1, 3, 4, own=[1]), former("p", 2)
    assert assigned([rows(1, 2, 3, 4)], q, p) == ["q"]


def test_equal_clusters_get_the_smaller_ids_in_order_of_their_first_records() -> None:
    former_profiles = [former(name, *keys) for name, keys in (("c", (1, 2)), ("b", (1, 2)), ("a", (1, 2)))]
    assert assigned([rows(2), rows(1)], *former_profiles) == ["b", "a"]


def test_hundreds_of_rivals_are_matched_at_once() -> None:
    clusters = [rows(2 * number, 2 * number + 1) for number in range(200)]
    profiles = [former(f"p{number:03}", 2 * number + 1, 2 * number + 2) for number in range(200)]
    assert len(set(assigned(clusters, *profiles))) == 200


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({1: "bob", 2: "bob", 3: "bob"}, {"bob": (1, 3)}),
        ({1: "ann", 2: "bob", 3: "bob"}, {}),
        ({1: "bob", 3: "new"}, {"bob": (1,)}),
    ],
    ids=["merged", "apart again", "a guest has left"],
)
def test_what_comes_while_others_are_merged_into_an_id_is_a_guest(
    now: dict[int, str], expected: dict[str, tuple[int, ...]]
) -> None:
    profiles = [former("bob", 1, 2, own=[2]), former("ann", 1, live=False)]
    found = guests(profiles, {rows(key)[0]: profile_id for key, profile_id in now.items()})
    assert found == {profile_id: rows(*keys) for profile_id, keys in expected.items()}
