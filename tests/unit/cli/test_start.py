"""What a command does not import takes no time when it starts."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

SHOP: Final = Path("examples/shop")

#: The servers and their clients, and what only writing to a store needs.
SERVERS: Final = ("fastapi", "starlette", "uvicorn", "aiokafka", "aiohttp", "gremlin_python")
LOGS: Final = ("structlog", "prometheus_client")
CHECK: Final = ["catalogue", "check", str(SHOP / "catalogue.yaml")]


def _unwanted_imports(command: list[str], unwanted: tuple[str, ...]) -> list[str]:
    said = f"print(sorted({set(unwanted)} & sys.modules.keys()), file=sys.stderr)"
    program = f"import atexit, sys; atexit.register(lambda: {said}); from cli.main import main; main()"
    run = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, text=True, check=True)
    found = run.stderr.splitlines()[-1]
    return [] if found == "[]" else [found]


@pytest.mark.parametrize(
    ("command", "unwanted"),
    [
        (["version"], (*SERVERS, *LOGS, "pydantic_settings", "sqlite3", "networkx", "babel", "yaml", "phonenumbers")),
        (CHECK, (*SERVERS, *LOGS, "pydantic_settings", "sqlite3", "networkx", "babel", "rich")),
        (["explain", "--help"], (*SERVERS, *LOGS, "sqlite3", "networkx", "babel")),
    ],
    ids=["version", "catalogue check", "explain --help"],
)
def test_a_command_starts_without_what_it_does_not_need(command: list[str], unwanted: tuple[str, ...]) -> None:
    assert _unwanted_imports(command, unwanted) == []


def test_explaining_from_a_file_needs_nothing_that_takes_long_to_import(tmp_path: Path) -> None:
    wiring = ["--catalogue", str(SHOP / "catalogue.yaml"), "--store", f"sqlite:{tmp_path / 'shop.sqlite'}"]
    start = "from cli.main import main; main()"
    crm = str(SHOP / "data" / "crm.csv")
    subprocess.run([sys.executable, "-c", start, "ingest", *wiring, crm], capture_output=True, check=False)
    slow = (*SERVERS, *LOGS, "networkx", "babel", "rich.console")
    assert _unwanted_imports(["explain", "email:ann.lee@example.com", *wiring], slow) == []
    assert _unwanted_imports(["record", "crm:1", *wiring], slow) == []
