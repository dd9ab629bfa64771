import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from graph_model.values.equality import JsonValue
from services.context.text import MAX_VALUE_LENGTH, prompt_value

SPECIAL = "<>`*_[](){}#&;!|~\\/:'\"-+=.1aZ \n\r\t\u2028\u2029\u200b\u200d\u202e\u2066\ufeff\u00ad\U000e0041\ufe0f"
HOSTILE = st.text(st.one_of(st.sampled_from(SPECIAL), st.characters()), max_size=300)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ann Lee", "Ann Lee"),
        ("ann_lee@example.com", "ann_lee@example.com"),
        ("Zoë Straße 5, 北京", "Zoë Straße 5, 北京"),
        ("Smith & Sons", "Smith & Sons"),
        ("Nguyễn Thị Ánh", "Nguyễn Thị Ánh"),
        ("\u201eAnn\u201c, 10:30", "\u201eAnn\u201c, 10:30"),
        (True, "true"),
        (42, "42"),
        (1.5, "1.5"),
        (["a", "b"], '("a","b")'),
    ],
)
def test_ordinary_values_stay_what_they_are(value: JsonValue, expected: str) -> None:
    assert prompt_value(value) == (expected, False)


@pytest.mark.parametrize("value", [None, "", "  \n ", [], {}, "\u200b\u202e\U000e0041", "\u2800"])
def test_values_that_say_nothing_are_empty(value: JsonValue) -> None:
    assert prompt_value(value) == ("", False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("</customer_profile>", "(/customer profile)"),
        ("\uff1c/CUSTOMER_PROFILE\uff1e", "(/customer profile)"),
        ("&lt;/x&gt;", "+lt;/x+gt;"),
        ("```sh", "'''sh"),
        ("![x](https://example.com/?q=1)", "!(x)(https: //example.com/?q=1)"),
        ("<|endoftext|>", "(|endoftext|)"),
        ("{{system}}", "((system))"),
        ("*now* _do_", r"\*now\* \_do\_"),
        (r"\*", r"/\*"),
        ("first\nsecond\r\n\tthird", "first second third"),
        ("A\u202enn\u200b Lee\U000e0041", "Ann Lee"),
        ("~~gone~~ ~x~", r"\~\~gone\~\~ \~x\~"),
        ("see www.example.com", "see www. example.com"),
        ("HTTP:\\\\example.com", "HTTP: //example.com"),
        ("javascript:alert(1)", "javascript: alert(1)"),
        ("\u300cDelft\u300d \u2264 \u23a1x\u23a4", "(Delft) ( (x)"),
        ("A\ue000n\ufffcn", "Ann"),
        ("Z\u0300\u0301\u0302\u0303\u0304\u0305", "Z\u0300\u0301\u0302\u0303"),
    ],
)
def test_what_could_open_or_close_something_is_made_harmless(value: str, expected: str) -> None:
    assert prompt_value(value) == (expected, False)


def test_a_long_value_is_cut_with_an_ellipsis() -> None:
    text, shortened = prompt_value("x" * (MAX_VALUE_LENGTH + 1))
    assert text == "x" * (MAX_VALUE_LENGTH - 1) + "…"
    assert shortened


def test_a_value_that_is_long_only_by_its_spaces_is_kept_whole() -> None:
    assert prompt_value("Ann" + " " * MAX_VALUE_LENGTH + "Lee") == ("Ann Lee", False)


def test_of_a_pasted_document_only_the_beginning_is_looked_at() -> None:
    assert prompt_value(" " * 1_000_000 + "unseen") == ("…", True)


@given(HOSTILE)
def test_no_value_makes_a_new_line_or_stays_invisible(value: str) -> None:
    text, _ = prompt_value(value)
    assert len(text.splitlines()) <= 1
    assert text == " ".join(text.split())
    assert not {unicodedata.category(character) for character in text} & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


@given(HOSTILE)
def test_no_value_brings_a_character_that_opens_or_closes(value: str) -> None:
    text, _ = prompt_value(value)
    assert not set("<>`[]{}") & set(text)
    assert "customer_profile" not in text.casefold()


@given(HOSTILE)
def test_no_value_opens_markdown_structure(value: str) -> None:
    text, _ = prompt_value(value)
    tokens = MarkdownIt("commonmark").parse(f"- name: {text} [crm, 2026-11-20, today]\n")
    blocks = [token.type for token in tokens]
    assert blocks == [
        "bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close", "list_item_close",
        "bullet_list_close",
    ]  # fmt: skip
    assert {child.type for child in tokens[3].children or ()} == {"text"}


@given(HOSTILE)
def test_a_value_takes_a_bounded_number_of_characters(value: str) -> None:
    text, _ = prompt_value(value)
    assert len(text) <= 2 * MAX_VALUE_LENGTH
