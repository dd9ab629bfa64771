"""By each way into a secured broker the changes of a source become events, and go on doing so."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from consumers.errors import LoginRefused
from consumers.kafka_admin import KafkaAdmin
from services.settings import KafkaSettings
from tests.stack.authority import Authority
from tests.stack.open_files import leaving_nothing_open
from tests.stack.secured_broker import USER, SecuredBroker
from tests.stack.tokens import SCOPE, TokenServer
from tests.stack.ways_in import Way, by_certificate, by_password, by_token
from tests.stack.worker_world import World, settled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

KEY_PASSWORD = "letters"  # noqa: S105 - of this test


@pytest.fixture
def world(secured_broker: SecuredBroker, tmp_path: Path) -> World:
    return World(secured_broker, tmp_path, f"t{uuid4().hex[:8]}")


WAYS: Mapping[str, Way] = {
    "PLAIN over TLS": lambda broker, _: by_password(broker, "PLAIN", USER),
    "SCRAM-SHA-256": lambda broker, _: by_password(broker, "SCRAM-SHA-256"),
    "SCRAM-SHA-512": lambda broker, _: by_password(broker, "SCRAM-SHA-512"),
    "certificate with an encrypted key": lambda broker, _: by_certificate(broker, password=KEY_PASSWORD),
    "OAUTHBEARER": by_token,
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_change_becomes_an_event_by_every_way_in(
    world: World, secured_broker: SecuredBroker, token_server: TokenServer, way: str
) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com"})
    async with world.worker(**WAYS[way](secured_broker, token_server)):
        (event,) = await world.read(f"{world.name}.updates", 1)
    assert b"ann@example.com" in event.value


async def test_sessions_that_the_broker_ends_and_tokens_that_expire_cost_nothing(
    world: World, secured_broker: SecuredBroker, token_server: TokenServer
) -> None:
    await world.create(world.people, 1)
    token_server.seconds = 3
    asked = len(token_server.asked)
    try:
        with capture_logs() as said:
            async with world.worker(**by_token(secured_broker, token_server)):
                for number in range(1, 8):
                    await world.produce_people({number: f"p{number}@example.com"})
                    await world.until_read(number)
                    await asyncio.sleep(1)
    finally:
        token_server.seconds = 300
    assert len(await settled(world, "updates")) == 7
    assert [line for line in said if line["event"] == "not ready" and line["part"] != "start"] == []
    assert len(token_server.asked) - asked > 3  # each of three clients, and again for a later connection
    assert all(form["scope"] == [SCOPE] for form in token_server.asked)


async def test_certificates_that_are_replaced_are_taken_at_the_next_connection(
    secured_broker: SecuredBroker, tmp_path: Path
) -> None:
    good = by_certificate(secured_broker, password=KEY_PASSWORD)
    used = {name: tmp_path / name for name in ("ssl_ca_file", "ssl_certificate_file", "ssl_key_file")}
    certificate, key = Authority(tmp_path / "other").found().sign("stranger", password=KEY_PASSWORD)
    for name, file in {**good, "ssl_certificate_file": certificate, "ssl_key_file": key}.items():
        if name in used:
            shutil.copy(str(file), used[name])
    async with leaving_nothing_open():
        admin = KafkaAdmin(KafkaSettings.model_validate({**good, **used}))
        with pytest.raises(LoginRefused, match="SSL_CERTIFICATE_FILE"):
            await admin.connect()
        # Replaced as a mounted secret is: another file under the name.
        _replace(used["ssl_certificate_file"], Path(str(good["ssl_certificate_file"])))
        with pytest.raises(LoginRefused):  # its key is another one's still, so the former pair is shown
            await admin.connect()
        _replace(used["ssl_key_file"], Path(str(good["ssl_key_file"])))
        await admin.connect()
        await admin.close()


def _replace(file: Path, by: Path) -> None:
    shutil.copy(by, file.with_suffix(".new"))
    os.replace(file.with_suffix(".new"), file)  # noqa: PTH105 - at once, as a mounted secret is
