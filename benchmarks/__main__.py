"""Run all benchmarks, or those named: `python -m benchmarks embedded http stream freshness hub`."""

import asyncio
import os
import sys

from benchmarks import embedded_ingest, freshness, http_reads, hub, kafka_to_graph

SUITES = {
    "embedded": embedded_ingest.measure,
    "http": http_reads.measure,
    "stream": kafka_to_graph.measure,
    "freshness": freshness.measure,
    "hub": hub.measure,
}


def main() -> None:
    """Measure and print one line a figure."""
    chosen = sys.argv[1:] or list(SUITES)
    unknown = sorted(set(chosen) - SUITES.keys())
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; known are: {', '.join(SUITES)}")
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; compare ratios of one run only")
    for name in chosen:
        for figure in asyncio.run(SUITES[name]()):
            print(figure, flush=True)


main()
