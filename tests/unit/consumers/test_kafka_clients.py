"""How clients are told to reach Kafka, and what becomes of their errors."""

from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError
from pydantic import SecretStr

from consumers.errors import BrokerRefused, BrokerUnavailable, KafkaNotConfigured
from consumers.kafka_clients import connection_options, kafka_errors
from services.settings import KafkaSettings


def test_a_plain_connection_has_neither_tls_nor_sasl() -> None:
    options = connection_options(KafkaSettings(bootstrap_servers="a:1,b:2"))
    assert options["bootstrap_servers"] == "a:1,b:2"
    assert not any(name.startswith(("ssl_", "sasl_")) for name in options)


def test_sasl_over_tls_has_user_password_and_a_verifying_context() -> None:
    settings = KafkaSettings(
        bootstrap_servers="a:1",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="ann",
        sasl_password=SecretStr("secret"),
    )
    options = connection_options(settings)
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("ann", "secret")
    assert options["ssl_context"].check_hostname


def test_a_missing_address_is_named() -> None:
    with pytest.raises(KafkaNotConfigured, match="IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS is empty"):
        connection_options(KafkaSettings())


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_named(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(KafkaNotConfigured, match="SSL_CA_FILE"):
        connection_options(KafkaSettings(bootstrap_servers="a:1", security_protocol="SSL", ssl_ca_file=file))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TopicAuthorizationFailedError("people"), BrokerRefused),
        (KafkaConnectionError("no route"), BrokerUnavailable),
        (KafkaError("anything"), BrokerUnavailable),
        (OSError("reset"), BrokerUnavailable),
    ],
)
def test_errors_of_the_client_become_ours(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected, match="reading people"), kafka_errors("reading people"):
        raise error
