"""How a command ends that failed: its exit code, and what is said to whoever called it. Imported only then."""

import os
from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from cli.exit_codes import ExitCode, UsageRefused
from cli.terminal import visible
from consumers.errors import BrokerRefused, BrokerUnavailable, ConsumerError, LoginRefused
from graph_model.errors import CatalogueError, IdentityGraphError
from services.failures import traceback_of
from services.ingestion.intake import IntakeRefused
from services.settings import KafkaSettings, Settings
from services.stores.port.errors import ClaimLost, StoreDamaged, StoreError, StoreUnavailable

SETTINGS: Final = (Settings, KafkaSettings)

#: The first type that fits decides.
_CODES: Final[Mapping[type[Exception], ExitCode]] = {
    StoreUnavailable: ExitCode.UNAVAILABLE,
    BrokerUnavailable: ExitCode.UNAVAILABLE,
    LoginRefused: ExitCode.UNAVAILABLE,
    BrokerRefused: ExitCode.UNAVAILABLE,
    ClaimLost: ExitCode.REFUSED,
    StoreDamaged: ExitCode.REFUSED,
    StoreError: ExitCode.MISUSED,
    ConsumerError: ExitCode.MISUSED,
    CatalogueError: ExitCode.MISUSED,
    IntakeRefused: ExitCode.MISUSED,
    UsageRefused: ExitCode.MISUSED,
    ValidationError: ExitCode.MISUSED,
    IdentityGraphError: ExitCode.REFUSED,
}


def exit_code(error: Exception) -> ExitCode:
    """The exit code that an error ends the command with."""
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), ExitCode.FAULT)


def explanation(error: Exception) -> str:
    """What is said of an error, in lines that are safe to show."""
    if isinstance(error, CatalogueError):
        return "\n".join(map(visible, error.lines))
    if isinstance(error, IdentityGraphError):
        return visible(str(error))
    if hasattr(error, "format_message"):  # the library, about the arguments
        return visible(str(error.format_message()))
    if isinstance(error, ValidationError):
        return _wrong_settings(error)
    # Asked of the environment itself: what failed may have been reading the settings.
    if os.environ.get("IDENTITY_GRAPH_LOG_LEVEL", "").lower() == "debug":
        return traceback_of(error)
    return (
        f"a fault of this program ({type(error).__name__}); set IDENTITY_GRAPH_LOG_LEVEL=debug to see where it is, "
        "and please report it"
    )


def _wrong_settings(error: ValidationError) -> str:
    prefix = next(str(kind.model_config["env_prefix"]) for kind in SETTINGS if kind.__name__ == error.title)
    lines = [f"{prefix}{fault['loc'][0]}".upper() + f": {fault['msg']}" for fault in error.errors()]
    return "\n".join(["the settings cannot be used:", *(f"  - {line}" for line in lines)])
