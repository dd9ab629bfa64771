from itertools import count

from graph_model.profile_ids import FormerProfile, assign_ids
from graph_model.records import RecordAddress


def rows(*keys: int) -> tuple[RecordAddress, ...]:
    return tuple(RecordAddress.of("crm", [key]) for key in keys)


def former(profile_id: str, *keys: int, live: bool = True) -> FormerProfile:
    return FormerProfile(profile_id, live, frozenset(rows(*keys)))


def assigned(clusters: list[tuple[RecordAddress, ...]], *profiles: FormerProfile) -> list[str]:
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
