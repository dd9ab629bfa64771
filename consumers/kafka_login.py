"""How a client reaches the brokers and proves who it is, from the settings."""

from typing import Any, Final

from consumers.errors import KafkaNotConfigured
from consumers.kafka_tls import renewed_context
from consumers.kafka_tokens import aws_tokens, provider_tokens
from services.settings import KafkaSettings

#: What goes through TLS, and what asks for a login.
TLS: Final = ("SSL", "SASL_SSL")
SASL: Final = ("SASL_PLAINTEXT", "SASL_SSL")


def login_options(settings: KafkaSettings) -> dict[str, Any]:
    """What every client is told about TLS and SASL.

    Raises:
        KafkaNotConfigured: a key or certificate cannot be used, or a setting that belongs to it is missing.
    """
    options: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol in TLS:
        options["ssl_context"] = renewed_context(settings)
    if settings.security_protocol in SASL:
        options |= _sasl_options(settings)
    return options


def _sasl_options(settings: KafkaSettings) -> dict[str, Any]:
    if settings.sasl_mechanism == "OAUTHBEARER":
        return {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": provider_tokens(settings)}
    if settings.sasl_mechanism == "AWS_MSK_IAM":
        if settings.security_protocol not in TLS:
            raise KafkaNotConfigured(
                "AWS_MSK_IAM is only for connections by TLS; set IDENTITY_GRAPH_KAFKA_SECURITY_PROTOCOL to SASL_SSL"
            )
        # What MSK takes of clients that are not written in Java.
        return {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": aws_tokens(settings)}
    if not settings.sasl_username:
        raise KafkaNotConfigured(
            f"IDENTITY_GRAPH_KAFKA_SASL_USERNAME is empty; …_SASL_MECHANISM={settings.sasl_mechanism} needs it, and "
            "…_SASL_PASSWORD"
        )
    return {
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": settings.sasl_password.get_secret_value(),
    }
