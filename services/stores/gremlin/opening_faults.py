"""Why no connection to a graph's server can be opened, in words that name the address and the setting to change."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from services.stores.gremlin.faults import handshake_fault
from services.stores.port.errors import StoreError, StoreUnavailable

_SETTING: Final = "IDENTITY_GRAPH_STORE"
#: What OpenSSL calls a certificate that is not valid yet, or no longer; and one for other names, or addresses.
_OUT_OF_TIME: Final = (9, 10)
_OTHER_NAMES: Final = (62, 64)


@contextmanager
def opening_faults(url: str) -> Iterator[None]:
    """Translate what opening a connection to `url` fails with."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise handshake_fault(_place(url), error.status) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"the Gremlin Server at {_place(url)} cannot be reached: {_why(error)}") from error


def require_address(url: str) -> None:
    """Refuse what cannot be the address of an endpoint.

    Raises:
        StoreError: it names no host, or no port that there can be.
    """
    try:
        found = "" if urlsplit(url).hostname and urlsplit(url).port != 0 else "it names no host, or port 0"
    except ValueError as error:
        found = str(error)
    if found:
        raise StoreError(
            f"{_SETTING} is no address of a Gremlin endpoint: {found}; `ws://HOST:PORT/gremlin` is expected, or "
            "`wss://` where it uses TLS"
        )


def _place(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _why_not_trusted(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"it does not speak TLS ({type(error).__name__}); if it does not use TLS, begin {_SETTING} with `ws://`"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no such host is known ({type(error).__name__}); correct {_SETTING}"
    if isinstance(error, aiohttp.ClientConnectorError):
        found = error.strerror or type(error).__name__
        return f"nothing answers there ({found}); start the server, or correct {_SETTING}"
    if isinstance(error, TimeoutError):
        return (
            f"it does not answer ({type(error).__name__}); look at the server and at what stands before it (security "
            f"groups, firewalls), or correct {_SETTING}, whose path is `/gremlin` for a Gremlin Server"
        )
    return (
        f"it ended the connection ({type(error).__name__}); look at its log; if it uses TLS, begin {_SETTING} with "
        "`wss://`"
    )


def _why_not_trusted(fault: Exception) -> str:
    code = fault.verify_code if isinstance(fault, ssl.SSLCertVerificationError) else 0
    if code in _OUT_OF_TIME:
        return "its certificate has expired, or is not valid yet; renew it there, or look at this machine's clock"
    if code in _OTHER_NAMES:
        return f"its certificate is for another name; put one that it names into {_SETTING}"
    return (
        "its certificate is signed by an authority that this machine does not know; name the authority's PEM file with "
        "SSL_CERT_FILE"
    )
