"""`explain` and `suspicious`: what a person reads who asks why."""

import json
from pathlib import Path

import networkx as nx
import pytest

from tests.acceptance.conftest import Run, command_in, make_shop


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The shop, loaded; for tests that only read."""
    run = command_in(make_shop(tmp_path_factory.mktemp("shop")))
    run("ingest", "crm.csv", "shop.jsonl")
    return run


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two families of three records, each with an e-mail, and a phone that one of each has; only read."""
    folder = make_shop(tmp_path_factory.mktemp("families"))
    rows = ["id,name,email,phone,national_id"]
    rows += [f"{key},A,a@example.org,{'212 555 0142' if key == 1 else ''}," for key in (1, 2, 3)]
    rows += [f"{key},B,b@example.org,{'212 555 0142' if key == 4 else ''}," for key in (4, 5, 6)]
    (folder / "crm.csv").write_text("\n".join(rows) + "\n")
    run = command_in(folder)
    run("ingest", "crm.csv")
    return run


def profile_id(run: Run, identifier: str) -> str:
    return str(json.loads(run("explain", identifier, "--format", "json").stdout)["profile_id"])


def test_a_profile_is_explained_as_a_tree(filled: Run) -> None:
    finished = filled("explain", "phone:212-555-0142")
    assert finished.returncode == 0
    tree, _, _ = finished.stdout.partition("\n\n")
    assert tree.splitlines()[1:] == [
        "└── crm[1]",
        "    ├── shop[10] by email ann@example.com (joins up to 3 records, priority 90; 2 carry it)",
        "    └── shop[11] by phone +12125550142 (joins up to 10 records, priority 60; 2 carry it)",
    ]


def test_two_records_are_one_person_by_a_chain(filled: Run) -> None:
    lines = filled("explain", "shop:10", "shop[11]").stdout.splitlines()
    assert lines[0] == "shop[10] and shop[11] are one person"
    assert [line.strip("│├└─ ") for line in lines if "are joined by" in line] == [
        "shop[10] and crm[1] are joined by email ann@example.com (joins up to 3 records, priority 90; 2 carry it)",
        "crm[1] and shop[11] are joined by phone +12125550142 (joins up to 10 records, priority 60; 2 carry it)",
    ]


def test_the_rows_of_a_profile_stand_side_by_side_below_the_tree(filled: Run) -> None:
    _, _, rows = filled("explain", "phone:212-555-0142").stdout.partition("\n\n")
    assert rows.splitlines() == [
        "         crm[1]           shop[10]         shop[11]",
        "  email  ann@example.com  ANN@example.com  (missing)",
        "  phone  212 555 0142     (missing)        +1 212-555-0142",
        "  name   Ann Lee          (no column)      (no column)",
    ]


def test_what_two_rows_say_differently_is_marked(filled: Run) -> None:
    _, _, rows = filled("explain", "crm:2", "crm:1").stdout.partition("\n\n")
    assert rows.splitlines() == [
        "               crm[2]           crm[1]",
        "≠ email        bob@example.com  ann@example.com",
        "  phone        (missing)        212 555 0142",
        "  national_id  123              (missing)",
        "≠ name         Bob Fox          Ann Lee",
        "",
        "≠ the rows say different things",
    ]


def test_rows_side_by_side_are_told_to_scripts_and_masked_on_demand(filled: Run) -> None:
    told = json.loads(filled("explain", "crm:1", "crm:2", "--format", "json", "--mask").stdout)["comparison"]
    (name,) = (line for line in told["lines"] if line["field"] == "name")
    assert name["differs"] is True
    assert [cell["values"] for cell in name["cells"]] == [["A*** L***"], ["B*** F***"]]


def test_two_records_that_share_nothing_are_two_people(filled: Run) -> None:
    finished = filled("explain", "crm:2", "crm:3")
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[0] == "crm[2] and crm[3] are two people: they share nothing"


def test_what_keeps_records_apart_or_is_no_evidence_is_told(run: Run, folder: Path) -> None:
    rows = [
        "id,name,email,phone,national_id",
        "2,Bob Fox,bob@example.com,,123",
        "4,Bob Fox,bob@example.com,,456",
        "5,A,noreply@x.org,,",
        "6,B,noreply@x.org,,",
    ]
    (folder / "crm.csv").write_text("\n".join(rows) + "\n")
    run("ingest", "crm.csv")
    told = run("explain", "crm:2", "crm:4").stdout
    assert "crm[2] and crm[4] are not joined by email bob@example.com" in told
    assert "crm[2] and crm[4] have different values of national_id; a person may have 1 (123 and 456)" in told
    told = run("explain", "crm:5", "crm:6").stdout
    assert "email noreply@x.org: the value is blocked, since it identifies nobody" in told


def test_a_record_may_stand_for_its_profile(filled: Run) -> None:
    assert filled("explain", "shop:11").stdout == filled("explain", "email:ann@example.com").stdout


def test_what_became_of_profiles_is_told(run: Run, folder: Path) -> None:
    run("ingest", "crm.csv", "shop.jsonl")
    ids = {profile_id(run, "email:dan@example.com"), profile_id(run, "email:bob@example.com")}
    (folder / "shop2.jsonl").write_text('{"id": 12, "email": "bob@example.com"}\n')
    run("ingest", "shop2.jsonl")
    survivor = profile_id(run, "email:bob@example.com")
    (former,) = ids - {survivor}
    told = run("explain", survivor, "--history").stdout
    assert f"it took in records of {former}" in told
    assert "shop[12] (epoch 0" in told
    finished = run("explain", former)
    assert finished.returncode == 0
    assert f"1 record (100%) in {survivor}" in finished.stdout


def test_values_can_be_masked(filled: Run) -> None:
    told = filled("explain", "email:ann@example.com", "--mask").stdout
    assert "a***@e***.c***" in told
    assert "ann@example.com" not in told


def test_the_evidence_is_exported_for_graph_tools(filled: Run, tmp_path: Path) -> None:
    finished = filled("explain", "email:ann@example.com", "--format", "graphml", "--out", tmp_path / "ann.graphml")
    assert (finished.returncode, finished.stdout) == (0, "")
    labels = nx.get_node_attributes(nx.read_graphml(tmp_path / "ann.graphml"), "label").values()
    assert {"crm[1]", "shop[10]", "shop[11]", "email ann@example.com"} <= set(labels)


def test_the_evidence_between_two_records_is_exported_for_graphviz(filled: Run) -> None:
    lines = filled("explain", "shop:10", "shop:11", "--format", "dot").stdout.splitlines()
    assert lines[0] == "graph evidence {"
    assert sum("shape=box" in line for line in lines) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("crm:1", "crm:99"), 1, "error: no source has ever sent the record crm[99]"),
        (("crm:99",), 1, "error: no source has ever sent the record crm[99]"),
        (("crm:1", "till:1"), 1, "error: a record is written source[key]"),
        (("nonsense",), 1, "error: an identifier is written kind:value"),
        (("0" * 32,), 1, "error: no profile has this id"),
        (("crm:1", "shop:10", "--history"), 2, "error: --history is about one profile"),
        (("crm:1", "--history", "--format", "dot"), 2, "error: --history is about one profile"),
    ],
)
def test_what_cannot_be_explained_is_told(filled: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    finished = filled("explain", *arguments)
    assert (finished.returncode, finished.stdout) == (code, "")
    assert finished.stderr.startswith(message)


def test_a_profile_that_hangs_together_by_one_value_is_listed_with_that_value_and_its_rows(families: Run) -> None:
    profile, link, *rows, total = families("suspicious").stdout.splitlines()
    assert profile.endswith(": 6 records")
    assert link.startswith("  phone +12125550142: phone of crm[1] alone holds 3 and 3 records together;")
    assert rows[0].split() == [f"crm[{key}]" for key in range(1, 7)]
    assert rows[1].split() == ["≠", "email", *["a@example.org"] * 3, *["b@example.org"] * 3]
    assert total == "Worth a look: 1 of 1 profile; `identity-graph explain ID` shows why."


def test_scripts_read_what_is_suspicious(families: Run) -> None:
    found = json.loads(families("suspicious", "--json", "--mask").stdout)
    (profile,) = found["listed"]
    assert (found["profiles"], found["found"], profile["records"]) == (1, 1, 6)
    assert [(link["kind"], link["value"], link["parts"]) for link in profile["suspicious"]] == [
        ("phone", "+1***", [3, 3])
    ]


def test_larger_parts_may_be_asked_for(families: Run) -> None:
    assert families("suspicious", "--at-least", "4").stdout == "Worth a look: 0 of 1 profile.\n"


def test_what_is_suspicious_about_a_profile_is_part_of_its_explanation(families: Run) -> None:
    assert "phone of crm[1] alone holds 3 and 3 records together" in families("explain", "email:a@example.org").stdout


def test_two_people_who_share_the_phone_of_an_office_are_listed_with_what_differs(run: Run, folder: Path) -> None:
    rows = ["id,name,email,phone,national_id", "1,Ann Lee,ann@x.org,212 555 0142,", "2,Bob Fox,bob@x.org,212 555 0142,"]
    (folder / "crm.csv").write_text("\n".join(rows) + "\n")
    run("ingest", "crm.csv")
    told = run("suspicious").stdout
    assert "phone +12125550142: crm[1] and crm[2] are one person by this phone alone (priority 60)" in told
    assert "≠ name   Ann Lee       Bob Fox" in told
    (profile,) = json.loads(run("suspicious", "--json", "--mask").stdout)["listed"]
    (pair,) = profile["doubtful"]
    assert (pair["kind"], pair["value"], pair["differing"], pair["parts"]) == ("phone", "+1***", ["name"], [1, 1])
    assert "Ann" not in json.dumps(profile)
    run("verdict", "different", "crm:1", "crm:2", "--reason", "colleagues")
    assert run("suspicious").stdout == "Worth a look: 0 of 2 profiles.\n"
