"""`identity-graph demo generate`: files of invented changes, a catalogue that fits, and the truth."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.demo.messages import CATALOGUE, FILES, HEADERS, csv_line
from cli.demo.stream import Stream
from cli.exit_codes import UsageRefused
from cli.options import JsonOption
from cli.output import counted, print_json, result_file
from cli.terminal import say, visible

TRUTH_COLUMNS: Final = ("source", "key", "person")
_TRUTH: Final = "truth.csv"
_CATALOGUE: Final = "catalogue.yaml"

_EVENTS_BETWEEN_UPDATES: Final = 1_000
_MOST_PEOPLE: Final = 10_000_000
_EVENTS_OF_A_PERSON: Final = 5

app = typer.Typer(
    help="Invent data to try everything with.", no_args_is_help=True, add_completion=False, rich_markup_mode="markdown"
)


@app.callback()
def _demo() -> None:
    """Without it the only command would take the place of its group."""


@app.command()
def generate(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the files go; made if it is not there.")],
    people: Annotated[int, typer.Option("--people", metavar="N", min=1, max=_MOST_PEOPLE, help="How many.")] = 1_000,
    events: Annotated[
        int | None,
        typer.Option(
            "--events", metavar="M", min=1, help="How many changes arrive; else five times as many as people."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same bytes.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Invent people, the rows that four systems keep of them, and how these change.

    People live in households that share a phone and an address, some work where all give the office's phone or its
    mailbox. The systems misspell, know some people twice, and change keys; events arrive late and repeated. Beside
    their files lie a catalogue that says what they mean and `truth.csv`, which tells whose each row is in the end. Any
    number of events takes 24 bytes of memory for each of the people.

    For example:

        identity-graph demo generate --people 10000 --events 100000 --out demo

        identity-graph ingest --catalogue demo/catalogue.yaml --store sqlite:demo.sqlite demo/*.jsonl demo/[lw]*.csv
    """
    total = events or people * _EVENTS_OF_A_PERSON
    stream = Stream(people, total, seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageRefused(f"{out} cannot be made: {error.strerror}; a folder is expected") from error
    _require_no_files_of_others(out)
    # First, so that the files are known as ours wherever this ends.
    with result_file(out / _CATALOGUE) as file:
        file.write(CATALOGUE.encode())
    lines = _write_changes(stream, out, total)
    rows = _write_truth(stream, out)
    if as_json:
        print_json(
            {"people": people, "events": total, "seed": seed, "lines": lines, "happened": stream.happened, "rows": rows}
        )
    else:
        _tell(out, lines, stream.happened, rows)


def _require_no_files_of_others(out: Path) -> None:
    """Make sure that what is to be written takes the place of nothing but what was invented before.

    Raises:
        UsageRefused: the folder has a file of such a name, and not our catalogue beside it.
    """
    found = [name for name in (_CATALOGUE, *FILES.values(), _TRUTH) if (out / name).exists()]
    if found and not _is_our_catalogue(out / _CATALOGUE):
        raise UsageRefused(
            f"{out} holds a {found[0]} that is not of invented data, and it is left as it is; name another folder"
        )


def _is_our_catalogue(path: Path) -> bool:
    try:
        return path.read_bytes() == CATALOGUE.encode()
    except OSError:
        return False


def _write_changes(stream: Stream, out: Path, total: int) -> dict[str, int]:
    """Write the files of all systems; answers how many lines of changes each has."""
    lines = dict.fromkeys(FILES, 0)
    with ExitStack() as stack, _progress(total) as show:
        files: Mapping[str, BinaryIO] = {
            source: stack.enter_context(result_file(out / name)) for source, name in FILES.items()
        }
        for source, header in HEADERS.items():
            files[source].write(csv_line(header))
        for number, arrival in enumerate(stream.arrivals(), 1):
            files[arrival.source].writelines(arrival.lines)
            lines[arrival.source] += len(arrival.lines)
            if number % _EVENTS_BETWEEN_UPDATES == 0:
                show(number)
    return lines


def _write_truth(stream: Stream, out: Path) -> int:
    rows = 0
    with result_file(out / _TRUTH) as file:
        file.write(csv_line(TRUTH_COLUMNS))
        for source, key, person in stream.truth():
            file.write(csv_line((source, f"[{key}]", person)))
            rows += 1
    return rows


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar as long as the block runs; nothing is shown where nobody watches."""
    console = Console(stderr=True)
    columns = (
        BarColumn(),
        TextColumn("{task.completed:,} of {task.total:,} events"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)


def _tell(out: Path, lines: Mapping[str, int], happened: Counter[str], rows: int) -> None:
    for source, name in FILES.items():
        say(f"{visible(str(out / name))}  {counted(lines[source], 'change')}")
    say(f"{visible(str(out / _TRUTH))}  {counted(rows, 'row')} that are there in the end, with their people")
    say(f"{visible(str(out / _CATALOGUE))}  what the columns mean")
    say("\n" + ", ".join(f"{what.replace('_', ' ')} {number:,}" for what, number in sorted(happened.items())))
