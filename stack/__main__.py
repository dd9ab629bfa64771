"""`python -m stack up | down | status`: what `make stack`, `make stack-down` and `make stack-status` run."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from graph_model.errors import IdentityGraphError
from stack import up as stack
from stack.settings import StackSettings
from stack.state import StartedPart

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The real stack on this machine, without Docker.",
)

Result = TypeVar("Result")
EXAMPLE_EMAIL = "sally.thomas@acme.com"


@app.command()
def up() -> None:
    """Start Kafka, PostgreSQL, Gremlin Server, Debezium, the consumer and the API, and say what to try."""
    started = _or_exit(lambda: stack.up(StackSettings(), typer.echo))
    typer.echo(hints(started.parts))


@app.command()
def down() -> None:
    """Stop exactly what was started."""
    _or_exit(lambda: stack.down(StackSettings(), typer.echo))


@app.command()
def status() -> None:
    """Tell what runs; the exit code is 1 unless all of it does."""
    if not _or_exit(lambda: stack.status(StackSettings(), typer.echo)):
        raise typer.Exit(1)


def hints(parts: Sequence[StartedPart]) -> str:
    """What to try on a stack that runs: its documentation, two reads, and a change that shows up in them."""
    address = {part.process.part: part.address for part in parts}
    api, postgres = address["API"], address["PostgreSQL"]
    renamed = "UPDATE inventory.customers SET first_name = 'Sarah' WHERE id = 1001"
    return f"""
The identity graph runs; its documentation is at {api}/docs. Try:
  curl '{api}/v1/profiles?identifier=email:{EXAMPLE_EMAIL}'
  curl {api}/v1/context -H 'Content-Type: application/json' -d '{{"identifier": "email:{EXAMPLE_EMAIL}"}}'
Change a row in PostgreSQL, and read again:
  psql {postgres} -c "{renamed}"
Stop it with `make stack-down`."""


def _or_exit(action: Callable[[], Result]) -> Result:
    try:
        return action()
    except IdentityGraphError as error:
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
