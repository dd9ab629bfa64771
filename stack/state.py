"""The list of what a stack has started, kept in its folder: the only things that `down` may stop."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from stack.errors import StackError
from stack.process import StartedProcess, is_running

FILE = "state.json"


class StartedPart(BaseModel):
    """A part that was started: its process, where it is reached, and its data outside the stack's folder."""

    model_config = ConfigDict(frozen=True)

    process: StartedProcess
    address: str
    leftovers: tuple[Path, ...] = ()


class StackState(BaseModel):
    """The parts in the order of their start; `complete` once all are ready."""

    model_config = ConfigDict(frozen=True)

    parts: tuple[StartedPart, ...] = ()
    complete: bool = False

    @property
    def is_running(self) -> bool:
        """Whether all of the stack was started, and all of it still runs."""
        return self.complete and not self.ended

    @property
    def ended(self) -> tuple[str, ...]:
        """The parts that were started but do not run now."""
        return tuple(part.process.part for part in self.parts if not is_running(part.process))


def read_state(folder: Path) -> StackState:
    """What was started, in order; without parts when nothing was.

    Raises:
        StackError: the file is not one that write_state() wrote.
    """
    file = folder / FILE
    if not file.exists():
        return StackState()
    try:
        return StackState.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise StackError(
            f"{file} is not a list of started parts: {error}. "
            "Stop the servers that were started from this folder by hand, then remove the file."
        ) from error


def write_state(folder: Path, state: StackState) -> None:
    """Keeps the list, whole or not at all."""
    unfinished = folder / f"{FILE}.new"
    unfinished.write_text(state.model_dump_json(indent=2))
    unfinished.replace(folder / FILE)
