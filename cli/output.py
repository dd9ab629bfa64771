"""Where and how commands write their results."""

import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import orjson
import typer

from cli.exit_codes import UsageRefused
from cli.options import STANDARD_STREAM
from cli.running import say_last
from cli.terminal import say, visible, visible_json

#: The columns of a list of members.
MEMBER_COLUMNS: Final = ("source", "key", "profile_id")


@contextmanager
def result_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for a result, or standard output; a file appears only once it is whole.

    Raises:
        UsageRefused: the file cannot be written.
    """
    if path == STANDARD_STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise UsageRefused(f"{path} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def print_json(result: object, *, to_error_stream: bool = False) -> None:
    """Print one JSON object for scripts."""
    typer.echo(visible_json(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode()), err=to_error_stream)


def print_document(document: bytes) -> None:
    """Print a document that is to be put into a file, byte for byte."""
    typer.echo(document, nl=False)


def warn(sentence: str) -> None:
    """Tell what may not be meant, on standard error."""
    say_last(visible(f"warning: {sentence}"))


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 record`, `1,200 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@contextmanager
def csv_rows(file: BinaryIO) -> Iterator[Callable[[Sequence[object]], object]]:
    """Give a function that writes one row as CSV in UTF-8, with line feeds only."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    yield csv.writer(text, lineterminator="\n").writerow
    text.detach()


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows as aligned text under a header, the same on a terminal and in a file; numbers stand to the right."""
    lines = [header, *(tuple(map(visible, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    numeric = [bool(rows) and all(row[column].isdigit() for row in rows) for column in range(len(header))]
    for line in lines:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        say("  ".join(cells).rstrip())
