"""No value moves what stands around it on a terminal."""

import re

import orjson
import pytest

from cli.explanation_trees import pair_tree, tree_text
from cli.output import print_json, print_table, warn
from cli.row_tables import record_text
from cli.running import say_last
from cli.terminal import say, say_lines, visible, visible_json
from stack.settings import CHECKOUT

HOSTILE = "a\x1b[2Jb\nc\r\x07d\x9b31m\u202ee\u2066\u2028f\u2029g\x85h\ud800i\ufeff\x7f\U000e0041"
#: What may stand on a line: no controls but its end, no marks of direction, no other ends of lines, no halves.
CLEAN = re.compile(
    "[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e0fff]*"
)


def is_one_line(printed: str) -> bool:
    return printed.endswith("\n") and CLEAN.fullmatch(printed.removesuffix("\n")) is not None


def test_what_is_hidden_is_written_as_python_writes_it() -> None:
    assert visible(HOSTILE) == (
        r"a\x1b[2Jb\nc\r\x07d\x9b31m\u202ee\u2066\u2028f\u2029g\x85h\ud800i\ufeff\x7f\U000e0041"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Łucja O'Neill",
        "山田\u3000太郎",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "👩\u200d👧",
        "a\u00a0b",
        "נועה",
        "C:\\new",
    ],
)
def test_what_people_are_called_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_a_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    warn(HOSTILE)
    printed = capsys.readouterr()
    assert is_one_line(printed.out)
    assert is_one_line(printed.err)


def test_a_line_may_leave_one_empty_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    say("\nRejected: 1 line")
    say()
    say_lines("one\n\ntwo\n")
    assert capsys.readouterr().out == "\nRejected: 1 line\n\none\n\ntwo\n"


def test_a_cell_of_a_table_stays_in_its_cell(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("source", "file"), [("crm", HOSTILE), ("shop", "s.csv")])
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 4
    assert all(CLEAN.fullmatch(line) for line in lines)
    assert lines[1].index("a") == lines[2].index("s.csv")


def test_json_stays_the_same_document_and_hides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"name": HOSTILE.replace("\ud800", ""), "城": ["Łucja", "👩\u200d👧"]}
    print_json(document)
    printed = capsys.readouterr().out
    assert orjson.loads(printed) == document
    assert all(CLEAN.fullmatch(line) for line in printed.split("\n"))
    assert "Łucja" in printed
    assert visible_json('{"a":"b"}') == '{"a":"b"}'


def test_the_last_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say_last(visible(f"error: {HOSTILE}"))
    assert is_one_line(capsys.readouterr().err)


def test_a_row_that_is_shown_has_one_line_for_each_value() -> None:
    text = record_text(
        {
            "source": "crm", "key": [HOSTILE.replace("\ud800", "")], "deleted": False, "undated": False, "epoch": 1,
            "offset": 1, "observed_at": "2026", "profile_id": "p", "moved_from": None, "moved_to": None,
            "values": {HOSTILE: HOSTILE}, "incomplete": [HOSTILE], "issues": [{"column": HOSTILE, "reason": HOSTILE}],
        }
    )  # fmt: skip
    assert len(text.split("\n")) == 6
    assert all(CLEAN.fullmatch(line) for line in text.split("\n"))


def test_a_reason_of_a_verdict_forges_no_line_of_a_tree() -> None:
    cause = {"author": HOSTILE, "given_at": "2026-11-29", "judgement": "same", "reason": HOSTILE, "verdict_id": "v"}
    step = {
        "records": [{"source": "crm", "key": [1]}, {"source": "crm", "key": [2]}],
        "refused_by": [],
        "verdict": cause,
    }
    document = {"explanation": HOSTILE, "records": [], "steps": [step], "shared": [], "conflicts": [], "verdicts": []}
    lines = tree_text(pair_tree(document)).split("\n")
    assert len(lines) == 4
    assert all(CLEAN.fullmatch(line) for line in lines)


def test_nothing_but_one_module_prints() -> None:
    """Beside it stand what prints JSON and documents that are put into files."""
    printing = re.compile(r"typer\.echo\(|(?<![\w.])(?<!def )print\(|sys\.std(?:out|err)\.write\(|console\.print\(")
    pages = {"settings_page.py", "limits_page.py", "data_page.py", "event_schema.py"}
    found = {path.name for path in (CHECKOUT / "cli").glob("*.py") if printing.search(path.read_text())} - pages
    assert found == {"terminal.py", "output.py", "running.py"}
