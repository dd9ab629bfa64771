"""Schemathesis sends every operation what its schema allows and what it forbids, alone and one after the other."""

import os
import re
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

#: How -> cases of a kind for each operation, beside some hundreds that are always tried; or so many sequences, in which
#: what one operation answers is sent to others.
CASES = {"examples,coverage,fuzzing": 500 if SOAKS else 15, "stateful": 2_000 if SOAKS else 60}

#: How -> what must have been reached: every operation, or most of the links from one to another.
REACHED = {"examples,coverage,fuzzing": r"Tested: 17\b", "stateful": r"API Links: +([5-9]|1\d) covered"}


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A store with the sample, whose people the examples of the documentation name."""
    folder = tmp_path_factory.mktemp("shop")
    wired = environment(folder) | {"IDENTITY_GRAPH_CATALOGUE": str(SHOP / "catalogue.yaml")}
    files = map(str, sorted((SHOP / "data").iterdir()))
    subprocess.run([COMMAND, "ingest", *files], env=wired, capture_output=True, check=True)
    return wired


@pytest.fixture
def shop(wiring: dict[str, str]) -> Iterator[Served]:
    with serving(wiring) as served:
        yield served


@pytest.mark.timeout(7_200 if SOAKS else 300)
@pytest.mark.parametrize("phases", CASES)
def test_every_answer_to_whatever_is_sent_is_as_documented(
    phases: str, shop: Served, wiring: dict[str, str], tmp_path: Path
) -> None:
    ran = subprocess.run(
        [SCHEMATHESIS, "--config-file", CONFIGURATION, "--no-color", "run", f"{shop.address}/openapi.json"]
        + ["--checks", "all", "--phases", phases, "--max-examples", str(CASES[phases])]
        + ["--request-timeout", "30", "--continue-on-failure"]
        + ([] if SOAKS else ["--generation-deterministic"]),
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.hostile.streams", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(REACHED[phases], ran.stdout), ran.stdout
    assert httpx.get(f"{shop.address}/readyz").status_code == 200
    shop.process.terminate()
    assert "[error" not in shop.process.communicate(timeout=30)[1]
    verified = subprocess.run([COMMAND, "verify"], env=wiring, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
