"""Answers of JanusGraph, which reads without a snapshot: a vertex may come or go while it is read."""

from typing import Any, Final

from gremlin_python.process.traversal import Bytecode

from services.stores.gremlin.connection import Submit
from services.stores.gremlin.socket import Traversal

#: Every vertex of those that are asked for one of these has it; the first that is asked for tells.
_TELLING: Final = ("rev", "profile_id", "source")


def without_torn_rows(submit: Submit) -> Submit:
    """Leave rows out that are about a vertex which another commit makes or drops at this moment.

    It counts as not there. Whoever rests on that asserts it, and is refused where the vertex is there by then.
    """

    async def asked(traversal: Traversal) -> list[Any]:
        answer, fields = await submit(traversal), _fields(traversal.bytecode)
        telling = next((field for field in _TELLING if field in fields), None)
        return answer if telling is None else [row for row in answer if telling in row]

    return asked


def _fields(bytecode: Bytecode) -> tuple[str, ...]:
    """The fields of the rows that a traversal answers with; none where it answers with something else."""
    for step, *arguments in bytecode.step_instructions:
        if step == "project":
            return tuple(arguments)
        if step == "union":  # whose branches answer with the same
            return _fields(arguments[0])
    return ()
