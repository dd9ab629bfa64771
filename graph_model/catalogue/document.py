"""From the catalogue that a user writes to the one that the engine uses.

`parse_catalogue` is the one way: text, shape, meaning, then the frozen `Catalogue`. Every fault of all three
is found in one go.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from pydantic import ValidationError

from graph_model.catalogue.checks import meaning_faults
from graph_model.catalogue.faults import Fault, shape_faults, suggestion, without
from graph_model.catalogue.form import HOLDER_LIMITS, CatalogueForm, IdentifierForm, SourceForm
from graph_model.catalogue.marked_yaml import Path, YamlDocument, read_yaml
from graph_model.catalogue.rules import IDENTIFIER_VALUES_VERSION, LAW_VERSION, Catalogue, Source, Trait
from graph_model.errors import CatalogueError
from graph_model.values.blocked_values import BLOCKED_PATTERNS, BLOCKED_VALUES
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import CompositePart, IdentifierKind
from graph_model.values.normalise import NORMALISERS
from graph_model.values.trait_values import TRAIT_VALUES_VERSION

__all__ = ["NO_VERSION", "catalogue_json_schema", "catalogue_warnings", "parse_catalogue"]

#: What a source without a version column means for rows that no log orders.
NO_VERSION = (
    "without a version column, files loaded later win, even if their rows are older; name the column that grows with "
    "each change, for example `version: updated_at`"
)


def parse_catalogue(text: str, name: str) -> Catalogue:
    """Read a catalogue.

    Args:
        text: the YAML text.
        name: name of the file, for messages.

    Raises:
        CatalogueError: with every fault: its line, its path, what was found and what was expected.
    """
    document = read_yaml(text)
    form, faults = _checked_form(document)
    placed = [(problem.line, problem.path, problem.message) for problem in document.problems]
    placed += [(document.line_of(fault.path), fault.path, fault.message) for fault in faults]
    if placed or form is None:
        placed.sort(key=lambda problem: problem[0])
        raise CatalogueError(name, [_problem_line(*problem) for problem in placed])
    return Catalogue(
        name=name,
        kinds={kind_name: _kind(kind_name, kind) for kind_name, kind in form.identifiers.items()},
        traits={trait_name: Trait(trait.type) for trait_name, trait in form.traits.items()},
        sources={
            source_name: _source(source_name, source, rank)
            for rank, (source_name, source) in enumerate(form.sources.items())
        },
        fingerprint=_fingerprint(form),
        exclusive_traits=frozenset(trait_name for trait_name, trait in form.traits.items() if trait.exclusive),
        text=text,
    )


def catalogue_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of catalogue files, for editors."""
    schema = CatalogueForm.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Catalogue"}


def catalogue_warnings(catalogue: Catalogue) -> tuple[str, ...]:
    """Tell what is allowed but may not be meant, one sentence each."""
    warnings = [
        f"identifiers.{kind.name}: up to {kind.holder_limit} records may share one value; above "
        f"{HOLDER_LIMITS['many']} wrong merges become likely and profiles large"
        for kind in catalogue.kinds.values()
        if kind.holder_limit > HOLDER_LIMITS["many"]
    ]
    carried = {trait for source in catalogue.sources.values() for _, trait in source.traits}
    warnings += [f"traits.{trait}: no column carries it" for trait in catalogue.traits if trait not in carried]
    warnings += [
        f"sources.{source.name}: {NO_VERSION}"
        for source in catalogue.sources.values()
        if source.topic is None and source.topic_pattern is None and source.version is None
    ]
    return tuple(warnings)


def _checked_form(document: YamlDocument) -> tuple[CatalogueForm | None, list[Fault]]:
    """Check shape and meaning; where parts have the wrong shape, the meaning of the others is checked still."""
    if document.value is None:
        faults = [] if document.problems else [Fault((), "the file is empty; expected a catalogue")]
        return None, faults
    rest: JsonValue = document.value
    shape: list[Fault] = []
    form = None
    while form is None:
        try:
            form = CatalogueForm.model_validate(rest)
        except ValidationError as error:
            found = shape_faults(rest, error)
            shape = shape or found
            remaining = without(rest, found)
            if remaining == rest:  # the whole document is the fault
                return None, shape
            rest = remaining
    if any(len(fault.path) == 1 and fault.path != ("version",) for fault in shape):
        return form, shape  # a whole section cannot be read, so nothing can be said of what refers to it
    faults = meaning_faults(form, _names(document, "identifiers"), _names(document, "traits"))
    return form, shape + [fault for fault in faults if not _follows_from(fault, shape)]


def _names(document: YamlDocument, section: str) -> list[str]:
    """Return every name declared in a section of the file, whatever its shape."""
    members = document.value.get(section) if isinstance(document.value, Mapping) else None
    return list(members) if isinstance(members, Mapping) else []


def _follows_from(fault: Fault, shape: list[Fault]) -> bool:
    """Tell whether a fault of meaning may only be there because a part of the wrong shape was left out."""
    inside = any(other.path[: len(fault.path)] == fault.path for other in shape)
    misspelt = any(
        other.path[:-1] == fault.path[:-1] and suggestion(str(other.path[-1]), [str(fault.path[-1])])
        for other in shape
        if other.path
    )
    unused = len(fault.path) == 2 and fault.path[0] == "identifiers"
    return inside or misspelt or (unused and any(other.path[:1] == ("sources",) for other in shape))


def _problem_line(line: int, path: Path, message: str) -> str:
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    return f"line {line}: {where}: {message}" if where else f"line {line}: {message}"


def _kind(name: str, form: IdentifierForm) -> IdentifierKind:
    normalise = None if form.normalise is None else NORMALISERS[form.normalise].for_region(form.region)
    normal = (normalise(value) for value in form.blocked) if normalise is not None else ()
    spellings = (*form.blocked, *(value for value in normal if value is not None))
    return IdentifierKind(
        name=name,
        normalise=normalise,
        holder_limit=form.holders,
        priority=form.priority,
        value_limit=_value_limit(form),
        blocked_values=BLOCKED_VALUES | {value.strip().casefold() for value in spellings},
        blocked_patterns=(
            *BLOCKED_PATTERNS,
            *(re.compile(pattern, re.IGNORECASE) for pattern in form.blocked_patterns),
        ),
        parts=tuple(
            CompositePart(part.trait, NORMALISERS[part.normalise].for_region(form.region))
            for part in form.composite or ()
        ),
    )


def _value_limit(form: IdentifierForm) -> int | None:
    return 1 if form.exclusive else form.values


def _source(name: str, form: SourceForm, rank: int) -> Source:
    return Source(
        name=name,
        format=form.format,
        topic=form.topic,
        topic_pattern=None if form.topic_pattern is None else re.compile(form.topic_pattern),
        table=form.table,
        file=form.file,
        key=form.key,
        event_time=form.event_time,
        version=form.version,
        epoch=form.epoch,
        identifiers=tuple(
            (column, meaning.identifier) for column, meaning in form.columns.items() if meaning.identifier is not None
        ),
        traits=tuple((column, meaning.trait) for column, meaning in form.columns.items() if meaning.trait is not None),
        rank=rank,
        trust=form.trust,
    )


def _fingerprint(form: CatalogueForm) -> str:
    """Hash all that the result depends on, so not where records come from (topics, files) nor epochs."""
    used = {kind.normalise for kind in form.identifiers.values() if kind.normalise is not None}
    used |= {part.normalise for kind in form.identifiers.values() for part in kind.composite or ()}
    meaning: dict[str, JsonValue] = {
        "identifiers": {name: _kind_meaning(kind) for name, kind in form.identifiers.items()},
        "traits": [[name, trait.type.value, trait.exclusive] for name, trait in form.traits.items()],
        "sources": [[name, _source_meaning(source)] for name, source in form.sources.items()],
        "blocked": [sorted(BLOCKED_VALUES), [pattern.pattern for pattern in BLOCKED_PATTERNS]],
        "normalisers": {name: NORMALISERS[name].version for name in used},
        "trait_values": TRAIT_VALUES_VERSION,
        "identifier_values": IDENTIFIER_VALUES_VERSION,
        "law": LAW_VERSION,
    }
    return sha256(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _kind_meaning(form: IdentifierForm) -> JsonValue:
    meaning: dict[str, JsonValue] = form.model_dump(mode="json", exclude={"exclusive", "values"})
    return {**meaning, "values": _value_limit(form)}


def _source_meaning(form: SourceForm) -> JsonValue:
    columns = [[column, meaning.identifier, meaning.trait] for column, meaning in form.columns.items()]
    return [form.format, list(form.key), form.event_time, form.version, form.trust, columns]
