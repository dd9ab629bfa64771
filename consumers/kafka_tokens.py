"""Tokens that prove to the brokers who we are: of an identity provider (OAUTHBEARER), and of AWS (AWS_MSK_IAM)."""

import asyncio
import importlib
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator
from aiokafka.errors import AuthenticationFailedError, KafkaConnectionError, KafkaError

from consumers.errors import KafkaNotConfigured
from services.clock import now_milliseconds
from services.settings import KafkaSettings

_log = structlog.get_logger()

#: A token is renewed when so much of its life is left, and at the latest so long before its end.
_SHARE_LEFT: Final = 0.2
_LONGEST_LEFT_MS: Final = 60_000
#: A provider that does not say how long its token is valid is asked again after this time.
_UNTOLD_MS: Final = 60_000
#: Less than a knock at a broker may take, so that it is the provider who is named.
_ANSWER_SECONDS: Final = 4.0
_BUSY: Final = 429
_SERVER_FAULT: Final = 500
_REFUSED: Final = 400
#: What a provider calls an error is a short name; what is none is not repeated.
_NAME: Final = re.compile(r"[\w.-]{1,60}", re.ASCII)


class TokenRefused(AuthenticationFailedError):  # type: ignore[misc]  # the client has no types
    """Whoever gives tokens gives us none; it stays so until somebody changes that."""


class TokenUnavailable(KafkaConnectionError):  # type: ignore[misc]  # the client has no types
    """Whoever gives tokens does not answer; waiting and trying again can help."""


@dataclass(frozen=True, slots=True)
class Token:
    """A proof of who we are, and how long it is one, in milliseconds since 1970."""

    text: str
    given: int
    expires: int

    @property
    def renewed_from(self) -> int:
        """From when on another one is asked for."""
        return self.expires - min(_LONGEST_LEFT_MS, int((self.expires - self.given) * _SHARE_LEFT))


class _Authenticator(OAuthAuthenticator):  # type: ignore[misc]  # the client has no types
    """Hears out a broker that does not take a token: the client takes every answer for a yes.

    The broker says why not, and waits for a byte (RFC 7628, 3.2.3) until it ends the login.
    """

    async def step(self, payload: bytes | None) -> tuple[bytes, bool] | None:
        if payload:
            return b"\x01", True
        answer: tuple[bytes, bool] | None = await super().step(payload)
        return answer


def _authenticator(connection: AIOKafkaConnection) -> _Authenticator:
    return _Authenticator(sasl_oauth_token_provider=connection._sasl_oauth_token_provider)  # noqa: SLF001


def _hear_out_refusals() -> None:
    """Let every connection of the client that logs in by a token notice that it is not taken."""
    AIOKafkaConnection.authenticator_oauth = _authenticator


FetchToken: TypeAlias = Callable[[], Awaitable[Token]]


class RenewedTokens(AbstractTokenProvider):  # type: ignore[misc]  # the client has no types
    """Asks for a token when a connection is opened, and again before it is no longer valid."""

    def __init__(
        self,
        fetch: FetchToken,
        *,
        extensions: Mapping[str, str] | None = None,
        now: Callable[[], int] = now_milliseconds,
    ) -> None:
        """Prepare; nothing is asked for yet.

        Args:
            fetch: asks for a token; raises `KafkaError`.
            extensions: what the brokers are told beside it.
            now: milliseconds since 1970.
        """
        self._fetch = fetch
        self._extensions = dict(extensions or {})
        self._now = now
        self._token: Token | None = None
        self._turn = asyncio.Lock()
        _hear_out_refusals()

    async def token(self) -> str:
        """A token that is valid; called by the client for each connection.

        Raises:
            KafkaError: none is given.
        """
        async with self._turn:
            token = self._token
            if token is None or self._now() >= token.renewed_from:
                try:
                    token = self._token = await self._fetch()
                except KafkaError as error:
                    if token is None or self._now() >= token.expires:
                        raise
                    _log.warning("the token for Kafka is not renewed; the former one is valid still", reason=str(error))
            return token.text

    def extensions(self) -> dict[str, str]:
        """What the brokers are told beside the token; called by the client."""
        return self._extensions


def provider_tokens(settings: KafkaSettings) -> RenewedTokens:
    """Tokens that an identity provider gives for the id and the secret of a client (RFC 6749, 4.4).

    Raises:
        KafkaNotConfigured: a setting is missing.
    """
    needed = {
        "TOKEN_URL": settings.oauth_token_url,
        "CLIENT_ID": settings.oauth_client_id,
        "CLIENT_SECRET": settings.oauth_client_secret.get_secret_value(),
    }
    for name, value in needed.items():
        if not value:
            raise KafkaNotConfigured(
                f"IDENTITY_GRAPH_KAFKA_OAUTH_{name} is empty; …_SASL_MECHANISM=OAUTHBEARER needs it"
            )
    pairs = (pair.strip() for pair in settings.oauth_extensions.split(",") if pair.strip())
    extensions = dict(pair.partition("=")[::2] for pair in pairs)
    return RenewedTokens(lambda: _ask_provider(settings), extensions=extensions)


async def _ask_provider(settings: KafkaSettings) -> Token:
    wanted = {"scope": settings.oauth_scope, "audience": settings.oauth_audience}
    form = {"grant_type": "client_credentials"} | {name: value for name, value in wanted.items() if value}
    known = f"{settings.oauth_client_id}:{settings.oauth_client_secret.get_secret_value()}"
    headers = {"Authorization": f"Basic {b64encode(known.encode()).decode()}", "Accept": "application/json"}
    timeout, given = aiohttp.ClientTimeout(total=_ANSWER_SECONDS), now_milliseconds()
    where = _shown(settings.oauth_token_url)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers, trust_env=True) as session,
            session.post(settings.oauth_token_url, data=form, allow_redirects=False) as answer,
        ):
            status, told = answer.status, await _json(answer)
    except aiohttp.ClientConnectorCertificateError as error:  # a ValueError as well, so it stands first
        raise TokenRefused(
            f"the certificate of {where} of IDENTITY_GRAPH_KAFKA_OAUTH_TOKEN_URL is not trusted ({error}). Make its "
            "authority known to this machine, or to this process by the variable SSL_CERT_FILE"
        ) from error
    except (aiohttp.NonHttpUrlClientError, ValueError) as error:  # ValueError: invalid, or with a user and a password
        raise TokenRefused(
            f"IDENTITY_GRAPH_KAFKA_OAUTH_TOKEN_URL is no address that can be asked: {where}. One that begins with "
            "https:// is expected, without user and password: these are …_OAUTH_CLIENT_ID and …_OAUTH_CLIENT_SECRET"
        ) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise TokenUnavailable(
            f"{where} of IDENTITY_GRAPH_KAFKA_OAUTH_TOKEN_URL gives no token ({str(error) or type(error).__name__})"
        ) from error
    if status == _BUSY or status >= _SERVER_FAULT:
        raise TokenUnavailable(f"{where} of IDENTITY_GRAPH_KAFKA_OAUTH_TOKEN_URL gives no token now ({status})")
    text, seconds = told.get("access_token"), told.get("expires_in")
    if status >= _REFUSED or not isinstance(text, str):
        raise TokenRefused(
            f"{where} gives no token (status {status}, {_named_error(told)}). Look at "
            "IDENTITY_GRAPH_KAFKA_OAUTH_CLIENT_ID, …_OAUTH_CLIENT_SECRET, …_OAUTH_SCOPE and …_OAUTH_TOKEN_URL"
        )
    return Token(text, given, given + _milliseconds(seconds))


_NOT_SHOWN: Final = "(not shown)"


def _shown(url: str) -> str:
    """An address as it may be told: without user and password, and nothing of one in which these could be anywhere."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # looked at only when it is asked for
    except ValueError:
        return _NOT_SHOWN
    if "@" in url and not parts.netloc:
        return _NOT_SHOWN
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _named_error(told: Mapping[str, object]) -> str:
    """Which error a provider names (RFC 6749, 5.2); what it says about it may hold personal data, or a secret."""
    name = told.get("error")
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "its answer holds no access_token"


def _milliseconds(seconds: object) -> int:
    """How long a token is valid; some providers write the number as text."""
    try:
        return int(float(str(seconds)) * 1000)
    except (ValueError, OverflowError):
        return _UNTOLD_MS


async def _json(answer: aiohttp.ClientResponse) -> Mapping[str, object]:
    """The object that is answered; an empty one where it is something else."""
    try:
        told = await answer.json(content_type=None)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def aws_tokens(settings: KafkaSettings) -> RenewedTokens:
    """Tokens that are signed with the AWS credentials of this process.

    Raises:
        KafkaNotConfigured: no region is known, or what signs is not installed.
    """
    region = settings.aws_region
    if not region:
        raise KafkaNotConfigured(
            "AWS_MSK_IAM needs the region of the MSK cluster; set IDENTITY_GRAPH_KAFKA_AWS_REGION, e.g. to eu-west-1"
        )
    try:
        signer = importlib.import_module("aws_msk_iam_sasl_signer.MSKAuthTokenProvider")
    except ImportError:
        raise KafkaNotConfigured(
            "AWS_MSK_IAM needs what signs for AWS, and it is not installed; install it with: "
            "pip install 'identity-graph[aws]'"
        ) from None
    return RenewedTokens(lambda: _sign(signer.generate_auth_token, region))


async def _sign(generate: Callable[[str], tuple[str, int]], region: str) -> Token:
    given = now_milliseconds()
    try:
        # It may ask the machine, or a service, for credentials.
        text, expires = await asyncio.to_thread(generate, region)
    except Exception as error:  # whatever the chain of credentials meets
        # Where there are no credentials at all, the signer looks for the key of none.
        found = "there are none" if isinstance(error, AttributeError) else _aws_fault(error)
        raise TokenRefused(
            f"nothing can be signed with the AWS credentials of this process ({found}). Give it a role, AWS_PROFILE, "
            "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and look at IDENTITY_GRAPH_KAFKA_AWS_REGION"
        ) from error
    return Token(text, given, expires)


def _aws_fault(error: Exception) -> str:
    """The code that AWS answers with, or else what kind of error it is: messages name people, roles and keys."""
    response = getattr(error, "response", None)  # of a ClientError of botocore
    fault = response.get("Error") if isinstance(response, Mapping) else None
    code = fault.get("Code") if isinstance(fault, Mapping) else None
    return code if isinstance(code, str) else type(error).__name__
