"""Results on disk and on screen."""

from pathlib import Path

import pytest

from cli.exit_codes import UsageRefused
from cli.output import csv_rows, print_table, result_file


def test_a_result_that_was_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with result_file(tmp_path / "members.csv") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_result_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes(b"earlier")
    with result_file(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"earlier"
    assert path.read_bytes() == b"new"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageRefused, match="cannot be written"), result_file(tmp_path / "missing" / "members.csv"):
        pass


def test_rows_are_csv_with_line_feeds(tmp_path: Path) -> None:
    with result_file(tmp_path / "rows.csv") as file, csv_rows(file) as write_row:
        write_row(("crm", '["ä"]', 1))
    assert (tmp_path / "rows.csv").read_bytes() == 'crm,"[""ä""]",1\n'.encode()


def test_numbers_stand_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("source", "in"), [("crm", "1"), ("shop", "1000")])
    assert capsys.readouterr().out == "source    in\ncrm        1\nshop    1000\n"
