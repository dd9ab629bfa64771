"""Where errors of the server and the socket become errors of the store.

Messages name status codes and exception classes only: what the server says may contain ids, and so personal data.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp

from services.stores.gremlin.janusgraph.faults import janusgraph_fault
from services.stores.gremlin.neptune_faults import TOO_MANY_REQUESTS, Overloaded, neptune_fault
from services.stores.port.errors import CommitConflict, CommitTooLarge, NoRoom, StoreError, StoreUnavailable

UNAUTHORIZED = 401
FORBIDDEN = 403
TIMED_OUT = 598
FAILED_ON_PURPOSE = 595  #: our own `fail()` step: something existed that must not, or the other way round
TRY_AGAIN = 596
_OUT_OF_MEMORY = "OutOfMemoryError"
#: Said of a step that the server does not have.
_UNKNOWN_STEP = "Could not locate method"
_OUT_OF_STACK = "StackOverflowError"
_CONFLICT_CLASSES = ("TransactionException", "ConcurrentModificationException")
_CONFLICT_MESSAGES = ("Vertex with id already exists", "Vertex id could not be resolved from mergeE")


def server_fault(code: int, message: str, attributes: Mapping[str, Any]) -> StoreError:
    """Translate an error answer of the server.

    Args:
        code: status code of the Gremlin Server protocol.
        message: what the server says; only looked through, never repeated.
        attributes: status attributes; `exceptions` lists the classes of the error and its causes.
    """
    known = neptune_fault(code, message) or _gremlin_fault(code, message, attributes)
    # What no other server says is told by where it came from.
    return (janusgraph_fault(code, message, attributes) or known) if type(known) is StoreError else known


def _gremlin_fault(code: int, message: str, attributes: Mapping[str, Any]) -> StoreError:
    classes: list[str] = [str(name) for name in attributes.get("exceptions", ())]
    found = f"status {code}{_in_brackets(classes)}"
    if code == UNAUTHORIZED:
        return StoreError(
            f"the Gremlin Server refused the credentials ({found}); check IDENTITY_GRAPH_STORE_USERNAME and "
            "IDENTITY_GRAPH_STORE_PASSWORD"
        )
    if _OUT_OF_MEMORY in message or any(name.endswith(_OUT_OF_MEMORY) for name in classes):
        return NoRoom(
            f"the Gremlin Server is out of memory ({_with(_OUT_OF_MEMORY, code, classes)}); give it more (its option "
            "-Xmx), or keep less in its graph"
        )
    if any(name.endswith(_OUT_OF_STACK) for name in classes):
        return CommitTooLarge(
            f"the request has more steps than the Gremlin Server has stack for ({found}); commit less at once"
        )
    if code in {TIMED_OUT, TRY_AGAIN}:
        return StoreUnavailable(
            f"the Gremlin Server could not answer in time ({found}): it ended the request after its evaluationTimeout"
        )
    by_class = any(name.endswith(_CONFLICT_CLASSES) for name in classes)
    by_message = any(part in message for part in (*_CONFLICT_MESSAGES, *_CONFLICT_CLASSES))
    if code == FAILED_ON_PURPOSE or by_class or by_message:
        return CommitConflict(f"another commit was faster ({found})")
    return StoreError(
        _too_old(found) if _UNKNOWN_STEP in message else f"the Gremlin Server failed ({found}); its log says more"
    )


def _too_old(found: str) -> str:
    return (
        f"the Gremlin Server is too old ({found}): it lacks a step that is asked of it. One that speaks TinkerPop 3.7 "
        "is expected; upgrade it, or name another one with IDENTITY_GRAPH_STORE"
    )


@contextmanager
def socket_faults() -> Iterator[None]:
    """Translate errors of an open socket into `StoreUnavailable`."""
    try:
        yield
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"the Gremlin Server cannot be reached ({type(error).__name__})") from error


def handshake_fault(place: str, status: int) -> StoreUnavailable:
    """What is said where the server at `place` answers the request for a WebSocket with another status."""
    if status == TOO_MANY_REQUESTS:
        return Overloaded(
            f"the server takes no further connection (status {status}): fewer processes, or a larger instance, would "
            "help"
        )
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return StoreUnavailable(
            f"the server refuses unsigned connections (status {status}). Where it is an Amazon Neptune cluster whose "
            "IAM authentication was turned on meanwhile, start this process again"
        )
    return StoreUnavailable(
        f"the server at {place} takes no WebSocket connection (status {status}); correct IDENTITY_GRAPH_STORE, whose "
        "path is `/gremlin` for a Gremlin Server"
    )


def _with(wanted: str, code: int, classes: list[str]) -> str:
    """The status and the classes, `wanted` among them also where only the message has named it."""
    named = classes if any(name.endswith(wanted) for name in classes) else [*classes, wanted]
    return f"status {code}{_in_brackets(named)}"


def _in_brackets(classes: Iterable[str]) -> str:
    names = ", ".join(name.rpartition(".")[2] for name in classes)
    return f": {names}" if names else ""
