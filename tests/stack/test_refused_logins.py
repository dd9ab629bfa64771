"""Whoever is not let in, or does not trust a broker, is told in one line which, why, and what to change."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from consumers.errors import BrokerUnavailable, LoginRefused
from consumers.kafka_admin import KafkaAdmin
from services.settings import KafkaSettings
from tests.stack.authority import Authority
from tests.stack.open_files import leaving_nothing_open
from tests.stack.secured_broker import USER, SecuredBroker
from tests.stack.tokens import TokenServer, serving_tokens
from tests.stack.ways_in import by_password, by_token, through

pytestmark = [pytest.mark.stack, pytest.mark.timeout(60)]


async def refusal(given: Mapping[str, Any]) -> str:
    """What is said where a connection with these settings is refused: one line that names the broker."""
    async with leaving_nothing_open():
        admin = KafkaAdmin(KafkaSettings.model_validate(given))
        with pytest.raises(LoginRefused) as caught:
            await admin.connect()
        await admin.close()
    said = str(caught.value)
    assert "\n" not in said
    assert str(given["bootstrap_servers"]) in said
    return said


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_wrong_password(secured_broker: SecuredBroker, mechanism: str) -> None:
    user = USER if mechanism == "PLAIN" else "member"
    said = await refusal(by_password(secured_broker, mechanism, user, "wrong-secret"))
    assert "…_SASL_PASSWORD" in said
    assert "wrong-secret" not in said


async def test_an_unknown_authority(secured_broker: SecuredBroker, tmp_path: Path) -> None:
    other = Authority(tmp_path).found().certificate
    said = await refusal({**by_password(secured_broker), "ssl_ca_file": other})
    assert "Name the authority that signed it in IDENTITY_GRAPH_KAFKA_SSL_CA_FILE" in said


async def test_a_certificate_of_the_broker_that_has_expired(secured_broker: SecuredBroker) -> None:
    said = await refusal(through(secured_broker, secured_broker.expired))
    assert "certificate has expired" in said
    assert "must be renewed there" in said


async def test_a_certificate_of_the_broker_for_other_names(secured_broker: SecuredBroker) -> None:
    said = await refusal(through(secured_broker, secured_broker.elsewhere))
    assert "`advertised.listeners`" in said


async def test_no_certificate_of_ours(secured_broker: SecuredBroker) -> None:
    said = await refusal(through(secured_broker, secured_broker.by_certificate))
    assert "set IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE and …_SSL_KEY_FILE" in said


async def test_a_certificate_of_ours_that_nobody_there_trusts(secured_broker: SecuredBroker, tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).found().sign("stranger")
    files = {"ssl_certificate_file": certificate, "ssl_key_file": key}
    said = await refusal({**through(secured_broker, secured_broker.by_certificate), **files})
    assert f"who signed {certificate} of IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE" in said


async def test_a_certificate_of_ours_that_has_expired(secured_broker: SecuredBroker) -> None:
    certificate, key = secured_broker.authority.sign("late", days=-1)
    files = {"ssl_certificate_file": certificate, "ssl_key_file": key}
    said = await refusal({**through(secured_broker, secured_broker.by_certificate), **files})
    yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))
    assert f"to {yesterday}" in said
    assert f"renew {certificate} of IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE" in said


async def test_a_mechanism_that_is_not_offered(secured_broker: SecuredBroker, token_server: TokenServer) -> None:
    given = {**by_token(secured_broker, token_server), "bootstrap_servers": secured_broker.by_scram.address}
    said = await refusal(given)
    assert "does not offer OAUTHBEARER" in said
    assert "but PLAIN, SCRAM-SHA-256, SCRAM-SHA-512" in said
    assert "Set IDENTITY_GRAPH_KAFKA_SASL_MECHANISM" in said


@pytest.mark.parametrize(
    ("protocol", "door", "found", "wanted"),
    [
        ("PLAINTEXT", "by_scram", "speaks TLS", "SSL or SASL_SSL"),
        ("SASL_PLAINTEXT", "by_scram", "speaks TLS", "SSL or SASL_SSL"),
        ("PLAINTEXT", "by_certificate", "speaks TLS", "SSL or SASL_SSL"),
        ("SSL", "port", "speaks plain text", "PLAINTEXT or SASL_PLAINTEXT"),
        ("SASL_SSL", "by_password", "speaks plain text", "PLAINTEXT or SASL_PLAINTEXT"),
        ("PLAINTEXT", "by_password", "asks for a login (PLAIN)", "SASL_PLAINTEXT"),
        ("SSL", "by_token", "asks for a login (OAUTHBEARER)", "SASL_SSL"),
        ("SASL_PLAINTEXT", "port", "asks for no login", "PLAINTEXT"),
    ],
)
async def test_another_protocol_than_the_broker_speaks_at_that_port(
    secured_broker: SecuredBroker, protocol: str, door: str, found: str, wanted: str
) -> None:
    address = getattr(secured_broker, door).address
    given = {**by_password(secured_broker), "security_protocol": protocol, "bootstrap_servers": address}
    said = await refusal(given)
    assert found in said
    assert f"IDENTITY_GRAPH_KAFKA_SECURITY_PROTOCOL is {protocol}. Set it to {wanted}," in said


async def test_a_token_that_the_broker_does_not_take(secured_broker: SecuredBroker, token_server: TokenServer) -> None:
    token_server.audience = "somebody-else"
    try:
        said = await refusal(by_token(secured_broker, token_server))
    finally:
        token_server.audience = "kafka"
    assert "…_OAUTH_AUDIENCE" in said


async def test_a_provider_that_gives_no_token(secured_broker: SecuredBroker, token_server: TokenServer) -> None:
    given = {**by_token(secured_broker, token_server), "oauth_client_secret": SecretStr("wrong-secret")}
    said = await refusal(given)
    assert "invalid_client" in said
    assert "…_OAUTH_CLIENT_SECRET" in said
    assert "wrong-secret" not in said


async def test_a_provider_whose_certificate_is_not_trusted(secured_broker: SecuredBroker) -> None:
    with serving_tokens(secured_broker.signer, secured_broker.authority.sign("provider")) as provider:
        said = await refusal(by_token(secured_broker, provider))
    assert f"the certificate of {provider.url} of IDENTITY_GRAPH_KAFKA_OAUTH_TOKEN_URL is not trusted" in said
    assert "SSL_CERT_FILE" in said


async def test_a_provider_that_does_not_answer_is_waited_for(
    secured_broker: SecuredBroker, token_server: TokenServer
) -> None:
    given = {**by_token(secured_broker, token_server), "oauth_token_url": "http://127.0.0.1:1/token"}
    async with leaving_nothing_open():
        admin = KafkaAdmin(KafkaSettings.model_validate(given))
        with pytest.raises(BrokerUnavailable, match="IDENTITY_GRAPH_KAFKA_OAUTH_TOKEN_URL gives no token"):
            await admin.connect()
        await admin.close()
