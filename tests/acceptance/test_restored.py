"""`identity-graph restored`: a store that came back from a backup goes on without contradicting what was published."""

import json
import shutil
from pathlib import Path

from tests.acceptance.conftest import Run


def test_a_store_from_a_backup_publishes_only_greater_versions(run: Run, folder: Path) -> None:
    store, backup = folder / "graph.sqlite", folder / "backup.sqlite"
    run("ingest", "crm.csv")
    shutil.copy(store, backup)
    run("ingest", "shop.jsonl")
    published = versions(run)
    shutil.copy(backup, store)
    done = json.loads(run("restored", "--json").stdout)
    assert done["former_store_id"] != done["store_id"]
    run("ingest", "shop.jsonl")
    again = versions(run)
    changed = {profile for profile in published.keys() & again.keys() if published[profile] > 1}
    assert changed
    for profile in changed:
        assert again[profile] > max(published[profile], done["versions_above"])
    assert run("verify").returncode == 0


def test_it_says_what_to_do_next(run: Run) -> None:
    run("ingest", "crm.csv")
    finished = run("restored")
    assert finished.returncode == 0
    assert "versions of profiles go on above 1,000,000,000" in finished.stdout
    assert "Start workers and API again" in finished.stdout


def test_a_store_that_is_not_there_is_not_made(run: Run, folder: Path) -> None:
    assert run("restored").returncode == 2
    assert not (folder / "graph.sqlite").exists()


def versions(run: Run) -> dict[str, int]:
    documents = map(json.loads, run("export").stdout.splitlines())
    return {document["profile_id"]: document["version"] for document in documents}
