"""From ranked passages to an answer: the sentence or two that say it, cited, or an honest "not found"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embeddings.index import Index
from embeddings.lexicon import Lexicon
from embeddings.records import Kind
from qa_bot.citations import cite
from qa_bot.confidence import Model, models
from qa_bot.evidence import Candidate, candidates, of_article
from qa_bot.excerpts import excerpt, marks
from qa_bot.records import Answer, Citation, Query, Ranked
from qa_bot.settings import Answering

_UNDECIDED = 0.6  # below this share of the choice, the runner-up may be said too
_RUNNER_UP = 0.2  # if its own share is at least this


class Answerer:
    """Chooses, cites and refuses; the same question and passages always give the same answer."""

    def __init__(self, settings: Answering, lexicon: Lexicon) -> None:
        self._settings = settings
        self._lexicon = lexicon

    def answer(self, query: Query, vector: np.ndarray, ranked: Sequence[Ranked], index: Index) -> Answer:
        """`vector` (dim,) is the question's, `ranked` its passages, best first. The answer has no timings yet."""
        model = models()[query.typing]
        found = candidates(query, vector, ranked[: self._settings.passages], index, self._lexicon)
        telling = frozenset(query.telling)
        best, runner_up = self._best(query, found, ranked, index, model)
        confidence = model.probability(best.features) if best else 0.0
        answered = best is not None and confidence >= self._settings.min_confidence
        chosen = [c for c in (best, runner_up) if c is not None] if answered else []
        citations = tuple(_citation(n, c, query, telling, self._lexicon) for n, c in enumerate(chosen, 1))
        return Answer(
            question=query.question,
            understood_as=query.text,
            status="answered" if answered else "not_found",
            text=self._text(citations, telling),
            confidence=confidence,
            citations=citations,
            nearest=() if answered else self._nearest(model.sorted(found), query, telling),
            ranked=tuple(ranked),
            reasons=model.reasons(best.features) if best else (),
            timings_ms={},
        )

    def _best(
        self, query: Query, found: Sequence[Candidate], ranked: Sequence[Ranked], index: Index, model: Model
    ) -> tuple[Candidate | None, Candidate | None]:
        """The sentence to cite, and a second one where one alone may not do."""
        if query.about is not None:
            lines = of_article(query, query.about, ranked, index, self._lexicon)
            return (lines[0] if lines else None), None
        order = model.sorted(found)
        if not order:
            return None, None
        return order[0], self._second(query, order, model.shares(order))

    def _second(self, query: Query, order: Sequence[Candidate], shares: Sequence[float]) -> Candidate | None:
        """The neighbour that names the thing asked for, where the best sentence does not; else a close runner-up."""
        best = order[0]
        if query.focus and best.features.focus < 1:
            beside = [c for c in order if _is_neighbour(c, best) and c.features.focus == 1]
            if beside:
                return beside[0]
        close = len(order) > 1 and shares[0] < _UNDECIDED and shares[1] >= _RUNNER_UP
        fits = close and len(_quote(best)) + len(_quote(order[1])) <= self._settings.max_characters
        return order[1] if fits else None

    def _text(self, citations: Sequence[Citation], telling: frozenset[str]) -> str:
        limit = self._settings.max_characters // max(1, len(citations))
        return " ".join(f"{excerpt(c.quote, limit, telling, c.marks)} [{c.n}]" for c in citations)

    def _nearest(self, found: Sequence[Candidate], query: Query, telling: frozenset[str]) -> tuple[Citation, ...]:
        """The best sentence of each passage, best first; a date or source line alone says nothing."""
        best: dict[int, Candidate] = {}
        for candidate in found:
            if candidate.ranked.stored.passage.kind not in (Kind.DATE, Kind.SOURCE):
                best.setdefault(candidate.ranked.stored.row, candidate)
        kept = list(best.values())[: self._settings.nearest]
        return tuple(_citation(n, candidate, query, telling, self._lexicon) for n, candidate in enumerate(kept, 1))


def _is_neighbour(candidate: Candidate, of: Candidate) -> bool:
    same = candidate.ranked.stored.row == of.ranked.stored.row
    return same and abs(candidate.sentence - of.sentence) == 1


def _quote(candidate: Candidate) -> str:
    return candidate.ranked.stored.passage.sentence_texts()[candidate.sentence]


def _citation(n: int, candidate: Candidate, query: Query, telling: frozenset[str], lexicon: Lexicon) -> Citation:
    return cite(n, candidate.ranked.stored, candidate.sentence, marks(_quote(candidate), query, telling, lexicon))
