"""What a terminal is given to show: lines in which no value can begin another line, move the cursor or turn the text.

Values, names of files and topics, and reasons come from outside. Everything that people read is printed here; documents
for programs (JSON, CSV, YAML) keep every character.
"""

import re
import shutil
import sys
import unicodedata
from typing import Final

import typer

#: All that is neither visible nor a space, and what a terminal may take for more than a character: controls, marks that
#: turn the direction of the text, ends of lines, halves of surrogate pairs. Two joiners shape letters and stay.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHAPING: Final = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
_HIDDEN_IN_JSON: Final = re.compile(r"[^\x00-\x7e]")

#: Where nobody watches, a line ends where it ends.
UNLIMITED: Final = 10_000


def room() -> int:
    """How many characters a line of standard output has room for."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED


def visible(text: str) -> str:
    r"""Write a text so that it stays within its line, as Python writes it: `\n`, `\x1b`, `\u202e`."""
    return text if text.isprintable() else "".join(map(_visible, text))


def visible_json(text: str) -> str:
    """Write JSON so that it can be shown: the same document, with what is hidden in it as escapes of JSON."""
    return text if text.isascii() and "\x7f" not in text else _HIDDEN_IN_JSON.sub(_escaped, text)


def say(line: str = "", *, err: bool = False) -> None:
    """Print one line; a line feed at its beginning leaves one empty before it."""
    before = "\n" if line.startswith("\n") else ""
    typer.echo(f"{before}{visible(line.removeprefix(before))}", err=err)


def say_lines(lines: str, *, err: bool = False) -> None:
    """Print lines that were put together; what is put into one of them must be `visible`."""
    for line in lines.removesuffix("\n").split("\n"):
        say(line, err=err)


def _visible(character: str) -> str:
    if character in _SHAPING or unicodedata.category(character) not in _HIDDEN:
        return character
    return character.encode("unicode_escape").decode()


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if _visible(character) == character:
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
