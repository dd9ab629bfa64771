"""What holds for all normalisers alike."""

import unicodedata
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.normalise import NORMALISERS, NormaliserName

NAMES = tuple(NORMALISERS)
#: Characters that folding, composing or hiding treats in ways of their own.
TELLING = "aAzZßİıŁøÅ①²ﬀﷺ٠१０'-.@+ ()0123456789/:TZ\u0301\u0345\u200b\u202e\u00ad\u2028\t\ue000\U000e0041"  # noqa: RUF001 look-alikes are what is tried
ANY_TEXT = st.one_of(
    st.text(),
    st.text(alphabet=TELLING, max_size=30),
    st.emails(),
    st.dates().map(str),
    st.datetimes().map(str),
    st.integers(-(10**7), 10**12).map(str),
)


def test_the_names_that_a_catalogue_may_use_are_the_normalisers_there_are() -> None:
    assert set(get_args(NormaliserName)) == set(NORMALISERS)


@pytest.mark.parametrize("name", NAMES)
@given(text=ANY_TEXT)
def test_normalising_twice_is_normalising_once(name: NormaliserName, text: str) -> None:
    normalise = NORMALISERS[name].for_region("US")
    normal = normalise(text)

    assert normal is None or normalise(normal) == normal


@pytest.mark.parametrize("name", NAMES)
@given(text=ANY_TEXT)
def test_a_normal_form_is_visible_text_of_bounded_length(name: NormaliserName, text: str) -> None:
    normal = NORMALISERS[name].for_region("US")(text)

    assert normal is None or 0 < len(normal) <= 1_000
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in normal or "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("nothing", ["", "   ", "\u200b\u2060", "\x00\x1f", "\u3164"])
def test_text_in_which_nothing_is_visible_has_no_normal_form(name: NormaliserName, nothing: str) -> None:
    assert NORMALISERS[name].for_region("US")(nothing) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("repeated", ["1", "a", "\ufdfa"])
def test_a_value_longer_than_a_thousand_characters_has_no_normal_form(name: NormaliserName, repeated: str) -> None:
    assert NORMALISERS[name].for_region("US")(repeated * 1_001) is None


def test_a_value_that_grows_beyond_the_limit_has_no_normal_form() -> None:
    ligature_of_eighteen_letters = "\ufdfa"

    assert NORMALISERS["casefold"].for_region(None)(ligature_of_eighteen_letters * 900) is None
