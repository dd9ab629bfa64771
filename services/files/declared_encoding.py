"""From the encoding that a catalogue declares to one that can be decoded: not every one that Python knows can."""

import codecs
from collections.abc import Mapping
from typing import Final

from services.files.unpacking import NoRows

#: Encodings of names and of literals in programs, not of files.
_NOT_OF_FILES: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
#: Encodings whose byte order a mark tells, and the bytes of a character of theirs.
_MARKED: Final[Mapping[str, int]] = {"utf-16": 2, "utf-32": 4}


def decodable(declared: str, beginning: bytes) -> str:
    """The encoding to decode a file in that has no byte order mark.

    Args:
        declared: as the catalogue names it.
        beginning: of the file.

    Raises:
        NoRows: text files are not written in it, or its byte order is not to be told.
    """
    name = _name(declared)
    if name is None:
        raise NoRows(
            f"declared to be in the encoding {declared!r}, which text files are not written in, or which is not known "
            "here; name another one in the catalogue, such as cp1252"
        )
    width = _MARKED.get(name)
    if width is None:
        return name
    order = _order(beginning, width)
    if order is None:
        raise NoRows(
            f"declared to be in {name}, but has no byte order mark, and its bytes do not tell their order; "
            f"say {name}-le or {name}-be in the catalogue"
        )
    return f"{name}-{order}"


def _name(declared: str) -> str | None:
    """What Python calls an encoding of text files; None of what is none."""
    try:
        found = codecs.lookup(declared)
    except (LookupError, ValueError):  # a name with a NUL character in it is a wrong value, not an unknown name
        return None
    is_text = found._is_text_encoding  # noqa: SLF001 - there is no other way to tell `hex` from `cp1252`
    return found.name if is_text and found.incrementaldecoder and found.name not in _NOT_OF_FILES else None


def _order(beginning: bytes, width: int) -> str | None:
    """Which byte of a character comes first: the high ones are mostly zero, the low ones hardly ever."""
    characters = len(beginning) // width * width
    first = beginning[0:characters:width].count(0)
    last = beginning[width - 1 : characters : width].count(0)
    if first == last:
        return None
    return "be" if first > last else "le"
