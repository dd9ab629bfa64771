"""`identity-graph version`."""

from importlib.metadata import version as installed_version

import typer


def version() -> None:
    """Print the version of this program."""
    typer.echo(installed_version("identity-graph"))
