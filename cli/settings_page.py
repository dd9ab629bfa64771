"""Writes `docs/settings.md` from the settings themselves; `make docs` runs it, and a test holds the two equal."""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import NoneType, UnionType
from typing import Final, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from services.settings import KafkaSettings, ServerLimits, Settings
from stack.settings import CHECKOUT, StackSettings

_HEADING: Final = """\
# Settings

Where things are and how to reach them, read once from environment variables at the start. What the data means is
in the [catalogue](catalogue.md). On the command line, `--catalogue`, `--store`, `--host` and `--port` override theirs.
This page is written by `make docs`.
"""


def settings_page() -> str:
    """The page, as Markdown."""
    sections: dict[str, type[BaseSettings]] = {
        "The service": Settings,
        "Limits of the HTTP API, of each process": ServerLimits,
        "Kafka": KafkaSettings,
        "The stack of `make stack`": StackSettings,
    }
    tables = (["", *_table(title, settings)] for title, settings in sections.items())
    return "\n".join([_HEADING.rstrip("\n"), *chain.from_iterable(tables), ""])


def variables(settings: type[BaseSettings]) -> dict[str, FieldInfo]:
    """The environment variables that a class of settings reads, with what it says about them."""
    prefix = settings.model_config["env_prefix"]
    fields = settings.model_fields.items()
    return {f"{prefix}{name}".upper(): field for name, field in fields if not _is_group(field)}


def _table(title: str, settings: type[BaseSettings]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| variable | default | meaning |"
    yield "|---|---|---|"
    for variable, field in variables(settings).items():
        yield f"| `{variable}` | {_default(field)} | {field.description}{_choices(field)} |"


def _is_group(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings)


def _default(field: FieldInfo) -> str:
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if isinstance(value, Path) and value.is_relative_to(CHECKOUT):
        value = value.relative_to(CHECKOUT)
    return f"`{value}`" if value not in (None, "") else "-"


def _choices(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) in (Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not NoneType)
    if get_origin(kind) is not Literal:
        return ""
    return ": " + ", ".join(f"`{choice}`" for choice in get_args(kind))


if __name__ == "__main__":
    sys.stdout.write(settings_page())
