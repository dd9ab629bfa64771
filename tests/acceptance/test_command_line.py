"""What holds for every command: help, versions, failures without stack traces, interruption."""

import os
import signal
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from cli.commands import MODULES
from tests.acceptance.conftest import COMMAND, Run, environment


def test_help_names_every_command_and_the_exit_codes(run: Run) -> None:
    told = run("--help").stdout
    assert all(f" {name} " in told for name in MODULES)
    assert "Exit codes: 0 done;" in told


@pytest.mark.parametrize(
    "command",
    [
        *sorted(MODULES.keys() - {"catalogue", "demo", "verdict", "version"}),
        "catalogue check",
        "demo generate",
        "verdict split",
    ],
)
def test_the_help_of_a_command_shows_examples(run: Run, command: str) -> None:
    told = run(*command.split(), "--help").stdout
    assert f"identity-graph {command} " in told.partition("For example:")[2]


def test_the_version_is_the_installed_one(run: Run) -> None:
    assert run("version").stdout == version("identity-graph") + "\n"


def test_the_version_is_an_option_too(run: Run) -> None:
    assert run("--version").stdout == version("identity-graph") + "\n"


def test_a_mistyped_command_gets_a_suggestion(run: Run) -> None:
    finished = run("ingst", "crm.csv")
    assert finished.returncode == 2
    assert "No such command 'ingst'; did you mean 'ingest'?" in finished.stderr


def test_wrong_settings_are_named_by_their_variables(run: Run) -> None:
    finished = run("verify", IDENTITY_GRAPH_PORT="many", IDENTITY_GRAPH_LOG_FORMAT="xml")
    assert finished.returncode == 2
    assert "IDENTITY_GRAPH_PORT: " in finished.stderr
    assert "IDENTITY_GRAPH_LOG_FORMAT: " in finished.stderr


def test_a_store_that_cannot_be_is_misuse(run: Run) -> None:
    finished = run("verify", "--store", "mysql:somewhere")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: IDENTITY_GRAPH_STORE is 'mysql:somewhere'")


def test_a_file_that_is_no_store_is_told(run: Run, folder: Path) -> None:
    (folder / "graph.sqlite").write_text("something else, long enough to be no empty database" * 20)
    finished = run("verify")
    assert finished.returncode == 2
    assert "is no SQLite file; a store of identity-graph is expected" in finished.stderr


def test_consuming_without_kafka_is_misuse(run: Run) -> None:
    finished = run("consume", IDENTITY_GRAPH_CONSUMER_PORT="0")
    assert finished.returncode == 2
    assert "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS is empty" in finished.stderr


def test_interrupting_a_batch_that_waits_for_input_ends_it_with_exit_code_130(folder: Path) -> None:
    pipe = folder / "crm_pipe.csv"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [COMMAND, "ingest", str(pipe)], env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with pipe.open("wb") as writing:  # opens once the command reads from it
        writing.write(b"id,name\n1,Ann\n")
        writing.flush()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert told.splitlines()[-1] == b"Interrupted; at least 0 rows are in force; the same command goes on."


def test_the_manual_names_every_command() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert [name for name in MODULES if f"| `{name}" not in page] == []
