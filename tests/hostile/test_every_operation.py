"""Schemathesis sends every operation what its schema allows and what it forbids, alone and one after the other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings

from tests.acceptance.conftest import COMMAND, environment
from tests.acceptance.serving import Served, serving

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"
SCHEMATHESIS = str(Path(sys.executable).parent / "schemathesis")
CONFIGURATION = str(Path(__file__).with_name("schemathesis.toml"))

SOAKS = settings.get_current_profile_name() == "soak"

#: Cases of a kind for each operation; there are some hundreds more that are always tried.
EXAMPLES = "500" if SOAKS else "20"


@pytest.fixture
def wiring(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path) | {"IDENTITY_GRAPH_CATALOGUE": str(SHOP / "catalogue.yaml")}


@pytest.fixture
def shop(wiring: dict[str, str]) -> Iterator[Served]:
    """The real server over the sample, whose people the examples of the documentation name."""
    files = map(str, sorted((SHOP / "data").iterdir()))
    subprocess.run([COMMAND, "ingest", *files], env=wiring, capture_output=True, check=True)
    with serving(wiring) as served:
        yield served


@pytest.mark.timeout(7_200 if SOAKS else 300)
def test_every_answer_to_whatever_is_sent_is_as_documented(
    shop: Served, wiring: dict[str, str], tmp_path: Path
) -> None:
    ran = subprocess.run(
        [SCHEMATHESIS, "--config-file", CONFIGURATION, "--no-color", "run", f"{shop.address}/openapi.json"]
        + ["--checks", "all", "--max-examples", EXAMPLES, "--request-timeout", "30", "--continue-on-failure"]
        + ([] if SOAKS else ["--generation-deterministic"]),
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.hostile.streams", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Tested: 17" in ran.stdout
    assert httpx.get(f"{shop.address}/readyz").status_code == 200
    shop.process.terminate()
    assert "request failed" not in shop.process.communicate(timeout=30)[1]
    verified = subprocess.run([COMMAND, "verify"], env=wiring, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
