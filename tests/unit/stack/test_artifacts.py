"""Fetching the servers."""

from pathlib import Path

import pytest

from stack.artifacts import KAFKA, fetch
from stack.errors import PartFailedError, RequirementMissingError


def test_what_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KAFKA.folder(tmp_path).mkdir()
    monkeypatch.setenv("PATH", "")
    assert fetch(KAFKA, tmp_path) == KAFKA.folder(tmp_path)


def test_without_maven_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RequirementMissingError, match="apt-get install maven"):
        fetch(KAFKA, tmp_path)


def test_a_fetch_that_fails_says_why_and_leaves_nothing_that_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho the network is unreachable\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(PartFailedError, match="the network is unreachable"):
        fetch(KAFKA, tmp_path / "cache")
    assert not KAFKA.folder(tmp_path / "cache").exists()
