from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from services.stores.gremlin.engines import Engine, recognise
from services.stores.port.errors import StoreError, StoreUnavailable

NEPTUNE = {"status": "healthy", "dbEngineVersion": "1.4.8.0.R1", "role": "writer"}


class Host:
    """Something that answers HTTP, and tells of itself or not."""

    def __init__(self) -> None:
        self.code, self.status, self.url = 200, dict[str, Any](), ""

    def tells(self, status: Mapping[str, Any], code: int = 200) -> str:
        self.code, self.status = code, dict(status)
        return self.url

    async def answer(self, _request: web.Request) -> web.Response:
        return web.json_response(self.status, status=self.code) if self.status else web.Response(status=404)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    application = web.Application()
    application.router.add_get("/status", host.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/gremlin"
    yield host
    await runner.cleanup()


async def test_neptune_is_recognised_by_what_it_tells_of_itself(host: Host) -> None:
    assert (await recognise(host.tells(NEPTUNE))).engine is Engine.NEPTUNE


async def test_who_tells_nothing_counts_as_a_gremlin_server(host: Host) -> None:
    assert (await recognise(host.url)).engine is Engine.GREMLIN_SERVER


async def test_where_nothing_answers_a_gremlin_server_is_expected(unused_tcp_port: int) -> None:
    assert (await recognise(f"ws://127.0.0.1:{unused_tcp_port}/gremlin")).engine is Engine.GREMLIN_SERVER


async def test_a_cluster_that_does_not_answer_is_waited_for(unused_tcp_port: int) -> None:
    with pytest.raises(StoreUnavailable, match="security group"):
        await recognise(f"ws://127.0.0.1:{unused_tcp_port}/gremlin", Engine.NEPTUNE)


async def test_the_setting_decides_for_a_gremlin_server(host: Host) -> None:
    assert (await recognise(host.tells(NEPTUNE), Engine.GREMLIN_SERVER)).engine is Engine.GREMLIN_SERVER


async def test_another_engine_is_not_taken_for_neptune_though_the_settings_say_so(host: Host) -> None:
    with pytest.raises(StoreError, match="IDENTITY_GRAPH_STORE_ENGINE"):
        await recognise(host.url, Engine.NEPTUNE)


@pytest.mark.parametrize("version", ["1.2.1.0.R6", "1.3.1.0", "Patch-1.3.0.0"])
async def test_a_version_without_the_language_that_the_writes_need_is_refused(host: Host, version: str) -> None:
    with pytest.raises(StoreError, match=r"1\.3\.2\.0"):
        await recognise(host.tells(NEPTUNE | {"dbEngineVersion": version}))


@pytest.mark.parametrize("version", ["1.3.2.0", "1.4.8.0.R1", "Patch-1.4.0.0"])
async def test_later_versions_are_taken(host: Host, version: str) -> None:
    assert (await recognise(host.tells(NEPTUNE | {"dbEngineVersion": version}))).engine is Engine.NEPTUNE


async def test_a_reader_endpoint_is_refused_by_the_name_of_the_setting(host: Host) -> None:
    with pytest.raises(StoreError, match="IDENTITY_GRAPH_STORE"):
        await recognise(host.tells(NEPTUNE | {"role": "reader"}))


def test_neptune_keeps_what_is_committed_and_takes_few_rows_at_once() -> None:
    assert Engine.NEPTUNE.guarantees.durable
    assert (Engine.NEPTUNE.guarantees.rows_per_commit or 0) < (Engine.GREMLIN_SERVER.guarantees.rows_per_commit or 0)
