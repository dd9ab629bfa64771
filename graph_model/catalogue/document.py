"""From the catalogue that a user writes to the one that the engine uses.

`parse_catalogue` is the one way: text, shape, meaning, then the frozen `Catalogue`. Every fault of all three
is found in one go.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from graph_model.catalogue.checks import meaning_faults
from graph_model.catalogue.compilation import compiled_kind, compiled_source, compiled_trait
from graph_model.catalogue.faults import Fault, shape_faults, suggestion, without
from graph_model.catalogue.fingerprint import fingerprint
from graph_model.catalogue.form import HOLDER_LIMITS, CatalogueForm
from graph_model.catalogue.marked_yaml import Path, YamlDocument, read_yaml
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import CatalogueError
from graph_model.values.equality import JsonValue

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
        kinds={kind_name: compiled_kind(kind_name, kind) for kind_name, kind in form.identifiers.items()},
        traits={trait_name: compiled_trait(trait_name, trait) for trait_name, trait in form.traits.items()},
        sources={
            source_name: compiled_source(source_name, source, rank, form)
            for rank, (source_name, source) in enumerate(form.sources.items())
        },
        fingerprint=fingerprint(form),
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
