"""Writes `docs/profile-updated.schema.json` from the types of profiles and their events.

`make docs` runs it, and a test holds the two equal.
"""

import re
import sys
from typing import Any, Final

import msgspec
import orjson

from graph_model.profile.codec import FormerProfile
from graph_model.profile.document import Lineage, Profile, ProfileStatus, RecordReference
from graph_model.profile.events import NamedCause, ProfileUpdate
from graph_model.values.equality import JsonObject
from services.cloud_events import DATA_SCHEMA

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

#: Types that the schema calls otherwise than the program does.
_NAMES: Final[dict[type, str]] = {
    Profile: "live_profile",
    FormerProfile: "former_profile",
    NamedCause: "cause",
    RecordReference: "record",
}
#: Types that only the program has.
_INTERNAL: Final = (ProfileUpdate, ProfileStatus, Lineage)


def event_schema() -> JsonObject:
    """The JSON Schema of the data of a profile event."""
    _, found = msgspec.json.schema_components((ProfileUpdate, Profile, FormerProfile))
    event, live, former = (found[kind.__name__] for kind in (ProfileUpdate, Profile, FormerProfile))
    forms = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in (Profile, FormerProfile)]
    event["properties"]["profile"]["oneOf"] = forms
    live["description"] = "A profile that has records."
    live["properties"]["status"] = {"const": ProfileStatus.LIVE.value}
    del live["properties"]["lineage"]
    gone = [status.value for status in ProfileStatus if status is not ProfileStatus.LIVE]
    described = former["properties"]["status"]["description"]
    former["properties"]["status"] = {"enum": gone, "description": described}
    internal = {kind.__name__ for kind in _INTERNAL}
    return {
        "$schema": _DIALECT,
        "$id": DATA_SCHEMA,
        **_published(event),
        "title": "profile-updated",
        "$defs": {_name(name): _published(schema) for name, schema in sorted(found.items()) if name not in internal},
    }


def _published(schema: Any) -> Any:  # noqa: ANN401 - a part of a JSON Schema
    """A part of a schema without what only the program knows."""
    if isinstance(schema, list):
        return [_published(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    published: JsonObject = {}
    for name, part in schema.items():
        if name == "$ref":
            published[name] = f"#/$defs/{_name(part.rpartition('/')[2])}"
        elif name == "description":
            published[name] = " ".join(part.split())
        elif name == "properties":
            published[name] = {field: _published(_as_written(field, part[field])) for field in part}
        elif name not in ("title", "default"):
            published[name] = _published(part)
    return published


def _as_written(field: str, schema: JsonObject) -> JsonObject:
    """Keys are read in more spellings than they are written in."""
    return {**schema, "items": {"type": ["integer", "string"]}} if field == "key" else schema


def _name(kind: str) -> str:
    names = {each.__name__: name for each, name in _NAMES.items()}
    return names.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()


if __name__ == "__main__":
    sys.stdout.write(orjson.dumps(event_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())
