"""Run the benchmarks: `python -m benchmarks` the default ones, `python -m benchmarks ingest hub` those named."""

import argparse
import asyncio
import sys
from importlib import import_module

from benchmarks.figures import Figure
from benchmarks.suites import SUITES


def main() -> None:
    """Measure, and print one line a figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"what to measure: {', '.join(SUITES)}")
    chosen = parser.parse_args().what or [name for name, suite in SUITES.items() if suite.by_default]
    unknown = sorted(set(chosen) - SUITES.keys())
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; known are: {', '.join(SUITES)}")
    for name in chosen:
        for figure in measured(name):
            print(figure, flush=True)


def measured(name: str) -> list[Figure]:
    """The figures of one suite."""
    figures: list[Figure] = asyncio.run(import_module(SUITES[name].module).measure())
    return figures


if __name__ == "__main__":
    main()
