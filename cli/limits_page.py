"""Writes `docs/limits.md` from the limits themselves; `make docs` runs it, and a test holds the two equal."""

import sys
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from api.body_limits import MOST_LEVELS, MOST_STRUCTURE
from api.request_documents import MAX_CHANGES, MOST_KEY_PARTS
from cli.settings_page import variables
from consumers.decoders.documents import MAX_VALUE_BYTES
from graph_model.catalogue.rules import COMPONENT_LIMIT
from graph_model.errors import MOST_TOLD
from graph_model.resolution.column_values import MOST_VALUES
from graph_model.resolution.row_changes import LARGEST_VALUE
from graph_model.values.characters import LONGEST_IDENTIFIER, LONGEST_REMEMBERED, MOST_MARKS
from graph_model.values.exact_json import DEEPEST
from graph_model.values.keys import LONGEST_PART
from graph_model.values.trait_values import LONGEST_TEXT
from services.context.text import MAX_VALUE_LENGTH
from services.files.json_rows import MAX_ARRAY_BYTES
from services.files.lines import MAX_FIELD_CHARACTERS, MAX_LINE_BYTES
from services.files.workbook_checks import MAX_UNPACKED_BYTES
from services.settings import ServerLimits, Settings

_HEADING: Final = """\
# Limits

Nothing that anybody sends can make a process large, slow or silent: everything is bounded before it is worked on, and
whoever meets a bound is told which one, and how much was there. This page is written by `make docs`.

Bounds of what a row means are the same for everybody who works on a store, since the result must not depend on who
read it: they are constants, and have no settings. Bounds of one process are [settings](settings.md).
"""


class _Limit(NamedTuple):
    """A bound, as a line of the page."""

    what: str
    most: int
    seen: str  #: what whoever meets it sees


_REJECTED: Final = "the row is rejected: a dead letter, an entry of `rejected`, or a line of the summary"
_ISSUE: Final = "an issue of the record; the row is kept"

#: Heading -> bounds that no setting moves.
_CONSTANTS: Final[Mapping[str, tuple[_Limit, ...]]] = {
    "Rows, on whatever road they come": (
        _Limit("characters of a text, of a number or a time as it is written", LONGEST_TEXT, _ISSUE),
        _Limit("characters of an identifier", LONGEST_IDENTIFIER, _ISSUE),
        _Limit("combining marks on one letter", MOST_MARKS, _ISSUE),
        _Limit("values of one column in one row", MOST_VALUES, "an issue of the record; none of them is read"),
        _Limit("characters of a kept value, of lists and objects those of their JSON", LARGEST_VALUE, _REJECTED),
        _Limit("characters of a part of a key", LONGEST_PART, _REJECTED),
        _Limit("levels of lists and objects in a row", DEEPEST, _REJECTED),
        _Limit("records of one profile", COMPONENT_LIMIT, "evidence that would join more is dropped, and told"),
        _Limit("characters of a text whose reading is remembered", LONGEST_REMEMBERED, "nothing; it is read anew"),
    ),
    "Files": (
        _Limit("bytes of a line", MAX_LINE_BYTES, "the line is rejected"),
        _Limit("characters of a field of CSV", MAX_FIELD_CHARACTERS, "the line is rejected"),
        _Limit("bytes of a JSON array; JSON lines may be of any length", MAX_ARRAY_BYTES, "the file is refused"),
        _Limit("bytes that a workbook unpacks to", MAX_UNPACKED_BYTES, "the file is refused"),
    ),
    "Messages of Kafka": (_Limit("bytes of a key or a value", MAX_VALUE_BYTES, "a dead letter"),),
    "Requests": (
        _Limit("levels of lists and objects of a body", MOST_LEVELS, "413 `body-too-large`"),
        _Limit("JSON values outside of the columns of rows", MOST_STRUCTURE, "413 `body-too-large`"),
        _Limit("changes of a request, groups of a split", MAX_CHANGES, "422 `invalid-request`"),
        _Limit("parts of a key", MOST_KEY_PARTS, "422 `invalid-request`"),
        _Limit("faults that an answer lists; `errors_total` counts all of them", MOST_TOLD, "the list is cut"),
    ),
    "Prompt context": (_Limit("characters of a value", MAX_VALUE_LENGTH, "`…` at its end, and `shortened: true`"),),
}
#: The bound of a process that is no limit of its API alone.
_LOCK: Final = "IDENTITY_GRAPH_STORE_LOCK_SECONDS"

_PATTERNS: Final = """## Patterns of catalogues

`blocked_patterns` and `topic_pattern` are matched by RE2, in time proportional to the text. What it does not read
(look-around, back references), counts above 1 000, and patterns that are too large for it are faults of `catalogue
check`. File patterns are matched part by part.
"""


def limits_page() -> str:
    """The page, as Markdown."""
    return "\n".join([_HEADING, *_constants(), *_settings(), _PATTERNS])


def _constants() -> Iterator[str]:
    for title, limits in _CONSTANTS.items():
        yield f"## {title}\n\n| what | at most | what is seen |\n|---|---|---|"
        yield from (f"| {limit.what} | {_counted(limit.most)} | {limit.seen} |" for limit in limits)
        yield ""


def _counted(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _settings() -> Iterator[str]:
    yield "## One process of the HTTP API\n\n| setting | default | meaning |\n|---|---|---|"
    lock = {_LOCK: variables(Settings)[_LOCK]}
    for name, field in (variables(ServerLimits) | lock).items():
        yield f"| `{name}` | {field.default} | {field.description} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(limits_page())
