"""CONTRIBUTING.md shows a newcomer the code as it is."""

import re

import pytest

from stack.settings import CHECKOUT

PAGE = (CHECKOUT / "CONTRIBUTING.md").read_text()


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("package", ["graph_model", "services"])
def test_the_rooms_shown_are_the_packages_that_there_are(package: str) -> None:
    tree = section("Rooms").split("```")[1]
    shown = re.search(rf"^{package}/.*\n((?:    .*\n)+)", tree, re.MULTILINE)
    assert shown is not None
    packages = {path.parent.name for path in (CHECKOUT / package).glob("*/__init__.py")}
    assert set(re.findall(r"^    (\w+)/", shown[1], re.MULTILINE)) == packages


def test_every_store_and_the_port_are_shown() -> None:
    packages = {path.parent.name for path in (CHECKOUT / "services/stores").glob("*/__init__.py")}
    assert {name for name in packages if f"{name}/" in section("Rooms")} == packages


def test_the_rooms_fit_on_a_screen() -> None:
    assert len(section("Rooms").split("```")[1].splitlines()) <= 30


def test_a_newcomer_learns_at_most_thirty_words() -> None:
    assert len(re.findall(r"^\| [a-z]", section("Words"), re.MULTILINE)) <= 31  # with the line of titles


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:services|graph_model|tests|consumers|stack)/[^`]+)`", PAGE)))
)
def test_a_path_that_is_named_is_there_unless_it_is_planned(path: str) -> None:
    planned = section("Rooms").partition("Where planned")[2]
    assert (CHECKOUT / path).exists() or f"`{path}`" in planned
