"""Runs the application until it is told to stop."""

import asyncio
import faulthandler
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.connections import BoundedProtocol, Crowd
from api.errors import ApiError
from graph_model.catalogue.rules import Catalogue
from services.ingestion.claim import Publish
from services.ingestion.writer import API_WRITERS
from services.maintenance.room import tell_room
from services.metrics import Metrics
from services.settings import ServerLimits, Settings
from services.stores.opening import open_store
from services.stores.port.protocols import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Opens whatever publishes the events of changes that come over HTTP, for as long as the server runs.
Publisher: TypeAlias = Callable[[Store, Metrics], AbstractAsyncContextManager[Publish]]

#: Of the time that there is to stop, so much is for closing what is open; the rest is for requests under way.
_CLOSING_SECONDS: Final = 2.0

#: The exit code of a process that had to end before all was closed.
_CUT_SHORT: Final = 1

#: A thread that computes lets others have their turn after so many seconds. The event loop needs several turns for one
#: request, and 5 ms, Python's own choice, for each of them are too many.
_SWITCH_SECONDS: Final = 0.001

#: Bytes of an answer that were sent and not yet taken.
_KEPT_BY_THE_SYSTEM: Final = 262_144

#: What was sent is acknowledged within so long, or nobody is there any more.
_VANISHED_MILLISECONDS: Final = 60_000

_log = structlog.get_logger()


class AddressUnavailable(ApiError):
    """The HTTP API cannot listen where it should."""

    def __init__(self, host: str, port: int, reason: OSError) -> None:
        # Python adds the address to the system's words a second time.
        why = str(reason.strerror).partition(" (while attempting")[0]
        super().__init__(
            f"cannot listen on {host} port {port}: {why}. Stop what uses it, or choose another with --host and --port "
            "(or IDENTITY_GRAPH_HOST and IDENTITY_GRAPH_PORT)"
        )


async def serve(
    settings: Settings,
    catalogue: Catalogue,
    *,
    publisher: Publisher | None = None,
    on_listening: Callable[[str], None] = lambda _address: None,
) -> None:
    """Open the store and answer until SIGINT or SIGTERM; then end streams, finish requests, close the store.

    Args:
        settings: wiring.
        catalogue: what the data means.
        publisher: publishes the events of changes that come over HTTP; see `create_app`.
        on_listening: told the address, for example `http://127.0.0.1:8080`, once requests are answered.

    Raises:
        AddressUnavailable: host and port cannot be listened on.
        StoreError: the store cannot be opened.
    """
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(listen(settings.host, settings.port))
        if not settings.writer:
            settings = settings.model_copy(update={"writer": _own_name(listening)})
        store = await open_store(settings, catalogue)
        stack.push_async_callback(store.close)
        await tell_room(store)
        metrics = Metrics()
        publish = None if publisher is None else await stack.enter_async_context(publisher(store, metrics))
        app = create_app(settings, catalogue, store, metrics=metrics, publish=publish)
        await stack.enter_async_context(app.router.lifespan_context(app))
        _prepare_process()
        await ApiServer(app, on_listening, settings.limits).serve(sockets=[listening])


class _Reticent:
    """Keeps failures from uvicorn, which would log them with what callers have sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            _log.warning("a request was cut off, since it did not end while the service stops")
        except Exception as failure:  # noqa: BLE001 - the text of an unforeseen fault may quote a value
            _log.error("request failed", error=type(failure).__name__)


class ApiServer(uvicorn.Server):
    """Uvicorn, which here neither opens the lifespan nor ends the process: both belong to `serve`."""

    def __init__(self, app: FastAPI, on_listening: Callable[[str], None], limits: ServerLimits) -> None:
        self._crowd = Crowd(limits)
        super().__init__(
            uvicorn.Config(
                _Reticent(app),
                http=partial(BoundedProtocol, self._crowd),  # type: ignore[arg-type]  # it is only called
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # no answer depends on what a caller says of where it comes from
                timeout_keep_alive=limits.idle_seconds,
                timeout_graceful_shutdown=int(limits.stop_seconds - _CLOSING_SECONDS),
            )
        )
        self._stopping: asyncio.Event = app.state.services.stopping
        self._on_listening = on_listening
        self._stop_seconds = limits.stop_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say where."""
        await super().startup(sockets)
        for listening in sockets or ():
            self._on_listening(_address(listening))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first, which would go on for ever, and whoever has not sent a whole request yet."""
        self._stopping.set()
        self._crowd.send_away()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> "Iterator[None]":
        """Stop on a signal, without raising it again afterwards: what is open is yet to be closed.

        Not through the event loop: something may keep it from its work.
        """
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # a second signal waits for nobody
        if not self.should_exit:
            self.should_exit = True
            _end_within(self._stop_seconds)


def _end_within(seconds: float) -> None:
    """End the process after so many seconds, if it has not ended by then: whatever hangs, nothing is lost by it."""

    def end() -> None:
        _log.error("what was under way did not end in time; the process ends without it", seconds=seconds)
        os._exit(_CUT_SHORT)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    # For what lets no thread run, and for logs that nobody reads, so that writing to them waits.
    faulthandler.dump_traceback_later(seconds + 1, exit=True, file=Path(os.devnull).open("w"))  # noqa: SIM115 - to the end


def _prepare_process() -> None:
    """Keep the event loop from waiting for what the whole process does."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    # What is there by now stays; looking through it again and again for garbage would stop everything for 0.1 s.
    gc.collect()
    gc.freeze()


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that requests come to; port 0 takes any free one.

    Raises:
        AddressUnavailable: the address is not ours, or the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise AddressUnavailable(host, port, error) from error
    # Inherited by every connection; without it an answer's body waits 40 ms for the head to be acknowledged.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # What the system keeps for a reader that takes nothing, megabytes otherwise, hides for long that it does not.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KEPT_BY_THE_SYSTEM)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # on Linux: a caller that has vanished is given up, not after 15 minutes
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _VANISHED_MILLISECONDS)
    return listening


def _own_name(listening: socket.socket) -> str:
    """A name that no other process has at the same time: nobody else listens there."""
    host, port = listening.getsockname()[:2]
    return f"{API_WRITERS}/{socket.gethostname()}/{host}:{port}"


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
