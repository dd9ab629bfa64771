import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.server import AddressUnavailable, serve
from graph_model.catalogue.rules import Catalogue
from services.settings import Settings

from .conftest import ANN, CATALOGUE

#: The server as a process of its own, as the command starts it.
PROGRAM = """
import asyncio, sys
from api.server import serve
from graph_model.catalogue.document import parse_catalogue
from services.settings import Settings

settings = Settings(store="sqlite:" + sys.argv[1], port=0)
catalogue = parse_catalogue(sys.stdin.read(), "catalogue.yaml")
asyncio.run(serve(settings, catalogue, on_listening=lambda address: print(address, flush=True)))
print("closed", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_open_streams_and_closes_the_store(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "graph.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(CATALOGUE)
        process.stdin.close()
        address = process.stdout.readline().strip()
        httpx.post(f"{address}/v1/changes", json={"source": "crm", "changes": [{"row": ANN}]}).raise_for_status()
        with httpx.stream("GET", f"{address}/v1/profile-updates", params={"after": "start"}) as stream:
            received = stream.iter_bytes()
            assert b"identitygraph.profile.created.v1" in next(received)
            process.send_signal(number)
            assert b"".join(received) == b""
        assert process.stdout.read() == "closed\n"
    assert process.returncode == 0
    assert not path.with_name("graph.sqlite-wal").exists()


def test_a_port_in_use_is_one_clear_error(tmp_path: Path, catalogue: Catalogue) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(store=f"sqlite:{tmp_path / 'graph.sqlite'}", port=port)
        with pytest.raises(AddressUnavailable, match=f"port {port}.*--port") as refusal:
            asyncio.run(serve(settings, catalogue))
    assert str(refusal.value).count(str(port)) == 1
