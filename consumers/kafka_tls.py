"""TLS with the brokers: who signed their certificates, and which certificate this process shows."""

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final, Self, TypeAlias

import structlog

from consumers.errors import KafkaNotConfigured
from services.settings import KafkaSettings

_log = structlog.get_logger()

#: What tells that a file is another one: when it was written, its number on the disk, its size in bytes.
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]
_VALIDITY: Final = ("notBefore", "notAfter")


class RenewedContext(ssl.SSLContext):
    """Gives every connection the files as they are when it is opened: certificates are replaced while we run."""

    def __new__(cls, settings: KafkaSettings) -> Self:  # noqa: ARG004 - `__init__` reads them
        """A context that trusts nobody by itself; connections are opened by the one inside."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, settings: KafkaSettings) -> None:
        """Read the files.

        Raises:
            KafkaNotConfigured: one cannot be used.
        """
        self._settings = settings
        self._stamp = _stamp(settings)
        self._context = _context(settings)

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Open a connection, as asyncio does."""
        return self._current().wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def _current(self) -> ssl.SSLContext:
        """Made anew where a file has changed; the former one where they cannot be used, as while they are written."""
        stamp = _stamp(self._settings)
        if stamp != self._stamp:
            try:
                self._context, self._stamp = _context(self._settings), stamp
            except KafkaNotConfigured as error:
                _log.warning("changed TLS files are not taken yet; the former ones are used", reason=str(error))
            else:
                _log.info("changed TLS files are used from now on")
        return self._context


@lru_cache
def renewed_context(settings: KafkaSettings) -> RenewedContext:
    """The one of these settings, so that a client that is made while files are written has the former ones, too.

    Raises:
        KafkaNotConfigured: a file cannot be used.
    """
    return RenewedContext(settings)


def validity_of(certificate: Path) -> tuple[float, float] | None:
    """From when until when a certificate is valid, in seconds since 1970; None where that cannot be read."""
    try:
        # The only reader of a certificate that the standard library has; it is asked only to explain a refusal.
        told = ssl._ssl._test_decode_cert(str(certificate))  # type: ignore[attr-defined]  # noqa: SLF001
        begin, end = (ssl.cert_time_to_seconds(told[name]) for name in _VALIDITY)
    except (AttributeError, KeyError, OSError, ValueError):
        return None
    return float(begin), float(end)


def _stamp(settings: KafkaSettings) -> _Stamp:
    named = (settings.ssl_ca_file, settings.ssl_certificate_file, settings.ssl_key_file)
    return tuple(_stamp_of(file) for file in named if file is not None)


def _stamp_of(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _context(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_file)
        if settings.ssl_certificate_file is not None:
            _load_certificate(context, settings)
    except (OSError, ssl.SSLError) as error:
        raise KafkaNotConfigured(
            f"the TLS files of Kafka cannot be used ({error}); look at IDENTITY_GRAPH_KAFKA_SSL_CA_FILE, "
            "…_SSL_CERTIFICATE_FILE, …_SSL_KEY_FILE and …_SSL_KEY_PASSWORD"
        ) from error
    return context


def _load_certificate(context: ssl.SSLContext, settings: KafkaSettings) -> None:
    """Load the client's certificate and key.

    Raises:
        KafkaNotConfigured: the key is encrypted, and its password is missing or wrong.
        OSError: a file cannot be used.
    """
    secret = settings.ssl_key_password.get_secret_value()
    was_asked = False

    def password() -> str:
        """Answer where the key is encrypted; without an answer of ours OpenSSL would ask at the terminal."""
        nonlocal was_asked
        was_asked = True
        return secret

    try:
        context.load_cert_chain(settings.ssl_certificate_file or "", settings.ssl_key_file, password)
    except (OSError, ssl.SSLError) as error:
        if not was_asked or _belong_to_others(error):
            raise
        found = "the password given for it is wrong" if secret else "no password is given"
        raise KafkaNotConfigured(
            f"the client's private key for Kafka, {settings.ssl_key_file or settings.ssl_certificate_file}, is "
            f"encrypted, and {found}; set IDENTITY_GRAPH_KAFKA_SSL_KEY_PASSWORD to its password"
        ) from error


def _belong_to_others(error: OSError) -> bool:
    """Whether certificate and key are not of one pair."""
    return isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH"
