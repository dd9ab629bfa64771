"""What customers may type to talk to a model: `prompt_values.jsonl` has a value on each line; a new one is a line."""

import json
import re
import unicodedata
from pathlib import Path

import orjson
import pytest
from markdown_it import MarkdownIt

from graph_model.profile.codec import decode_profile
from services.context.prompt import PromptContext, build_context
from services.context.text import MAX_VALUE_LENGTH, prompt_value
from services.context.tokens import count_tokens

LINES = (Path(__file__).parent / "prompt_values.jsonl").read_text(encoding="utf-8").splitlines()
VALUES = {entry["why"]: entry["value"] for entry in map(json.loads, LINES)}
NOON = 1_795_867_200_000  # 2026-11-28

PROVENANCE = re.compile(r" \[crm, 2026-11-20, 8 days ago\]$")
LINK = re.compile(r"[a-z]://|(?<![a-z0-9])www\.\S|(?:javascript|data|mailto):\S", re.IGNORECASE)

values = pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)


def context_of(value: str) -> PromptContext:
    """The context of a profile with the value in a trait and in an identifier, as far as a document can hold it."""
    value = value.encode(errors="replace").decode()
    said = {"source": "crm", "key": [1], "observed_at": "2026-11-20T08:00:00.000Z"}
    document = {
        "profile_id": "019aa5b1c2d37e4f8a9b0c1d2e3f4a5b", "version": 1, "status": "live", "created_at": "",
        "updated_at": "", "records": [], "conflicts": [], "dropped_evidence": [],
        "traits": {"name": {"value": value, **said}, "city": {"value": "Delft", **said}},
        "identifiers": [{"kind": "email", "value": value, "records": 1, "generic": False, **said}],
    }  # fmt: skip
    profile = decode_profile(orjson.dumps(document))
    return build_context(profile, token_budget=2_000, as_of=NOON, count_tokens=count_tokens)


def test_there_are_more_than_sixty_of_them() -> None:
    assert len(VALUES) == len(LINES) > 60


@values
def test_every_line_is_one_fact_with_one_source_that_no_value_wrote(value: str) -> None:
    context = context_of(value)
    first, _, *facts, last = context.text.splitlines()
    assert (first, last) == ("<customer_profile>", "</customer_profile>")
    assert context.text.count("<") == context.text.count(">") == 2
    assert [line[:2] for line in facts] == ["- "] * len(context.included)
    for line in facts:
        assert PROVENANCE.search(line)
        assert line.count("[") == line.count("]") == 1
    assert "- city: Delft [crm, 2026-11-20, 8 days ago]" in facts
    assert context.tokens == count_tokens(context.text)


@values
def test_nothing_invisible_or_without_meaning_is_left(value: str) -> None:
    text, _ = prompt_value(value)
    assert not {unicodedata.category(each) for each in text} & {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
    assert "\ufffc" not in text
    assert "MMMMM" not in "".join(unicodedata.category(each)[0] for each in text)
    assert len(text) <= 2 * MAX_VALUE_LENGTH


@values
def test_nothing_is_a_link_or_markdown(value: str) -> None:
    text, _ = prompt_value(value)
    assert LINK.search(text) is None
    tokens = MarkdownIt("commonmark").enable("strikethrough").parse(f"- name: {text} [crm, 2026-11-20, today]\n")
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 1
    assert {child.type for child in inline[0].children or ()} == {"text"}


@pytest.mark.parametrize("address", ["ann.lee@example.com", "o'neill+shop@mail.example.co.uk", "büro@müller.example"])
def test_addresses_stay_readable(address: str) -> None:
    assert prompt_value(address) == (address, False)


def test_no_bracket_of_any_script_is_left_but_quotation_marks() -> None:
    brackets = [each for each in map(chr, range(0x110000)) if unicodedata.category(each) in ("Ps", "Pe")]
    left = [each for each in brackets if prompt_value(f"a{each}b")[0] not in ("a(b", "a)b")]
    assert left == ["\u201a", "\u201e"]
