"""Who is not let in by the brokers, or does not trust them, says so: at the start it ends, later it waits."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from pydantic import SecretStr

from consumers.worker import run_worker
from services.settings import KafkaSettings
from stack.ports import Port
from tests.acceptance.conftest import COMMAND, Run, command_in, environment, make_shop
from tests.acceptance.serving import serving
from tests.stack.authority import Authority
from tests.stack.readiness import readiness
from tests.stack.rights import Right, grant, take_all
from tests.stack.secured_broker import KNOWN, PASSWORD, USER, SecuredBroker
from tests.stack.worker_world import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@pytest.fixture
def broker(secured_broker: SecuredBroker) -> SecuredBroker:
    return secured_broker


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return command_in(make_shop(tmp_path))


@pytest.fixture
def world(broker: SecuredBroker, tmp_path: Path) -> World:
    return World(broker, tmp_path, f"t{uuid4().hex[:8]}")


def by_password(broker: SecuredBroker, password: str) -> dict[str, str]:
    return {
        "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS": broker.by_password.address,
        "IDENTITY_GRAPH_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "IDENTITY_GRAPH_KAFKA_SASL_USERNAME": USER,
        "IDENTITY_GRAPH_KAFKA_SASL_PASSWORD": password,
        "IDENTITY_GRAPH_CONSUMER_PORT": "0",
    }


def by_certificate(broker: SecuredBroker, **files: Path) -> dict[str, str]:
    return {
        "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS": broker.by_certificate.address,
        "IDENTITY_GRAPH_KAFKA_SECURITY_PROTOCOL": "SSL",
        "IDENTITY_GRAPH_CONSUMER_PORT": "0",
        **{f"IDENTITY_GRAPH_KAFKA_SSL_{name.upper()}_FILE": str(path) for name, path in files.items()},
    }


def test_a_wrong_password_ends_consume_at_its_start_and_is_named(broker: SecuredBroker, run: Run) -> None:
    finished = run("consume", **by_password(broker, "wrong-secret"))
    assert finished.returncode == 3
    assert "Invalid username or password" in finished.stderr
    assert "…_SASL_PASSWORD" in finished.stderr
    assert "wrong-secret" not in finished.stderr


def test_a_missing_right_ends_consume_at_its_start_and_is_named_as_it_is_granted(
    broker: SecuredBroker, run: Run
) -> None:
    asyncio.run(take_all(broker.bootstrap_servers, "limited"))
    finished = run(
        "consume",
        IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS=broker.by_scram.address,
        IDENTITY_GRAPH_KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        IDENTITY_GRAPH_KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
        IDENTITY_GRAPH_KAFKA_SASL_USERNAME="limited",
        IDENTITY_GRAPH_KAFKA_SASL_PASSWORD=KNOWN["limited"],
        IDENTITY_GRAPH_KAFKA_SSL_CA_FILE=str(broker.authority.certificate),
        IDENTITY_GRAPH_CONSUMER_PORT="0",
    )
    assert finished.returncode == 3
    assert "missing `--operation Write --topic identity-graph-dead-letters`" in finished.stderr


def test_an_unknown_authority_ends_consume_at_its_start_and_is_named(broker: SecuredBroker, run: Run) -> None:
    certificate, key = broker.authority.sign("client")
    finished = run("consume", **by_certificate(broker, certificate=certificate, key=key))
    assert finished.returncode == 3
    assert "CERTIFICATE_VERIFY_FAILED" in finished.stderr
    assert "IDENTITY_GRAPH_KAFKA_SSL_CA_FILE" in finished.stderr


@pytest.mark.parametrize("has_one", [False, True])
def test_a_certificate_that_the_brokers_do_not_take_ends_consume_at_its_start_and_is_named(
    broker: SecuredBroker, run: Run, tmp_path: Path, has_one: bool
) -> None:
    files = {"ca": broker.authority.certificate}
    if has_one:
        files["certificate"], files["key"] = Authority(tmp_path / "other").found().sign("stranger")
    finished = run("consume", **by_certificate(broker, **files))
    assert finished.returncode == 3
    assert "IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE" in finished.stderr


@pytest.mark.parametrize(("password", "found"), [("", "no password is given"), ("wrong", "is wrong")])
def test_an_encrypted_key_is_named_and_its_password_is_never_asked_for(
    broker: SecuredBroker, tmp_path: Path, password: str, found: str
) -> None:
    make_shop(tmp_path)
    certificate, key = broker.authority.sign("secret", password="letters")  # noqa: S106 - of this test
    files = by_certificate(broker, ca=broker.authority.certificate, certificate=certificate, key=key)
    wiring = environment(tmp_path) | files | {"IDENTITY_GRAPH_KAFKA_SSL_KEY_PASSWORD": password}
    # A terminal of its own, which a question would be asked on and never answered.
    finished = subprocess.run(
        ["script", "-qec", f"{COMMAND} consume", "/dev/null"],
        env=wiring,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert finished.returncode == 2
    assert found in finished.stdout
    assert "PEM pass phrase" not in finished.stdout


def test_serve_goes_on_unready_where_the_brokers_do_not_let_it_in(broker: SecuredBroker, tmp_path: Path) -> None:
    make_shop(tmp_path)
    with serving(environment(tmp_path) | by_password(broker, "wrong-secret")) as served:
        answer = _get(f"{served.address}/readyz")
        assert answer[0] == 503
        assert "Invalid username or password" in answer[1]["detail"]
        assert _get(f"{served.address}/healthz")[0] == 200
        served.process.terminate()
        said = served.process.communicate(timeout=30)[1]
    assert said.count("Invalid username or password") == 1


def _get(url: str) -> tuple[int, Mapping[str, Any]]:
    async def get() -> tuple[int, Mapping[str, Any]]:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.json(content_type=None)

    return asyncio.run(get())


def settings_of(world: World, broker: SecuredBroker) -> KafkaSettings:
    login = {
        "bootstrap_servers": broker.by_password.address,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_username": USER,
        "sasl_password": SecretStr(PASSWORD),
    }
    return world.settings().kafka.model_copy(update=login)


@asynccontextmanager
async def worker(world: World, broker: SecuredBroker) -> AsyncIterator[aiohttp.ClientSession]:
    """A worker that logs in, and what asks it whether it is ready."""
    port = Port.named("consumer", 0).number
    settings = world.settings(port=port).model_copy(update={"kafka": settings_of(world, broker)})
    task = asyncio.create_task(run_worker(settings, world.catalogue(), rewind=False))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_worker_that_is_locked_out_later_waits_unready_until_it_is_let_in_again(
    world: World, broker: SecuredBroker
) -> None:
    await world.create(world.people, 1)
    async with worker(world, broker) as session:

        async def is_ready() -> bool:
            found = await readiness(session)
            return found["status"] == "ready" and bool(found["partitions"])

        async def is_locked_out() -> bool:
            return any("Invalid username or password" in why for why in (await readiness(session))["reasons"].values())

        await eventually(is_ready)
        broker.password = "another"  # noqa: S105 - of this test
        await asyncio.to_thread(broker.restart)
        await eventually(is_locked_out)
        broker.password = PASSWORD
        await asyncio.to_thread(broker.restart)
        await eventually(is_ready)


async def test_topics_that_do_not_exist_or_may_not_be_seen_are_all_listed_and_leave_the_worker_ready(
    world: World, broker: SecuredBroker
) -> None:
    async with worker(world, broker) as session:

        async def is_ready_and_has_looked() -> bool:
            body = await readiness(session)
            return body["status"] == "ready" and bool(body["missing_topics"])

        await eventually(is_ready_and_has_looked)
        missing = (await readiness(session))["missing_topics"]
        assert missing.keys() == {world.people, rf"{world.name}\.crm\..*"}
        assert "does not exist" in missing[world.people]
        await grant(broker.bootstrap_servers, USER, [Right("All", "topic", world.people)], deny=True)
        await world.create(world.people, 1)

        async def is_told_hidden() -> bool:
            return "may not see it" in (await readiness(session))["missing_topics"].get(world.people, "")

        await eventually(is_told_hidden)
