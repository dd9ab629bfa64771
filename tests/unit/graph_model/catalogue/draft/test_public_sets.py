"""Drafts of public data join no two people whom the truth separates, but by a number that the truth gives to both."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import networkx as nx
import pytest

from graph_model.catalogue.draft.tables import SampledTable
from tests.unit.graph_model.catalogue.draft.sampling import clusters, draft, drafted, joined, table

DATA = Path(__file__).parents[4] / "datasets"


def records(name: str) -> SampledTable:
    return table((DATA / name / "records.csv").read_text(), "records")


def truth_of(name: str) -> Mapping[str, str]:
    """The cluster of each record."""
    lines = (DATA / name / "truth.csv").read_text().splitlines()[1:]
    return dict(line.split(",") for line in lines)


def sharing_a_value(name: str, column: str) -> list[set[str]]:
    """The people whom the truth gives one value of a column, of all such values."""
    truth, people = truth_of(name), defaultdict[str, set[str]](set)
    for row in records(name).rows:
        if row[column] is not None:
            people[str(row[column])].add(truth[str(row["record_id"])])
    return [each for each in people.values() if len(each) > 1]


def pairs_joined(name: str) -> tuple[Counter[tuple[str, str]], float]:
    """Pairs of people that a draft joins, with their pairs of records; and the share of true pairs found."""
    truth, found = truth_of(name), 0
    wrong: Counter[tuple[str, str]] = Counter()
    for members in clusters(records(name)):
        people = Counter(truth[address.key.strip('[]"')] for address in members)
        found += sum(number * (number - 1) // 2 for number in people.values())
        for one, other in combinations(sorted(people), 2):
            wrong[one, other] += people[one] * people[other]
    true = sum(number * (number - 1) // 2 for number in Counter(truth.values()).values())
    return wrong, found / true


@pytest.mark.parametrize(
    ("name", "recall"), [("febrl1", 0.92), ("fake_1000", 0.40), ("historical_25k_dev", 0.06)], ids=lambda value: value
)
def test_a_draft_joins_nobody_with_another_one(name: str, recall: float) -> None:
    wrong, found = pairs_joined(name)
    assert wrong == {}
    assert found > recall


def test_only_numbers_that_the_truth_gives_to_two_people_join_two() -> None:
    name = "pseudopeople_2020"
    shared = sharing_a_value(name, "ssn")
    connected: nx.Graph[str] = nx.Graph()
    for people in shared:
        nx.add_path(connected, sorted(people))
    wrong, found = pairs_joined(name)
    assert len(shared) == 20
    assert [pair for pair in wrong if not nx.has_path(connected, *pair)] == []
    assert found > 0.65


def test_twins_and_a_father_and_his_son_are_kept_apart_by_first_name_and_birth_date() -> None:
    parts = [part.trait for part in drafted(records("pseudopeople_2020")).kinds["person"].parts]
    assert {"first_name", "last_name", "birth_date"} <= set(parts)


def test_birth_dates_that_are_years_count_only_with_a_place() -> None:
    parts = [part.trait for part in drafted(records("historical_25k_dev")).kinds["person"].parts]
    assert parts == ["first_name", "last_name", "birth_date", "postcode"]


def shop() -> list[SampledTable]:
    return [table((DATA / f"chinook/{name}.csv").read_text(), name) for name in ("customer", "employee", "invoice")]


def test_what_customers_did_makes_no_people_and_an_office_phone_joins_nobody() -> None:
    text = draft(*shop())
    assert "# invoice looks like what customer did (CustomerId is the key of customer)" in text
    assert joined(*shop()) == []
    assert "# ? Phone: rows with one value are of different people (1 of 1 pairs): is it shared?" in text


def test_the_country_of_each_row_says_where_its_phones_are() -> None:
    assert "region: {column: Country}" in draft(*shop())
