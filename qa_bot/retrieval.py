"""From a query to ranked passages: dense and lexical candidates, their scores brought to one scale and added.

Scores are fused, not ranks: reciprocal rank fusion measured worse everywhere (docs/quality.md). A lexical score
is divided by the best one (0 is "no word in common"); a dense score runs from the weakest candidate's to the
best one's, because cosines of e5 models lie close together and have no zero of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embeddings.index import Index
from embeddings.lexical import FieldWeights
from qa_bot.records import Query, Ranked, Typing
from qa_bot.settings import Retrieval


def fuse(dense: Mapping[int, float], lexical: Mapping[int, float], dense_share: float) -> dict[int, float]:
    """{passage: fused score, 0 to 1}. A passage without a lexical score has none of its words: 0."""
    if not dense:
        return {}
    floor, top = min(dense.values()), max(dense.values())
    best = max(lexical.values(), default=0.0)
    return {
        row: dense_share * _between(floor, top, score)
        + (1 - dense_share) * (lexical.get(row, 0.0) / best if best > 0 else 0.0)
        for row, score in dense.items()
    }


def _between(low: float, high: float, value: float) -> float:
    return (value - low) / (high - low) if high > low else 1.0


class Retriever:
    """Ranks the passages of one index."""

    def __init__(self, index: Index, settings: Retrieval) -> None:
        self._index = index
        self._settings = settings

    def search(self, query: Query, vector: np.ndarray, top: int) -> list[Ranked]:
        """The best `top` passages, best first; ties in the order of the articles. `vector`: (dim,), unit."""
        depth = max(self._settings.depth, top)
        lexical = self._index.lexical_search(query.words, depth, self._fields(query.typing))
        dense = self._index.dense_search(vector, depth)
        floor = min(dense.values(), default=0.0)
        by_words_alone = [row for row in lexical if row not in dense]
        for row, score in zip(by_words_alone, self._index.best_sentence_scores(vector, by_words_alone), strict=True):
            dense[row] = max(floor, score)  # the weakest candidate's score is where the scale begins
        fused = fuse(dense, lexical, self._dense_share(query.typing))
        best = sorted(fused, key=lambda row: (-fused[row], row))[:top]
        stored = self._index.passages(best)
        background = float(np.median(list(dense.values()))) if dense else 0.0
        return [Ranked(s, fused[s.row], dense[s.row], lexical.get(s.row, 0.0), background) for s in stored]

    def _dense_share(self, typing: Typing) -> float:
        return {
            Typing.ACCENTED: self._settings.dense_share_accented,
            Typing.BARE: self._settings.dense_share_bare,
            Typing.FOREIGN: self._settings.dense_share_foreign,
        }[typing]

    def _fields(self, typing: Typing) -> FieldWeights:
        folded = self._settings.folded_share if typing is Typing.ACCENTED else 1.0
        return FieldWeights(accented=1.0 - folded, folded=folded, context=self._settings.context_weight)
