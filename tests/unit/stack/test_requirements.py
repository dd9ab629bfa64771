"""On a machine that lacks what the servers need, the other tests run and one line says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.settings import CHECKOUT

TESTS = """
import pytest

@pytest.mark.stack
def test_needs_the_stack() -> None:
    pass

def test_needs_nothing() -> None:
    pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text((CHECKOUT / "tests/conftest.py").read_text())
    (tmp_path / "test_two.py").write_text(TESTS)
    return tmp_path


def run_without_java(suite: Path, processes: str, *, ci: str) -> subprocess.CompletedProcess[str]:
    lacking = {"PATH": "", "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    options = ["-q", "-p", "no:cacheprovider", "-c", str(CHECKOUT / "pyproject.toml"), "--rootdir", str(suite)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses", processes, *options, str(suite)],
        env={**os.environ, **lacking, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_suite_that_cannot_run_is_left_out_and_named_in_one_line(suite: Path, processes: str) -> None:
    run = run_without_java(suite, processes, ci="")
    assert run.returncode == 0
    assert "1 passed" in run.stdout
    [line] = [line for line in run.stdout.splitlines() if line.startswith("not run:")]
    assert line.startswith("not run: stack (1 test); install Java 17 or newer (apt-get install")


@pytest.mark.parametrize("processes", ["0", "2"])
def test_in_ci_a_suite_that_cannot_run_is_an_error(suite: Path, processes: str) -> None:
    run = run_without_java(suite, processes, ci="true")
    assert run.returncode != 0
    assert "In CI every suite must run, but not run: stack" in run.stderr + run.stdout
