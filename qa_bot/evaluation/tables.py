"""The figures as tables in a terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from qa_bot.evaluation.figures import Figures, Tally
from qa_bot.evaluation.gold import DISLIKED, UNANSWERABLE

TABLE_WIDTH = 120  # columns that hold the table with room for long kinds, where there is no terminal to ask

_HEADINGS = (
    "kind", "n", "recall\n@1", "recall\n@10", "MRR\n@10", "nDCG\n@10", "article", "evidence", "answer", "refused",
    "chars", "ms",
)  # fmt: skip


def table(figures: Figures) -> Table:
    """A row a kind: shares of its questions, mean characters of an answer, mean milliseconds of asking."""
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    if DISLIKED in figures.kinds:
        shown.caption = "disliked: answers that readers voted down and that are still given; the less, the better"
    for heading in _HEADINGS:
        words = heading == "kind"
        shown.add_column(heading, justify="left" if words else "right", no_wrap=not words, overflow="fold")
    for kind, tally in figures.kinds.items():
        shown.add_row(kind, str(tally.n), *_cells(kind, tally))
    return shown


def _cells(kind: str, tally: Tally) -> list[str]:
    sums = (
        tally.recall_1, tally.recall_10, tally.reciprocal_ranks, tally.ndcg, tally.cited, tally.evidence, tally.answer,
    )  # fmt: skip
    cells = [f"{tally.share(count):.3f}" for count in sums]
    if kind == DISLIKED:
        cells = ["-", "-", "-", "-", *cells[4:6], "-"]
    if kind == UNANSWERABLE:
        cells = ["-"] * len(sums)
    length = "-" if kind == UNANSWERABLE else f"{tally.characters / max(1, tally.n - tally.refused):.0f}"
    return [*cells, f"{tally.share(tally.refused):.3f}", length, f"{tally.share(tally.milliseconds):.1f}"]


def summary(figures: Figures) -> Table:
    """What is not by kind: refusals, confidence, time."""
    refusals, calibration = figures.refusals, figures.calibration
    shown = Table.grid(padding=(0, 2, 0, 0))
    shown.add_row(
        "refusals",
        f"precision {_number(refusals.precision)}  recall {_number(refusals.recall)}  F1 {_number(refusals.f1)}  "
        f"AUROC of the confidence {_number(refusals.auroc)}",
    )
    shown.add_row(
        "confidence",
        f"calibration error {_number(calibration.expected_error)}  Brier {_number(calibration.brier)}  "
        f"n {calibration.n}",
    )
    total = figures.latency.stages.get("total", {})
    shown.add_row("time", "  ".join(f"p{percent} {value:.1f} ms" for percent, value in total.items()) or "-")
    return shown


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
