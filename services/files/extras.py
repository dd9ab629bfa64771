"""Libraries that are needed for some files only, and are installed with an extra."""

import importlib
from types import ModuleType

from services.files.unpacking import NoRows


def library(module: str, extra: str) -> ModuleType:
    """A module of such a library.

    Raises:
        NoRows: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise NoRows(
            f"{extra}, and what reads it is not installed; install it with: pip install 'identity-graph[{extra}]'"
        ) from None
