"""Options that several commands have, and the settings that they override."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from services.settings import Settings

CatalogueOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--catalogue", metavar="FILE", help="The catalogue; else IDENTITY_GRAPH_CATALOGUE."),
]
StoreOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--store", metavar="STORE", help="`sqlite:FILE` or a `ws://` address; else IDENTITY_GRAPH_STORE."),
]
MigrateOption: TypeAlias = Annotated[
    bool,
    typer.Option("--migrate", help="First bring a store that a former version wrote into the present form."),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts.")]
OutOption: TypeAlias = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="File to write; `-` is standard output.")
]

#: The path that stands for standard input or standard output.
STANDARD_STREAM = Path("-")


def settings_with(**overrides: Any) -> "Settings":  # noqa: ANN401 - pydantic checks every value
    """The settings of the environment, with what was given on the command line instead; None is not given."""
    from services.settings import Settings

    return Settings(**{name: value for name, value in overrides.items() if value is not None})
