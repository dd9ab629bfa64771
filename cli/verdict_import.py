"""`identity-graph verdict import`: a ledger that was exported, read back."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer

from cli.exit_codes import ExitCode
from cli.input_files import Entry, InputFile
from cli.logs import set_up_logging
from cli.opening import load_catalogue, opened_store
from cli.output import counted, print_json
from cli.progress import file_progress
from cli.publishing import publishing
from cli.rejections import Rejections
from cli.running import run_batch
from cli.terminal import say
from graph_model.catalogue.rules import Catalogue
from services.files.json_rows import read_json
from services.files.lines import BadLine, FileRow
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.settings import Settings
from services.stewardship.verdict_import import BroughtBack, bring_back, read_exported_verdict
from services.stewardship.verdict_look_up import DecisionRefused
from services.stores.port.errors import CommitTooLarge
from services.stores.port.protocols import Store

#: The name under which this command claims its part of the outbox.
WRITER: Final = "cli-verdict-import"

_WORDS: Final = {
    BroughtBack.IN_FORCE: "read back",
    BroughtBack.WAITING: "read back, waiting for rows that are not there yet",
    BroughtBack.WITHDRAWN: "withdrawn, as the file says",
    BroughtBack.UNCHANGED: "known before",
}


@dataclass(slots=True)
class _Report:
    """What became of the lines of the file."""

    outcomes: Counter[BroughtBack] = field(default_factory=Counter)
    rejections: Rejections = field(default_factory=Rejections)


def read_back(path: Path, settings: Settings, *, as_json: bool) -> None:
    """Read the file, tell what became of its lines, and end with 1 where one was rejected."""
    set_up_logging(settings)
    meaning = load_catalogue(settings.catalogue)
    report = _Report()
    run_batch(_read_back(InputFile(path=path, sources={}, rows_of=None), settings, meaning, report))
    if as_json:
        outcomes = {outcome.value: report.outcomes[outcome] for outcome in BroughtBack}
        print_json({**outcomes, "rejected": report.rejections.to_json()})
    else:
        for outcome, words in _WORDS.items():
            if report.outcomes[outcome]:
                say(f"{counted(report.outcomes[outcome], 'verdict')} {words}")
        for line in report.rejections.lines():
            say(line)
    if report.rejections.total:
        raise typer.Exit(ExitCode.REFUSED)


async def _read_back(file: InputFile, settings: Settings, catalogue: Catalogue, report: _Report) -> None:
    metrics = Metrics()
    async with opened_store(settings, catalogue) as store, publishing(settings, store, metrics) as publish:
        writer = Writer(store, catalogue, WRITER, metrics=metrics, publish=publish)
        with file_progress() as progress, progress.reading(file) as reading:
            for line in read_json(reading.stream):
                reason = line.reason if isinstance(line, BadLine) else None
                if not isinstance(line, BadLine):
                    reason = await _bring_back(writer, store, catalogue, line, report)
                if reason is not None:
                    report.rejections.add(file, Entry(line=line.line, source="verdicts", reason=reason))
                reading.count()


async def _bring_back(writer: Writer, store: Store, catalogue: Catalogue, line: FileRow, report: _Report) -> str | None:
    """Bring one line back; answers why it cannot be, if it cannot."""
    async with writer.lend() as ingest:
        try:
            entry = read_exported_verdict(line.values, catalogue)
            report.outcomes[await bring_back(store, ingest, entry)] += 1
        except (DecisionRefused, CommitTooLarge) as refusal:
            return str(refusal)
    return None
