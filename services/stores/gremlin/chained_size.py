"""How large a request is, counted as Amazon Neptune's documentation counts.

https://docs.aws.amazon.com/neptune/latest/userguide/gremlin-efficient-upserts.html, as of 2026-11: about 200
elements in a request, an element being a label or a property that is written (AWS calls them records); no more than
1,500 steps, a limit that may be refused above and is documented nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from gremlin_python.process.traversal import Bytecode

from services.stores.gremlin.plan import GraphWrites
from services.stores.port.errors import CommitTooLarge


@dataclass(frozen=True, slots=True)
class RequestSize:
    """The size of a request, or what one may have at most."""

    elements: int  #: labels and properties that are written
    steps: int  #: of the traversal, those of all inner ones included


#: What several components share a request up to.
PACKED: Final = RequestSize(elements=200, steps=1_500)
#: What a component may have alone, as it must not be written in two requests: room for the 1,000 records of a profile
#: that become single ones, each with its history, while an identifier of theirs becomes a hub.
LARGEST: Final = RequestSize(elements=20_000, steps=20_000)


def require_room(writes: GraphWrites, bytecode: Bytecode, most: RequestSize) -> None:
    """Make sure that a request is not larger than `most`.

    Raises:
        CommitTooLarge: it is.
    """
    found = RequestSize(elements_of(writes), steps_of(bytecode))
    if found.elements > most.elements:
        raise CommitTooLarge.of(found.elements, most.elements, "labels and properties")
    if found.steps > most.steps:
        raise CommitTooLarge.of(found.steps, most.steps, "steps")


def elements_of(writes: GraphWrites) -> int:
    """Count the labels and properties that are written; what is deleted does not count."""
    vertices = sum(len(write.properties) + (write.expected is None) for write in writes.vertices)
    return vertices + len(set(writes.edges))


def steps_of(bytecode: Bytecode) -> int:
    """Count the steps of a traversal, those of all inner ones included."""
    arguments = (argument for _, *arguments in bytecode.step_instructions for argument in arguments)
    return len(bytecode.step_instructions) + sum(map(steps_of, _inner(arguments)))


def _inner(arguments: Iterable[Any]) -> Iterable[Bytecode]:
    return (argument for argument in arguments if isinstance(argument, Bytecode))
