"""`identity-graph catalogue`: check a catalogue, give its schema to editors, draft one from data."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli.exit_codes import UsageRefused
from cli.opening import load_catalogue
from cli.options import STANDARD_STREAM
from cli.output import counted, print_table, warn
from cli.running import run_batch, set_up_logging
from cli.samples import Sample, sample_file, sample_topic
from graph_model.catalogue.document import catalogue_json_schema, catalogue_warnings
from graph_model.catalogue.draft import DraftOrigin, draft_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.values.identifiers import IdentifierKind
from services.settings import Settings

app = typer.Typer(
    help="Check a catalogue, print its schema, or draft one from data.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The catalogue.")],
) -> None:
    """Name every problem of a catalogue at once (exit code 2), or say what it means.

    For example:

        identity-graph catalogue check catalogue.yaml
    """
    catalogue = load_catalogue(file)
    _print_kinds(catalogue)
    _print_sources(catalogue)
    for warning in catalogue_warnings(catalogue):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"\n{file} is valid; fingerprint {catalogue.fingerprint[:12]}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of catalogue files, for editors that complete and check while one types.

    For example:

        identity-graph catalogue schema > catalogue.schema.json
    """
    typer.echo(orjson.dumps(catalogue_json_schema(), option=orjson.OPT_INDENT_2).decode())


@app.command()
def draft(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Rows or change envelopes; `-` is standard input.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option("--topic", metavar="TOPIC", help="A topic of the configured Kafka instead.")
    ] = None,
) -> None:
    """Guess a catalogue of one source from the first rows of a file, or from messages of a topic.

    It is a beginning: read it, correct it; of several drafts, put identifiers, traits and sources into one file. No
    value of the data is in it.

    For example:

        identity-graph catalogue draft customers.csv > catalogue.yaml

        identity-graph catalogue draft --topic shop.crm.customers
    """
    if (file is None) == (topic is None):
        raise UsageRefused("give either a file or --topic")
    if file is not None:
        sample, name = sample_file(file), file.stem
        pattern = None if file == STANDARD_STREAM else file.name
        origin = DraftOrigin(file=pattern, topic=sample.topic, format=sample.format)
    else:
        settings = Settings()
        set_up_logging(settings)
        sample, name = run_batch(sample_topic(settings.kafka, str(topic))), str(topic).rpartition(".")[2]
        origin = DraftOrigin(topic=topic, format=sample.format)
    _warn_of_sample(sample)
    typer.echo(draft_catalogue(name, sample.columns, sample.rows, origin), nl=False)


def _warn_of_sample(sample: Sample) -> None:
    if sample.bad_lines:
        first = sample.bad_lines[0]
        warn(
            f"{len(sample.bad_lines):,} of the first {counted(len(sample.bad_lines) + len(sample.rows), 'row')} could "
            f"not be read; the first is on line {first.line}: {first.reason}"
        )
    if len(sample.columns) == 1:
        warn(
            f"only one column was found, {sample.columns[0]!r}; columns of CSV are separated by comma, semicolon, "
            "tab or bar"
        )


def _print_kinds(catalogue: Catalogue) -> None:
    kinds = sorted(catalogue.kinds.values(), key=lambda kind: (-kind.priority, kind.name))
    rows = [
        (kind.name, str(kind.priority), str(kind.holder_limit), str(kind.value_limit or "any"), _made_of(kind))
        for kind in kinds
    ]
    print_table(("identifier", "priority", "holders", "values per person", "made of"), rows)


def _made_of(kind: IdentifierKind) -> str:
    return " + ".join(part.trait for part in kind.parts) or "columns"


def _print_sources(catalogue: Catalogue) -> None:
    typer.echo()
    rows = [
        (
            source.name,
            source.format,
            source.topic or (source.topic_pattern.pattern if source.topic_pattern else "-"),
            source.file or "-",
            ", ".join(source.key),
            str(len(source.columns)),
            f"column {source.version.column}"
            if source.version
            else "topic"
            if source.topic or source.topic_pattern
            else "order of arrival",
        )
        for source in catalogue.sources.values()
    ]
    print_table(("source", "format", "topic", "file", "key", "columns", "versions ordered by"), rows)
