"""Plots of figures as plain SVG: bars for shares of raw limits, curves by the number of records."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final
from xml.etree import ElementTree as ET

from benchmarks.figures import Figure

_WIDTH: Final = 900
_REACHED: Final = "#2a7f9e"
_MISSED: Final = "#d9822b"
_GOAL: Final = "#111111"
_QUIET: Final = "#d5dbdf"
_COLOURS: Final = (_REACHED, "#5a4fa2", "#4c9a52", "#b5478a", "#8a6d1f", "#444444")

_BAR: Final = 18  #: height of a bar
_ROW: Final = 32  #: from one bar to the next
_LABELS: Final = 400  #: width of what stands before the bars
_TOP: Final = 64

_CURVES_HEIGHT: Final = 300
_LEFT: Final = 90
_STEPS: Final = 4  #: lines across a plot of curves


def draw_ratios(figures: Sequence[Figure], file: Path) -> None:
    """Draw which share of their raw limits figures reach, with a mark at what each must reach."""
    picture = _picture(_TOP + _ROW * len(figures) + 12, "Share of the raw limit")
    _text(picture, _WIDTH - 20, 44, "black mark: must · orange: missed", anchor="end", colour="#666666")
    most = max(1.0, *(figure.ratio or 0 for figure in figures))
    scale = (_WIDTH - _LABELS - 70) / most
    for place, figure in enumerate(figures):
        top, share = _TOP + _ROW * place, figure.ratio or 0
        _text(picture, _LABELS - 10, top + 14, figure.what, anchor="end")
        _box(picture, _LABELS, top, scale, _BAR, _QUIET)
        _box(picture, _LABELS, top, share * scale, _BAR, _REACHED if figure.is_met else _MISSED)
        if figure.goal is not None:
            _box(picture, _LABELS + figure.goal.must * scale - 1, top - 4, 3, _BAR + 8, _GOAL)
        _text(picture, _LABELS + max(share, 1.0) * scale + 8, top + 14, f"{share:.0%}")
    _write(picture, file)


def draw_curves(figures: Sequence[Figure], title: str, file: Path) -> None:
    """Draw figures by the number of records at which they were taken (by powers), with dashes for their raw limits."""
    names = list(dict.fromkeys(figure.what for figure in figures))
    places = sorted({figure.at for figure in figures if figure.at is not None})
    most = _round_above(max(value for figure in figures for value in (figure.value, median(figure.raw or (0,)))))
    picture = _picture(_TOP + _CURVES_HEIGHT + 60 + 22 * len(names), title)
    _text(picture, _LEFT - 10, _TOP - 14, figures[0].unit, anchor="end", colour="#666666")
    for step in range(_STEPS + 1):
        value = most * step / _STEPS
        _line(picture, [(_LEFT, _height(value, most)), (_WIDTH - 30, _height(value, most))], _QUIET, width=1)
        _text(picture, _LEFT - 10, _height(value, most) + 4, f"{value:,.3g}", anchor="end")
    for place in places:
        _text(picture, _across(place, places), _TOP + _CURVES_HEIGHT + 22, f"{place:,}", anchor="middle")
    _text(
        picture, _WIDTH - 30, _TOP + _CURVES_HEIGHT + 42, "records; dashes: raw limit", anchor="end", colour="#666666"
    )
    for number, name in enumerate(names):
        colour = _COLOURS[number % len(_COLOURS)]
        curve = sorted((figure.at, figure) for figure in figures if figure.what == name and figure.at is not None)
        _line(picture, [(_across(at, places), _height(figure.value, most)) for at, figure in curve], colour)
        raw = [(_across(at, places), _height(median(figure.raw), most)) for at, figure in curve if figure.raw]
        _line(picture, raw, colour, dashes="6 5")
        below = _TOP + _CURVES_HEIGHT + 62 + 22 * number
        _line(picture, [(_LEFT, below), (_LEFT + 26, below)], colour)
        _text(picture, _LEFT + 36, below + 4, name)
    _write(picture, file)


def _round_above(value: float) -> float:
    """The next number whose quarters are round, too."""
    power = 10.0 ** math.floor(math.log10(value or 1))
    return next(power * digit for digit in (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10) if power * digit >= value)


def _across(place: int, places: Sequence[int]) -> float:
    width = _WIDTH - _LEFT - 80
    if len(places) == 1:
        return _LEFT + width / 2
    return _LEFT + 30 + width * math.log(place / places[0]) / math.log(places[-1] / places[0])


def _height(value: float, most: float) -> float:
    return _TOP + _CURVES_HEIGHT * (1 - value / most)


def _picture(height: int, title: str) -> ET.Element:
    size = {"width": str(_WIDTH), "height": str(height), "viewBox": f"0 0 {_WIDTH} {height}"}
    picture = ET.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": "sans-serif", "font-size": "13", **size}
    )
    _box(picture, 0, 0, _WIDTH, height, "#ffffff")
    heading = _text(picture, 20, 28, title)
    heading.set("font-size", "17")
    heading.set("font-weight", "bold")
    return picture


def _box(picture: ET.Element, left: float, top: float, width: float, height: float, colour: str) -> None:
    sides = {"x": f"{left:.1f}", "y": f"{top:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    ET.SubElement(picture, "rect", {**sides, "fill": colour})


def _line(
    picture: ET.Element, points: Sequence[tuple[float, float]], colour: str, *, width: float = 2.5, dashes: str = ""
) -> None:
    written = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    stroke = {"points": written, "fill": "none", "stroke": colour, "stroke-width": f"{width:g}"}
    ET.SubElement(picture, "polyline", {**stroke, **({"stroke-dasharray": dashes} if dashes else {})})


def _text(
    picture: ET.Element, left: float, top: float, text: str, *, anchor: str = "start", colour: str = "#222222"
) -> ET.Element:
    place = {"x": f"{left:.1f}", "y": f"{top:.1f}", "text-anchor": anchor, "fill": colour}
    element = ET.SubElement(picture, "text", place)
    element.text = text
    return element


def _write(picture: ET.Element, file: Path) -> None:
    ET.indent(picture)
    file.write_bytes(ET.tostring(picture, encoding="utf-8") + b"\n")
