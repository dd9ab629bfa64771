"""Looks at a traversal as Amazon Neptune's documentation does: which of its steps it does not run itself, and why.

Also holds what Neptune does not do at all: bound values, side effects that are sent along, and properties with several
values.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gremlin_python.process.traversal import Bytecode, Cardinality, Direction, Merge, P, T

from services.stores.gremlin.graphbinary import ID, IN, LABEL, OUT, Rows, Single

SUPPORT: Final = tomllib.loads((Path(__file__).parent / "step_support.toml").read_text())
#: Steps that write.
WRITING: Final = frozenset({"addE", "addV", "drop", "mergeE", "mergeV", "property"})

#: Gremlin's own keys, by the names that they have before they are sent.
_OWN: Final = {ID: T.id, LABEL: T.label, OUT: Direction.OUT, IN: Direction.IN}
Instruction = Sequence[Any]

#: What is not run by Neptune itself, and need not be.
MAINTENANCE: Final = {
    "scan": "goes through all vertices of a label, ordered by two properties, for `verify`, exports and re-resolving",
}


def maintenance(bytecode: Bytecode) -> str:
    """The name of the maintenance read that this is, or nothing."""
    names = [name for name, *_ in bytecode.step_instructions]
    if names[:2] == ["V", "hasLabel"] and len(bytecode.step_instructions[0]) == 1 and not writes(bytecode):
        return "scan"
    return ""


def writes(bytecode: Bytecode) -> bool:
    """Whether it changes the graph."""
    return any(
        name in WRITING or any(writes(inner) for inner in _inner(arguments))
        for name, *arguments in bytecode.step_instructions
    )


def faults(bytecode: Bytecode, *, inside: str = "") -> list[str]:
    """What of a traversal Neptune does not run itself, or not at all.

    Args:
        bytecode: of the traversal.
        inside: the step whose argument it is.
    """
    found = [f"source instruction {name}" for name, *_ in bytecode.source_instructions]
    steps = bytecode.step_instructions
    for place, (name, *arguments) in enumerate(steps):
        reason = _reason(steps, place, inside)
        if reason:
            found.append(f"{name}: {reason}")
        around = _modulated(steps, place) if name == "by" else name
        for inner in _inner(arguments):
            found += faults(inner, inside=around)
    return found


def _reason(steps: Sequence[Instruction], place: int, inside: str) -> str:
    name = steps[place][0]
    if name in _CHECKS:
        return _CHECKS[name](steps, place, inside)
    if name in SUPPORT["always"] or name in SUPPORT["silent"]:
        return ""
    return "the page has no line about it" if name not in SUPPORT["never"] + SUPPORT["sometimes"] else "is not run"


def _inner(arguments: Sequence[Any]) -> Iterator[Bytecode]:
    return (argument for argument in arguments if isinstance(argument, Bytecode))


def _modulated(steps: Sequence[Instruction], place: int) -> str:
    """Which step a modulator belongs to."""
    return next((str(step[0]) for step in reversed(steps[:place]) if step[0] != "by"), "")


def _bys(steps: Sequence[Instruction], place: int) -> int:
    following = [step[0] for step in steps[place + 1 :]]
    return next((count for count, name in enumerate(following) if name != "by"), len(following))


def _drop(_steps: Sequence[Instruction], _place: int, inside: str) -> str:
    return f"inside {inside}" if inside in {"sideEffect", "optional"} else ""


def _fold(_steps: Sequence[Instruction], _place: int, inside: str) -> str:
    return "" if inside == "group" else "only run as the value of a group"


def _has(steps: Sequence[Instruction], place: int, _inside: str) -> str:
    _, key, *rest = steps[place]
    if key is T.id and rest and isinstance(rest[0], P) and rest[0].operator not in {"eq", "neq"}:
        return f"an id is compared with {rest[0].operator}"
    return ""


def _merge(steps: Sequence[Instruction], place: int, _inside: str) -> str:
    arguments = steps[place][1:]
    if len(arguments) != 1 or not isinstance(_plain(arguments[0]), Mapping):
        return "no constant map"
    return "" if set(_plain(arguments[0])) == {T.id} else "looked for by more than an id"


def _option(steps: Sequence[Instruction], place: int, _inside: str) -> str:
    merged = next((step[0] for step in reversed(steps[:place]) if step[0] != "option"), "")
    _, token, what, *cardinality = steps[place]
    values = _plain(what)
    if merged not in {"mergeV", "mergeE"} or not isinstance(values, Mapping):
        return "no constant map of a merge"
    if merged == "mergeV" and cardinality != [Cardinality.single]:
        named = {key: value for key, value in values.items() if key is not T.label}
        if token is not Merge.on_create or not all(map(_is_single, named.values())):
            return "a property without single cardinality"
    return ""


def _order(steps: Sequence[Instruction], place: int, inside: str) -> str:
    if inside:
        return "nested"
    return "" if len(steps[place]) == 1 and _bys(steps, place) <= 1 else "several orderings, or a local one"


def _project(steps: Sequence[Instruction], place: int, _inside: str) -> str:
    return "" if _bys(steps, place) == len(steps[place]) - 1 else "not one `by` for each name"


def _property(steps: Sequence[Instruction], place: int, _inside: str) -> str:
    first = steps[place][1]
    return "" if first is Cardinality.single or first is T.id else "a property without single cardinality"


def _union(steps: Sequence[Instruction], place: int, inside: str) -> str:
    return "" if not inside and place == len(steps) - 1 else "not the last step"


def _where(steps: Sequence[Instruction], place: int, _inside: str) -> str:
    return "by" if _bys(steps, place) else ""


def _nothing(_steps: Sequence[Instruction], _place: int, _inside: str) -> str:
    return ""


_CHECKS: Final[Mapping[str, Callable[[Sequence[Instruction], int, str], str]]] = {
    "addV": _nothing,  # followed by properties with constant keys
    "drop": _drop,
    "fold": _fold,
    "has": _has,
    "id": _nothing,  # never of a property here
    "mergeE": _merge,
    "mergeV": _merge,
    "option": _option,
    "order": _order,
    "project": _project,
    "property": _property,
    "union": _union,
    "where": _where,
}


def _plain(argument: object) -> Any:  # noqa: ANN401 - whatever a traversal holds
    if isinstance(argument, Rows) and isinstance(argument.rows, Mapping):
        return {_OWN.get(key, key): value for key, value in argument.rows.items()}
    return argument


def _is_single(value: object) -> bool:
    """Whether a value says that it is the only one: before it is sent, or as it is read from a message."""
    if isinstance(value, Bytecode):
        value = value.source_instructions or value.step_instructions
        return isinstance(value, list) and value[0][:2] == ["CardinalityValueTraversal", Cardinality.single]
    return isinstance(value, Single)
