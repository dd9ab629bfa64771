"""Errors of JanusGraph, as far as they differ from those of a Gremlin Server; told by the classes of their causes."""

from collections.abc import Mapping
from typing import Any, Final

from services.stores.port.errors import CommitConflict, CommitTooLarge, StoreError, StoreUnavailable

_PACKAGE: Final = "org.janusgraph."
#: Somebody else wrote, or made, the same vertex meanwhile.
_CONFLICTS: Final = ("PermanentLockingException", "TemporaryLockingException", "LocalLockMediatorException")
_CONFLICT_MESSAGES: Final = ("Vertex with given id already exists", "violates a uniqueness constraint")
#: What the driver of Cassandra, or JanusGraph by itself, calls a cluster that does not do its part now.
_UNAVAILABLE: Final = (
    "TemporaryBackendException",
    "AllNodesFailedException",
    "NoNodeAvailableException",
    "DriverTimeoutException",
    "ReadTimeoutException",
    "WriteTimeoutException",
    "UnavailableException",
    "WriteFailureException",
    "ReadFailureException",
    "ClosedConnectionException",
    "HeartbeatException",
)
_TOO_LARGE: Final = "Batch too large"


class JanusGraphFault(StoreError):
    """JanusGraph did not do what was asked, and waiting does not help."""


def janusgraph_fault(code: int, message: str, attributes: Mapping[str, Any]) -> StoreError | None:
    """Translate an error answer of JanusGraph; None: it is none that only JanusGraph gives.

    Args:
        code: status code of the Gremlin Server protocol.
        message: what the server says; only looked through, never repeated.
        attributes: status attributes: the classes of the error and its causes, and where it came from.
    """
    trace = str(attributes.get("stackTrace", ""))
    if _PACKAGE not in trace:
        return None
    classes = [str(name) for name in attributes.get("exceptions", ())]
    names = ", ".join(name.rpartition(".")[2] for name in classes)
    found = f"status {code}: {names}"
    if _any_of(_CONFLICTS, classes, trace) or any(part in message for part in _CONFLICT_MESSAGES):
        return CommitConflict(f"another commit was faster ({found})")
    if _TOO_LARGE in trace:
        return CommitTooLarge(
            f"Cassandra does not take so large a batch ({found}); commit less at once, or raise its "
            "batch_size_fail_threshold"
        )
    if _any_of(_UNAVAILABLE, classes, trace):
        return StoreUnavailable(f"the cluster behind JanusGraph does not answer as it should ({found})")
    return JanusGraphFault(f"JanusGraph failed ({found}); its log says more")


def _any_of(wanted: tuple[str, ...], classes: list[str], trace: str) -> bool:
    """Whether one of some classes is among the causes; the trace names also those that the list leaves out."""
    return any(name.endswith(wanted) for name in classes) or any(f".{name}:" in trace for name in wanted)
