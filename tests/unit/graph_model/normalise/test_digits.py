import pytest

from graph_model.normalise.digits import normalise_digits


@pytest.mark.parametrize(
    ("received", "normal"),
    [
        ("012-34-5678", "012345678"),
        ("012 34 5678", "012345678"),
        ("No. 42", "42"),
        ("٠١٢", "012"),
        ("\uff11\uff12", "12"),
        ("1\u200b2", "12"),
    ],
)
def test_everything_but_digits_is_removed(received: str, normal: str) -> None:
    assert normalise_digits(received) == normal


@pytest.mark.parametrize("received", ["none", "-", "x²", "½"])
def test_text_without_a_digit_is_refused(received: str) -> None:
    assert normalise_digits(received) is None
