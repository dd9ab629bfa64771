"""A small shop of two sources in a folder of its own, and the real command to run there."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

COMMAND = str(Path(sys.executable).parent / "identity-graph")

CATALOGUE = """\
version: 1
identifiers:
  email: {normalise: email, holders: 3, priority: 90}
  phone: {normalise: phone, region: US, holders: few, priority: 60}
  national_id: {normalise: digits, holders: few, exclusive: true, priority: 100}
traits: {name: text, email: text, note: text}
sources:
  crm:
    file: "crm*.*"
    key: [id]
    columns:
      name: {trait: name}
      email: {identifier: email, trait: email}
      phone: {identifier: phone}
      national_id: {identifier: national_id}
      note: {trait: note}
  shop:
    file: "shop*.*"
    key: [id]
    columns:
      email: {identifier: email, trait: email}
      phone: {identifier: phone}
  customer:
    topic: capcrm.crm.customer
    format: debezium
    key: [id]
    columns:
      first_name: {trait: name}
      email: {identifier: email, trait: email}
"""

CRM = """\
id,name,email,phone,national_id
1,Ann Lee,ann@example.com,212 555 0142,
2,Bob Fox,bob@example.com,,123
3,Cleo Day,cleo@example.com,,
"""

SHOP = """\
{"id": 10, "email": "ANN@example.com", "phone": null}
{"id": 11, "email": null, "phone": "+1 212-555-0142"}
{"id": 12, "email": "dan@example.com"}
"""

Finished: TypeAlias = subprocess.CompletedProcess[str]
Run: TypeAlias = Callable[..., Finished]


def environment(folder: Path) -> dict[str, str]:
    """The test's own wiring; what the machine happens to have set plays no part."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_GRAPH_")}
    return {
        **inherited,
        "IDENTITY_GRAPH_CATALOGUE": str(folder / "catalogue.yaml"),
        "IDENTITY_GRAPH_STORE": f"sqlite:{folder / 'graph.sqlite'}",
        "COLUMNS": "200",
    }


def make_shop(folder: Path) -> Path:
    """Put the catalogue and the files of the shop into a folder."""
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    (folder / "crm.csv").write_text(CRM)
    (folder / "shop.jsonl").write_text(SHOP)
    return folder


def command_in(folder: Path) -> Run:
    """The command, run in a folder; its output is text, and may never hold a stack trace."""

    def run(*arguments: str | Path, stdin: bytes = b"", **variables: str) -> Finished:
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=folder,
            env={**environment(folder), **variables},
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_shop(tmp_path)


@pytest.fixture
def run(folder: Path) -> Run:
    return command_in(folder)
