"""How a failure is told: in one line of the log, with its reason and its cause."""

import traceback
from collections.abc import Iterator

from graph_model.errors import IdentityGraphError


def reason_of(failure: BaseException) -> str:
    """What happened, in words that hold no data: the text of a failure that nobody foresaw may quote a value."""
    if isinstance(failure, IdentityGraphError):
        return str(failure)
    return f"unforeseen {type(failure).__name__} at {place_of(failure)}; please report it"


def cause_of(failure: BaseException) -> str:
    """What has led to it, the last first: types, with the name that SQLite or the system gives the fault."""
    return " <- ".join(_named(each) for each in causes(failure))


def traceback_of(failure: BaseException) -> str:
    """Where it and all that has led to it come from, the last first, without the text of what nobody foresaw."""
    return "\n".join(
        "".join(traceback.format_tb(each.__traceback__))
        + f"{type(each).__name__}{f': {each}' if isinstance(each, IdentityGraphError) else ''}"
        for each in causes(failure)
    )


def place_of(failure: BaseException) -> str:
    """The function and the line that it comes from; empty where nobody has raised it."""
    frames = traceback.extract_tb(failure.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""


def causes(failure: BaseException) -> Iterator[BaseException]:
    """A failure and what has led to it, the last first."""
    seen: set[int] = set()
    each: BaseException | None = failure
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _named(failure: BaseException) -> str:
    name = type(failure).__name__
    found = getattr(failure, "sqlite_errorname", None) or getattr(failure, "strerror", None)
    return f"{name} ({found})" if found else name
