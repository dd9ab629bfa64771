"""Ports that parts listen on: free ones, clear words about those that are not, and requests to what listens there."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from stack.errors import PortInUseError
from stack.settings import port_variable

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a part listens on, with the name by which its setting is known, e.g. `kafka`."""

    name: str
    number: int

    @classmethod
    def named(cls, name: str, number: int) -> "Port":
        """The port as asked for; 0 becomes one that nobody listens on now."""
        return cls(name, number or _free_port())

    @property
    def address(self) -> str:
        """`host:port`, as clients on this machine write it."""
        return f"{HOST}:{self.number}"

    def refuse_if_in_use(self, part: str) -> None:
        """Raises PortInUseError when another process listens here."""
        with socket.socket() as probe:
            # As the servers do: connections that are only waiting to expire do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.number))
            except OSError as error:
                raise PortInUseError(part, self.number, port_variable(self.name)) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def request(
    port: Port,
    path: str,
    *,
    method: str = "GET",
    body: Mapping[str, str] | None = None,
    seconds: float = 30.0,
) -> tuple[int, bytes]:
    """Ask over HTTP, never through a proxy: the status and the body of the answer.

    Raises:
        OSError: nothing answers there, or not within that many seconds.
    """
    connection = http.client.HTTPConnection(HOST, port.number, timeout=seconds)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise ConnectionError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()


def answers(port: Port, path: str) -> bool:
    """Whether something answers there, and with 200."""
    try:
        status, _ = request(port, path, seconds=5.0)
    except OSError:
        return False
    return status == http.client.OK
