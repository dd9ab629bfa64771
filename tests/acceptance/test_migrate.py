"""`identity-graph migrate`: a store that a former version wrote."""

import json
import shutil
from pathlib import Path

import httpx
import pytest

from services.stores.port.stored_form import SCHEMA_VERSION
from tests.acceptance.conftest import Run, environment
from tests.acceptance.serving import serving
from tests.migration.kept import HERE, load_file


@pytest.fixture
def former(folder: Path) -> Path:
    """The folder, with a store of form 1 and its catalogue."""
    shutil.copyfile(HERE / "catalogue.yaml", folder / "catalogue.yaml")
    load_file(folder / "graph.sqlite")
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("verify",),
        ("export",),
        ("export", "--format", "verdicts"),
        ("suspicious",),
        ("explain", "mail:ann"),
        ("preview", "--catalogue", "catalogue.yaml"),
        ("verdict", "list"),
        ("ingest", "crm.csv"),
        ("re-resolve", "--catalogue", "catalogue.yaml"),
        ("verify", "--repair"),
        ("serve", "--port", "0"),
    ],
    ids=" ".join,
)
def test_every_command_refuses_it_and_names_the_one_that_helps(
    run: Run, former: Path, command: tuple[str, ...]
) -> None:
    before = (former / "graph.sqlite").read_bytes()
    finished = run(*command)
    assert finished.returncode == 2
    assert "identity-graph migrate --store" in finished.stderr
    assert finished.stderr.splitlines()[-1].startswith("error: this store is written in form 1")
    assert (former / "graph.sqlite").read_bytes() == before


def test_it_is_brought_over_once(run: Run, former: Path) -> None:
    first, second = run("migrate"), run("migrate")
    assert (first.returncode, first.stdout) == (
        0,
        f"The store was in form 1 and is in form {SCHEMA_VERSION} now.\n",
    )
    assert (second.returncode, second.stdout) == (0, f"The store is in form {SCHEMA_VERSION} already.\n")


def test_the_catalogue_comes_into_force_as_this_program_reads_it(run: Run, folder: Path) -> None:
    """A store as the former program left it: it read the same catalogue with former versions of its parts."""
    shutil.copyfile(HERE / "catalogue.yaml", folder / "catalogue.yaml")
    load_file(folder / "graph.sqlite", as_found=True)
    migrated = run("migrate")
    assert (migrated.returncode, "re-resolve" in migrated.stdout) == (0, True)
    assert run("re-resolve", "--catalogue", "catalogue.yaml").returncode == 0
    assert run("verify").returncode == 0


def test_serve_goes_on_with_a_store_as_the_former_program_left_it(folder: Path) -> None:
    shutil.copyfile(HERE / "catalogue.yaml", folder / "catalogue.yaml")
    load_file(folder / "graph.sqlite", as_found=True)
    with serving(environment(folder), "--migrate") as served:
        found = httpx.get(f"{served.address}/v1/profiles", params={"identifier": "mail:ann"}).json()
        assert len(found["profiles"]) == 1


def test_scripts_get_the_forms_as_json(run: Run, former: Path) -> None:
    told = json.loads(run("migrate", "--json").stdout)
    assert told == {"found": 1, "version": SCHEMA_VERSION, "resumed": False, "re_resolve_owed": False}


def test_a_store_that_is_not_there_is_not_made(run: Run, folder: Path) -> None:
    finished = run("migrate")
    assert finished.returncode == 2
    assert not (folder / "graph.sqlite").exists()


def test_serve_brings_it_over_when_told_to(former: Path) -> None:
    with serving(environment(former), "--migrate") as served:
        assert (
            len(httpx.get(f"{served.address}/v1/profiles", params={"identifier": "mail:ann"}).json()["profiles"]) == 1
        )


def test_serve_makes_a_new_store_also_when_told_to_migrate(folder: Path) -> None:
    with serving(environment(folder), "--migrate") as served:
        assert "The store is empty" in served.said


def test_a_catalogue_of_another_meaning_comes_into_force_where_rows_move(run: Run, former: Path) -> None:
    catalogue = former / "catalogue.yaml"
    catalogue.write_text(
        catalogue.read_text().replace("till: {normalise: exact, holders: one", "till: {normalise: exact, holders: 9")
    )
    assert run("migrate").returncode == 0
    assert run("re-resolve", "--catalogue", "catalogue.yaml").returncode == 0
    verified = run("verify")
    assert verified.returncode == 0, verified.stdout


def test_it_is_sound_afterwards(run: Run, former: Path) -> None:
    run("migrate")
    verified = run("verify")
    assert verified.returncode == 0, verified.stdout
