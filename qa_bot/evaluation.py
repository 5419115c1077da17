"""Figures over questions whose answers are known: retrieval, answers, refusals, by kind of question.

A gold file holds JSON lines: `question`, `history`?, `kind`?, `article` (file name, several, or null where the
articles do not answer), `accept`? (texts one of which the answer must hold), `key_points`? (or all of these),
`evidence`? (what a citation must quote), `vote`? (below 0: `article` and `evidence` are what readers disliked, not
what is right; see qa_bot.feedback).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError
from rich.table import Table

from embeddings.vietnamese import normalize
from qa_bot.bot import Bot
from qa_bot.errors import BatchError
from qa_bot.records import Answer, Ranked

_DEPTH = 10  # passages that retrieval is judged by
_QUOTES = re.compile("[“”\"'«»]")
_DASHES = re.compile(r"\s*[-–—]\s*")
_DISLIKED = "disliked"


def _as_list(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class Gold(BaseModel):
    """One question and what a good answer holds."""

    question: str
    history: Texts = []
    kind: str = "question"
    article: Texts = []
    accept: Texts = []
    key_points: Texts = []
    evidence: Texts = []
    vote: int = 0  # readers' votes for this answer minus those against it

    @property
    def answerable(self) -> bool:
        return bool(self.article)

    @property
    def kinds(self) -> list[str]:
        """What the row counts under; a disliked refusal, of which nobody said what would be right, under nothing."""
        if self.vote < 0:
            return [_DISLIKED] if self.answerable else []
        return [self.kind, "answerable"] if self.answerable else ["unanswerable"]


class Tally(BaseModel):
    """Sums over the questions of one kind.

    Of disliked answers, `cited` and `evidence` count those that are still given (the same articles, the same quotes):
    the less, the better. Their ranks and texts are not judged.
    """

    n: int = 0
    found_first: int = 0  # the right article's passage came first
    found_in_ten: int = 0
    reciprocal_ranks: float = 0.0
    cited: int = 0  # every right article is cited
    evidence: int = 0
    answer: int = 0  # what is accepted stands there; where the row does not say: the right articles and evidence do
    refused: int = 0
    characters: int = 0
    milliseconds: float = 0.0

    def share(self, count: float) -> float:
        return count / self.n if self.n else 0.0


class Figures(BaseModel):
    """By kind; questions without an answer count under "unanswerable", the others also under "answerable".

    Under "disliked" stand answers that readers voted down, and under nothing else.
    """

    kinds: dict[str, Tally]


def read_gold(file: Path) -> list[Gold]:
    """Raises BatchError that names the line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(f"The gold file {file} cannot be read ({error}).") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(Gold.model_validate(json.loads(line)))
            except (ValidationError, ValueError, RecursionError) as error:
                raise BatchError(f"{file} line {number} is not a gold row ({str(error).splitlines()[0]}).") from error
    if not rows:
        raise BatchError(f"The gold file {file} holds no question.")
    return rows


def evaluate(bot: Bot, rows: Sequence[Gold]) -> Figures:
    kinds: dict[str, Tally] = {}
    for row in rows:
        if not row.kinds:
            continue
        started = time.perf_counter()
        answer = bot.ask(row.question, row.history)
        milliseconds = 1000 * (time.perf_counter() - started)
        ranked = bot.search(row.question, _DEPTH, row.history)
        for name in row.kinds:
            count(kinds.setdefault(name, Tally()), row, answer, ranked, milliseconds)
    return Figures(kinds=dict(sorted(kinds.items())))


def count(tally: Tally, row: Gold, answer: Answer, ranked: Sequence[Ranked], milliseconds: float) -> None:
    """Add one question to a tally."""
    tally.n += 1
    tally.milliseconds += milliseconds
    tally.refused += answer.status == "not_found"
    if not row.answerable:
        return
    if row.vote >= 0:
        order = list(dict.fromkeys(Path(item.stored.article.path).name for item in ranked))
        ranks = [order.index(name) + 1 for name in row.article if name in order]
        if ranks:
            tally.found_first += min(ranks) == 1
            tally.found_in_ten += 1
            tally.reciprocal_ranks += 1 / min(ranks)
    if answer.status == "answered":
        cited = {Path(citation.path).name for citation in answer.citations}.issuperset(row.article)
        quoted = all(any(_overlap(e, c.quote) for c in answer.citations) for e in row.evidence)
        tally.cited += cited
        tally.evidence += quoted
        if row.vote >= 0:
            tally.answer += holds_answer(answer.text, row) if row.accept or row.key_points else cited and quoted
        tally.characters += len(answer.text)


def holds_answer(text: str, row: Gold) -> bool:
    """Whether one accepted answer stands in the text, or all key points; XVIII does not stand in XXVIII."""
    points = bool(row.key_points) and all(_stands_in(text, point) for point in row.key_points)
    return points or any(_stands_in(text, accepted) for accepted in row.accept)


def _stands_in(text: str, part: str) -> bool:
    pattern = rf"(?<!\w)(?<!\d[.,/]){re.escape(_comparable(part))}(?!\w)(?![.,/]\d)"
    return re.search(pattern, _comparable(text)) is not None


def _overlap(a: str, b: str) -> bool:
    a, b = _comparable(a), _comparable(b)
    return a in b or b in a


def _comparable(text: str) -> str:
    return " ".join(_DASHES.sub("-", _QUOTES.sub("", normalize(text))).split())


def table(figures: Figures) -> Table:
    shown = Table()
    if _DISLIKED in figures.kinds:
        shown.caption = "disliked: answers that readers voted down and that are still given; the less, the better"
    for heading in (
        "kind",
        "n",
        "recall@1",
        "recall@10",
        "MRR",
        "article",
        "evidence",
        "answer",
        "refused",
        "chars",
        "ms",
    ):
        shown.add_column(heading, justify="left" if heading == "kind" else "right")
    for kind, tally in figures.kinds.items():
        answered = max(1, tally.n - tally.refused)
        shares = (
            tally.found_first, tally.found_in_ten, tally.reciprocal_ranks, tally.cited, tally.evidence, tally.answer,
        )  # fmt: skip
        cells = [f"{tally.share(count):.3f}" for count in shares]
        if kind == _DISLIKED:
            cells = ["-", "-", "-", *cells[3:5], "-"]
        if kind == "unanswerable":
            cells = ["-"] * len(shares)
        length = "-" if kind == "unanswerable" else f"{tally.characters / answered:.0f}"
        refused = f"{tally.share(tally.refused):.3f}"
        shown.add_row(kind, str(tally.n), *cells, refused, length, f"{tally.share(tally.milliseconds):.1f}")
    return shown
