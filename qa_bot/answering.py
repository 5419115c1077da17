"""From ranked passages to an answer: the sentence or two that say it, cited, or an honest "not found"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from embeddings.index import StoredPassage
from embeddings.lexicon import Lexicon
from embeddings.records import Kind, Span
from embeddings.searching import SearchIndex
from qa_bot.calibration import AS_FITTED, Calibration
from qa_bot.citations import cite
from qa_bot.confidence import Model, models
from qa_bot.evidence import Candidate, candidates, of_article
from qa_bot.excerpts import excerpt, marks
from qa_bot.naming import shown_date
from qa_bot.records import Answer, Citation, Expected, Query, Ranked
from qa_bot.settings import Answering
from qa_bot.stories import Story, collapsed, disagreeing, distinct, repeated_in

_UNDECIDED = 0.7  # below this share of the choice, the runner-up is said too …
_ROOM = 80  # … if so many characters are left for it
_EQUAL = 0.5  # of the best sentence's share: enough for a later article to be preferred where the newest is asked for
_ITEM = re.compile(r"\s*(?:[-–•*+]|\d{1,2}[.)]|[a-zđ]\))\s+")
_MOST_ITEMS = 12
_MOST_IN_LISTS = 600  # characters of a list


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is cited: characters of the candidate's article, most often its sentence."""

    candidate: Candidate
    span: Span
    also_in: tuple[str, ...]


class Answerer:
    """Chooses, cites and refuses; the same question and passages always give the same answer."""

    def __init__(self, settings: Answering) -> None:
        self._settings = settings

    def answer(
        self,
        query: Query,
        vector: np.ndarray,
        ranked: Sequence[Ranked],
        index: SearchIndex,
        lexicon: Lexicon,
        calibration: Calibration = AS_FITTED,
        first: int = 1,
    ) -> Answer:
        """`vector` (dim,) is the question's, `ranked` its passages with reprints, best first. Citations are numbered
        from `first` on.

        The answer has no timings yet.
        """
        model = models()[query.typing]
        stories = collapsed(ranked, self._settings.passages)
        found = candidates(query, vector, [story.ranked for story in stories], index, lexicon)
        order = model.sorted(found)
        best = self._best(query, order, ranked, index, model, lexicon)
        confidence = calibration.apply(model.probability(best.features)) if best else 0.0
        answered = best is not None and confidence >= self._settings.min_confidence
        telling = frozenset(query.telling)
        chosen: list[Candidate] = []
        opposed = False
        if answered and best is not None:
            other = disagreeing(best, order, query.expected) if query.about is None else None
            opposed = (
                other is not None
                and calibration.apply(model.probability(other.features)) >= self._settings.min_confidence
            )
            second = other if opposed else self._second(query, best, order, model)
            chosen = [candidate for candidate in (best, second) if candidate is not None]
        if opposed:
            chosen.sort(key=lambda c: c.ranked.stored.article.published or date.min, reverse=True)
        citations = tuple(
            _citation(n, _chosen(c, query, stories, order, index), query, telling, lexicon)
            for n, c in enumerate(chosen, first)
        )
        return Answer(
            question=query.question,
            understood_as=query.text,
            status="answered" if answered else "not_found",
            text=self._text(citations, query, telling, opposed=opposed),
            confidence=confidence,
            citations=citations,
            nearest=() if answered else self._nearest(order, query, telling, lexicon),
            ranked=tuple(story.ranked for story in stories),
            reasons=model.reasons(best.features) if best else (),
            timings_ms={},
            steps=query.steps,
        )

    def _best(
        self,
        query: Query,
        order: Sequence[Candidate],
        ranked: Sequence[Ranked],
        index: SearchIndex,
        model: Model,
        lexicon: Lexicon,
    ) -> Candidate | None:
        if query.about is not None:
            return next(iter(of_article(query, query.about, ranked, index, lexicon)), None)
        if not query.newest or not order:
            return next(iter(order), None)
        shares = model.shares(order)
        equals = [c for c, share in zip(order, shares, strict=True) if share >= _EQUAL * shares[0]]
        return max(equals, key=lambda c: c.ranked.stored.article.published or date.min)

    def _second(self, query: Query, best: Candidate, order: Sequence[Candidate], model: Model) -> Candidate | None:
        """The neighbour that names the thing asked for, where the best sentence does not; else a close runner-up."""
        if query.about is not None or query.newest:
            return None
        if query.focus and best.features.focus < 1:
            beside = [c for c in order if _is_neighbour(c, best) and c.features.focus == 1]
            if beside:
                return beside[0]
        others = distinct(order)
        close = len(others) > 1 and model.shares(others)[0] < _UNDECIDED
        room = self._settings.max_characters - len(best.text)
        return others[1] if close and room >= min(_ROOM, len(others[1].text)) else None

    def _text(self, citations: Sequence[Citation], query: Query, telling: frozenset[str], *, opposed: bool) -> str:
        """The first quote, cut to what an answer may have, and the second one, cut to what the first leaves."""
        several = query.expected in (Expected.LIST, Expected.REASON)
        limit = _MOST_IN_LISTS if several else self._settings.max_characters
        said: list[str] = []
        for citation in citations:
            left = limit // len(citations) if opposed else limit - sum(map(len, said))
            said.append(excerpt(citation.quote, max(_ROOM, left), telling, citation.marks))
        numbered = [f"{text} [{c.n}]" for text, c in zip(said, citations, strict=True)]
        if opposed:
            dates = [f"{shown_date(c.published)}: " if c.published else "" for c in citations]
            return "\n".join(day + text for day, text in zip(dates, numbered, strict=True))
        return " ".join(numbered)

    def _nearest(
        self, order: Sequence[Candidate], query: Query, telling: frozenset[str], lexicon: Lexicon
    ) -> tuple[Citation, ...]:
        """The best sentence of each passage, best first; a date or source line alone says nothing."""
        best: dict[int, Candidate] = {}
        for candidate in distinct(order):
            if candidate.ranked.stored.passage.kind not in (Kind.DATE, Kind.SOURCE):
                best.setdefault(candidate.ranked.stored.row, candidate)
        kept = list(best.values())[: self._settings.nearest]
        return tuple(
            _citation(n, _Chosen(c, c.ranked.stored.passage.sentences[c.sentence], ()), query, telling, lexicon)
            for n, c in enumerate(kept, 1)
        )


def _is_neighbour(candidate: Candidate, of: Candidate) -> bool:
    same = candidate.ranked.stored.row == of.ranked.stored.row
    return same and abs(candidate.sentence - of.sentence) == 1


def _chosen(
    candidate: Candidate, query: Query, stories: Sequence[Story], order: Sequence[Candidate], index: SearchIndex
) -> _Chosen:
    """The sentence, and after one that announces a list its items, in order, as they stand in the article."""
    stored = candidate.ranked.stored
    span = stored.passage.sentences[candidate.sentence]
    if query.expected in (Expected.LIST, Expected.REASON, Expected.OTHER) and candidate.text.rstrip().endswith(":"):
        span = Span(span.start, _end_of_items(stored, candidate.sentence, index))
    also = next((s.also_in for s in stories if s.ranked.stored.row == stored.row), ())
    return _Chosen(candidate, span, tuple(dict.fromkeys([*also, *repeated_in(candidate, order)])))


def _end_of_items(stored: StoredPassage, sentence: int, index: SearchIndex) -> int:
    """Where the last item ends that follows the sentence; the sentence's own end where none does."""
    following = list(stored.passage.sentences[sentence + 1 :])
    for later in index.following(stored.row, _MOST_ITEMS):
        following += later.passage.sentences
    text, end = stored.article.text, stored.passage.sentences[sentence].end
    for item in following[:_MOST_ITEMS]:
        if not _ITEM.match(text[end : item.end]):  # the bullet stands before the item's text, or begins it
            break
        end = item.end
    return end


def _citation(n: int, chosen: _Chosen, query: Query, telling: frozenset[str], lexicon: Lexicon) -> Citation:
    stored = chosen.candidate.ranked.stored
    quote = stored.article.text[chosen.span.start : chosen.span.end]
    return cite(n, stored, chosen.span, marks(quote, query, telling, lexicon), chosen.also_in)
