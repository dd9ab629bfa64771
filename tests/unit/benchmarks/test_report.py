"""The page about performance says what was measured, beside what, and which goals are missed."""

from pathlib import Path

import pytest

from benchmarks.figures import Figure, Goal, Sense
from benchmarks.report import write_page
from benchmarks.results import Machine, Measurement, Results, read_results, write_results

MACHINE = Machine(cores=2, processor="Abacus", memory_gib=8, system="Linux 6.1", python="3.11.7", sqlite="3.45.1")
FIGURES = (
    Figure(
        what="First load",
        unit="rows/s",
        ours=(5_000.0, 5_200.0, 5_100.0),
        raw=(10_000.0, 10_000.0, 10_000.0),
        raw_limit="the same bytes",
        goal=Goal(Sense.RATIO_AT_LEAST, 0.45, aim=0.6),
    ),
    Figure(what="Lag", unit="ms", ours=(90.0,), raw=(20.0,), goal=Goal(Sense.ABOVE_RAW_AT_MOST, 30)),
    Figure(what="Row", unit="ms", ours=(1.0,), raw=(0.5,), at=10_000),
    Figure(what="Row", unit="ms", ours=(2.0,), raw=(0.6,), at=100_000),
    Figure(what="Disk", unit="bytes", ours=(1_234.0, 1_300.0, 1_200.0), goal=Goal(Sense.AT_MOST, 2_000)),
)


@pytest.fixture
def results() -> Results:
    return {"ingest": Measurement(machine=MACHINE, day="2026-11-29", commit="abc1234", figures=FIGURES)}


@pytest.fixture
def page(results: Results, tmp_path: Path) -> str:
    write_page(results, tmp_path)
    return (tmp_path / "performance.md").read_text()


@pytest.mark.parametrize(
    "said",
    [
        "| First load | rows/s | 5,100 | 10,000 | 51% (50% to 52%) | ≥ 45% of raw; aim ≥ 60% of raw | reached |",
        "| Lag | ms | 90.0 | 20.0 | 450% (450% to 450%) | ≤ raw + 30 | **missed** |",
        "| Row, at 100,000 | ms | 2.00 | 0.60 | 333% (333% to 333%) |  |  |",
        "| Disk | bytes | 1,234 (1,200 to 1,300) |  |  | ≤ 2,000 | reached |",
        "2 of 3 goals are reached.",
        "- **missed**: Lag: raw + 70.0 ms, must be ≤ raw + 30",
        "`make benchmark WHAT=ingest`, 2026-11-29, on 2 cores (Abacus), 8 GiB, Linux 6.1, Python 3.11.7",
        "Raw limit: the same bytes.",
        "performance/ratios.svg",
        "performance/ingest_1.svg",
    ],
)
def test_the_page_says(page: str, said: str) -> None:
    assert said in page


def test_the_plots_lie_beside_the_page_and_run_no_scripts(page: str, tmp_path: Path) -> None:
    plots = sorted((tmp_path / "performance").iterdir())
    assert [plot.name for plot in plots] == ["ingest_1.svg", "ratios.svg"]
    assert all(b"<svg" in plot.read_bytes() and b"<script" not in plot.read_bytes() for plot in plots)


def test_the_same_figures_give_the_same_bytes(results: Results, tmp_path: Path) -> None:
    write_page(results, tmp_path / "one")
    write_page(results, tmp_path / "other")
    for file in (tmp_path / "one" / "performance").iterdir():
        assert (tmp_path / "other" / "performance" / file.name).read_bytes() == file.read_bytes()


def test_results_are_kept_as_they_are(results: Results, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert read_results(file) == {}
    write_results(file, results)
    assert read_results(file) == results
