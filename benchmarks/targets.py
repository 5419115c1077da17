"""What was wanted of each figure, and what was measured: a Markdown table.

    python -m benchmarks.targets [RESULTS_FOLDER] [--write]

RESULTS_FOLDER (default: bench-results) holds comparison.jsonl and scale.jsonl. Where something was measured several
times, the best counts. --write: between its marks in docs/performance.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measuring
from benchmarks.measuring import Row
from benchmarks.tables import markdown, marked, number

_MINUTE, _GB = 60.0, 1000.0  # seconds; MB
_ALL = 22_000  # articles; a few of the 22,643 say what others do


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach, and where it is found: `value` of rows that are `wanted`."""

    name: str
    limit: float
    value: Callable[[Row], float]
    wanted: Callable[[Row], bool]
    form: str = ",.2f"
    most: bool = False  # at least the limit; else at most


def _ours(measure: str) -> Callable[[Row], bool]:
    return lambda row: (row.get("contender"), row.get("measure")) == ("ours", measure)


def _real(row: Row) -> bool:
    """All of the real news, built in one go."""
    return row.get("kind") == "real" and number(row, "articles") > _ALL and not row.get("resumed")


def _million(row: Row) -> bool:
    return row.get("kind") == "size" and number(row, "passages") >= 1_000_000


def _of(name: str, per: float = 1.0) -> Callable[[Row], float]:
    return lambda row: number(row, name) / per


def _resident(row: Row) -> float:
    memory = row.get("memory")
    return number(memory if isinstance(memory, dict) else {}, "rss_mb") / _GB


def targets(rows: Sequence[Row]) -> tuple[Target, ...]:
    tokens = next((number(row, "tokens") for row in rows if "subject" in row), 0.0)
    return (
        Target("cold `qa-bot ask` over seeds/, whole process, s", 0.9, _of("seconds"), _ours("seeds")),
        Target("… its memory peak, MB", 450, _of("peak_mb"), _ours("seeds"), ",.0f"),
        Target("hot answer over XQuAD's 240 paragraphs, p50, ms", 6, _of("p50"), _ours("answers"), ",.1f"),
        Target(
            "building, XQuAD, tokens/s",
            8400,
            lambda row: tokens / number(row, "indexing_seconds"),
            _ours("build"),
            ",.0f",
            most=True,
        ),
        Target("22,643 news articles, minutes", 45, _of("build_seconds", _MINUTE), _real, ",.1f"),
        Target("… memory peak of the build, GB", 2, _of("build_peak_mb", _GB), _real),
        Target("… headlines over bodies, recall@1", 0.82, _of("recall_at_1"), _real, ".3f", most=True),
        Target("… hot answer, p95, ms", 40, _of("ask_p95"), _real, ",.1f"),
        Target("1 M passages: hot answer, p95, ms", 60, _of("ask_p95"), _million, ",.1f"),
        Target("… resident, GB", 3, _resident, _million),
        Target("… recall@10 against exact", 0.97, _of("dense_recall_at_10"), _million, ".3f", most=True),
    )


def targets_table(rows: Sequence[Row]) -> str:
    lines = []
    for target in targets(rows):
        values = [target.value(row) for row in rows if target.wanted(row)]
        sign = "≥" if target.most else "≤"
        wanted = f"{sign} {target.limit:{',.0f' if target.limit >= 100 else 'g'}}"
        if not values:
            lines.append([target.name, wanted, "not measured", ""])
            continue
        best = (max if target.most else min)(values)
        reached = best >= target.limit if target.most else best <= target.limit
        lines.append([target.name, wanted, format(best, target.form), "reached" if reached else "**missed**"])
    return markdown(["figure", "wanted", "measured", ""], lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", default=measuring.ROOT / "bench-results")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    table = targets_table([
        row for name in ("comparison", "scale") for row in measuring.results(options.results / f"{name}.jsonl")
    ])  # fmt: skip
    if options.write:
        document = measuring.ROOT / "docs" / "performance.md"
        document.write_text(marked(document.read_text("utf-8"), "targets", table), encoding="utf-8")
    else:
        print(table)


if __name__ == "__main__":
    main()
