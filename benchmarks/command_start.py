"""What the user waits for before a command begins: processor time of whole commands that have little to do.

Interpreter included; `explain` also opens a store and explains a profile of it.
"""

import asyncio
import resource
import subprocess
import sys
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
        wiring = ["--catalogue", CATALOGUE, "--store", f"sqlite:{folder}/shop.sqlite"]
        _taken(MAIN, "ingest", *wiring, str(SHOP / "data" / "crm.csv"))
        commands = {
            "version": ["version"],
            "catalogue check": ["catalogue", "check", CATALOGUE],
            "explain": ["explain", "email:ann.lee@example.com", *wiring],
        }
        pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds + 1):
            raw = _taken(LIBRARIES)
            for name, command in commands.items():
                pairs[name].append((_taken(MAIN, *command), raw))
    return {name: measured[1:] for name, measured in pairs.items()}


def _taken(program: str, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
