import pytest

from graph_model.catalogue.marked_yaml import read_yaml
from graph_model.values.equality import JsonValue


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("region: NO", "NO"),
        ("region: off", "off"),
        ("at: 2026-11-20", "2026-11-20"),
        ("at: 12:30:00", "12:30:00"),
        ("id: 0x1F", "0x1F"),
        ("n: 42", 42),
        ("n: -1.5", -1.5),
        ("n: " + "9" * 5_000, "9" * 5_000),
        ("b: true", True),
        ("b: FALSE", False),
        ("z: ~", None),
        ("z:", None),
        ("z: ''", ""),
        ("z: 'null'", "null"),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text: str, value: JsonValue) -> None:
    document = read_yaml(text)

    assert isinstance(document.value, dict)
    assert list(document.value.values()) == [value]


def test_keys_are_always_text() -> None:
    assert read_yaml("1: a\ntrue: b\nno: c\n~: d").value == {"1": "a", "true": "b", "no": "c", "~": "d"}


def test_every_key_and_item_has_its_line() -> None:
    document = read_yaml("a:\n  b:\n    - x\n    - y\n")

    assert [document.line_of(path) for path in [("a",), ("a", "b"), ("a", "b", 1)]] == [1, 2, 4]


def test_a_path_without_a_line_has_that_of_what_it_lies_in() -> None:
    assert read_yaml("x: 1\na:\n  b: 1\n").line_of(("a", "missing", 3)) == 2


def test_a_key_twice_is_a_problem_at_its_second_place() -> None:
    (problem,) = read_yaml("a: 1\nb: 2\na: 3\n").problems

    assert (problem.line, problem.path) == (3, ("a",))


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x\n",
        "a: &a [*a]\n",
        "a: !!python/object:os.system {}\nb: !secret x\n",
        "? [a, b]\n: 1\n",
        "a: 1\n---\nb: 2\n",
    ],
)
def test_what_a_catalogue_has_no_need_of_is_a_problem(text: str) -> None:
    assert read_yaml(text).problems
