"""Runs the application until it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.errors import ApiError
from graph_model.catalogue.rules import Catalogue
from services.ingestion.claim import Publish
from services.ingestion.writer import API_WRITERS
from services.metrics import Metrics
from services.settings import Settings
from services.stores.opening import open_store
from services.stores.port.protocols import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Opens whatever publishes the events of changes that come over HTTP, for as long as the server runs.
Publisher: TypeAlias = Callable[[Store, Metrics], AbstractAsyncContextManager[Publish]]

#: Requests under way get so long to end once the server was told to stop.
_GRACE_SECONDS: Final = 10


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
        metrics = Metrics()
        publish = None if publisher is None else await stack.enter_async_context(publisher(store, metrics))
        app = create_app(settings, catalogue, store, metrics=metrics, publish=publish)
        await stack.enter_async_context(app.router.lifespan_context(app))
        await ApiServer(app, on_listening).serve(sockets=[listening])


class ApiServer(uvicorn.Server):
    """Uvicorn, which here neither opens the lifespan nor ends the process: both belong to `serve`."""

    def __init__(self, app: FastAPI, on_listening: Callable[[str], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._stopping: asyncio.Event = app.state.services.stopping
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say where."""
        await super().startup(sockets)
        for listening in sockets or ():
            self._on_listening(_address(listening))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: they would keep their connections open for ever."""
        self._stopping.set()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> "Iterator[None]":
        """Stop on a signal, without raising it again afterwards: what is open is yet to be closed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.force_exit = self.should_exit  # a second signal waits for nobody
        self.should_exit = True


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
    return listening


def _own_name(listening: socket.socket) -> str:
    """A name that no other process has at the same time: nobody else listens there."""
    host, port = listening.getsockname()[:2]
    return f"{API_WRITERS}/{socket.gethostname()}/{host}:{port}"


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
