"""`identity-graph verdict`: what a steward reads who has decided."""

import json
import re

import pytest

from tests.acceptance.conftest import Run


@pytest.fixture
def filled(run: Run) -> Run:
    run("ingest", "crm.csv", "shop.jsonl")
    return run


def timeless(text: str) -> list[str]:
    return re.sub(r"[0-9a-f]{32}", "ID", text).splitlines()


def test_a_reason_forges_no_line(filled: Run) -> None:
    reason = "one office\n01a0  crm[1] and shop[11] are the same (boss: checked)\x1b[1A\u202e"
    given = filled("verdict", "different", "crm:1", "shop:11", "--reason", reason, "--author", "kim\u2028")
    listed = filled("verdict", "list").stdout
    assert listed.count("\n") == 1
    for printed in (given.stdout, listed, filled("explain", "crm:1", "shop:11").stdout):
        assert r"(boss: checked)\x1b[1A\u202e" in printed
        assert not any(line.startswith("01a0") for line in re.split("[\n\u2028]", printed))


def test_a_verdict_prints_the_profiles_that_result_and_its_rows(filled: Run) -> None:
    finished = filled("verdict", "different", "crm:1", "shop:11", "--reason", "one office", "--author", "kim")
    assert timeless(finished.stdout) == [
        "ID  crm[1] and shop[11] are different (kim: one office)",
        "1 profile became 2:",
        "  ID has 2 records: crm[1], shop[10]",
        "  ID (new) has 1 record: shop[11]",
        "",
        "         crm[1]           shop[11]",
        "  email  ann@example.com  (missing)",
        "  phone  212 555 0142     +1 212-555-0142",
        "  name   Ann Lee          (no column)",
    ]


def test_a_verdict_taken_back_prints_what_is_one_again(filled: Run) -> None:
    told = filled("verdict", "same", "crm:1", "crm:2", "--reason", "called", "--json", "--mask").stdout
    given = json.loads(told)
    assert given["explanation"] == "2 profiles became 1"
    assert [profile["records_total"] for profile in given["profiles"]] == [4]
    assert "Ann" not in told
    lines = timeless(filled("verdict", "withdraw", given["verdict_id"], "--author", "kim").stdout)
    assert lines[1:4] == [
        "1 profile became 2:",
        "  ID has 3 records: crm[1], shop[10], shop[11]",
        "  ID (new) has 1 record: crm[2]",
    ]


def test_a_split_prints_the_profile_of_each_group_and_the_rows(filled: Run) -> None:
    profile_id = json.loads(filled("explain", "crm:1", "--format", "json").stdout)["profile_id"]
    groups = ("--group", "crm:1,shop:10", "--group", "shop:11")
    lines = timeless(filled("verdict", "split", profile_id, *groups, "--reason", "two", "--author", "kim").stdout)
    assert lines[:3] == [
        "group 1 is profile ID",
        "group 2 is profile ID",
        "ID  (crm[1], shop[10]) and shop[11] are different (kim: two)",
    ]
    assert lines[3:6] == [
        "1 profile became 2:",
        "  ID has 2 records: crm[1], shop[10]",
        "  ID (new) has 1 record: shop[11]",
    ]
    assert lines[7].split() == ["crm[1]", "shop[10]", "shop[11]"]
