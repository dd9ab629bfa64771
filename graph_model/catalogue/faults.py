"""Faults of shape: what pydantic finds, in the words of the user's own file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from graph_model.catalogue.form import (
    CatalogueForm,
    ColumnForm,
    CompositePartForm,
    DeletedForm,
    IdentifierForm,
    ReadForm,
    RegionForm,
    SourceForm,
    TimeForm,
    TraitForm,
)
from graph_model.catalogue.marked_yaml import Path
from graph_model.values.equality import JsonValue


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a catalogue, at a place in it."""

    path: Path
    message: str


#: Forms by the key that they stand under.
_FORMS: Mapping[str, type[BaseModel]] = {
    "identifiers": IdentifierForm,
    "traits": TraitForm,
    "sources": SourceForm,
    "read": ReadForm,
    "region": RegionForm,
    "event_time": TimeForm,
    "version": TimeForm,
    "deleted": DeletedForm,
}

_EXPECTED = {
    "string_type": "text (put it in quotes)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "dict_type": "a mapping (key: value)",
    "tuple_type": "a list, such as [id]",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_too_short": "text that is not empty",
    "string_pattern_mismatch": "a name that begins with a letter and has only letters, digits and _ "
    "(in a source's name also . and -)",
}


def shape_faults(document: JsonValue, error: ValidationError) -> list[Fault]:
    """Word every fault that pydantic found in `document`."""
    faults = {_fault(document, details): None for details in error.errors(include_url=False)}
    return list(faults)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` where one of `known` looks like `word`, else nothing."""
    names = sorted(known)
    close = [name for name in names if name.casefold() == word.casefold()] or get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def described(value: JsonValue) -> str:
    """Name a value as a sentence can, cut where it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"{value[:57]!r}…"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def without(document: JsonValue, faults: Sequence[Fault]) -> JsonValue:
    """Copy `document` without the parts that `faults` lie in, so that what remains can be looked at."""
    dropped = {fault.path for fault in faults}

    def copied(value: JsonValue, path: Path) -> JsonValue:
        if isinstance(value, Mapping):
            members = {key: copied(member, (*path, key)) for key, member in value.items()}
            return {key: member for key, member in members.items() if (*path, key) not in dropped}
        if isinstance(value, list):
            return [copied(item, (*path, index)) for index, item in enumerate(value) if (*path, index) not in dropped]
        return value

    return copied(document, ())


def _fault(document: JsonValue, details: ErrorDetails) -> Fault:
    loc, kind = details["loc"], details["type"]
    if kind == "missing":
        return Fault(loc[:-1], f"the key {str(loc[-1])!r} is missing")
    if kind == "extra_forbidden":
        return Fault(loc, _unknown_key(loc))
    path = loc[:-1] if loc and loc[-1] == "[key]" else loc
    while path and not isinstance(_value_at(document, path[:-1]), Mapping | list):
        path = loc = path[:-1]  # what may be a mapping or a list is written as its one value alone
    found = str(path[-1]) if path != loc else _value_at(document, path)
    if kind in {"literal_error", "enum"}:
        choices = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", ""))) or ["1"]
        expected = f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]
        hint = suggestion(found, choices) if isinstance(found, str) else ""
        return Fault(path, f"found {described(found)}; expected {expected}{hint}")
    if kind == "too_short":
        return Fault(path, f"found a list of {details['ctx']['actual_length']}; expected two entries or more")
    expected = _EXPECTED[kind].format(**details.get("ctx", {})) if kind in _EXPECTED else details["msg"]
    return Fault(path, f"found {described(found)}; expected {expected}")


def _unknown_key(path: Path) -> str:
    known = sorted(_form_around(path).model_fields)
    return f"found an unknown key; expected one of {', '.join(known)}{suggestion(str(path[-1]), known)}"


def _form_around(path: Path) -> type[BaseModel]:
    """Return the form that the key at the end of `path` was written into."""
    match path:
        case ("sources", _, *_, "read" | "region" | "event_time" | "version" | "deleted" as written, _):
            return _FORMS[str(written)]
        case ("identifiers", _, "composite", _, _):
            return CompositePartForm
        case ("sources", _, "columns", _, _):
            return ColumnForm
        case ("identifiers" | "traits" | "sources" as section, _, _):
            return _FORMS[str(section)]
        case _:
            return CatalogueForm


def _value_at(document: JsonValue, path: Path) -> JsonValue:
    value = document
    for step in path:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str) and isinstance(step, int):
            value = value[step]
    return value
