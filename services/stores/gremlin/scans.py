"""Going through all vertices of a label, in order, with bounded memory.

A window names the next vertices, by two properties at the most; their contents are then read by id, in small chunks.
So the server sorts the label once per window, not once per chunk.
"""

from collections.abc import AsyncIterator, Sequence

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import P

from services.stores.gremlin.connection import Submit
from services.stores.gremlin.ids import Label
from services.stores.gremlin.socket import Traversal, g

#: Vertices named per window: about 10 MB here, and one sort of the label there.
WINDOW = 50_000
FIRST_WINDOW = 1_000
_GROWTH = 7

#: The properties that order the vertices of a label.
ORDER = {
    Label.RECORD: ("source", "key"),
    Label.IDENTIFIER: ("kind", "value"),
    Label.PROFILE: ("profile_id",),
    Label.VERDICT: ("verdict_id",),
    Label.TASK: ("task_id",),
}


async def windows(
    submit: Submit, label: Label, row_key: str, size: int, after: Sequence[str] | None = None
) -> AsyncIterator[list[tuple[str, ...]]]:
    """The ordering properties of all vertices of `label` that follow `after`, in order, at most `size` at once.

    The first windows are smaller, for whoever wants only a few. `row_key` names the property that holds the key of a
    record.
    """
    order = tuple(row_key if name == "key" else name for name in ORDER[label])
    largest, size = size, min(size, FIRST_WINDOW)
    while True:
        rows = await submit(window_traversal(label, order, after, size))
        if rows:
            names = [tuple(row[name] for name in order) for row in rows]
            after = names[-1]
            yield names
        if len(rows) < size:
            return
        size = min(largest, size * _GROWTH)


def window_traversal(label: Label, names: Sequence[str], after: Sequence[str] | None, size: int) -> Traversal:
    """The next vertices of `label` in the order of some properties, those that follow `after`."""
    traversal = g.V().has_label(label.value)
    if after is not None:
        beyond = [_equal(names[:place], after).has(names[place], P.gt(after[place])) for place in range(len(names))]
        traversal = traversal.or_(*beyond)
    traversal = traversal.order()
    for name in names:
        traversal = traversal.by(name)
    traversal = traversal.limit(size).project(*names)
    for name in names:
        traversal = traversal.by(name)
    return traversal


def _equal(names: Sequence[str], values: Sequence[str]) -> Traversal:
    traversal = __.identity()
    for name, value in zip(names, values, strict=False):
        traversal = traversal.has(name, value)
    return traversal
