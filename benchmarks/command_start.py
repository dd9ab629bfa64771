"""What the user waits for before a command begins: processor time of whole commands that have little to do.

Interpreter included; `explain` also opens a store and explains a profile of it. As after an installation, Python has
kept the bytecode of every module from a start before.
"""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import Figure, Goal, Sense

ROUNDS: Final = 7
_MUST: Final = Goal(Sense.AT_MOST, 250)
RAW_LIMIT: Final = "Python that only imports the libraries which every command needs"

SHOP: Final = Path(__file__).parent.parent / "examples" / "shop"
CATALOGUE: Final = str(SHOP / "catalogue.yaml")
MAIN: Final = "from cli.main import main; main()"
LIBRARIES: Final = "import typer, pydantic, pydantic_settings, orjson, yaml"


async def measure() -> list[Figure]:
    """Processor time of each command, and of the libraries alone in the same round."""
    pairs = await asyncio.to_thread(measured_pairs, ROUNDS)
    return [
        Figure(
            what=f"identity-graph {name}",
            unit="ms",
            ours=tuple(ours * 1_000 for ours, _ in rounds),
            raw=tuple(raw * 1_000 for _, raw in rounds),
            raw_limit=RAW_LIMIT,
            goal=_MUST,
        )
        for name, rounds in pairs.items()
    ]


def measured_pairs(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of processor time of each command and of the libraries, after a round that warms up."""
    with TemporaryDirectory() as folder:
        environment = _keeping_bytecode(Path(folder) / "bytecode")
        wiring = ["--catalogue", CATALOGUE, "--store", f"sqlite:{folder}/shop.sqlite"]
        _taken(environment, MAIN, "ingest", *wiring, str(SHOP / "data" / "crm.csv"))
        commands = {
            "version": ["version"],
            "catalogue check": ["catalogue", "check", CATALOGUE],
            "explain": ["explain", "email:ann.lee@example.com", *wiring],
        }
        pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds + 1):
            raw = _taken(environment, LIBRARIES)
            for name, command in commands.items():
                pairs[name].append((_taken(environment, MAIN, *command), raw))
    return {name: measured[1:] for name, measured in pairs.items()}


def _keeping_bytecode(folder: Path) -> Mapping[str, str]:
    """The environment of commands whose bytecode is kept in a folder, whatever ours says of it."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, "PYTHONPYCACHEPREFIX": str(folder)}


def _taken(environment: Mapping[str, str], program: str, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", program, *arguments]
    subprocess.run(command, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
