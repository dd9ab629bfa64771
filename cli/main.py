"""Entry of the command `identity-graph`: its commands, and how every failure ends."""

import gc
import os
import sys
from typing import Annotated

import typer

from cli.commands import CommandModules, version
from cli.exit_codes import EXIT_CODES_HELP
from cli.running import logs_json, say_last
from services.failures import cause_of

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
    # Looking for plugins of pydantic is to read what every installed package says of itself; we use none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        # Left to itself the library writes what is wrong with the arguments in a frame, for people.
        code = app(prog_name="identity-graph", standalone_mode=not logs_json())
    except Exception as error:  # noqa: BLE001 - the last place where an error can be explained
        from cli import failing

        code = int(getattr(error, "exit_code", failing.exit_code(error)))  # wrong arguments bring their own
        say_last(f"error: {failing.explanation(error)}", exit_code=code, cause=cause_of(error))
    sys.exit(code if isinstance(code, int) else 0)
