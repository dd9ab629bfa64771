"""`identity-graph resolve`: files in, a partition out, the same whatever the order."""

import json
from pathlib import Path

from tests.acceptance.conftest import CRM, SHOP, Run

CAPTURES = Path(__file__).parents[1] / "captures" / "debezium_postgres"
ALL = ("--catalogue", "catalogue.yaml", "crm.csv", "shop.jsonl")


def test_records_that_share_identifiers_have_one_id(run: Run) -> None:
    finished = run("resolve", *ALL, "--out", "-")
    assert finished.stdout == (
        "source,key,profile_id\ncrm,[1],1\nshop,[10],1\nshop,[11],1\ncrm,[2],2\ncrm,[3],3\nshop,[12],4\n"
    )


def test_reordered_rows_and_files_give_the_same_bytes(run: Run, folder: Path) -> None:
    before = run("resolve", *ALL, "--out", "-").stdout
    header, *rows = CRM.splitlines(keepends=True)
    (folder / "crm.csv").write_text(header + "".join(reversed(rows)))
    (folder / "shop.jsonl").write_text("".join(reversed(SHOP.splitlines(keepends=True))))
    reversed_files = ("--catalogue", "catalogue.yaml", "shop.jsonl", "crm.csv")
    assert run("resolve", *reversed_files, "--out", "-").stdout == before


def test_of_two_rows_with_one_key_the_same_one_counts_in_any_order(run: Run) -> None:
    rows = [b'{"id": 1, "email": "ann@example.com"}\n', b'{"id": 1, "email": "zoe@example.com"}\n']
    other = b'{"id": 2, "email": "ann@example.com"}\n'
    arguments = ("resolve", "--catalogue", "catalogue.yaml", "--source", "crm", "-", "--out", "-")
    assert (
        run(*arguments, stdin=rows[0] + rows[1] + other).stdout
        == run(*arguments, stdin=rows[1] + other + rows[0]).stdout
    )


def test_no_store_is_left_behind(run: Run, folder: Path) -> None:
    run("resolve", *ALL, "--out", "members.csv")
    assert sorted(path.name for path in folder.iterdir()) == ["catalogue.yaml", "crm.csv", "members.csv", "shop.jsonl"]


def test_the_summary_can_be_read_by_scripts(run: Run) -> None:
    finished = run("resolve", *ALL, "--out", "members.csv", "--json")
    assert json.loads(finished.stdout) == {
        "lines": 6,
        "records": 6,
        "profiles": 4,
        "largest_profile": 3,
        "conflicts": 0,
        "generic": [],
        "unread_values": [],
        "rejected": {"count": 0, "first": []},
    }


def test_a_bad_row_is_told_and_the_others_are_resolved(run: Run) -> None:
    finished = run(
        "resolve", "--catalogue", "catalogue.yaml", "--source", "crm", "-", "--out", "-", stdin=b'{"id": 1}\n42\n'
    )
    assert finished.returncode == 1
    assert finished.stdout == "source,key,profile_id\ncrm,[1],1\n"
    assert "standard input, line 2: the value is int; a JSON object is expected" in finished.stderr


def test_a_result_that_cannot_be_written_is_misuse(run: Run) -> None:
    finished = run("resolve", *ALL, "--out", "missing/members.csv")
    assert finished.returncode == 2
    assert "missing/members.csv cannot be written: No such file or directory" in finished.stderr


def test_values_that_cannot_be_used_are_counted(run: Run) -> None:
    rows = b'{"id": 1, "phone": "12"}\n{"id": 2, "phone": "13"}\n'
    finished = run("resolve", "--catalogue", "catalogue.yaml", "--source", "crm", "-", "--out", "-", stdin=rows)
    assert "crm.phone  2: the value cannot be read as kind 'phone'" in finished.stderr
    assert "first in standard input, line 1: 1***" in finished.stderr


def test_identifiers_that_are_too_common_are_listed_with_the_people_they_do_not_join(run: Run) -> None:
    rows = b"".join(b'{"id": %d, "email": "till@example.com"}\n' % number for number in range(4))
    options = ("--catalogue", "catalogue.yaml", "--source", "crm", "-", "--out", "-")
    assert "email:till@example.com  in 4 records, which are 4 profiles" in run("resolve", *options, stdin=rows).stderr


def test_a_column_that_a_file_lacks_is_warned_of(run: Run) -> None:
    rows = b"id,mail\n1,ann@example.com\n"
    finished = run("resolve", "--catalogue", "catalogue.yaml", "--source", "crm", "-", "--out", "-", stdin=rows)
    assert finished.returncode == 0
    assert "'email' (did you mean 'mail'?)" in finished.stderr


def test_a_truncate_deletes_the_rows_read_before_it(run: Run) -> None:
    messages = [json.loads((CAPTURES / f"{name}.json").read_text()) for name in ("c", "t", "pk_change_3_c")]
    for message in messages:
        message["value"]["source"]["table"] = "customer"
    lines = "\n".join(map(json.dumps, messages))
    finished = run("resolve", "--catalogue", "catalogue.yaml", "-", "--out", "-", stdin=lines.encode())
    assert finished.stdout == "source,key,profile_id\ncustomer,[2001],1\n"
