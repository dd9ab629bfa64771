"""Connections: what is bounded before there is a request, and who gives way where there are too many.

Uvicorn's protocol has no bounds of its own: not for headers, not for how long they take, not for whoever does not read
its answer. Here a connection is in one of three phases, and each of them ends.

* `HEAD`: we wait for a request, or for the rest of its headers
* `BODY`: its headers are there, and we wait for the rest of its body
* `WHOLE`: it is there as a whole; now the caller waits for us
"""

import asyncio
import resource
import sys
from enum import Enum
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from api.load import OVERLOADED
from api.middleware import SAID_ANYWAY
from api.problems import ProblemType, problem_response
from api.transports import GatheringTransport
from services.settings import ServerLimits

#: So many of the files that the process may open are left to the store, to Kafka and to the program itself.
_OTHER_FILES: Final = 100

#: So many requests may come in advance, before the answer to the first; browsers and proxies send none.
_MOST_IN_ADVANCE: Final = 16

#: A caller that is refused is read for so long, so that it is not cut off while it sends and sees the answer; and so
#: many at a time.
_SECONDS_TO_READ: Final = 1.0
_MOST_REFUSED: Final = 50

#: What is no content of a body (sizes of chunks, what follows them) may be so many times as long as what is.
_MOST_AROUND_BODY: Final = 8

#: A reader that is at it takes so many bytes at the least.
_LEAST_TAKEN: Final = 4_096

TOO_LARGE: Final = ProblemType(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers-too-large", "The headers are too many, or too large"
)
TOO_SLOW: Final = ProblemType(HTTPStatus.REQUEST_TIMEOUT, "request-timeout", "The request did not come in time")
UNREADABLE: Final = ProblemType(
    HTTPStatus.BAD_REQUEST,
    "unreadable-request",
    "The request cannot be read",
    "what was sent is no request of HTTP/1.1; a first line, headers, an empty line and a body are expected",
)

Refusal: TypeAlias = tuple[ProblemType, str]


class Phase(Enum):
    """Whom a connection waits for, and for what."""

    HEAD = "head"
    BODY = "body"
    WHOLE = "whole"


class _RefusedError(Exception):
    """A callback of the parser has found what ends the connection."""


class Crowd:
    """All connections of a process."""

    def __init__(self, limits: ServerLimits) -> None:
        self.limits = limits
        self.most = min(limits.connections, _files_for_connections())
        self.present: set[BoundedProtocol] = set()
        self.waiting: dict[BoundedProtocol, None] = {}  #: those that owe us a request, the longest first
        self.refused: set[BoundedProtocol] = set()  #: those that only may still read why

    def makes_room(self) -> bool:
        """Tell whether there is room for one more, after somebody has given way where there was none."""
        if len(self.present) >= self.most and self.waiting:
            next(iter(self.waiting)).give_way("too many connections are open, and others were faster")
        return len(self.present) < self.most

    def send_away(self) -> None:
        """End all that owe us a request: the process stops."""
        for connection in list(self.waiting):
            connection.give_way("the service stops")

    def leave(self, connection: "BoundedProtocol") -> None:
        """Forget one that is gone, or as good as gone."""
        self.present.discard(connection)
        self.waiting.pop(connection, None)
        self.refused.discard(connection)


class BoundedProtocol(HttpToolsProtocol):
    """A connection of HTTP/1.1 on which nothing grows, and nothing lasts, without a bound."""

    def __init__(
        self,
        crowd: Crowd,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = crowd
        self._limits = crowd.limits
        self._phase = Phase.HEAD
        self._timed: Phase | None = None  #: the phase that the timer is for
        self._timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self._reason: Refusal | None = None  #: what a callback of the parser has found
        self._begin_counting()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in, if there is room."""
        super().connection_made(GatheringTransport(transport, self.loop))  # type: ignore[arg-type]  # as good as one
        if not self._crowd.makes_room():
            most = self._crowd.most
            self._refuse((OVERLOADED, f"{most} connections are open, the most that this process has; try again"))
            return
        self._crowd.present.add(self)
        self._crowd.waiting[self] = None
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._crowd.leave(self)
        for timer in (self._timer, self._reader_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless there is too much of it."""
        if self in self._crowd.refused or self.transport.is_closing():
            return
        self._unexplained += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # never agreed to; the request is answered as one of HTTP/1.1
            self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self._refuse(self._reason or (UNREADABLE, ""))
            return
        if self._phase is not Phase.WHOLE and self._unexplained > self._limits.header_bytes + self._allowance:
            self._refuse(self._too_large(f"{self._unexplained} bytes"))
            return
        self._watch()

    def on_message_begin(self) -> None:
        """A request begins: one that comes in advance, or the one that was waited for."""
        if len(self.pipeline) >= _MOST_IN_ADVANCE:
            self._stop_parsing((OVERLOADED, "too many requests were sent in advance"))
        self._unset_keepalive_if_required()  # not before: empty lines are no request
        super().on_message_begin()
        self._phase = Phase.HEAD
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header before it is kept, also one that follows a body in chunks."""
        self._headers += 1
        self._header_bytes += len(name) + len(value)
        if self._headers > self._limits.headers:
            self._stop_parsing(self._too_large(f"more than {self._limits.headers} headers"))
        if self._header_bytes + len(self.url) > self._limits.header_bytes:
            self._stop_parsing(self._too_large(f"more than {self._limits.header_bytes} bytes"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the request be answered; its body may be on the way."""
        if len(self.url) > self._limits.header_bytes:
            self._stop_parsing(self._too_large(f"more than {self._limits.header_bytes} bytes"))
        super().on_headers_complete()
        self._phase = Phase.BODY
        self._unexplained = 0

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body; what comes around it must be in proportion."""
        self._unexplained -= len(body)
        self._allowance += _MOST_AROUND_BODY * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """From now on it is us who are waited for."""
        super().on_message_complete()
        self._phase = Phase.WHOLE
        self._begin_counting()
        if self.cycle.response_complete:  # what was refused before it was read
            self._wait()
        else:
            self._crowd.waiting.pop(self, None)

    def on_response_complete(self) -> None:
        """Wait for the next request, unless one came in advance."""
        super().on_response_complete()
        if self._phase is Phase.WHOLE and self.cycle.response_complete:
            self._wait()

    def pause_writing(self) -> None:
        """An answer waits for its reader: see to it that it reads."""
        super().pause_writing()
        if self._reader_timer is None:
            self._await_reader()

    def resume_writing(self) -> None:
        """The reader has read."""
        super().resume_writing()
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def give_way(self, why: str) -> None:
        """End before the request is there."""
        self._refuse((OVERLOADED, f"{why}; send the request again") if self._has_begun() else None)

    def _begin_counting(self) -> None:
        self._headers = self._header_bytes = 0
        self._unexplained = 0  #: bytes that came and are no content of a body
        self._allowance = 0  #: so many more than a head may have of them the body allows

    def _wait(self) -> None:
        """Be the last of those who owe us a request."""
        if self in self._crowd.present:
            self._crowd.waiting.pop(self, None)
            self._crowd.waiting[self] = None

    def _watch(self) -> None:
        """Give each phase its time; between two requests that is uvicorn's own timer."""
        between = self._phase is Phase.WHOLE
        if self._timed is self._phase or (between and self._timed is None):
            return
        if self._timer is not None:
            self._timer.cancel()
        seconds = self._limits.head_seconds if self._phase is Phase.HEAD else self._limits.body_seconds
        self._timed = None if between else self._phase
        self._timer = None if between else self.loop.call_later(seconds, self._end_phase, seconds)

    def _end_phase(self, seconds: float) -> None:
        what = "body" if self._phase is Phase.BODY else "headers"
        slow = (TOO_SLOW, f"the {what} of the request took more than {seconds:g} seconds to come; send them faster")
        self._refuse(slow if self._has_begun() else None)

    def _has_begun(self) -> bool:
        """Whether a part of a request has come; else there is nothing to be answered."""
        return self._phase is Phase.BODY or (self._phase is Phase.HEAD and self._unexplained > 0)

    def _await_reader(self, before: float = float("inf")) -> None:
        """Drop a reader that takes nothing; look again as long as it does."""
        waiting = self.transport.get_write_buffer_size()
        if waiting > before - _LEAST_TAKEN:
            self.transport.abort()
            return
        self._reader_timer = self.loop.call_later(self._limits.stalled_seconds, self._await_reader, waiting)

    def _too_large(self, found: str) -> Refusal:
        limits = self._limits
        return TOO_LARGE, (
            f"the request has {found} before or around its body; at most {limits.headers} headers and "
            f"{limits.header_bytes} bytes are read. Send fewer or shorter ones"
        )

    def _stop_parsing(self, reason: Refusal) -> None:
        self._reason = reason
        raise _RefusedError

    def _refuse(self, refusal: Refusal | None) -> None:
        """End the connection, and say why where the caller can still be told."""
        tells = refusal is not None and self._can_be_told() and len(self._crowd.refused) < _MOST_REFUSED
        self._crowd.leave(self)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if refusal is None or not tells:
            self.transport.close()
            return
        self._crowd.refused.add(self)
        self.transport.write(_written(*refusal))
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(_SECONDS_TO_READ, self.transport.abort)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _can_be_told(self) -> bool:
        """Whether an answer now would be taken for the one to this request."""
        if self._phase is Phase.BODY:
            return not self.cycle.response_started and not self.pipeline
        return self.cycle is None or self.cycle.response_complete


def _files_for_connections() -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(files - _OTHER_FILES, files // 4) if files != resource.RLIM_INFINITY else sys.maxsize


def _written(problem: ProblemType, detail: str) -> bytes:
    """A problem document as it goes over the wire."""
    answer = problem_response(problem, detail, headers={"Connection": "close"})
    lines = [STATUS_LINE[answer.status_code]]
    lines += [name + b": " + value + b"\r\n" for name, value in (*answer.raw_headers, *SAID_ANYWAY)]
    return b"".join([*lines, b"\r\n", bytes(answer.body)])
