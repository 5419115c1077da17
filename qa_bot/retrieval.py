"""From a query to ranked passages: dense and lexical candidates, their scores brought to one scale and added.

Scores are fused, not ranks: reciprocal rank fusion measured worse everywhere (docs/quality.md). A lexical score
is divided by the best one (0 is "no word in common"); a dense score runs from the weakest candidate's to the
best one's, because cosines of e5 models lie close together and have no zero of their own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from embeddings.lexical import FieldWeights
from embeddings.searching import SearchIndex
from qa_bot.filters import selection_of
from qa_bot.records import EVERYTHING, Filters, Query, Ranked, Typing
from qa_bot.settings import Retrieval

_BESIDE = ThreadPoolExecutor(os.cpu_count(), "words")  # no thread before the first question that needs one


def fuse(dense: Mapping[int, float], lexical: Mapping[int, float], dense_share: float) -> dict[int, float]:
    """{passage: fused score, 0 to 1}. A passage without a lexical score has none of its words: 0."""
    if not dense:
        return {}
    floor, top = min(dense.values()), max(dense.values())
    best = max(lexical.values(), default=0.0)
    span, lexical_share = top - floor, 1 - dense_share
    meant = {row: dense_share * ((score - floor) / span if span > 0 else 1.0) for row, score in dense.items()}
    if best <= 0:
        return meant
    return {row: score + lexical_share * (lexical.get(row, 0.0) / best) for row, score in meant.items()}


class Retriever:
    """Ranks the passages of one index."""

    def __init__(self, index: SearchIndex, settings: Retrieval) -> None:
        self._index = index
        self._settings = settings

    def by_words(self, query: Query, top: int, wanted: Filters = EVERYTHING) -> dict[int, float] | None:
        """What `search` needs beside the vector, while the model may still be at work on that; None: nothing."""
        if wanted != EVERYTHING or self._index.searches_wait:
            return None
        return self._index.lexical_search(query.words, max(self._settings.depth, top), self._fields(query.typing))

    def search(
        self,
        query: Query,
        vector: np.ndarray,
        top: int,
        wanted: Filters = EVERYTHING,
        by_words: dict[int, float] | None = None,
    ) -> list[Ranked]:
        """The best `top` passages of the wanted articles, best first; ties in the order of the articles.

        `vector`: (dim,), unit. `by_words`: what the method of that name gave for the same.
        """
        depth = max(self._settings.depth, top)
        lexical, dense = (
            self._everywhere(query, vector, depth, by_words)
            if wanted == EVERYTHING
            else self._within(query, vector, depth, wanted)
        )
        fused = fuse(dense, lexical, self._dense_share(query.typing))
        best = sorted(fused, key=lambda row: (-fused[row], row))[:top]
        stored = self._index.passages(best)
        background = float(np.median(list(dense.values()))) if dense else 0.0
        return [Ranked(s, fused[s.row], dense[s.row], lexical.get(s.row, 0.0), background) for s in stored]

    def _everywhere(
        self, query: Query, vector: np.ndarray, depth: int, by_words: dict[int, float] | None = None
    ) -> tuple[dict[int, float], dict[int, float]]:
        """({passage: lexical score}, {passage: dense score}) of the best `depth` of each."""
        if by_words is not None:
            lexical, dense = by_words, self._index.dense_search(vector, depth)
        elif self._index.searches_wait:
            words = _BESIDE.submit(self._index.lexical_search, query.words, depth, self._fields(query.typing))
            dense = self._index.dense_search(vector, depth)
            lexical = words.result()
        else:
            lexical = self._index.lexical_search(query.words, depth, self._fields(query.typing))
            dense = self._index.dense_search(vector, depth)
        floor = min(dense.values(), default=0.0)
        by_words_alone = [row for row in lexical if row not in dense]
        for row, score in zip(by_words_alone, self._index.best_sentence_scores(vector, by_words_alone), strict=True):
            dense[row] = max(floor, score)  # the weakest candidate's score is where the scale begins
        return lexical, dense

    def _within(
        self, query: Query, vector: np.ndarray, depth: int, wanted: Filters
    ) -> tuple[dict[int, float], dict[int, float]]:
        """The same over the passages of the wanted articles alone, the best `depth` by meaning."""
        selection = selection_of(wanted)
        fields = self._fields(query.typing)
        lexical = self._index.lexical_search(query.words, self._index.passage_count, fields, selection)
        dense = self._index.dense_search(vector, depth, selection)
        by_words_alone = [row for row in lexical if row not in dense]
        scores = self._index.best_sentence_scores(vector, by_words_alone)
        return lexical, {**dense, **dict(zip(by_words_alone, scores, strict=True))}

    def _dense_share(self, typing: Typing) -> float:
        return {
            Typing.ACCENTED: self._settings.dense_share_accented,
            Typing.BARE: self._settings.dense_share_bare,
            Typing.FOREIGN: self._settings.dense_share_foreign,
        }[typing]

    def _fields(self, typing: Typing) -> FieldWeights:
        """Folded words are half the work. A question with diacritics needs them only where nobody spells as it does."""
        share, spelled = self._settings.folded_share, typing is Typing.ACCENTED
        return FieldWeights(
            accented=1.0 - share,
            folded=0.0 if spelled else share,
            unknown=share if spelled else 0.0,
            context=self._settings.context_weight,
            pairs=self._settings.pair_weight,
        )
