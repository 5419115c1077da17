"""Gold questions asked, and each answer judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from qa_bot.errors import BatchError, QuestionError
from qa_bot.evaluation.gold import Gold, cites_all, is_right, overlap, quotes_all
from qa_bot.records import Answer, Ranked

DEPTH = 10  # passages that retrieval is judged by


class Asked(Protocol):
    """What is needed of a bot."""

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer: ...

    def search(self, question: str, top: int, history: Sequence[str] = ()) -> list[Ranked]: ...


class Verdict(StrEnum):
    """What became of a question. The first four are failures."""

    WRONG_ARTICLE = "wrong_article"  # answered, and a right article is not cited
    WRONG_SENTENCE = "wrong_sentence"  # the right articles are cited, but what is accepted does not stand there
    REFUSED = "refused"  # though the articles answer it
    ANSWERED = "answered"  # though they do not
    DISLIKED = "disliked"  # what readers voted down is given again; as bad
    RIGHT = "right"
    REFUSED_RIGHTLY = "refused_rightly"
    GIVEN_UP = "given_up"  # what readers voted down is not given any more


FAILURES = (Verdict.WRONG_ARTICLE, Verdict.WRONG_SENTENCE, Verdict.REFUSED, Verdict.ANSWERED, Verdict.DISLIKED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question, what came of it, and how that compares with what was wanted.

    `ranks` has an entry for each thing that retrieval should find: each piece of evidence, or each right article
    where the row names no evidence; it is the rank of the first passage that has it, from 1, or None where the first
    ten do not. A passage of a right article has a piece of evidence when one stands in the other. Empty for questions
    without an answer and for what readers disliked.
    """

    row: Gold
    answer: Answer
    ranks: tuple[int | None, ...]
    milliseconds: float  # of asking, as seen from outside

    @property
    def refused(self) -> bool:
        return self.answer.status == "not_found"

    @property
    def cited(self) -> bool:
        return not self.refused and cites_all(self.row, self.answer.citations)

    @property
    def quoted(self) -> bool:
        return not self.refused and quotes_all(self.row, self.answer.citations)

    @property
    def right(self) -> bool:
        """Whether the answer was given and is right; never so for what has no right answer."""
        judged = self.row.answerable and self.row.vote >= 0 and not self.refused
        return judged and is_right(self.row, self.answer.text, self.answer.citations)

    @property
    def verdict(self) -> Verdict:
        if self.row.vote < 0:
            return Verdict.DISLIKED if self.cited and self.quoted else Verdict.GIVEN_UP
        if not self.row.answerable:
            return Verdict.REFUSED_RIGHTLY if self.refused else Verdict.ANSWERED
        if self.refused:
            return Verdict.REFUSED
        if self.right:
            return Verdict.RIGHT
        return Verdict.WRONG_SENTENCE if self.cited else Verdict.WRONG_ARTICLE

    @property
    def would_be_right(self) -> bool | None:
        """Whether what is cited answers the question: what the confidence is the probability of.

        Of a refusal it is what would have been cited, the first of `nearest`; where the bot had nothing to cite, or
        nobody said what is right, None.
        """
        if self.row.vote < 0:
            return None
        if not self.refused:
            return self.right
        if not self.answer.nearest:
            return None
        first = self.answer.nearest[:1]
        return self.row.answerable and is_right(self.row, first[0].quote, first)

    @property
    def stages_ms(self) -> Mapping[str, float]:
        """Milliseconds by stage; "total" is as seen from outside."""
        return {**self.answer.timings_ms, "total": self.milliseconds}


def ask_all(bot: Asked, rows: Sequence[Gold], done: Callable[[], None] = lambda: None) -> list[Outcome]:
    """Ask each row that counts; `done` is called after each of all rows. Raises BatchError that names the question."""
    outcomes = []
    for row in rows:
        if row.kinds:
            try:
                outcomes.append(_ask(bot, row))
            except QuestionError as error:
                raise BatchError(
                    f"The gold question {row.id or row.question[:60]!r} cannot be asked. {error}"
                ) from error
        done()
    return outcomes


def _ask(bot: Asked, row: Gold) -> Outcome:
    started = time.perf_counter()
    answer = bot.ask(row.question, row.history)
    milliseconds = 1000 * (time.perf_counter() - started)
    judged = row.answerable and row.vote >= 0
    ranks = ranks_of(row, bot.search(row.question, DEPTH, row.history)) if judged else ()
    return Outcome(row, answer, ranks, milliseconds)


def ranks_of(row: Gold, ranked: Sequence[Ranked]) -> tuple[int | None, ...]:
    """See Outcome.ranks."""
    names = [Path(item.stored.article.path).name for item in ranked]
    if not row.evidence:
        return tuple(names.index(name) + 1 if name in names else None for name in row.article)
    in_article = [
        (rank, item) for rank, (item, name) in enumerate(zip(ranked, names, strict=True), 1) if name in row.article
    ]
    return tuple(next((rank for rank, item in in_article if _has(item, text)), None) for text in row.evidence)


def _has(item: Ranked, evidence: str) -> bool:
    return overlap(evidence, item.stored.passage.text)
