"""What keeps a text from being JSON that is meant to be it: one phrase with the way out, without a value of it."""

import json
import re
from json import JSONDecodeError
from typing import Final

from graph_model.values.exact_json import read_faulty_json

_AS_JSON: Final = "let a JSON library of its program write it"

#: How texts begin that are meant to be JSON; a comment may come first.
BEGINNINGS: Final = ("{", "[", '"', "//", "/*")

#: Every part of such a text that has inner rules; what ends too early ends with it, so that the time is linear.
_PART: Final = re.compile(
    r"(?P<text>\"(?:[^\"\\]|\\(?:.|\Z))*+(?:\"|\Z))"
    r"|(?P<single>'(?:[^'\\]|\\(?:.|\Z))*+(?:'|\Z))"
    r"|(?P<comment>//[^\n]*+|/\*.*?(?:\*/|\Z))"
    r"|(?P<number>[0-9][0-9A-Za-z.+-]*+)"
    r"|(?P<word>[^\W\d][\w$-]*+)",
    re.DOTALL,
)
_LAST_COMMA: Final = re.compile(r",(?=\s*+[}\]])")
_OF_JSON: Final = frozenset({"true", "false", "null"})
_OF_PROGRAMS: Final = frozenset({"True", "False", "None", "undefined", "nil", "NaN", "Infinity"})

_SINGLE: Final = "single quotes"
_COMMENTS: Final = "comments"
_WORDS: Final = "words such as None or undefined"
_NAMES: Final = "names without quotes"
_COMMA: Final = "a comma behind the last member"


def fault_of_json(content: bytes) -> str | None:
    """Say what is wrong with a text that begins as JSON does; None where it cannot be told.

    Args:
        content: UTF-8 that cannot be read as JSON.
    """
    try:
        read_faulty_json(content)
    except JSONDecodeError:
        return _fault(content.decode())
    return "JSON with NaN, Infinity or half characters, which JSON does not have; send null or text"


def _fault(text: str) -> str | None:
    skeleton, found = _skeleton(text)
    end = len(skeleton.rstrip())
    try:
        json.loads(skeleton)
    except JSONDecodeError as error:
        if error.msg.startswith("Extra data"):
            return _behind(skeleton[error.pos :])
        # Where a text is not closed, its rest counts as a part of it.
        return "JSON that breaks off before its end; send the whole of it" if error.pos >= end else None
    except RecursionError:
        return None
    if _SINGLE in found:
        return "an object as a program prints it, in single quotes; write it as JSON"
    if not found:
        return f"JSON with line breaks, control characters or unknown escapes inside of a text; {_AS_JSON}"
    return f"JSON with {' and '.join(found)}, which JSON does not have; {_AS_JSON}"


def _skeleton(text: str) -> tuple[str, list[str]]:
    """A text with every inner text left out, and with what JSON does not have replaced; and what that was."""
    found: dict[str, None] = {}

    def written(part: re.Match[str]) -> str:
        said = part[0]
        match part.lastgroup:
            case "text":
                return '""'
            case "single":
                found[_SINGLE] = None
                return '""'
            case "comment":
                found[_COMMENTS] = None
                return " "
            case "word" if said not in _OF_JSON:
                found[_WORDS if said in _OF_PROGRAMS else _NAMES] = None
                return '""'
        return said

    skeleton = _PART.sub(written, text)
    closed, commas = _LAST_COMMA.subn(" ", skeleton)
    return closed, [*found, *([_COMMA] if commas else [])]


def _behind(rest: str) -> str | None:
    """What follows a whole value."""
    if rest.startswith(("{", "[")):
        return "several JSON values in one message; send each as a message of its own"
    if rest.startswith((",", ";", "\t", "|")):
        return None
    return "a JSON value with something else behind it, such as a zero byte; send the value alone"
