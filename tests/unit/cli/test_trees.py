"""Trees that people read."""

import pytest

from cli.trees import Tree, drawn


def test_guides_show_what_hangs_where() -> None:
    tree = Tree("root")
    first = tree.add("first")
    first.add("below the first").add("deeper")
    tree.add("second").add("below the second")
    assert list(drawn(tree, 80)) == [
        "root",
        "├── first",
        "│   └── below the first",
        "│       └── deeper",
        "└── second",
        "    └── below the second",
    ]


def test_a_long_line_is_folded_between_words_beside_its_guide() -> None:
    tree = Tree("root")
    tree.add("one two three four five six seven eight")
    tree.add("last")
    assert list(drawn(tree, 24)) == [
        "root",
        "├── one two three four",
        "│   five six seven eight",
        "└── last",
    ]


@pytest.mark.parametrize("letter", ["x", "\N{CJK UNIFIED IDEOGRAPH-4E2D}"])
def test_only_a_word_that_is_longer_than_a_line_is_broken(letter: str) -> None:
    word = letter * 50
    lines = list(drawn(Tree(f"a {word} b"), 30))
    assert "".join(lines).replace(" ", "") == f"a{word}b"
    assert len(lines) > 2
    assert lines[0] == "a"


def test_a_tree_may_be_deeper_than_python_calls_functions() -> None:
    tree = branch = Tree("root")
    for _ in range(3_000):
        branch = branch.add("deeper")
    assert sum(1 for _ in drawn(tree, 80)) == 3_001


def test_a_value_ends_no_line() -> None:
    assert list(drawn(Tree("one\ntwo"), 80)) == [r"one\ntwo"]
