"""What the exit code of every command tells a script."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from pydantic import ValidationError

from consumers.errors import BrokerUnavailable, ConsumerError, LoginRefused
from graph_model.errors import CatalogueError, IdentityGraphError
from services.ingestion.intake import IntakeRefused
from services.stores.port.errors import ClaimLost, StoreDamaged, StoreError, StoreUnavailable


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

#: The first type that fits decides.
_CODES: Final[Mapping[type[Exception], ExitCode]] = {
    StoreUnavailable: ExitCode.UNAVAILABLE,
    BrokerUnavailable: ExitCode.UNAVAILABLE,
    LoginRefused: ExitCode.UNAVAILABLE,
    ClaimLost: ExitCode.REFUSED,
    StoreDamaged: ExitCode.REFUSED,
    StoreError: ExitCode.MISUSED,
    ConsumerError: ExitCode.MISUSED,
    CatalogueError: ExitCode.MISUSED,
    IntakeRefused: ExitCode.MISUSED,
    ValidationError: ExitCode.MISUSED,
    IdentityGraphError: ExitCode.REFUSED,
}


class UsageRefused(IdentityGraphError):
    """What was asked for on the command line cannot be done."""


def exit_code(error: Exception) -> ExitCode:
    """The exit code that an error ends the command with."""
    if isinstance(error, UsageRefused):
        return ExitCode.MISUSED
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), ExitCode.FAULT)
