"""Progress bars, for people: on standard error, and only where it is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cli.input_files import InputFile, open_path
from cli.terminal import visible

_ENTRIES_BETWEEN_UPDATES = 100


class FileProgress:
    """A bar for each file: how much of it is read, and how many lines that were."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextmanager
    def reading(self, file: InputFile) -> Iterator["FileReading"]:
        """Open a file, with its bar."""
        task = self._progress.add_task(visible(file.name), total=file.size, entries=0)
        with open_path(file.path) as stream:
            reading = FileReading(self._progress, task, stream)
            yield reading
            reading.finish()


class FileReading:
    """One file while it is read."""

    def __init__(self, progress: Progress, task: TaskID, stream: BufferedReader) -> None:
        self.stream = stream
        self._progress = progress
        self._task = task
        self._entries = 0

    def count(self) -> None:
        """Say that one more line is read."""
        self._entries += 1
        if self._entries % _ENTRIES_BETWEEN_UPDATES == 0:
            self._show()

    def finish(self) -> None:
        """Say that the file is read to its end."""
        self._show()
        self._progress.update(self._task, total=1, completed=1)

    def _show(self) -> None:
        done = self.stream.tell() if self.stream.seekable() else None
        self._progress.update(self._task, completed=done, entries=self._entries)


@contextmanager
def file_progress() -> Iterator[FileProgress]:
    """Bars as long as the block runs; nothing is shown where nobody watches."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[entries]:,} lines"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield FileProgress(progress)
