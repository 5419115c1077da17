"""From ranked passages to an answer: the sentence or two that say it, cited, or an honest "not found"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embeddings.index import Index
from embeddings.lexicon import Lexicon
from qa_bot.citations import cite
from qa_bot.confidence import models
from qa_bot.evidence import Candidate, candidates
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
        shares = model.shares(found)
        order = sorted(range(len(found)), key=lambda i: -shares[i])
        telling = frozenset(query.telling)
        confidence = model.probability(found[order[0]].features) if order else 0.0
        answered = confidence >= self._settings.min_confidence
        chosen = self._chosen([found[i] for i in order], [shares[i] for i in order]) if answered else []
        citations = tuple(_citation(n, c, query, telling, self._lexicon) for n, c in enumerate(chosen, 1))
        return Answer(
            question=query.question,
            understood_as=query.text,
            status="answered" if answered else "not_found",
            text=self._text(citations, telling),
            confidence=confidence,
            citations=citations,
            nearest=() if answered else self._nearest([found[i] for i in order], query, telling),
            ranked=tuple(ranked),
            reasons=model.reasons(found[order[0]].features) if order else (),
            timings_ms={},
        )

    def _chosen(self, found: Sequence[Candidate], shares: Sequence[float]) -> list[Candidate]:
        """The best sentence, and the second where the choice is close and both are short enough."""
        room = self._settings.max_characters - len(_quote(found[0]))
        close = len(found) > 1 and shares[0] < _UNDECIDED and shares[1] >= _RUNNER_UP
        return [*found[: 2 if close and len(_quote(found[1])) <= room else 1]]

    def _text(self, citations: Sequence[Citation], telling: frozenset[str]) -> str:
        limit = self._settings.max_characters
        return " ".join(f"{excerpt(c.quote, limit, telling, c.marks)} [{c.n}]" for c in citations)

    def _nearest(self, found: Sequence[Candidate], query: Query, telling: frozenset[str]) -> tuple[Citation, ...]:
        """The best sentence of each passage, best first."""
        best: dict[int, Candidate] = {}
        for candidate in found:
            best.setdefault(candidate.ranked.stored.row, candidate)
        kept = list(best.values())[: self._settings.nearest]
        return tuple(_citation(n, candidate, query, telling, self._lexicon) for n, candidate in enumerate(kept, 1))


def _quote(candidate: Candidate) -> str:
    return candidate.ranked.stored.passage.sentence_texts()[candidate.sentence]


def _citation(n: int, candidate: Candidate, query: Query, telling: frozenset[str], lexicon: Lexicon) -> Citation:
    return cite(n, candidate.ranked.stored, candidate.sentence, marks(_quote(candidate), query, telling, lexicon))
