"""The ratios that were recorded, and the measuring of them anew."""

import asyncio
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks.alone import alone

FILE: Final = Path(__file__).parent / "recorded.json"
MODULES: Final = ("ingesting", "answering", "starting")

RECORDED: Final[Mapping[str, Mapping[str, float]]] = json.loads(FILE.read_text()) if FILE.exists() else {}


def measured(module: str) -> dict[str, float]:
    """What a module of this folder measures, in a process that has done nothing else."""
    return alone(measured_here, module)


def measured_here(module: str) -> dict[str, float]:
    """What a module of this folder measures."""
    shares: dict[str, float] = asyncio.run(import_module(f"tests.performance.{module}").measure())
    return shares
