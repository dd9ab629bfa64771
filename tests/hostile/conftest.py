"""A real server for all requests of a run, and what must still hold when they are over."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from tests.acceptance.conftest import environment
from tests.acceptance.serving import serving
from tests.hostile.process import MOST_MEMORY, largest_memory, make_folder, require_clean


class Server(NamedTuple):
    """A running server."""

    address: tuple[str, int]
    url: str
    pid: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that has a customer, and must have them still when everybody has sent what they had."""
    folder: Path = make_folder(tmp_path_factory.mktemp("hostile"))
    with serving(environment(folder)) as served:
        parts = urlsplit(served.address)
        server = Server((parts.hostname or "", parts.port or 0), served.address, served.process.pid)
        row = {"id": "ann", "email": "ann@example.com", "name": "Ann Lee"}
        httpx.post(f"{server.url}/v1/changes", json={"source": "crm", "changes": [{"row": row}]}).raise_for_status()
        yield server
        assert served.process.poll() is None
        assert largest_memory(server.pid) < MOST_MEMORY
        found = httpx.get(f"{server.url}/v1/profiles", params={"identifier": "email:ann@example.com"})
        assert orjson.loads(found.content)["profiles"][0]["traits"]["name"]["value"] == "Ann Lee"
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        served.process.terminate()
        assert served.process.wait(timeout=30) == 0
    require_clean(folder)
