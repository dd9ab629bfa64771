"""The commands, each loaded only when it is asked for: a client of Kafka or a web framework takes time to import.

`version` needs none of them, and is here.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version as installed_version
from typing import Any, Final

import typer
from typer.core import TyperGroup

from cli.terminal import say

#: Command -> the module that defines it, as a Typer application or as a function of the command's name.
MODULES: Final[Mapping[str, str]] = {
    "serve": "cli.serve",
    "consume": "cli.consume",
    "ingest": "cli.ingest",
    "bootstrap": "cli.bootstrap",
    "resolve": "cli.resolve",
    "export": "cli.export",
    "explain": "cli.explain",
    "record": "cli.record",
    "suspicious": "cli.suspicious",
    "verdict": "cli.verdict",
    "preview": "cli.preview",
    "re-resolve": "cli.re_resolve",
    "migrate": "cli.migrate",
    "verify": "cli.verify",
    "restored": "cli.restored",
    "catalogue": "cli.catalogue",
    "demo": "cli.demo.command",
    "version": "cli.commands",
}


class CommandModules(TyperGroup):
    """A group whose commands are modules (as click's documentation describes lazily loaded commands)."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - the context's type is Typer's own
        """The names of all commands, in the order of `--help`."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - likewise
        """Import a command; None where there is none of this name."""
        if cmd_name not in MODULES:
            return None
        module = import_module(MODULES[cmd_name])
        if hasattr(module, "app"):
            application: typer.Typer = module.app
        else:
            application = typer.Typer(add_completion=False, rich_markup_mode="markdown")
            application.command(cmd_name)(getattr(module, cmd_name.replace("-", "_")))
        command = typer.main.get_command(application)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - likewise
        """Find the command that was typed; where there is none of this name, name the one that was meant."""
        if args[0] not in MODULES and not args[0].startswith("-"):
            from graph_model.catalogue.faults import suggestion

            ctx.fail(f"No such command {args[0]!r}{suggestion(args[0], MODULES)}")
        return super().resolve_command(ctx, args)


def version() -> None:
    """Print the version of this program."""
    say(installed_version("identity-graph"))
