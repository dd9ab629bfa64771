"""A Gremlin Server that uses TLS, and what is said where it cannot be trusted, or used, or there is none."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from services.stores.gremlin.socket import NOBODY, GremlinSocket, g
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import StoreError, StoreUnavailable
from stack.gremlin_server import GremlinServer
from stack.process import Command
from stack.settings import StackSettings
from tests.contract.builders import FINGERPRINT
from tests.stack.authority import Authority, openssl

pytestmark = pytest.mark.gremlin

CONFIGURATION = "conf/identity-graph.yaml"
SECRET = "changeit"  # noqa: S105 - of a key that lives as long as the test
OPEN = """
import asyncio, sys
from services.stores.gremlin.socket import NOBODY, GremlinSocket, g
from services.stores.gremlin.store import GremlinStore
async def main():
    store = await GremlinStore.open(sys.argv[1], sys.argv[2])
    await store.close()
asyncio.run(main())
"""


class TlsServer(GremlinServer):
    """A server with a certificate of an authority of its own."""

    @property
    def authority(self) -> Authority:
        return Authority(self.folder / "authority")

    @property
    def url(self) -> str:
        return f"wss://{self.port.address}/gremlin"

    def prepare(self) -> Command:
        command = super().prepare()
        authority = self.authority.found()
        certificate, key = authority.sign("graph")
        store = self.folder / "graph.p12"
        files = ("-in", str(certificate), "-inkey", str(key), "-out", str(store), "-passout", f"pass:{SECRET}")
        openssl(self.folder, "pkcs12", "-export", *files)
        settings = yaml.safe_load((self.folder / CONFIGURATION).read_text())
        settings["ssl"] = {
            "enabled": True,
            "keyStore": str(store),
            "keyStorePassword": SECRET,
            "keyStoreType": "PKCS12",
        }
        (self.folder / CONFIGURATION).write_text(yaml.safe_dump(settings))
        return command

    def is_ready(self) -> bool:
        return "Channel started at port" in self.log.read_text()


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    with TlsServer(tmp_path_factory.mktemp("tls"), StackSettings().cache) as server:
        yield server


async def why_not(url: str) -> str:
    with pytest.raises(StoreUnavailable) as refused:
        await GremlinStore.open(url, FINGERPRINT)
    said = str(refused.value)
    assert "\n" not in said
    assert url.split("/")[2] in said
    return said


def test_a_server_whose_authority_is_named_is_trusted(tls_server: TlsServer) -> None:
    environment = {**os.environ, "SSL_CERT_FILE": str(tls_server.authority.certificate)}
    arguments = (sys.executable, "-c", OPEN, tls_server.url, FINGERPRINT)
    opened = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert opened.returncode == 0, opened.stderr


async def test_an_unknown_authority_is_named_by_its_setting(tls_server: TlsServer) -> None:
    assert "SSL_CERT_FILE" in await why_not(tls_server.url)


async def test_plain_text_to_a_server_with_tls_is_told(tls_server: TlsServer) -> None:
    assert "begin IDENTITY_GRAPH_STORE with `wss://`" in await why_not(tls_server.url.replace("wss:", "ws:"))


async def test_tls_to_a_server_without_it_is_told(gremlin_url: str) -> None:
    assert "begin IDENTITY_GRAPH_STORE with `ws://`" in await why_not(gremlin_url.replace("ws:", "wss:"))


async def test_an_expired_certificate_is_told(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path / "authority").found().sign("graph", days=-1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server:
        environment = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "authority/ca.pem")}
        arguments = (sys.executable, "-c", OPEN, f"wss://127.0.0.1:{port}/gremlin", FINGERPRINT)
        opened = await asyncio.to_thread(
            subprocess.run, arguments, env=environment, capture_output=True, text=True, check=False
        )
    assert "its certificate has expired" in opened.stderr


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("ws://127.0.0.1:1/gremlin", "nothing answers there"),
        ("ws://graph.invalid:8182/gremlin", "no such host is known"),
    ],
)
async def test_an_address_where_nobody_is_is_told_with_the_setting(url: str, found: str) -> None:
    said = await why_not(url)
    assert found in said
    assert "correct IDENTITY_GRAPH_STORE" in said


async def test_a_path_where_there_is_no_graph_is_told(gremlin_url: str) -> None:
    said = await why_not(gremlin_url.replace("/gremlin", "/graph"))
    assert "correct IDENTITY_GRAPH_STORE, whose path is `/gremlin`" in said


async def test_a_server_of_another_kind_is_told() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        said = await why_not(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/graph")
    assert "takes no WebSocket connection (status 404); correct IDENTITY_GRAPH_STORE" in said


async def test_a_server_that_lacks_a_step_is_told_to_be_too_old(gremlin_url: str) -> None:
    later = g.V()
    later.bytecode.add_step("stepOfALaterVersion")
    socket = await GremlinSocket.open(gremlin_url, NOBODY)
    with pytest.raises(StoreError, match=r"too old .* TinkerPop 3\.7 is expected; .* IDENTITY_GRAPH_STORE"):
        await socket.submit(later)
    await socket.close()


@pytest.mark.parametrize("url", ["ws://:8182/gremlin", "wss://localhost:81820/gremlin", "ws://localhost:many/gremlin"])
async def test_what_is_no_address_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(StoreError, match="IDENTITY_GRAPH_STORE is no address"):
        await GremlinStore.open(url, FINGERPRINT)
