"""The page about performance, written from what was measured."""

import ast
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import Figure, Sense
from benchmarks.plots import draw_curves, draw_ratios
from benchmarks.results import Measurement, Results
from benchmarks.suites import SUITES, Suite

PAGE: Final = "performance.md"
PLOTS: Final = "performance"  #: the folder beside the page

_HEAD: Final = """\
# Performance

Written by `make benchmark` from what it measured; [the same as JSON](../benchmarks/results.json).

Every figure stands beside its *raw limit*: the same work without our logic, measured in the same round, turn by turn.
So the **ratio** says what our logic costs; absolute figures only say how fast the machine was. Each pair is measured in
at least three rounds after a warm-up: the median counts, and the range of the rounds stands behind it. A goal that is
not reached is marked **missed**.

```
make benchmark               # all but what takes long; starts its own Kafka, Debezium, PostgreSQL and Gremlin Server
make benchmark WHAT=ingest   # one of: {names}
```

Nothing is to be installed by hand but what `make stack` needs. Data is invented, and the same in every run. No other
product is measured beside this one: those that could be resolve by scores, such as Splink, and scored matching is not
there yet.
"""


def write_page(results: Results, docs: Path) -> None:
    """Write the page and its plots.

    Args:
        results: what was measured, by name of the suite; suites that are not known any more are left out.
        docs: the folder that gets `performance.md` and the folder `performance` with its plots.
    """
    plots = docs / PLOTS
    plots.mkdir(parents=True, exist_ok=True)
    measured = [(name, suite, results[name]) for name, suite in SUITES.items() if name in results]
    parts = [_HEAD.format(names=", ".join(f"`{name}`" for name in SUITES))]
    rates = [figure for *_, each in measured for figure in each.figures if _is_share(figure)]
    if rates:
        draw_ratios(rates, plots / "ratios.svg")
        parts.append(f"![Share of the raw limit that is reached]({PLOTS}/ratios.svg)\n")
    parts.append(_summary(chain.from_iterable(each.figures for *_, each in measured)))
    parts += [_section(name, suite, each, plots) for name, suite, each in measured]
    (docs / PAGE).write_text("\n".join(parts), encoding="utf-8")


def _is_share(figure: Figure) -> bool:
    return figure.goal is not None and figure.goal.sense is Sense.RATIO_AT_LEAST


def _summary(figures: Iterable[Figure]) -> str:
    with_goal = [figure for figure in figures if figure.goal is not None]
    missed = [figure for figure in with_goal if not figure.is_met]
    told = f"{len(with_goal) - len(missed)} of {len(with_goal)} goals are reached."
    return "\n".join([told, *(f"- **missed**: {_name(f)}: {_reached(f)}, must be {f.goal}" for f in missed), ""])


def _section(name: str, suite: Suite, measurement: Measurement, plots: Path) -> str:
    lines = [
        f"## {suite.title}",
        "",
        _about(suite),
        "",
        f"`make benchmark WHAT={name}`, {measurement.day}, on {measurement.machine}"
        + (f"; commit `{measurement.commit}`." if measurement.commit else "."),
        "",
        "| what | unit | ours | raw limit | ours / raw | goal | |",
        "|---|---|---:|---:|---:|---|---|",
        *map(_row, measurement.figures),
        "",
        *_raw_limits(measurement.figures),
    ]
    curves = [figure for figure in measurement.figures if figure.at is not None]
    for place, unit in enumerate(dict.fromkeys(figure.unit for figure in curves), 1):
        file = f"{name}_{place}.svg"
        draw_curves([figure for figure in curves if figure.unit == unit], suite.title, plots / file)
        lines += [f"![{suite.title}, {unit} by number of records]({PLOTS}/{file})", ""]
    return "\n".join(lines)


def _about(suite: Suite) -> str:
    """What the module that measures says of itself; it is not imported for that."""
    found = find_spec(suite.module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"there is no module {suite.module}, which should measure {suite.title!r}")
    return ast.get_docstring(ast.parse(Path(found.origin).read_text(encoding="utf-8"))) or ""


def _row(figure: Figure) -> str:
    low, high = figure.spread
    ratio = "" if figure.ratio is None else f"{figure.ratio:.0%} ({low:.0%} to {high:.0%})"
    ours = number(figure.value) if figure.raw else f"{number(figure.value)} ({number(low)} to {number(high)})"
    raw = number(median(figure.raw)) if figure.raw else ""
    return f"| {_name(figure)} | {figure.unit} | {ours} | {raw} | {ratio} | {_goal(figure)} | {_verdict(figure)} |"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{figure.goal}; aim {figure.goal.aiming}" if figure.goal.aiming else str(figure.goal)


def _verdict(figure: Figure) -> str:
    return {None: "", True: "reached", False: "**missed**"}[figure.is_met]


def _reached(figure: Figure) -> str:
    reached = figure.reached
    if figure.goal is None or reached is None:
        return number(figure.value)
    if figure.goal.sense in (Sense.RATIO_AT_LEAST, Sense.RATIO_AT_MOST):
        return f"{reached:.0%} of raw"
    above = "raw + " if figure.goal.sense is Sense.ABOVE_RAW_AT_MOST else ""
    return f"{above}{number(reached)} {figure.unit}"


def _raw_limits(figures: Iterable[Figure]) -> Iterator[str]:
    """What each raw limit is, and which figures it is the limit of."""
    limits: dict[str, list[str]] = {}
    for figure in figures:
        if figure.raw_limit and figure.what not in limits.setdefault(figure.raw_limit, []):
            limits[figure.raw_limit].append(figure.what)
    for limit, names in limits.items():
        of = "" if len(limits) == 1 else f" of {'; '.join(names)}"
        yield f"Raw limit{of}: {limit}.\n"


def _name(figure: Figure) -> str:
    return figure.what if figure.at is None else f"{figure.what}, at {figure.at:,}"


def number(value: float) -> str:
    """A number with as many digits as it is worth: `12,300`, `148`, `9.31`."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
