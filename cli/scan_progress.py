"""How far a walk over a whole store is, for people: on standard error, and only where it is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.maintenance.verification.scan import Progress as Listener


@contextmanager
def scan_progress() -> Iterator[Listener]:
    """A line as long as the block runs; nothing is shown where nobody watches."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(what: str, done: int) -> None:
            progress.update(task, description=f"{done:,} {what}")

        yield show
