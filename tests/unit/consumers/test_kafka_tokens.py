"""Tokens for Kafka: asked for once, renewed in time, and refused in one line that says what to change."""

import asyncio
import re
import sys
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiokafka.errors import KafkaConnectionError
from botocore.exceptions import ClientError, ProfileNotFound
from pydantic import SecretStr

from consumers.errors import KafkaNotConfigured
from consumers.kafka_login import login_options
from consumers.kafka_tokens import RenewedTokens, Token, TokenRefused, aws_tokens, provider_tokens
from services.settings import KafkaSettings


class Provider:
    """Gives tokens that are valid for 100 seconds, by a clock of its own; or fails."""

    def __init__(self) -> None:
        self.now = 0
        self.given = 0
        self.fails = False
        self.tokens = RenewedTokens(self._give, now=lambda: self.now)

    async def _give(self) -> Token:
        await asyncio.sleep(0)
        if self.fails:
            raise KafkaConnectionError("away")
        self.given += 1
        return Token(f"token {self.given}", self.now, self.now + 100_000)


async def test_connections_that_are_opened_at_once_share_a_token() -> None:
    provider = Provider()
    found = await asyncio.gather(*(provider.tokens.token() for _ in range(5)))
    assert set(found) == {"token 1"}


async def test_a_token_is_renewed_when_a_fifth_of_its_life_is_left() -> None:
    provider = Provider()
    assert await provider.tokens.token() == "token 1"
    provider.now = 79_999
    assert await provider.tokens.token() == "token 1"
    provider.now = 80_000
    assert await provider.tokens.token() == "token 2"


def test_a_token_that_is_valid_for_hours_is_renewed_a_minute_before_its_end() -> None:
    assert Token("token", 0, 7_200_000).renewed_from == 7_140_000


async def test_a_token_that_is_valid_still_is_used_where_another_one_is_not_given() -> None:
    provider = Provider()
    await provider.tokens.token()
    provider.fails = True
    provider.now = 99_999
    assert await provider.tokens.token() == "token 1"
    provider.now = 100_000
    with pytest.raises(KafkaConnectionError, match="away"):
        await provider.tokens.token()
    provider.fails = False
    assert await provider.tokens.token() == "token 2"


def settings(url: str = "http://127.0.0.1:1/token", **given: object) -> KafkaSettings:
    usual: dict[str, object] = {
        "bootstrap_servers": "a:1",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "OAUTHBEARER",
        "oauth_token_url": url,
        "oauth_client_id": "graph",
        "oauth_client_secret": SecretStr("secret"),
    }
    return KafkaSettings.model_validate(usual | given)


@asynccontextmanager
async def answering(status: int, text: str) -> AsyncIterator[str]:
    """A provider that answers everything so."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers={"Location": "/elsewhere"})

    application = web.Application()
    application.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('{"access_token": "abc", "expires_in": 300}', 300),
        ('{"access_token": "abc", "expires_in": "300"}', 300),
        ('{"access_token": "abc"}', 60),
        ('{"access_token": "abc", "expires_in": null}', 60),
    ],
)
async def test_how_long_a_token_is_valid_is_taken_as_providers_write_it(text: str, seconds: int) -> None:
    async with answering(200, text) as url:
        tokens = provider_tokens(settings(url))
        assert await tokens.token() == "abc"
    assert tokens._token is not None
    assert tokens._token.expires - tokens._token.given == seconds * 1_000


@pytest.mark.parametrize(
    ("status", "text", "found"),
    [
        (401, '{"error": "invalid_client"}', "status 401, invalid_client"),
        (400, '{"error": "invalid_scope", "error_description": "of ann@example.com"}', "status 400, invalid_scope"),
        (400, '{"error": "no such client: ann@example.com"}', "its answer holds no access_token"),
        (400, '{"error": {"message": "of ann@example.com"}}', "its answer holds no access_token"),
        (404, "<html>not here</html>", "status 404"),
        (302, "", "status 302"),
        (200, '{"token": "abc"}', "its answer holds no access_token"),
        (200, '["abc"]', "its answer holds no access_token"),
        (200, "not JSON", "its answer holds no access_token"),
    ],
)
async def test_a_provider_that_gives_none_is_refused_with_what_it_says(status: int, text: str, found: str) -> None:
    async with answering(status, text) as url:
        with pytest.raises(TokenRefused, match=found) as caught:
            await provider_tokens(settings(url)).token()
    assert "…_OAUTH_CLIENT_SECRET" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "ann@" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_provider_that_is_busy_is_waited_for(status: int) -> None:
    async with answering(status, "") as url:
        with pytest.raises(KafkaConnectionError, match="_OAUTH_TOKEN_URL gives no token now"):
            await provider_tokens(settings(url)).token()


async def test_what_is_no_address_is_named() -> None:
    with pytest.raises(TokenRefused, match="_OAUTH_TOKEN_URL is no address"):
        await provider_tokens(settings("login.example.com/token")).token()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:hidden@login.example.com/token", "https://login.example.com/token"),
        ("ftp://ann:hidden@login.example.com/token", "ftp://login.example.com/token"),
        ("https://ann:hid/den@login.example.com/token", "(not shown)"),
        ("https://[ann:hidden@login.example.com/token", "(not shown)"),
        ("ann:hidden@login.example.com/token", "(not shown)"),
        ("ftp://login.example.com/@token", "ftp://login.example.com/@token"),
    ],
)
async def test_an_address_that_cannot_be_asked_is_shown_without_user_and_password(url: str, shown: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        await provider_tokens(settings(url)).token()
    assert f"can be asked: {shown}." in str(caught.value)
    assert not re.search("ann|hid|den", str(caught.value))


async def test_extensions_go_with_the_token() -> None:
    tokens = provider_tokens(settings(oauth_extensions="logicalCluster=lkc-1, identityPoolId=pool-2"))
    assert tokens.extensions() == {"logicalCluster": "lkc-1", "identityPoolId": "pool-2"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"oauth_token_url": ""}, "IDENTITY_GRAPH_KAFKA_OAUTH_TOKEN_URL is empty"),
        ({"oauth_client_id": ""}, "IDENTITY_GRAPH_KAFKA_OAUTH_CLIENT_ID is empty"),
        ({"oauth_client_secret": SecretStr("")}, "IDENTITY_GRAPH_KAFKA_OAUTH_CLIENT_SECRET is empty"),
        ({"sasl_mechanism": "SCRAM-SHA-512"}, "IDENTITY_GRAPH_KAFKA_SASL_USERNAME is empty"),
        ({"sasl_mechanism": "AWS_MSK_IAM"}, "IDENTITY_GRAPH_KAFKA_AWS_REGION"),
        (
            {"sasl_mechanism": "AWS_MSK_IAM", "security_protocol": "SASL_PLAINTEXT", "aws_region": "eu-west-1"},
            "IDENTITY_GRAPH_KAFKA_SECURITY_PROTOCOL to SASL_SSL",
        ),
    ],
)
async def test_a_setting_that_belongs_to_a_mechanism_and_is_missing_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(KafkaNotConfigured, match=named):
        login_options(settings(**given))


async def test_a_token_for_msk_is_a_signed_address_for_fifteen_minutes_and_renewed_before(
    aws: pytest.MonkeyPatch,
) -> None:
    aws.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    aws.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    options = login_options(settings(sasl_mechanism="AWS_MSK_IAM", aws_region="eu-west-1"))
    assert options["sasl_mechanism"] == "OAUTHBEARER"
    tokens = options["sasl_oauth_token_provider"]
    text = await tokens.token()
    address = urlsplit(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert address.netloc == "kafka.eu-west-1.amazonaws.com"
    assert said["Action"] == "kafka-cluster:Connect"
    assert said["X-Amz-Credential"].startswith("AKIDEXAMPLE/")
    assert said["X-Amz-Credential"].endswith("/eu-west-1/kafka-cluster/aws4_request")
    assert said["X-Amz-Expires"] == "900"
    assert len(said["X-Amz-Signature"]) == 64
    token = tokens._token
    assert 899_000 - 60_000 <= token.renewed_from - token.given <= 900_000 - 60_000
    tokens._now = lambda: token.renewed_from
    await tokens.token()
    assert tokens._token is not token


async def test_a_process_without_aws_credentials_is_told_so(aws: pytest.MonkeyPatch) -> None:
    del aws
    tokens = aws_tokens(settings(sasl_mechanism="AWS_MSK_IAM", aws_region="eu-west-1"))
    with pytest.raises(TokenRefused, match=r"there are none.*AWS_ACCESS_KEY_ID"):
        await tokens.token()


@pytest.mark.parametrize(
    ("failure", "found"),
    [
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "User: ann@example.com"}}, "AssumeRole"),
            "(AccessDenied)",
        ),
        (ProfileNotFound(profile="ann"), "(ProfileNotFound)"),
    ],
)
async def test_of_what_aws_refuses_only_the_kind_is_told(
    failure: Exception, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_region: str) -> tuple[str, int]:
        raise failure

    monkeypatch.setattr("aws_msk_iam_sasl_signer.MSKAuthTokenProvider.generate_auth_token", fail)
    with pytest.raises(TokenRefused) as caught:
        await aws_tokens(settings(sasl_mechanism="AWS_MSK_IAM", aws_region="eu-west-1")).token()
    assert found in str(caught.value)
    assert "ann" not in str(caught.value)


async def test_what_signs_for_aws_is_an_extra_that_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "aws_msk_iam_sasl_signer.MSKAuthTokenProvider", None)
    with pytest.raises(KafkaNotConfigured, match=r"pip install 'identity-graph\[aws\]'"):
        aws_tokens(settings(sasl_mechanism="AWS_MSK_IAM", aws_region="eu-west-1"))
