"""Records as people write them: `crm[1]`, `crm["a",2]`, `crm:1`.

IdentityGraphError
└── LookupFailed
    └── UnreadableRecord    this names no record of any source
"""

import re
from json import JSONDecodeError
from typing import Final

from graph_model.catalogue.rules import Catalogue, Source
from graph_model.errors import MessageRejected
from graph_model.records.record import RecordAddress
from graph_model.resolution.row_changes import key_address
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json
from services.lookup.profiles import LookupFailed

_BRACKETS: Final = re.compile(r"([^\[\]:]+)\[(.*)\]", re.DOTALL)


class UnreadableRecord(LookupFailed):
    """What was given does not name a record."""


def read_record_name(text: str, catalogue: Catalogue) -> RecordAddress:
    """Read the name of a record, whether or not there is such a record.

    Quotation marks may be missing, since a shell removes them; a source with a key of one column may also be followed
    by a colon and the value.

    Raises:
        UnreadableRecord: the source is not in the catalogue, or its key has other parts.
    """
    bracketed = _BRACKETS.fullmatch(text)
    if bracketed is not None:
        return _record(bracketed[1], _parts(bracketed[2]), catalogue)
    name, _, key = text.partition(":")
    return _record(name, [key], catalogue)


def read_record_key(source_name: str, key: str, catalogue: Catalogue) -> RecordAddress:
    """Read a key that is given apart from its source, whether or not there is such a record.

    Args:
        source_name: as the catalogue has it.
        key: its parts in brackets, as a name has them (`[1]`, `["a",2]`), or the value alone of a key of one column.
        catalogue: says what parts the key has.

    Raises:
        UnreadableRecord: the source is not in the catalogue, or its key has other parts.
    """
    is_bracketed = key.startswith("[") and key.endswith("]")
    return _record(source_name, _parts(key[1:-1]) if is_bracketed else [key], catalogue)


def _record(source_name: str, parts: list[JsonValue], catalogue: Catalogue) -> RecordAddress:
    source = catalogue.sources.get(source_name.strip())
    if source is None:
        raise _unreadable(f"the catalogue has the sources {', '.join(sorted(catalogue.sources))}")
    if len(parts) != len(source.key_names):
        raise _unreadable(f"a key of {source.name} has the parts {', '.join(source.key_names)}; found {len(parts)}")
    return _address(source, parts)


def _parts(key: str) -> list[JsonValue]:
    try:
        parts = read_exact_json(f"[{key}]".encode())
    except (JSONDecodeError, UnicodeEncodeError):
        return [part.strip() for part in key.split(",")]
    return parts if isinstance(parts, list) else []


def _address(source: Source, parts: list[JsonValue]) -> RecordAddress:
    topic = "" if source.topic_pattern is None else str(parts[0])
    columns = parts if source.topic_pattern is None else parts[1:]
    try:
        return key_address(source, dict(zip(source.key, columns, strict=True)), topic)
    except MessageRejected as rejected:
        raise _unreadable(rejected.reason) from rejected


def _unreadable(reason: str) -> UnreadableRecord:
    return UnreadableRecord(f'a record is written source[key], for example crm[1], crm["A-17"] or crm:1; {reason}')
