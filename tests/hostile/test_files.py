"""Whatever a file holds, it is loaded or refused line by line, in bounded time and memory."""

import csv
import io
from pathlib import Path

import orjson
import pytest

from tests.hostile.inputs import BODIES, TEXTS, VALUES
from tests.hostile.process import COLUMNS, make_folder, ran, require_clean

#: Bytes; every line is told, and millions of lines take their time.
LARGEST_FILE = 300_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def csv_text() -> str:
    """Every hostile text in every column, and in the key."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(["id", *COLUMNS])
    for number, text in enumerate(TEXTS.values()):
        writer.writerow([number, *[text] * len(COLUMNS)])
        writer.writerow([text, *[""] * len(COLUMNS)])
    return output.getvalue()


def json_lines() -> bytes:
    rows: list[dict[str, object]] = []
    for number, value in enumerate([*TEXTS.values(), *VALUES.values()]):
        rows += [
            {"id": number, **dict.fromkeys(COLUMNS, value)},
            {"id": value, "name": "x"},
            {"id": 0, str(value)[:1_000]: 1},
        ]
    return b"\n".join(map(orjson.dumps, rows))


def test_csv_with_hostile_values_is_loaded(folder: Path) -> None:
    (folder / "crm.csv").write_text(csv_text(), newline="")
    ran(folder, "ingest", "crm.csv").require_bounded()
    require_clean(folder)


def test_json_lines_with_hostile_values_are_loaded(folder: Path) -> None:
    (folder / "crm.jsonl").write_bytes(json_lines())
    ran(folder, "ingest", "crm.jsonl").require_bounded()
    require_clean(folder)


def test_again_and_again_the_same_person_costs_no_more(folder: Path) -> None:
    worst = [name for name in TEXTS if "marks" in name or "many" in name]
    rows = [
        {"id": number % 7, **dict.fromkeys(COLUMNS, TEXTS[worst[number % len(worst)]]), "email": "ann@example.com"}
        for number in range(60)
    ]
    (folder / "crm.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    ran(folder, "ingest", "crm.jsonl").require_bounded()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "csv.gz"])
def test_files_of_any_bytes_are_loaded_or_refused(folder: Path, ending: str) -> None:
    names = []
    for number, content in enumerate(BODIES.values()):
        names.append(f"crm{number}.{ending}")
        (folder / names[-1]).write_bytes(content[:LARGEST_FILE])
    ran(folder, "ingest", *names).require_bounded()
    require_clean(folder)


def test_a_draft_of_hostile_values_is_made(folder: Path) -> None:
    (folder / "crm.csv").write_text(csv_text(), newline="")
    (folder / "crm.jsonl").write_bytes(json_lines())
    for name in ("crm.csv", "crm.jsonl"):
        ran(folder, "catalogue", "draft", name).require_bounded()
