"""Brings answers into the form that the port speaks of: large ones on a thread, while the event loop goes on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

#: So many are formed on the event loop.
_ROWS_ON_LOOP: Final = 100

Row = Mapping[str, Any]
Form = TypeVar("Form")


async def formed(rows: Sequence[Row], form: Callable[[Sequence[Row]], Form], size: int = 0) -> Form:
    """Form the rows of an answer.

    Args:
        rows: the answer.
        form: what makes one thing of all of them.
        size: how many things the rows hold, where that may be more than there are rows.
    """
    if len(rows) + size <= _ROWS_ON_LOOP:
        return form(rows)
    return await asyncio.to_thread(form, rows)
