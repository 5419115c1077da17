"""One generation, open for questions: passages by number, dense and lexical scores of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings import generations, lexical, storage, vectors
from embeddings.errors import CorruptIndex, StaleIndex
from embeddings.records import Article, Context, Kind, Passage

STORAGE_FILE, VECTORS_FILE, LEXICAL_FOLDER = "passages.sqlite", "vectors.faiss", "lexical"


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage of the index with its row, its article and what is said of the article."""

    row: int
    passage: Passage
    article: Article
    context: Context


class Index:
    """Read access to one generation; safe for questions from several threads. Close it to let it be deleted."""

    def __init__(self, held: generations.Held) -> None:
        self.manifest = held.manifest
        self.warning = held.warning
        self._hold = held.hold
        self._storage = storage.Storage(held.folder / STORAGE_FILE)
        self._vectors = vectors.load(held.folder / VECTORS_FILE)
        self._lexical = lexical.Lexical(held.folder / LEXICAL_FOLDER)
        self._first_sentence = np.array([*self._storage.first_sentences(), len(self._vectors)], np.int64)
        check_counts(
            held.manifest, self._storage.passage_count, len(self._vectors), len(self._lexical), self._vectors.dim
        )

    @property
    def passage_count(self) -> int:
        return self._storage.passage_count

    def articles(self) -> list[Article]:
        return self._storage.articles()

    def passages(self, rows: Sequence[int]) -> list[StoredPassage]:
        found = self._storage.passages(rows)
        return [StoredPassage(int(row), *parts) for row, parts in zip(rows, found, strict=True)]

    def passages_of(self, article_id: str, kind: Kind | None = None) -> list[StoredPassage]:
        """The passages of one article in order; only those of `kind`, where it is given."""
        stored = self.passages(self._storage.passages_of(article_id))
        return [item for item in stored if kind in (None, item.passage.kind)]

    def dense_search(self, query: np.ndarray, limit: int) -> dict[int, float]:
        """{passage row: score of its best sentence} of at least `limit` passages, where there are that many.

        `query` (dim,) is a unit vector, scores are cosines.
        """
        total = len(self._vectors)
        wanted = min(self.passage_count, limit)
        sentences = 4 * wanted
        while True:
            scores, rows = self._vectors.search(query, sentences)
            best: dict[int, float] = {}
            for passage, score in zip(self._passage_of(rows), scores, strict=True):
                best.setdefault(int(passage), float(score))  # sentences come best first
            if len(best) >= wanted or sentences >= total:
                return best
            sentences *= 4

    def sentence_scores(self, query: np.ndarray, row: int) -> np.ndarray:
        """Cosines of the sentences of passage `row`, in order: (sentences,) float32."""
        rows = np.arange(self._first_sentence[row], self._first_sentence[row + 1])
        return self._vectors.rows(rows) @ np.asarray(query, np.float32)

    def best_sentence_scores(self, query: np.ndarray, rows: Sequence[int]) -> list[float]:
        """The cosine of the best sentence of each passage in `rows`."""
        if not rows:
            return []
        firsts, ends = self._first_sentence[list(rows)], self._first_sentence[[row + 1 for row in rows]]
        sentences = np.concatenate([np.arange(a, b) for a, b in zip(firsts, ends, strict=True)])
        scores = self._vectors.rows(sentences) @ np.asarray(query, np.float32)
        starts = np.concatenate([[0], np.cumsum(ends - firsts)[:-1]])
        return [float(score) for score in np.maximum.reduceat(scores, starts)]

    def lexical_search(self, question: str, limit: int, weights: lexical.FieldWeights) -> dict[int, float]:
        """{passage row: BM25 summed over the weighted fields} of the best `limit` passages."""
        return dict(self._lexical.search(question, limit, weights))

    def document_frequency(self, folded_term: str) -> int:
        """How many passages hold the term."""
        return self._lexical.document_frequency(folded_term)

    def _passage_of(self, sentences: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._first_sentence, sentences, side="right") - 1

    def close(self) -> None:
        self._storage.close()
        self._hold.close()


def open_index(index_dir: Path, fingerprint: str) -> Index:
    """The newest sound generation, if the encoder with `fingerprint` built it. Raises IndexProblem."""
    held = generations.open_newest(index_dir)
    if held.manifest.fingerprint != fingerprint:
        held.hold.close()
        raise StaleIndex(
            f"The index in {index_dir} was built with {held.manifest.fingerprint!r}, but the configured model is "
            f"{fingerprint!r}. Rebuild it: rebuild-index"
        )
    try:
        return Index(held)
    except BaseException:
        held.hold.close()
        raise


def check_counts(manifest: generations.Manifest, passages: int, sentences: int, documents: int, dim: int) -> None:
    """Raises CorruptIndex unless passages, vectors and lexical documents belong together."""
    if (passages, sentences, documents, dim) != (
        manifest.passages,
        manifest.sentences,
        manifest.passages,
        manifest.dim,
    ):
        raise CorruptIndex(
            f"Its parts do not belong together: {passages} passages, {documents} lexical documents, "
            f"{sentences} vectors of {dim} numbers; the manifest says {manifest.passages} passages, "
            f"{manifest.sentences} vectors of {manifest.dim}. "
            "Rebuild the index: rebuild-index --full"
        )
