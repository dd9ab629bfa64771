from pathlib import Path

from cli.data_page import data_page

PAGE = Path(__file__).parents[3] / "docs" / "your-data.md"


def test_the_page_says_what_the_program_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == data_page(), "run `make docs`"
