import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.values.normalise import NORMALISERS, NamedNormaliser

CATALOGUE = """\
version: 1
identifiers:
  email: {normalise: email, holders: few, priority: 90}
  login: {normalise: exact}
traits: {name: text, city: text}
sources:
  crm:
    topic: customers
    key: [id]
    event_time: updated_at
    columns: {email: {identifier: email}, name: {trait: name}}
  shop:
    topic: users
    key: [id]
    columns: {login: {identifier: login}, city: {trait: city}}
"""


def fingerprint(text: str) -> str:
    return parse_catalogue(text, "catalogue.yaml").fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("normalise: exact", "normalise: casefold"),
        ("holders: few", "holders: one"),
        ("priority: 90", "priority: 91"),
        ("normalise: exact", "normalise: exact, exclusive: true"),
        ("normalise: exact", "normalise: exact, values: 3"),
        ("normalise: exact", "normalise: exact, blocked: [admin]"),
        ("city: text}\nsources", "city: date}\nsources"),
        ("city: text}\nsources", "city: {type: text, exclusive: true}}\nsources"),
        ("{name: text, city: text}", "{city: text, name: text}"),
        ("topic: users", "topic: users\n    trust: 50"),
        ("event_time: updated_at", "event_time: seen_at"),
        ("event_time: updated_at", "version: updated_at"),
        ("crm:\n    topic: customers\n    key: [id]", "crm:\n    topic: customers\n    key: [no]"),
        ("topic: users", "topic: users\n    format: debezium"),
        ("{trait: name}}", "{trait: name}, town: {trait: city}}"),
    ],
)
def test_what_the_result_depends_on_changes_the_fingerprint(old: str, new: str) -> None:
    assert CATALOGUE.count(old) == 1
    assert fingerprint(CATALOGUE.replace(old, new)) != fingerprint(CATALOGUE)


def test_the_order_of_sources_changes_the_fingerprint() -> None:
    head, crm, shop = CATALOGUE.partition("  crm:")[0], *CATALOGUE.partition("  crm:")[2].split("  shop:")

    assert fingerprint(f"{head}  shop:{shop}  crm:{crm}") != fingerprint(CATALOGUE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("topic: users", "topic: people"),
        ("topic: users", "topic_pattern: users.*"),
        ("topic: users", "file: users.csv"),
        ("topic: users", "topic: users\n    epoch: 2"),
        ("holders: few", "holders: 10"),
        ("normalise: exact", "normalise: exact, exclusive: false"),
        ("city: text}\nsources", "city: {type: text}}\nsources"),
        ("topic: users", "topic: users\n    trust: 100"),
        ("version: 1", "# people\nversion: 1"),
    ],
)
def test_where_records_come_from_and_how_it_is_written_leave_the_fingerprint_alone(old: str, new: str) -> None:
    assert CATALOGUE.count(old) == 1
    assert fingerprint(CATALOGUE.replace(old, new)) == fingerprint(CATALOGUE)


def test_the_name_of_the_file_leaves_the_fingerprint_alone() -> None:
    assert parse_catalogue(CATALOGUE, "a").fingerprint == parse_catalogue(CATALOGUE, "b").fingerprint


def test_a_new_version_of_a_normaliser_in_use_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(CATALOGUE)
    newer = {**NORMALISERS, "exact": NamedNormaliser(NORMALISERS["exact"].for_region, "another")}
    monkeypatch.setattr("graph_model.catalogue.fingerprint.NORMALISERS", newer)

    assert fingerprint(CATALOGUE) != before


def test_a_new_version_of_the_law_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(CATALOGUE)
    monkeypatch.setattr("graph_model.catalogue.fingerprint.LAW_VERSION", "another")

    assert fingerprint(CATALOGUE) != before


def test_one_value_means_the_same_as_exclusive() -> None:
    exclusive, one = (
        CATALOGUE.replace("normalise: exact", f"normalise: exact, {written}")
        for written in ("exclusive: true", "values: 1")
    )

    assert fingerprint(exclusive) == fingerprint(one)


def test_a_new_version_of_a_normaliser_not_in_use_leaves_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(CATALOGUE)
    newer = {**NORMALISERS, "phone": NamedNormaliser(NORMALISERS["phone"].for_region, "another")}
    monkeypatch.setattr("graph_model.catalogue.fingerprint.NORMALISERS", newer)

    assert fingerprint(CATALOGUE) == before
