import pytest

from graph_model.values.normalise.name import normalise_name


@pytest.mark.parametrize(
    ("received", "normal"),
    [
        ("Ann Lee", "ann lee"),
        ("  ANN   LEE ", "ann lee"),
        ("José García-López", "jose garcia lopez"),
        ("O'Neill, Jr.", "o neill jr"),
        ("O\u2019Neill", "o neill"),
        ("Łucja Ødegård", "lucja odegard"),
        ("Weiß", "weiss"),
        ("İpek", "ipek"),
        ("Nguyễn", "nguyen"),
        ("Ann\u00a0Lee", "ann lee"),
        ("Ann\u200bLee", "annlee"),
        ("李 小龍", "李 小龍"),
        ("अनिता", "अनिता"),
        ("नमस्ते", "नमस्ते"),
        ("サドウ", "サドウ"),
        ("Семён", "семен"),
        ("Андрей", "андрей"),
        ("Їжак", "їжак"),
        ("\u05de\u05b9\u05e9\u05c1\u05b6\u05d4", "\u05de\u05e9\u05d4"),
    ],
)
def test_case_accents_and_punctuation_do_not_count(received: str, normal: str) -> None:
    assert normalise_name(received) == normal


@pytest.mark.parametrize(
    ("one", "other"), [("サドウ", "サトウ"), ("ババ", "ハハ"), ("がき", "かき"), ("Йосиф", "Иосиф")]
)
def test_other_letters_make_another_name(one: str, other: str) -> None:
    assert normalise_name(one) != normalise_name(other)


def test_the_order_of_the_words_counts() -> None:
    assert normalise_name("Ann Lee") != normalise_name("Lee, Ann")


@pytest.mark.parametrize("received", ["-", "...", "'", "\u0301"])
def test_text_without_a_letter_or_digit_is_refused(received: str) -> None:
    assert normalise_name(received) is None
