"""What the exit code of every command tells a script."""

from enum import IntEnum
from typing import Final

from graph_model.errors import IdentityGraphError


class ExitCode(IntEnum):
    """The codes."""

    DONE = 0  #: all of it
    REFUSED = 1  #: done, but something was rejected, not found, or found wrong
    MISUSED = 2  #: nothing done: wrong usage, catalogue or configuration, or a store of another catalogue
    UNAVAILABLE = 3  #: a service that is needed does not answer: the same command can work later
    FAULT = 70  #: a fault of this program
    INTERRUPTED = 130  #: Ctrl-C, of anything but `serve` and `consume`


#: For the end of `--help` and for `docs/cli.md`.
EXIT_CODES_HELP: Final = (
    "Exit codes: 0 done; 1 done, but something was rejected, not found or found wrong; 2 nothing done: wrong usage, "
    "catalogue or configuration; 3 a needed service does not answer; 130 interrupted; 70 a fault of the program."
)


class UsageRefused(IdentityGraphError):
    """What was asked for on the command line cannot be done."""
