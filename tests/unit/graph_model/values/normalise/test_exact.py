import pytest

from graph_model.values.normalise.plain import normalise_exact


@pytest.mark.parametrize(
    ("received", "normal"),
    [
        ("C-0042", "C-0042"),
        ("  c-0042\t", "c-0042"),
        ("0042", "0042"),
        ("two  words", "two  words"),
        ("e\u0301", "é"),
        ("C\u200b-0042\ufeff", "C-0042"),
        ("a\tb", "a b"),
        ("\ud800x", "x"),
    ],
)
def test_only_what_cannot_be_seen_is_removed(received: str, normal: str) -> None:
    assert normalise_exact(received) == normal


def test_case_and_leading_zeros_tell_values_apart() -> None:
    assert len({normalise_exact(text) for text in ("ab1", "AB1", "0ab1")}) == 3
