"""Results as pictures for the documents.

    .venv-bench/bin/python -m benchmarks.plots [RESULTS_FOLDER] [--docs FOLDER]

RESULTS_FOLDER (default: bench-results) holds comparison.jsonl and scale.jsonl, or one of them. Writes
performance-comparison.svg and performance-scale.svg into docs/. matplotlib is in the comparison's environment alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import measuring
from benchmarks.measuring import Row
from benchmarks.tables import number

_INK, _PAPER, _GRID = "#222222", "#ffffff", "#dddddd"
_OURS, _SECOND, _THIRD = "#0b6e4f", "#c05621", "#3b5998"  # apart from each other for colour-blind eyes too


@dataclass(frozen=True, slots=True)
class Bars:
    """One small chart of the comparison: the best of all rounds of one number of one measurement."""

    title: str
    measure: str
    name: str
    most: bool = False  # more is better


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    name: str
    colour: str
    dashed: bool = False
    inside: str = ""  # the number lies in this part of the result


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    lines: tuple[Line, ...]
    logarithmic: bool = True


BARS = (
    Bars("building, s (less is better)", "build", "indexing_seconds"),
    Bars("cold question, s (less is better)", "cold", "seconds"),
    Bars("hot search, p50, ms (less is better)", "hot", "p50"),
    Bars("cold question, memory, MB (less is better)", "cold", "peak_mb"),
    Bars("recall@1 (more is better)", "hot", "recall_at_1", most=True),
    Bars("recall@1 without diacritics (more is better)", "stripped", "recall_at_1", most=True),
)
PANELS = (
    Panel("hot questions, ms", (
        Line("answer, p95", "ask_p95", _OURS, dashed=True), Line("answer, p50", "ask_p50", _OURS),
        Line("search, p50", "search_p50", _SECOND), Line("by meaning alone, p50", "dense_p50", _THIRD),
    )),
    Panel("memory after the questions, MB", (
        Line("all that is resident", "rss_mb", _OURS, inside="memory"),
        Line("its own", "anonymous_mb", _SECOND, inside="memory"),
        Line("mapped files", "file_mb", _THIRD, inside="memory"),
    )),
    Panel("building (vectors made before), s", (
        Line("all", "build_seconds", _OURS), Line("reading", "read", _SECOND, inside="stages"),
        Line("vectors", "encode", _THIRD, inside="stages"), Line("words", "index", _INK, True, inside="stages"),
    )),
    Panel("recall", (
        Line("headline finds its article first", "recall_at_1", _OURS),
        Line("… or a copy of it", "recall_at_1_or_copy", _OURS, dashed=True),
        Line("10 nearest against exact", "dense_recall_at_10", _SECOND),
    ), logarithmic=False),
)  # fmt: skip


def best(rows: Sequence[Row], bars: Bars) -> dict[str, float]:
    """{contender: its best round}, of those that have the measurement."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.get("measure") == bars.measure:
            found.setdefault(str(row["contender"]), []).append(number(row, bars.name))
    return {name: max(values) if bars.most else min(values) for name, values in found.items()}


def points(rows: Sequence[Row], line: Line) -> list[tuple[float, float]]:
    """(passages, value), ascending, of the sizes that have the number."""
    found: list[tuple[float, float]] = []
    for row in rows:
        inner = row.get(line.inside) if line.inside else row
        if row.get("kind") == "size" and isinstance(inner, dict) and isinstance(inner.get(line.name), int | float):
            found.append((number(row, "passages"), number(inner, line.name)))
    return sorted(found)


def comparison(pyplot: Any, rows: Sequence[Row], file: Path) -> None:
    figure, axes = pyplot.subplots(3, 2, figsize=(10, 6.5))
    for axis, bars in zip(axes.flat, BARS, strict=True):
        values = best(rows, bars)
        names = list(values)
        axis.barh(names, list(values.values()), color=[_OURS if name == "ours" else "#9aa5b1" for name in names])
        for at, value in enumerate(values.values()):
            axis.text(value, at, f" {value:.3g}", va="center", color=_INK)
        axis.set_title(bars.title, loc="left")
        axis.invert_yaxis()
        axis.set_xlim(0, 1.18 * max(values.values(), default=1.0))
        axis.spines[["top", "right"]].set_visible(False)
    _save(pyplot, figure, file)


def scale(pyplot: Any, rows: Sequence[Row], file: Path) -> None:
    figure, axes = pyplot.subplots(2, 2, figsize=(10, 7))
    for axis, panel in zip(axes.flat, PANELS, strict=True):
        for line in panel.lines:
            drawn = points(rows, line)
            style = "--" if line.dashed else "-"
            axis.plot(
                [x for x, _ in drawn], [y for _, y in drawn], style, marker="o", color=line.colour, label=line.label
            )
        axis.set_xscale("log")
        if panel.logarithmic:
            axis.set_yscale("log")
        else:
            axis.set_ylim(0, 1.05)
        axis.set_title(panel.title, loc="left")
        axis.set_xlabel("passages")
        axis.grid(color=_GRID)
        axis.legend(fontsize=9, framealpha=0.9, edgecolor=_GRID)
        axis.spines[["top", "right"]].set_visible(False)
    _save(pyplot, figure, file)


def _save(pyplot: Any, figure: Any, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, facecolor=_PAPER, metadata={"Date": None})
    pyplot.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", default=measuring.ROOT / "bench-results")
    parser.add_argument("--docs", type=Path, default=measuring.ROOT / "docs")
    options = parser.parse_args()
    try:
        import matplotlib  # type: ignore[import-not-found]

        matplotlib.use("svg")
        from matplotlib import pyplot
    except ImportError:
        print(
            "plots: matplotlib is not here. Run it in the comparison's environment: make .venv-bench/installed",
            file=sys.stderr,
        )
        return 1
    matplotlib.rcParams.update(
        {"svg.fonttype": "path", "svg.hashsalt": "performance", "font.size": 10, "text.color": _INK}
    )
    drawn = 0
    for name, draw in (("comparison", comparison), ("scale", scale)):
        rows = measuring.results(options.results / f"{name}.jsonl")
        if rows:
            file = options.docs / f"performance-{name}.svg"
            draw(pyplot, rows, file)
            print(file)
            drawn += 1
    if not drawn:
        print(f"plots: there are no results in {options.results}. Measure first: make bench", file=sys.stderr)
    return 0 if drawn else 1


if __name__ == "__main__":
    sys.exit(main())
