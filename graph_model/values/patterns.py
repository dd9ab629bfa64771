r"""Regular expressions that users write, matched in time that grows with the text and no faster.

RE2 matches them: whatever is written, no text can make it try again and again. It reads less than Python does
(https://github.com/google/re2/wiki/Syntax); what it reads means what it means in Python. Two things are therefore
written anew for it: `\d`, `\w` and `\s`, which are all digits, letters and spaces of Unicode in Python and those of
ASCII in RE2, and the few notations that RE2 would take for something else.
"""

import re
import sys
from functools import cache
from typing import Final

import re2

from graph_model.errors import IdentityGraphError

#: What cannot be matched in linear time, or not for all letters, by how it begins -> what can be written instead.
_INSTEAD: Final = (
    (r"\(\?<?[=!]", "write what stands around it as a part of the pattern; of what may not stand there, a set [^…]"),
    (r"\\[1-9]|\(\?P$", "write what is repeated out, or as alternatives: (?:aa|bb)"),
    (r"\\[bB]", r"write what stands at the edge of the word: (?:^|\W)word(?:\W|$)"),
    (r"\(\?>|.+\+", "leave it away: a pattern needs no help to be fast"),
    (r"\(\?\(", "write both cases as alternatives: (?:a|b)"),
    (r"\(\?#|\(\?[aLux]", "leave it away"),
    (r"\{", "count to 1000 at the most, groups within groups together, or write + or * instead"),
    (r"\\", "write the character itself, or its number as \\u0041"),
)  # fmt: skip

#: A set, an escape, or a count without its least number; all else is read alike.
_TOKEN: Final = re.compile(
    r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[1-9][0-9]?|.)|\{,[0-9]*\}", re.DOTALL
)
_IN_SET: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|\[", re.DOTALL)

#: The only character that is no letter though its other case is one: RE2 would count that under `\W` as well. No folded
#: text holds it.
_NO_LETTER, _ITS_LETTER = "\N{COMBINING GREEK YPOGEGRAMMENI}", "\N{GREEK SMALL LETTER IOTA}"


class PatternRefused(IdentityGraphError):
    """It is no regular expression, or one that RE2 does not read; says so as a sentence goes on after `expected`."""


class Pattern:
    """A regular expression, compiled."""

    __slots__ = ("_compiled", "pattern")

    def __init__(self, pattern: str, *, of_folded_texts: bool = False) -> None:
        """Compile it.

        Args:
            pattern: the expression, in the words of Python's `re`.
            of_folded_texts: the texts will be casefolded, so a letter of the pattern stands for both of its cases.

        Raises:
            PatternRefused: it cannot be used.
        """
        self.pattern = pattern  #: as it was written
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise PatternRefused(f"a regular expression ({error})") from None
        options = re2.Options()
        options.case_sensitive = not of_folded_texts
        options.never_capture = True
        options.log_errors = False
        try:
            self._compiled = re2.compile(_TOKEN.sub(_rewritten, pattern).encode(), options)
        except UnicodeEncodeError:
            raise PatternRefused("a regular expression without halves of surrogate pairs") from None
        except re2.error as error:
            raise PatternRefused(_told(error.args[0].decode(errors="replace"))) from None

    def __repr__(self) -> str:
        return f"Pattern({self.pattern!r})"

    def search(self, text: str) -> bool:
        """Tell whether it matches somewhere in the text."""
        return self._compiled.search(_bytes(text)) is not None

    def fullmatch(self, text: str) -> bool:
        """Tell whether it matches the whole of the text."""
        return self._compiled.fullmatch(_bytes(text)) is not None


def _rewritten(token: re.Match[str]) -> str:
    """A token, as RE2 must be told it."""
    found = token[0]
    if found.startswith("["):
        return f"[{_IN_SET.sub(lambda inside: _escape(inside[0], in_set=True), found[1:-1])}]"
    return f"{{0{found[1:]}" if found.startswith("{") else _escape(found, in_set=False)


def _escape(found: str, *, in_set: bool) -> str:
    letter = found[1:2]
    if letter and letter in "dDsSwW":
        return _members(found) if in_set else f"[{_members(found)}]"
    if letter and letter in "uU":
        return f"\\x{{{found[2:]}}}"
    if in_set:
        return {"[": r"\[", r"\b": r"\x08"}.get(found, found)
    if found in {r"\b", r"\B"} or (found[1] in "123456789" and len(found) < 4):
        raise PatternRefused(_told(f"refused: {found}"))
    return {r"\Z": r"\z"}.get(found, found)


@cache
def _members(category: str) -> str:
    """All characters of a category of Python's, as ranges of a set."""
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1))))
    runs = re.findall(f"{category}+", everything.replace(_NO_LETTER, _ITS_LETTER))
    return "".join(f"\\x{{{ord(run[0]):x}}}-\\x{{{ord(run[-1]):x}}}" for run in runs)


def _told(fault: str) -> str:
    """What is wrong, from RE2's words for it: `invalid perl operator: (?=`."""
    what, _, found = fault.rpartition(": ")
    if not what:
        return f"a regular expression that can be matched in linear time ({fault}): write a shorter one"
    instead = next((instead for begins, instead in _INSTEAD if re.match(begins, found)), "write it in another way")
    return f"a regular expression that can be matched in linear time, so without `{found}`: {instead}"


def _bytes(text: str) -> bytes:
    """The text for RE2; halves of surrogate pairs, which no pattern can name, become what stands for no character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
