"""Personal values for readers who may not see them: their shape stays, so that two of them can be told apart."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.values.equality import JsonValue, canonical_bytes
from graph_model.values.keys import WrittenPart

_PART = re.compile(r"([^\W_])[^\W_]*")


def mask(text: str) -> str:
    """Leave the first character of each part: `ann.lee@example.com` becomes `a***.l***@e***.c***`."""
    return _PART.sub(r"\1***", text)


@dataclass(frozen=True, slots=True)
class Visibility:
    """What one reader may see."""

    may_see_values: bool
    personal_keys: Mapping[str, frozenset[int]]  #: source -> places in its keys that hold an identifier or a trait

    @classmethod
    def of(cls, catalogue: Catalogue, *, may_see_values: bool) -> "Visibility":
        """The visibility of a reader with or without the right to see personal values."""
        personal = {}
        for source in catalogue.sources.values():
            first = 0 if source.topic_pattern is None else 1  # the topic stands before the columns
            personal[source.name] = frozenset(
                place for place, column in enumerate(source.key, first) if column in source.columns
            )
        return cls(may_see_values, personal)

    def value(self, text: str) -> str:
        """A value or a free text as this reader sees it."""
        return text if self.may_see_values else mask(text)

    def json_value(self, value: JsonValue) -> JsonValue:
        """Any value of a row as this reader sees it: of lists and objects the shape stays; null is nobody's data."""
        if self.may_see_values or value is None:
            return value
        if isinstance(value, Mapping):
            return {name: self.json_value(member) for name, member in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.json_value(member) for member in value]
        return mask(value if isinstance(value, str) else canonical_bytes(value).decode())

    def key(self, address: RecordAddress) -> list[WrittenPart]:
        """The key of a record as this reader sees it; of a source that is not in the catalogue nothing is known."""
        parts = address.written_key
        personal = self.personal_keys.get(address.source, frozenset(range(len(parts))))
        if self.may_see_values or not personal:
            return parts
        return [mask(str(part)) if place in personal else part for place, part in enumerate(parts)]

    def name(self, address: RecordAddress) -> str:
        """A record as this reader sees it, for example `crm[1]`."""
        return f"{address.source}{orjson.dumps(self.key(address)).decode()}"
