"""What README.md shows is what the program prints."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Run, command_in, environment
from tests.acceptance.serving import Served, serving

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
SHOP = ROOT / "examples" / "shop"


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("shop")
    return environment(folder) | {"IDENTITY_GRAPH_CATALOGUE": str(SHOP / "catalogue.yaml")}


@pytest.fixture(scope="module")
def run(wiring: dict[str, str]) -> Run:
    """The command on a store with the sample customers, loaded as `make run` does."""
    shop = {name: text for name, text in wiring.items() if name.startswith("IDENTITY_GRAPH_")}
    command = partial(command_in(ROOT), **shop)
    assert command("ingest", *sorted((SHOP / "data").iterdir())).returncode == 0
    return command


@pytest.fixture(scope="module")
def served(run: Run, wiring: dict[str, str]) -> Iterator[Served]:
    with serving(wiring) as running:
        yield running


def block_after(text: str) -> str:
    """The first code block of README.md that follows a text."""
    found = re.search(r"```\n(.*?)```", README.read_text().partition(text)[2], re.DOTALL)
    assert found is not None
    return found[1]


def timeless(text: str) -> str:
    """A printed text without what differs from day to day and from store to store: ages, today, ids, versions."""
    text = re.sub(r"(\d+ days? ago|today)]", "… ago]", text)
    text = re.sub(r"as of \d{4}-\d\d-\d\d", "as of …", text)
    return re.sub(r"Profile [0-9a-f]{32}, version \d+", "Profile …", text)


def test_the_context_is_as_the_program_prints_it(served: Served) -> None:
    answer = httpx.post(
        f"{served.address}/v1/context",
        json={"identifier": "email:ann.lee@example.com", "token_budget": 500},
        headers={"Accept": "text/markdown"},
    )
    assert timeless(block_after("<!-- context -->")) == timeless(answer.text)


def test_the_explanation_is_as_the_command_beside_it_prints_it(run: Run, wiring: dict[str, str]) -> None:
    command, profile, printed = block_after("Why is that one person?").partition("Profile")
    store = wiring["IDENTITY_GRAPH_STORE"]
    typed = command.replace("\\\n", " ").replace("sqlite:.data/shop.sqlite", store).split()
    assert typed[:2] == ["$", ".venv/bin/identity-graph"]
    assert timeless(profile + printed) == timeless(run(*typed[2:]).stdout)


def test_the_number_of_sample_rows_is_right() -> None:
    rows = sum(
        len(path.read_text().splitlines()) - (path.suffix == ".csv") for path in sorted((SHOP / "data").iterdir())
    )
    assert f"`make run` loads {rows:,} sample rows".replace(",", " ") in README.read_text()


@pytest.mark.parametrize("page", [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))], ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []
