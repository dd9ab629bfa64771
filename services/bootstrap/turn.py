"""Who works on a load: of the processes of one machine one at a time, known by a file beside the spool.

The system lets go of the file when its process ends, however it ends. So one that nobody holds was left by a process
that was killed, and says which load it had begun.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from services.bootstrap.spool import NoPlaceForSpool
from services.stores.port.errors import LoadUnderWay

_ENDING: Final = ".lock"
_LONGEST: Final = 100  #: bytes; an id is shorter


class Turn:
    """This process's turn to work on a load."""

    def __init__(self, path: Path, file: int, load_id: str) -> None:
        self.load_id = load_id
        self.is_over = False  #: whether nobody has to go on with the load
        self._path = path
        self._file = file

    @classmethod
    def take(cls, spool: Path, load_id: str) -> Self:
        """Keep all others of this machine from the load whose spool is at `spool`.

        Raises:
            LoadUnderWay: another process is at work.
            NoPlaceForSpool: the file cannot be made.
        """
        path = _beside(spool)
        while True:
            try:
                file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise NoPlaceForSpool(spool, f"{path} beside it cannot be written ({error.strerror})") from error
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                raise LoadUnderWay from None
            except OSError:  # a file system that knows no such thing keeps nobody apart
                break
            if _is_at(path, file):
                break
            os.close(file)  # whoever had it has removed it meanwhile
        os.ftruncate(file, 0)
        os.write(file, load_id.encode())
        _keep(path, file)
        return cls(path, file, load_id)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go; the file stays where somebody has to go on with the load."""
        if self.is_over:
            self._path.unlink(missing_ok=True)
        os.close(self._file)


def load_begun(spool: Path) -> str | None:
    """The id of the load that a process of this machine has begun at `spool`, and not ended; None: there is none."""
    with suppress(FileNotFoundError), _beside(spool).open("rb") as file:
        return file.read(_LONGEST).decode(errors="replace")
    return None


def _beside(spool: Path) -> Path:
    return spool.with_name(spool.name + _ENDING)


def _keep(path: Path, file: int) -> None:
    """Bring the file to the disk, before the store says there that somebody loads it."""
    os.fsync(file)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_at(path: Path, file: int) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(file)
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)
