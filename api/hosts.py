"""The names that requests may be sent to.

A page of any site can lead its own name to the address of this machine (DNS rebinding), and its script then reads our
answers as its own; but the name still stands in the header Host. An address there is one that a page came from itself.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from services.settings import Settings

#: Every program knows these names as its own machine, whatever its resolver says (RFC 6761, section 6.3).
_LOOPBACK: Final = frozenset({"localhost", "*.localhost", "127.0.0.1", "[::1]"})

#: A name or an address, perhaps in brackets, and perhaps a port.
_HOST: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[^:\[\]]{1,255})(?::[0-9]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """What a request may name as its host."""

    names: frozenset[str]  #: in small letters; `*.example` stands for all names under it, `*` for everything
    all_addresses: bool  #: whether the address may be any, else loopback

    @classmethod
    def of(cls, settings: Settings) -> "KnownHosts":
        """Loopback and what the operator names; where others reach us, also all addresses and the machine's name."""
        named = (name.strip().lower() for name in settings.allowed_hosts.split(",") if name.strip())
        names = _LOOPBACK | {settings.host.lower(), *named}
        if _is_loopback(settings.host):
            return cls(names, all_addresses=False)
        return cls(names | {socket.gethostname().lower()}, all_addresses=True)

    def includes(self, host: str) -> bool:
        """Tell whether the value of a header Host is one of them, whatever its port."""
        if "*" in self.names:
            return True
        found = _HOST.fullmatch(host.lower())
        if found is None:
            return False
        name = found[1].removesuffix(".")
        return name in self.names or any(parent in self.names for parent in _parents(name)) or self._is_address(name)

    def _is_address(self, name: str) -> bool:
        try:
            address = ip_address(name.strip("[]"))
        except ValueError:
            return False
        return self.all_addresses or address.is_loopback


def _parents(name: str) -> Iterable[str]:
    """The patterns that stand for a name: `*.b.example` and `*.example` for `a.b.example`."""
    return (f"*.{name[dot.end() :]}" for dot in re.finditer(r"\.", name))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
