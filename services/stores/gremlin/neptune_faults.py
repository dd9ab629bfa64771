"""Errors of Amazon Neptune, as far as they differ from those of a Gremlin Server.

https://docs.aws.amazon.com/neptune/latest/userguide/errors-engine-codes.html, as of 2026-11: the answer is a JSON
object whose `code` names the error.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from services.stores.gremlin.signing import ACTIONS, AccessRefused
from services.stores.port.errors import CommitConflict, CommitTooLarge, StoreError, StoreUnavailable


class Overloaded(StoreUnavailable):
    """Neptune has too much to do, and has done nothing of what it was asked; waiting helps."""


class WriterMoved(StoreUnavailable):
    """Another instance of the cluster has become the writer; its name leads there by now, or soon."""


TOO_MANY_REQUESTS: Final = 429


def neptune_fault(code: int, message: str) -> StoreError | None:
    """Translate an error answer of Neptune; None: it is none that only Neptune gives.

    Args:
        code: status code of the Gremlin Server protocol.
        message: what Neptune says; only its `code` is repeated.
    """
    name = _name(message)
    found = f"status {code}: {name}" if name else f"status {code}"
    fault = _FAULTS.get(name, _overloaded if code == TOO_MANY_REQUESTS else None)
    return None if fault is None else fault(found)


def _conflict(found: str) -> StoreError:
    return CommitConflict(f"another commit was faster, or wrote beside this one ({found})")


def _overloaded(found: str) -> StoreError:
    return Overloaded(
        f"Amazon Neptune has too much to do ({found}): fewer workers, or a larger writer instance, would help"
    )


def _too_large(found: str) -> StoreError:
    return CommitTooLarge(f"Amazon Neptune does not take so large a request ({found}); commit less at once")


def _moved(found: str) -> StoreError:
    return WriterMoved(
        f"this instance of the Neptune cluster is not the writer ({found}). After a fail-over the cluster endpoint "
        "leads to the new writer within a minute; a reader endpoint never does (IDENTITY_GRAPH_STORE)"
    )


def _late(found: str) -> StoreError:
    return StoreUnavailable(
        f"Amazon Neptune could not answer in time ({found}): it ended the request after its neptune_query_timeout"
    )


def _denied(found: str) -> StoreError:
    return AccessRefused(
        f"Amazon Neptune does not let this process do what it asks for ({found}): the policy of its AWS credentials "
        f"must allow {ACTIONS}. What is changed there takes up to ten minutes"
    )


_FAULTS: Final[Mapping[str, Callable[[str], StoreError]]] = {
    "AccessDeniedException": _denied,
    "ConcurrentModificationException": _conflict,
    "ConstraintViolationException": _conflict,
    "MemoryLimitExceededException": _overloaded,
    "QueryLimitException": _too_large,
    "QueryLimitExceededException": _overloaded,
    "QueryTooLargeException": _too_large,
    "ReadOnlyViolationException": _moved,
    "ThrottlingException": _overloaded,
    "TimeLimitExceededException": _late,
    "TooManyRequestsException": _overloaded,
}


def _name(message: str) -> str:
    try:
        told: Any = orjson.loads(message)
    except orjson.JSONDecodeError:
        return ""
    name = told.get("code") if isinstance(told, Mapping) else None
    return name if isinstance(name, str) and name.isidentifier() else ""
