"""HTTP requests to the servers of the stack; never through a proxy."""

import http.client
import json
from collections.abc import Mapping

from stack.ports import HOST, Port


def request(
    port: Port,
    path: str,
    *,
    method: str = "GET",
    body: Mapping[str, str] | None = None,
    seconds: float = 30.0,
) -> tuple[int, bytes]:
    """The status and the body of the answer.

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
