"""How answers leave: what is written in one turn of the event loop goes out in one system call.

The head and the body of an answer are written one after the other. Sent apart, they cost the system twice the work, and
wake up the caller twice.
"""

import asyncio
from typing import Any, Final

#: What is kept for the end of the turn; more is sent at once, so that the transport can say that it is too much.
_MOST_KEPT: Final = 64 * 1024


class GatheringTransport:
    """Stands before a transport, and gathers what is written; all else it asks of the transport."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._kept = 0  #: bytes of all parts

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send at the end of this turn, behind what was written before."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        self._kept += len(data)
        if self._kept > _MOST_KEPT:
            self._send()

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be taken."""
        return self._kept + self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        """Whether the transport ends, or has ended."""
        return self._transport.is_closing()

    def write_eof(self) -> None:
        """Say that nothing follows."""
        self._send()
        self._transport.write_eof()

    def close(self) -> None:
        """End, once all is sent."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts:
            parts, self._parts, self._kept = self._parts, [], 0
            if not self._transport.is_closing():
                self._transport.writelines(parts)
