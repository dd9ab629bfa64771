"""Messages as the command line tools of Kafka print them.

`kafka-console-consumer` prints `key<TAB>value`, after what else it was asked for (`CreateTime:1780000000000`,
`Partition:0`, `Offset:7`); `kcat -J` prints an object on each line.
"""

import re
from collections.abc import Mapping
from json import JSONDecodeError
from types import NoneType
from typing import Final, NamedTuple

from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json

#: The fields of a message in a file.
MESSAGE_FIELDS: Final = frozenset({"key", "value", "headers"})

_PROPERTY: Final = re.compile(
    rb"(?:CreateTime|LogAppendTime|Partition|Offset|Headers?):[^\t]*|NO_(?:TIMESTAMP|HEADERS)"
)
_KCAT_FIELDS: Final = frozenset({"topic", "partition", "offset", "payload"})
_NOTHING: Final = (b"null", b"")


def is_message(fields: Mapping[str, JsonValue]) -> bool:
    """Tell whether a line is one message as it lay in its topic: key, value, headers."""
    return "value" in fields and fields.keys() <= MESSAGE_FIELDS


def as_message(fields: Mapping[str, JsonValue]) -> Mapping[str, JsonValue] | None:
    """The key, value and headers of a line that is a message, also of one that kcat printed; None of all else."""
    if fields.keys() >= _KCAT_FIELDS:
        headers = fields.get("headers")
        return {
            "key": _inner(fields.get("key")),
            "value": _inner(fields["payload"]),
            "headers": _paired(headers) if isinstance(headers, list) else None,
        }
    return fields if is_message(fields) else None


class LogPlace(NamedTuple):
    """Where a message stands in its log."""

    topic: str
    partition: int
    offset: int
    timestamp: int  #: when the log says that it was sent, milliseconds since 1970; 0: it does not


def log_place(fields: Mapping[str, JsonValue]) -> LogPlace | None:
    """Where the message of a line that kcat printed stands in its log; None of all else."""
    if not fields.keys() >= _KCAT_FIELDS:
        return None
    topic, partition, offset, sent = (fields.get(name) for name in ("topic", "partition", "offset", "ts"))
    if not (isinstance(topic, str) and topic and _is_number(partition) and _is_number(offset)):
        return None
    return LogPlace(topic, int(str(partition)), int(str(offset)), int(str(sent)) if _is_number(sent) else 0)


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def console_message(line: bytes) -> Mapping[str, JsonValue] | None:
    """The key and value of a line of the console consumer; None where it is none."""
    parts = line.strip(b"\r\n").split(b"\t")
    while len(parts) > 1 and _PROPERTY.fullmatch(parts[0]):
        parts = parts[1:]
    if len(parts) > 2 or parts == [line.strip(b"\r\n")]:
        return None
    *keys, value = parts
    try:
        written = None if value in _NOTHING else read_exact_json(value)
        key = _inner(keys[0].decode()) if keys and keys[0] not in _NOTHING else None
    except (JSONDecodeError, UnicodeDecodeError):
        return None
    if not isinstance(written, Mapping | NoneType):
        return None
    return {"key": key, "value": written}


def _inner(text: JsonValue) -> JsonValue:
    """JSON inside of a text; a text that is none stands for itself."""
    if not isinstance(text, str):
        return text
    try:
        return read_exact_json(text.encode())
    except (JSONDecodeError, UnicodeEncodeError):
        return text


def _paired(headers: list[JsonValue]) -> JsonValue:
    """Names and values of headers, which kcat lists in turn."""
    return [[name, value] for name, value in zip(headers[::2], headers[1::2], strict=False)]
