"""Results as Markdown tables.

    python -m benchmarks.tables [RESULTS_FOLDER] [--write]

RESULTS_FOLDER (default: bench-results) holds comparison.jsonl and scale.jsonl, or one of them. Prints their tables;
--write: puts them between their marks in docs/performance.md.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import measuring
from benchmarks.measuring import Row, least_and_median

_Value = Callable[[Row], float]


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def marked(document: str, name: str, text: str) -> str:
    """`document` with `text` between <!-- name --> and <!-- end of name -->. Raises ValueError without these marks."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if document.count(begin) != 1 or document.count(end) != 1 or document.index(begin) > document.index(end):
        raise ValueError(f"the document needs one line {begin} and one line {end} after it")
    pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", document)


def number(row: Row, name: str) -> float:
    """A number of a result. Raises ValueError when it is none."""
    value = row.get(name)
    if not isinstance(value, int | float):
        raise ValueError(f"a result has no number {name!r}: {dict(row)!r}")
    return float(value)


def busy(loads: Sequence[float], cores: float) -> str:
    """What to say before figures that were measured while other work ran; the benchmark itself keeps one core busy."""
    return "**Measured on a busy machine: times are too long.** " if max(loads, default=0) > 1.5 * cores else ""


def comparison_table(rows: Sequence[Row]) -> str:
    """One column a contender; each cell the best and the median of its rounds, best in bold."""
    subject = next(row for row in rows if "subject" in row)
    paragraphs, tokens = number(subject, "paragraphs"), number(subject, "tokens")
    names = list(dict.fromkeys(str(row["contender"]) for row in rows if "contender" in row))

    def cells(measure: str, value: _Value, form: str, *, most: bool = False) -> list[str]:
        """For each contender: the best, and the median after it where the rounds differ."""
        of_each = {
            name: [value(r) for r in rows if (r.get("contender"), r.get("measure")) == (name, measure)]
            for name in names
        }
        best = {name: (max if most else min)(values) for name, values in of_each.items() if values}
        first = (max if most else min)(best.values(), default=0.0)
        shown = []
        for name in names:
            if name not in best:
                shown.append("–")
                continue
            least, median = format(best[name], form), format(least_and_median(of_each[name])[1], form)
            text = f"**{least}**" if best[name] == first and len(best) > 1 else least
            shown.append(text if least == median else f"{text} ({median})")
        return shown

    table = [
        [
            "build, paragraphs/s",
            *cells("build", lambda r: paragraphs / number(r, "indexing_seconds"), ".1f", most=True),
        ],
        ["build, tokens/s", *cells("build", lambda r: tokens / number(r, "indexing_seconds"), ",.0f", most=True)],
        ["build, whole process, s", *cells("build", lambda r: number(r, "seconds"), ".1f")],
        ["build, memory peak, MB", *cells("build", lambda r: number(r, "peak_mb"), ",.0f")],
        ["cold question, whole process, s", *cells("cold", lambda r: number(r, "seconds"), ".2f")],
        ["cold question, memory peak, MB", *cells("cold", lambda r: number(r, "peak_mb"), ",.0f")],
        ["hot search, p50, ms", *cells("hot", lambda r: number(r, "p50"), ".1f")],
        ["hot search, p95, ms", *cells("hot", lambda r: number(r, "p95"), ".1f")],
        ["hot answer (`ask`), p50, ms", *cells("answers", lambda r: number(r, "p50"), ".1f")],
        ["hot answer (`ask`), p95, ms", *cells("answers", lambda r: number(r, "p95"), ".1f")],
        ["hot search, processor time p50, ms", *cells("hot", lambda r: number(r, "processor_p50"), ".1f")],
        ["hot, memory peak, MB", *cells("hot", lambda r: number(r, "peak_mb"), ",.0f")],
        ["recall@1", *cells("hot", lambda r: number(r, "recall_at_1"), ".4f", most=True)],
        ["recall@1, no diacritics", *cells("stripped", lambda r: number(r, "recall_at_1"), ".4f", most=True)],
    ]
    loads = [number(row, "load") for row in rows if "contender" in row]
    between = f"{min(loads):.1f} to {max(loads):.1f}" if loads else "unknown"
    words = (
        f"{busy(loads, number(subject, 'cores'))}{subject['subject']}: {paragraphs:.0f} paragraphs, {tokens:,.0f} "
        f"tokens, {number(subject, 'questions'):.0f} questions. {subject['cores']} cores of "
        f"{subject['processor']}, {subject['memory_gb']} GB; load average while measuring {between}; "
        f"{str(subject['at'])[:10]}. The best of all rounds, in brackets the median."
    )
    return f"{markdown(['', *names], table)}\n\n{words}"


def scale_table(rows: Sequence[Row]) -> str:
    """One row a number of passages; real articles first."""
    head = [
        "passages", "sentences", "build, s", "… of it encoding", "build peak, MB", "on disk, MB", "opening, ms",
        "cold `ask`, s", "search p50 / p95, ms", "answer p50 / p95, ms", "… of processors, p50",
        "memory, MB (own + of files)", "recall@1", "dense recall@10",
    ]  # fmt: skip
    measured = [row for row in rows if row.get("kind") in ("real", "size")]
    measured.sort(key=lambda row: (row["kind"] != "real", number(row, "passages")))
    lines = [_scale_line(row) for row in measured]
    loads = [number(row, name) for row in measured for name in ("load", "load_before") if name in row]
    if not measured:
        return markdown(head, lines)
    last = measured[-1]
    words = (
        f"{busy(loads, number(last, 'cores'))}{last['cores']} cores of {last['processor']}, {last['memory_gb']} GB; "
        f"load average {min(loads):.1f} to {max(loads):.1f}; {str(last['at'])[:10]}."
    )
    return f"{markdown(head, lines)}\n\n{words}"


def _scale_line(row: Row) -> list[str]:
    held, stages = row.get("memory"), row.get("stages")
    memory: Row = held if isinstance(held, dict) else {}
    encoding = "all but a little" if row["kind"] == "real" else "–"
    if isinstance(stages, dict) and "encode" in stages:
        encoding = f"({number(stages, 'encode'):,.0f})"
    name = "**real** " if row["kind"] == "real" else ""
    resumed = ", of a build that went on" if row.get("resumed") else ""
    return [
        f"{name}{number(row, 'passages'):,.0f}",
        f"{number(row, 'sentences'):,.0f}",
        f"{number(row, 'build_seconds'):,.0f}{resumed}",
        encoding,
        f"{number(row, 'build_peak_mb'):,.0f}",
        f"{number(row, 'index_mb'):,.0f}",
        f"{number(row, 'open_ms'):,.0f}",
        f"{number(row, 'cold_seconds'):.2f}" if "cold_seconds" in row else "–",
        f"{number(row, 'search_p50'):.1f} / {number(row, 'search_p95'):.1f}",
        f"{number(row, 'ask_p50'):.1f} / {number(row, 'ask_p95'):.1f}",
        f"{number(row, 'ask_processor_p50'):.1f}",
        f"{number(memory, 'rss_mb'):,.0f} ({number(memory, 'anonymous_mb'):,.0f} + {number(memory, 'file_mb'):,.0f})",
        f"{number(row, 'recall_at_1'):.3f}",
        f"{number(row, 'dense_recall_at_10'):.3f}",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", default=measuring.ROOT / "bench-results")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    document = measuring.ROOT / "docs" / "performance.md"
    shown = 0
    for name, table in (("comparison", comparison_table), ("scale", scale_table)):
        rows = measuring.results(options.results / f"{name}.jsonl")
        if not rows:
            continue
        shown += 1
        if options.write:
            document.write_text(marked(document.read_text("utf-8"), name, table(rows)), encoding="utf-8")
        else:
            print(f"{table(rows)}\n")
    if not shown:
        print(f"tables: there are no results in {options.results}. Measure first: make bench", file=sys.stderr)
    return 0 if shown else 1


if __name__ == "__main__":
    sys.exit(main())
