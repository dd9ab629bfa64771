"""The documentation of the limits is the limits."""

from pathlib import Path

from cli.limits_page import limits_page

PAGE = Path(__file__).parents[3] / "docs" / "limits.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == limits_page(), "run `make docs`"
