from pathlib import Path

from api.problems import PROBLEMS, problem_type

DOCS = Path(__file__).parents[3] / "docs"


def test_every_problem_that_a_caller_can_meet_is_documented() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    told = {problem_type(error).slug for error in PROBLEMS} - {"change-rejected"}
    assert {slug for slug in told if f"`{slug}`" not in text} == set()
