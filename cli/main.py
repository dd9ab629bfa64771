"""Entry of the command `identity-graph`: its commands, and how every failure ends."""

import gc
import os
import sys
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from cli.commands import CommandModules, version
from cli.exit_codes import EXIT_CODES_HELP, exit_code
from cli.running import logs_json, say_last
from cli.terminal import visible
from graph_model.errors import CatalogueError, IdentityGraphError
from services.failures import cause_of, traceback_of
from services.settings import KafkaSettings, Settings

SETTINGS: Final = (Settings, KafkaSettings)

app = typer.Typer(
    cls=CommandModules,
    help="Change events in, merged customer profiles and prompt context out.",
    epilog=EXIT_CODES_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _print_version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """The commands are modules of their own, found by `CommandModules`."""


def collect_rarely() -> None:
    """Let the garbage collector look for cycles less often than Python's default of every 700 objects.

    What a batch makes lives for that batch and holds no cycles: it goes by itself, and looking for it among
    all that stays (caches, catalogue) cost a third of the time of ingesting.
    """
    gc.set_threshold(50_000, 20, 50)


def main() -> None:
    """Run the command line; nothing but a line of explanation reaches the user when it fails."""
    collect_rarely()
    try:
        # Left to itself the library writes what is wrong with the arguments in a frame, for people.
        code = app(prog_name="identity-graph", standalone_mode=not logs_json())
    except Exception as error:  # noqa: BLE001 - the last place where an error can be explained
        code = int(getattr(error, "exit_code", exit_code(error)))  # wrong arguments bring their own
        say_last(f"error: {_explanation(error)}", exit_code=code, cause=cause_of(error))
    sys.exit(code if isinstance(code, int) else 0)


def _explanation(error: Exception) -> str:
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
