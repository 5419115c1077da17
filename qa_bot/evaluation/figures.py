"""Figures over judged questions: by kind, and over all of retrieval, refusals, confidence and time."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from qa_bot.evaluation import measures
from qa_bot.evaluation.gold import Gold
from qa_bot.evaluation.measures import Bin
from qa_bot.evaluation.outcomes import DEPTH, Asked, Outcome, ask_all

PERCENTILES = (50, 95, 99)


class Tally(BaseModel):
    """Sums over the questions of one kind.

    Retrieval counts what Outcome.ranks says. Of disliked answers, `cited` and `evidence` count those that are still
    given (the same articles, the same quotes): the less, the better. Their ranks and texts are not judged.
    """

    n: int = 0
    recall_1: float = 0.0
    recall_5: float = 0.0
    recall_10: float = 0.0
    reciprocal_ranks: float = 0.0  # within the first ten
    ndcg: float = 0.0  # within the first ten
    cited: int = 0  # every right article is cited
    evidence: int = 0
    answer: int = 0  # what is accepted stands there; where the row does not say: the right articles and evidence do
    refused: int = 0
    characters: int = 0
    milliseconds: float = 0.0

    def share(self, count: float) -> float:
        return count / self.n if self.n else 0.0


class Retrieval(BaseModel):
    """Means over the answerable questions; `recall[k - 1]` is recall@k."""

    n: int
    recall: list[float]
    mrr: float
    ndcg: float


class Refusals(BaseModel):
    """Refusing as a detector of questions without an answer; `auroc` is that of the confidence."""

    answerable: int
    unanswerable: int
    refused_answerable: int
    refused_unanswerable: int
    precision: float | None
    recall: float | None
    f1: float | None
    auroc: float | None


class Calibration(BaseModel):
    """Confidence against Outcome.would_be_right, over all questions where something was or would have been cited.

    A refused question that has no answer counts as wrong with its (low) confidence; a refused one that has an answer
    is judged by the sentence that would have been cited. Leaving them out would show only the confident end.
    """

    n: int
    bins: list[Bin]
    expected_error: float | None
    brier: float | None


class Latency(BaseModel):
    """Milliseconds by stage: percentiles by their number. "total" is as seen from outside."""

    stages: dict[str, dict[int, float]]


class Figures(BaseModel):
    """By kind; questions without an answer count under "unanswerable", the others also under "answerable".

    Under "disliked" stand answers that readers voted down, and under nothing else: in no other figure but time.
    """

    kinds: dict[str, Tally]
    retrieval: Retrieval
    refusals: Refusals
    calibration: Calibration
    latency: Latency


def figures(outcomes: Sequence[Outcome]) -> Figures:
    names = sorted({name for outcome in outcomes for name in outcome.row.kinds})
    return Figures(
        kinds={name: tally([one for one in outcomes if name in one.row.kinds]) for name in names},
        retrieval=retrieval(outcomes),
        refusals=refusals(outcomes),
        calibration=calibration(outcomes),
        latency=latency(outcomes),
    )


def tally(outcomes: Sequence[Outcome]) -> Tally:
    return Tally(
        n=len(outcomes),
        recall_1=sum(measures.recall(one.ranks, 1) for one in outcomes),
        recall_5=sum(measures.recall(one.ranks, 5) for one in outcomes),
        recall_10=sum(measures.recall(one.ranks, 10) for one in outcomes),
        reciprocal_ranks=sum(measures.reciprocal_rank(one.ranks) for one in outcomes),
        ndcg=sum(measures.ndcg(one.ranks, DEPTH) for one in outcomes),
        cited=sum(one.row.answerable and one.cited for one in outcomes),
        evidence=sum(one.row.answerable and one.quoted for one in outcomes),
        answer=sum(one.right for one in outcomes),
        refused=sum(one.refused for one in outcomes),
        characters=sum(len(one.answer.text) for one in outcomes if one.row.answerable),
        milliseconds=sum(one.milliseconds for one in outcomes),
    )


def retrieval(outcomes: Sequence[Outcome]) -> Retrieval:
    ranks = [one.ranks for one in outcomes if one.ranks]
    n = max(1, len(ranks))
    return Retrieval(
        n=len(ranks),
        recall=[sum(measures.recall(wanted, k) for wanted in ranks) / n for k in range(1, DEPTH + 1)],
        mrr=sum(map(measures.reciprocal_rank, ranks)) / n,
        ndcg=sum(measures.ndcg(wanted, DEPTH) for wanted in ranks) / n,
    )


def by_answerability(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """(those that the articles answer, those that they do not); what readers disliked is neither."""
    judged = [one for one in outcomes if one.row.vote >= 0]
    return [one for one in judged if one.row.answerable], [one for one in judged if not one.row.answerable]


def refusals(outcomes: Sequence[Outcome]) -> Refusals:
    answerable, unanswerable = by_answerability(outcomes)
    false, true = (sum(one.refused for one in group) for group in (answerable, unanswerable))
    found = measures.detection(true, true + false, len(unanswerable))
    return Refusals(
        answerable=len(answerable),
        unanswerable=len(unanswerable),
        refused_answerable=false,
        refused_unanswerable=true,
        precision=found.precision,
        recall=found.recall,
        f1=found.f1,
        auroc=measures.auroc(
            [one.answer.confidence for one in answerable], [one.answer.confidence for one in unanswerable]
        ),
    )


def calibration(outcomes: Sequence[Outcome]) -> Calibration:
    judged = [(one.answer.confidence, right) for one in outcomes if (right := one.would_be_right) is not None]
    confidences, rights = [confidence for confidence, _ in judged], [right for _, right in judged]
    bins = measures.reliability(confidences, rights)
    return Calibration(
        n=len(judged),
        bins=bins,
        expected_error=measures.expected_calibration_error(bins),
        brier=measures.brier(confidences, rights),
    )


def stages(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    """Milliseconds of each question by stage, in the order in which the stages come; "total" last."""
    names = dict.fromkeys(name for one in outcomes for name in one.stages_ms if name != "total")
    return {
        name: [one.stages_ms[name] for one in outcomes if name in one.stages_ms]
        for name in (*names, "total")
        if outcomes
    }


def latency(outcomes: Sequence[Outcome]) -> Latency:
    return Latency(
        stages={
            name: {percent: round(measures.percentile(values, percent), 3) for percent in PERCENTILES}
            for name, values in stages(outcomes).items()
        }
    )


def evaluate(bot: Asked, rows: Sequence[Gold]) -> Figures:
    return figures(ask_all(bot, rows))
