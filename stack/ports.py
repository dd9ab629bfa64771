"""Free ports, and clear words about ports that are not free."""

import socket
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
