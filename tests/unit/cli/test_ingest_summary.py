"""What a command says at its end."""

import pytest

from cli.ingest_summary import IngestSummary
from cli.line_counts import LineCounts
from graph_model.catalogue.document import parse_catalogue
from services.bootstrap.loaded import Loaded

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers: {email: {normalise: email}}
sources:
  crm: {file: "*.csv", key: [id], columns: {email: {identifier: email}}}
""",
    "catalogue.yaml",
)
FINISHED = "An interrupted first load was finished"


def test_a_load_that_was_interrupted_is_told_as_finished(capsys: pytest.CaptureFixture[str]) -> None:
    assert FINISHED in told_of(Loaded(resumed=True, was_read=True), capsys)


def test_a_load_that_was_complete_is_not_told_as_an_interrupted_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert FINISHED not in told_of(Loaded(resumed=True, was_read=True, was_complete=True), capsys)


def told_of(loaded: Loaded, capsys: pytest.CaptureFixture[str]) -> str:
    summary = IngestSummary(CATALOGUE)
    summary.count_loaded(loaded, LineCounts())
    summary.print()
    return capsys.readouterr().out
