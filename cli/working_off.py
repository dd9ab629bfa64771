"""Does the work owed to its end, and shows on a terminal how far it is."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.task_names import task_name
from graph_model.records.tasks import Task
from services.ingestion.writer import Writer
from services.maintenance.tasks import work_off
from services.stores.port.protocols import Store


async def finish_owed_work(store: Store, writer: Writer) -> int:
    """Do what is owed until nothing is.

    Returns:
        How many records were read for it.

    Raises:
        StoreError, ConsumerError: see `services.maintenance.tasks.work_off`; doing it again goes on where it ended.
    """
    records = 0
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
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

        await work_off(store, writer.lend, show)
    return records
