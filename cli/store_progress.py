"""Work that goes over a whole store, with its progress: on standard error, and only where it is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from graph_model.records.tasks import AnnounceProfiles, DeleteAbsent, ReResolve, Task, TruncateSource
from services.ingestion.writer import Writer
from services.maintenance.tasks import Tell, work_off
from services.maintenance.verification.scan import Progress as Listener
from services.stores.port.protocols import Store


def task_name(task: Task) -> str:
    """What a task is about, on one line."""
    match task:
        case TruncateSource():
            return f"truncation of {task.source}"
        case DeleteAbsent():
            return f"deletion of rows of {task.source} that its full snapshot did not hold"
        case ReResolve():
            return "re-resolution of all records"
        case AnnounceProfiles():
            return "telling of the profiles that a first load has made"


@contextmanager
def scan_progress() -> Iterator[Listener]:
    """A line as long as the block runs; nothing is shown where nobody watches."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(what: str, done: int) -> None:
            progress.update(task, description=f"{done:,} {what}")

        yield show


async def finish_owed_work(store: Store, writer: Writer, tell: Tell | None = None) -> int:
    """Do what is owed until nothing is.

    Args:
        store: where it is owed.
        writer: writes there.
        tell: see `services.maintenance.tasks.work_off`.

    Returns:
        How many records, or profiles to tell of, were read for it.

    Raises:
        StoreError, ConsumerError: see `services.maintenance.tasks.work_off`; doing it again goes on where it ended.
    """
    records = 0
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,} records"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("work owed", total=None)

        def show(task: Task, read: int) -> None:
            nonlocal records
            records += read
            progress.update(bar, completed=records, description=task_name(task))

        await work_off(store, writer.lend, show, tell)
    return records
