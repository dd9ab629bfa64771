import re
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph_model.values.patterns import Pattern, PatternRefused

#: What a pattern may be made of that both engines read; sets with all that needs care in them.
PIECES = st.sampled_from(
    [
        "a", "é", "ß", "K", "٣", "日", "_", "-", " ", ".", r"\.", r"\-", "[a-c]", "[^a-c]", r"[\W_]", r"[^\W\d_]",
        r"[^\s\S]", r"[\D]", r"[^\D]", "[]a]",
        "[^]a]", r"[\]a]", r"[\[a]", r"[a\b]", r"[\u00e9-\u00ff]", "[k]", "[^k]",
        r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\u00e9", r"\x41", r"\101", r"\0", r"[\12]", "a{,2}", "x{2}",
        "x{1,}", r"\d{,3}", "{", "a{", "a{,x}", "^", "$", r"\A", r"\Z", "(?:a|b|)", "(a)", "(?P<n>a)?",
        "(?i:k)", "(?-i:K)",
    ]
)  # fmt: skip


@st.composite
def patterns(draw: st.DrawFn) -> str:
    inner = "".join(draw(st.lists(PIECES, max_size=4)))
    outer = "".join(draw(st.lists(PIECES, max_size=3)))
    count = draw(st.sampled_from(["", "*", "+", "?", "*?", "+?", "{2}", "{1,2}"]))
    return draw(st.sampled_from(["", "(?i)", "(?s)", "(?m)"])) + f"(?:{inner}){count}{outer}"


TEXTS = st.text(st.sampled_from("aAbkKxéÉß٣3日_-. \n\x08\x01]{}[,\ud800\u017f\u212a0"), max_size=8)


def readable(pattern: str) -> bool:
    try:
        re.compile(pattern)
        Pattern(pattern)
    except (re.error, PatternRefused):
        return False
    return True


@settings(deadline=None)  # the first one asks for all characters of a category
@given(patterns(), TEXTS)
def test_a_pattern_means_what_it_means_in_python(pattern: str, text: str) -> None:
    assume(readable(pattern))
    text = text.strip()  # as every value is; else `$` of Python's would also match before a last line feed
    assert Pattern(pattern).fullmatch(text) == (re.fullmatch(pattern, text) is not None)
    assert Pattern(pattern).search(text) == (re.search(pattern, text) is not None)


@settings(deadline=None)  # the first one asks for all characters of a category
@given(patterns(), TEXTS)
def test_a_letter_stands_for_both_of_its_cases_in_folded_texts(pattern: str, text: str) -> None:
    assume(readable(pattern))
    folded = text.strip().casefold()
    expected = re.search(pattern, folded, re.IGNORECASE) is not None
    assert Pattern(pattern, of_folded_texts=True).search(folded) == expected


@pytest.mark.parametrize(
    "part",
    [
        r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"[^\W\d_]", r"[\W_]", "[\\W\u03b9]", "[^k]", ".",
        "k", "K", "s", "S", "ς", "Σ", "é", "ǆ", "ᾳ", "ö", "я", "Я", "\u03b9",
    ],
)  # fmt: skip
def test_every_folded_character_is_matched_by_what_matches_it_in_python(part: str) -> None:
    characters = "".join(each for each in map(chr, range(sys.maxunicode + 1)) if each == each.casefold())
    characters = re.sub("[\ud800-\udfff]", "", characters)
    runs = Pattern(f"(?:{part})+", of_folded_texts=True)._compiled.finditer(characters.encode())
    assert [run[0].decode() for run in runs] == re.findall(f"(?:{part})+", characters, re.IGNORECASE)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(\d+[- ]?)+$", "1" * 1_000_000 + "x"),
        ("(a+)+$", "a" * 1_000_000 + "!"),
        ("(x+x+)+y", "x" * 1_000_000),
        ("^(a|a)*$", "a" * 1_000_000 + "!"),
        (r"\w{1,64}@", "é" * 100_000),
        ("(.*){30}a(.{0,60}b){6}c", "ab" * 20_000),
    ],
)
def test_no_text_makes_a_pattern_slow(pattern: str, text: str) -> None:
    assert not Pattern(pattern).search(text)


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("a(?=b)", "without `(?=`: write what stands around it as a part of the pattern"),
        ("a(?!b)", "a set [^…]"),
        ("(?<=a)b", "without `(?<=`: write what stands around it"),
        ("(?<!a)b", "without `(?<!`: write what stands around it"),
        (r"(a|b)\1", r"without `\1`: write what is repeated out, or as alternatives: (?:aa|bb)"),
        (r"(a)" * 12 + r"\12", r"without `\12`: write what is repeated out"),
        ("(?P<n>a)(?P=n)", "write what is repeated out"),
        (r"\bnoreply\b", r"without `\b`: write what stands at the edge of the word: (?:^|\W)word(?:\W|$)"),
        (r"a\B", r"without `\B`"),
        ("(?>a)", "without `(?>`: leave it away"),
        ("a*+", "without `*+`: leave it away"),
        ("(a)?(?(1)b|c)", "write both cases as alternatives"),
        ("(?#why)a", "leave it away"),
        ("(?x)a b", "leave it away"),
        ("a{1001}", "count to 1000 at the most"),
        ("(a{100}){100}", "count to 1000 at the most"),
        (r"\N{DIGIT ONE}", "write the character itself"),
        (r"\w{1000}", "can be matched in linear time (pattern too large - compile failed): write a shorter one"),
        ("[", "a regular expression (unterminated character set"),
        ("(" * 10_000, "a regular expression ("),
        ("\ud800", "halves of surrogate pairs"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write_instead(pattern: str, instead: str) -> None:
    with pytest.raises(PatternRefused) as refused:
        Pattern(pattern)
    assert instead in str(refused.value)
