"""Run the benchmarks: `python -m benchmarks` the default ones, `python -m benchmarks ingest hub` those named."""

import argparse
import sys
from pathlib import Path

from benchmarks.alone import alone
from benchmarks.report import write_page
from benchmarks.results import KEPT, Measurement, read_results, write_results
from benchmarks.suites import SUITES

DOCS = KEPT.parent.parent / "docs"


def main() -> None:
    """Measure, print one line a figure, and write the page about performance anew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"what to measure: {', '.join(SUITES)}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write what this run measured there, too")
    arguments = parser.parse_args()
    chosen = arguments.what or [name for name, suite in SUITES.items() if suite.by_default]
    unknown = sorted(set(chosen) - SUITES.keys())
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; known are: {', '.join(SUITES)}")
    measured: dict[str, Measurement] = {}
    failed: list[str] = []
    for name in chosen:
        print(f"measuring {name}: {SUITES[name].title} ...", file=sys.stderr)
        try:
            measured[name] = Measurement.taken_now(alone(SUITES[name].figures))
        except Exception as error:  # noqa: BLE001 - what one benchmark cannot measure, others still can
            print(f"{name} failed: {type(error).__name__}: {error}", file=sys.stderr)
            failed.append(name)
            continue
        print(*measured[name].figures, sep="\n", flush=True)
        results = {**read_results(KEPT), **measured}
        write_results(KEPT, results)
        write_page(results, DOCS)
    if arguments.json:
        write_results(arguments.json, measured)
    sys.exit(f"not measured: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
