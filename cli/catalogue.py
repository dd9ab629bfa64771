"""`identity-graph catalogue`: check a catalogue, give its schema to editors, draft one from data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from cli.exit_codes import UsageRefused
from cli.logs import set_up_logging
from cli.opening import load_catalogue
from cli.options import settings_with
from cli.output import counted, print_document, print_table, warn
from cli.running import run_batch
from cli.terminal import say
from graph_model.catalogue.document import catalogue_json_schema, catalogue_warnings
from graph_model.catalogue.rules import Catalogue
from graph_model.values.identifiers import IdentifierKind

if TYPE_CHECKING:
    from cli.samples import FileSample

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
        warn(warning)
    say(f"\n{file} is valid; fingerprint {catalogue.fingerprint[:12]}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of catalogue files, for editors that complete and check while one types.

    For example:

        identity-graph catalogue schema > catalogue.schema.json
    """
    print_document(orjson.dumps(catalogue_json_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


@app.command()
def draft(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Rows, messages or change envelopes; `-` is standard input."),
    ] = None,
    topics: Annotated[
        list[str] | None, typer.Option("--topic", metavar="TOPIC", help="A topic of the configured Kafka; repeatable.")
    ] = None,
) -> None:
    """Guess a catalogue from the first rows of files, and from messages of topics.

    Every guess has its reason as a comment, every doubt is a question: a line that begins with `# ?`. Give all tables
    at once: what is the same in them gets one name, and tables of what people did are told from those of people. No
    value of the data is in the draft but what stands for no value, and what flags say.

    For example:

        identity-graph catalogue draft customers.csv newsletter.jsonl > catalogue.yaml

        identity-graph catalogue draft --topic shop.crm.customers --topic shop.crm.orders
    """
    if not files and not topics:
        raise UsageRefused("give files, or --topic")
    from cli.samples import sample_file, sample_topic
    from graph_model.catalogue.draft.drafting import draft_catalogue

    tables = []
    for file in files or ():
        sample = sample_file(file)
        _warn_of_sample(str(file), sample)
        tables += sample.tables
    if topics:
        settings = settings_with()
        set_up_logging(settings)
        for topic in topics:
            tables += run_batch(sample_topic(settings.kafka, topic))
    print_document(draft_catalogue(tables).encode())


def _warn_of_sample(name: str, sample: "FileSample") -> None:
    if sample.bad_lines:
        first, bad = sample.bad_lines[0], len(sample.bad_lines)
        warn(
            f"{name}: {bad:,} of the first {counted(bad + sample.rows, 'row')} could not be read; the first is on line "
            f"{first.line}: {first.reason}"
        )
    for table in sample.tables:
        if len(table.columns) == 1:
            warn(
                f"{name}: only one column was found, {table.columns[0]!r}; columns of CSV are separated by comma, "
                "semicolon, tab or bar"
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
    say()
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
