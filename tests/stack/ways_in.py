"""The settings for each way into the secured broker."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from pydantic import SecretStr

from tests.stack.secured_broker import KNOWN, PASSWORD, USER, Listener, SecuredBroker
from tests.stack.tokens import CLIENT, SCOPE, SECRET, TokenServer

Way: TypeAlias = Callable[[SecuredBroker, TokenServer], Mapping[str, Any]]


def through(broker: SecuredBroker, door: Listener) -> Mapping[str, Any]:
    """To a door of the broker, whom we trust, saying nothing of ourselves."""
    return {
        "bootstrap_servers": door.address,
        "security_protocol": door.protocol,
        "ssl_ca_file": broker.authority.certificate,
    }


def by_password(
    broker: SecuredBroker, mechanism: str = "SCRAM-SHA-512", user: str = "member", password: str = ""
) -> Mapping[str, Any]:
    known = {**KNOWN, USER: PASSWORD}
    return {
        **through(broker, broker.by_scram),
        "sasl_mechanism": mechanism,
        "sasl_username": user,
        "sasl_password": SecretStr(password or known[user]),
    }


def by_certificate(broker: SecuredBroker, name: str = "client", password: str = "") -> Mapping[str, Any]:
    certificate, key = broker.authority.sign(name, password=password)
    return {
        **through(broker, broker.by_certificate),
        "ssl_certificate_file": certificate,
        "ssl_key_file": key,
        "ssl_key_password": SecretStr(password),
    }


def by_token(broker: SecuredBroker, provider: TokenServer) -> Mapping[str, Any]:
    return {
        **through(broker, broker.by_token),
        "sasl_mechanism": "OAUTHBEARER",
        "oauth_token_url": provider.url,
        "oauth_client_id": CLIENT,
        "oauth_client_secret": SecretStr(SECRET),
        "oauth_scope": SCOPE,
    }
