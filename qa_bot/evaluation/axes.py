"""Axes, and the frame that plots are drawn in: inline SVG without scripts. Pure.

Lengths are units of the view box, which the browser scales; colours are classes of style.css.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qa_bot.evaluation.markup import Markup, element

WIDTH, HEIGHT = 420.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 400.0, 14.0, 222.0  # of the area that holds data
_TICK_GAP, _LABEL_GAP = 16.0, 38.0


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values from `low` to `high` onto positions from `start` to `end`; values outside are put at the ends."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...]
    label: str
    logarithmic: bool = False

    def at(self, value: float) -> float:
        low, high, value = (_log(v) if self.logarithmic else v for v in (self.low, self.high, value))
        share = (value - low) / (high - low)
        return self.start + (self.end - self.start) * max(0.0, min(1.0, share))


def _log(value: float) -> float:
    return math.log10(max(value, 1e-9))


def across(low: float, high: float, ticks: Sequence[tuple[float, str]], label: str) -> Axis:
    return Axis(low, high, LEFT, RIGHT, tuple(ticks), label)


def upward(low: float, high: float, ticks: Sequence[tuple[float, str]], label: str) -> Axis:
    return Axis(low, high, BOTTOM, TOP, tuple(ticks), label)


def steps(low: float, high: float, count: int, write: Callable[[float], str]) -> list[tuple[float, str]]:
    """`count` + 1 ticks at equal distances."""
    values = [low + (high - low) * at / count for at in range(count + 1)]
    return [(value, write(value)) for value in values]


def frame(x: Axis, y: Axis, *marks: str, description: str, height: float = HEIGHT) -> Markup:
    """An <svg> of the marks with both axes; `description` is said in its place to who cannot see it."""
    bottom = max(y.start, y.end)
    middle = (y.start + y.end) / 2
    grid = [line(LEFT, y.at(value), RIGHT, y.at(value), "grid") for value, _ in y.ticks]
    grid += [line(x.at(value), bottom, x.at(value), bottom + 4, "axis") for value, _ in x.ticks]
    names = [label(LEFT - 7, y.at(value) + 4, name, "tick end") for value, name in y.ticks]
    names += [label(x.at(value), bottom + _TICK_GAP, name, "tick middle") for value, name in x.ticks]
    names.append(label((LEFT + RIGHT) / 2, bottom + _LABEL_GAP, x.label, "axis-label middle"))
    turned = f"rotate(-90 12 {middle:.1f})"
    names.append(element("text", y.label, x=12, y=middle, class_="axis-label middle", transform=turned))
    base = line(LEFT, bottom, RIGHT, bottom, "axis")
    return element(
        "svg",
        *grid, *marks, base, *names,
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}", role="img", aria_label=description,
    )  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def label(x: float, y: float, words: str, class_: str) -> Markup:
    return element("text", words, x=x, y=y, class_=class_)


def dot(x: float, y: float, radius: float, class_: str) -> Markup:
    return element("circle", cx=x, cy=y, r=radius, class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """A line through the points."""
    return element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=class_)


def box(left: float, top: float, right: float, bottom: float, class_: str) -> Markup:
    return element(
        "rect", x=left, y=top, width=max(0.0, right - left), height=max(0.0, bottom - top), class_=class_
    )  # fmt: skip


def plot(title: str, note: str, drawing: str, legend: Sequence[tuple[str, str]] = ()) -> Markup:
    """A <figure>; the legend's entries are (class of a line, words)."""
    keys = [element("li", element("svg", line(1, 6, 25, 6, style), viewBox="0 0 26 12", aria_hidden="true"), words)
            for style, words in legend]  # fmt: skip
    return element(
        "figure",
        element("h3", title),
        element("ul", *keys, class_="legend") if keys else "",
        drawing,
        element("figcaption", note),
        class_="plot",
    )
