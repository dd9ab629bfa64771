"""No text that comes from outside keeps a regular expression of the program busy.

Every compiled one of every module is tried on texts made for it: what comes before each of its repetitions, then what
is repeated, many times, then something that fits nothing. Time that grows with the square of the length would be a
hundred times above the bound.
"""

# ruff: noqa: ANN401 - trees of parsed expressions have no types

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from stack.settings import CHECKOUT

PACKAGES = ("graph_model", "services", "consumers", "api", "cli")
SOURCES = "\n".join(path.read_text() for package in PACKAGES for path in sorted((CHECKOUT / package).rglob("*.py")))
#: Names of those that are looked for anywhere in a text; all others are matched at its beginning, or whole.
SEARCHED = frozenset(re.findall(r"\b(_?[A-Z][A-Z_]+)(?:\[[^\]]*\])?\.(?:search|sub|split|find)", SOURCES))

#: The shorter ones show exponential time before it becomes for ever.
LENGTHS = (25, 1_000, 50_000)
SECONDS = 2.0
#: What looks at the length first, and takes so many characters at the most.
BOUNDED = {"_WRITTEN[0] of graph_model.values.normalise.phone": 100}

_PARSER: Any = importlib.import_module("re._parser")


def compiled(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from compiled(each)
    elif isinstance(value, Mapping):
        yield from compiled(tuple(value.values()))


def expressions() -> dict[str, re.Pattern[Any]]:
    found: dict[str, re.Pattern[Any]] = {}
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(CHECKOUT / package)], f"{package}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                for number, pattern in enumerate(compiled(value)):
                    found.setdefault(f"{name}[{number}] of {module.name}", pattern)
    return found


EXPRESSIONS = expressions()


def example(node: Any, *, wide: bool) -> str:
    """A text that a parsed expression matches, or nearly; the first or the last of what it leaves open."""
    said = ""
    for operation, value in node:
        match str(operation):
            case "LITERAL":
                said += chr(value)
            case "NOT_LITERAL" | "ANY":
                said += "a"
            case "IN":
                said += member(value, wide=wide)
            case "BRANCH":
                said += example(value[1][-1 if wide else 0], wide=wide)
            case "SUBPATTERN":
                said += example(value[3], wide=wide)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                said += example(value[2], wide=wide) * max(value[0], int(wide))
            case "ATOMIC_GROUP":
                said += example(value, wide=wide)
    return said


def member(choices: Any, *, wide: bool) -> str:
    negated = str(choices[0][0]) == "NEGATE"
    operation, value = choices[-1 if wide else int(negated)]
    match str(operation):
        case _ if negated:
            return "~" if wide else "a"
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(value[1] if wide else value[0])
    return {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}.get(str(value), "-")


def attacks(node: Any, before: str, *, wide: bool) -> Iterator[tuple[str, str]]:
    """What comes before each repetition, and what is repeated."""
    for index, (operation, value) in enumerate(node):
        here = before + example(node[:index], wide=wide)
        match str(operation):
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                yield here, example(value[2], wide=wide)
                yield from attacks(value[2], here, wide=wide)
            case "SUBPATTERN":
                yield from attacks(value[3], here, wide=wide)
            case "BRANCH":
                for branch in value[1]:
                    yield from attacks(branch, here, wide=wide)
            case "ASSERT" | "ASSERT_NOT":
                yield from attacks(value[1], here, wide=wide)
            case "ATOMIC_GROUP":
                yield from attacks(value, here, wide=wide)


def hostile_texts(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = _PARSER.parse(written, pattern.flags & ~(re.UNICODE | re.DEBUG))
    pumps = {pair for wide in (False, True) for pair in attacks(tree, "", wide=wide)}
    pumps |= {("", pump) for _, pump in pumps} | {("", each) for each in ("a", "1", " ", "0", "-", "a.", "1 ")}
    for before, pump in sorted(pumps):
        for after in ("\x00", "", "!", "1"):
            if pump:
                yield before, pump, after


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_text_keeps_a_regular_expression_busy(name: str) -> None:
    pattern = EXPRESSIONS[name]
    searched = name.startswith("BLOCKED") or name.partition("[")[0] in SEARCHED
    ways = ("match", "fullmatch", "search") if searched else ("match", "fullmatch")
    for before, pump, after in hostile_texts(pattern):
        for length in (min(length, BOUNDED.get(name, length)) for length in LENGTHS):
            text: Any = before + pump * (length // len(pump)) + after
            if isinstance(pattern.pattern, bytes):
                text = text.encode("latin-1", "replace")
            for way in ways:
                began = time.perf_counter()
                if way == "search" and length > 1_000:
                    for _ in pattern.finditer(text):
                        pass
                else:
                    getattr(pattern, way)(text)
                assert time.perf_counter() - began < SECONDS, (way, length, before, pump, after)
