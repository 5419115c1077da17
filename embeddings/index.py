"""One generation, open for questions: passages by number, dense and lexical scores of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from embeddings import generations, lexical, storage, vectors, vectors_compressed, vocabulary
from embeddings.errors import CorruptIndex, StaleIndex
from embeddings.layout import LEXICAL_FOLDER, STORAGE_FILE, VECTORS_FILE, VOCABULARY_FILE
from embeddings.records import Article, Context, Header, Kind, Passage
from embeddings.selection import EVERYTHING, Selection
from embeddings.vietnamese import fold, syllables

_FEW = 100_000  # vectors


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage of the index with its row, its article and what is said of the article."""

    row: int
    passage: Passage
    article: Article
    context: Context
    story: int | None = None  # equal for passages of articles that tell the same


class Index:
    """Read access to one generation; safe for questions from several threads. Close it to let it be deleted."""

    def __init__(self, held: generations.Held) -> None:
        self.manifest = held.manifest
        self.warning = held.warning
        self._hold = held.hold
        self._storage = storage.Storage(held.folder / STORAGE_FILE)
        self._vectors = vectors.load(
            held.folder / VECTORS_FILE, vectors_compressed.Compression.of(held.manifest.vectors)
        )
        self._lexical = lexical.Lexical(held.folder / LEXICAL_FOLDER)
        self.vocabulary = vocabulary.Vocabulary(held.folder / VOCABULARY_FILE)
        self._first_sentence = self._storage.first_sentences()  # (passages + 1,)
        check_counts(
            held.manifest, self._storage.passage_count, len(self._vectors), len(self._lexical), self._vectors.dim
        )
        if self._first_sentence[-1] != len(self._vectors):
            raise CorruptIndex(
                f"Its passages have {self._first_sentence[-1]} sentences, its vectors {len(self._vectors)} rows. "
                "Rebuild the index: rebuild-index --full"
            )

    @cached_property
    def places(self) -> frozenset[str]:
        """What articles are about: their places, folded."""
        return frozenset(" ".join(syllables(fold(place))) for place in self._storage.places())

    def __len__(self) -> int:
        """How many sentences there are."""
        return len(self._vectors)

    @property
    def compressed(self) -> bool:
        """Whether there are so many vectors that they are searched in a compressed form."""
        return not self._vectors.exact

    @property
    def searches_wait(self) -> bool:
        """See SearchIndex: over compressed vectors each search takes milliseconds, and neither holds Python's lock."""
        return self.compressed

    @property
    def searches_fast(self) -> bool:
        """Whether a search reads little."""
        return len(self) <= _FEW or not self._vectors.exact

    def vectors_at(self, rows: Sequence[int]) -> np.ndarray:
        """The vectors of these sentences: (len(rows), dim) float32."""
        return self._vectors.rows(np.asarray(rows, np.int64))

    def compression_error(self, rows: Sequence[int]) -> np.ndarray:
        """How far the compressed vectors of these sentences are from the others: (len(rows),), 0 without any."""
        return self._vectors.compression_error(np.asarray(rows, np.int64))

    def passage_of_sentence(self, row: int) -> int:
        return int(self._passage_of(np.array([row]))[0])

    @property
    def passage_count(self) -> int:
        return self._storage.passage_count

    def articles(self) -> list[Article]:
        return self._storage.articles()

    def articles_at(self, rows: Iterable[int]) -> list[Article]:
        """The articles of these rows, in the order asked for."""
        return self._storage.articles_at(rows)

    def headers(self) -> Sequence[Header]:
        """All articles without their texts, newest first, undated ones last; those of one day by title or path."""
        return self._storage.headers

    def by_article(self, rows: Iterable[int]) -> dict[int, list[int]]:
        """{article row: those of the passages `rows` that are its own, in the order given}."""
        article_of = self._storage.articles_of_passages
        found: dict[int, list[int]] = {}
        for row in rows:
            found.setdefault(int(article_of[row]), []).append(row)
        return found

    def articles_of_passages(self) -> np.ndarray:
        """For each passage, the row of its article: (passages,), ascending."""
        return self._storage.articles_of_passages

    def passages(self, rows: Sequence[int]) -> list[StoredPassage]:
        found = self._storage.passages(rows)
        return [StoredPassage(int(row), *parts) for row, parts in zip(rows, found, strict=True)]

    def passages_of(self, article_id: str, kind: Kind | None = None) -> list[StoredPassage]:
        """The passages of one article in order; only those of `kind`, where it is given."""
        stored = self.passages(self._storage.passages_of(article_id))
        return [item for item in stored if kind in (None, item.passage.kind)]

    def following(self, row: int, most: int) -> list[StoredPassage]:
        """The passages after passage `row` in its article, at most so many."""
        (first,) = self.passages([row])
        later = self.passages(range(row + 1, min(row + 1 + most, self.passage_count)))
        return [stored for stored in later if stored.article.id == first.article.id]

    def rows_of(self, article_ids: Collection[str]) -> list[int]:
        """The rows of all passages of these articles, ascending."""
        return self._storage.rows_of(article_ids)

    def dense_search(self, query: np.ndarray, limit: int, selection: Selection = EVERYTHING) -> dict[int, float]:
        """{passage row: score of its best sentence} of at least `limit` passages, where there are that many.

        `query` (dim,) is a unit vector, scores are cosines. Of a selection there are not more than `limit`.
        """
        if selection != EVERYTHING:
            return self._dense_within(query, limit, selection)
        total = len(self._vectors)
        wanted = min(self.passage_count, limit)
        sentences = 4 * wanted
        while True:
            scores, rows = self._vectors.search(query, sentences)
            passages, first = np.unique(self._passage_of(rows), return_index=True)  # sentences come best first
            if len(passages) >= wanted or sentences >= total:
                return dict(zip(passages.tolist(), scores[first].tolist(), strict=True))
            sentences *= 4

    def _dense_within(self, query: np.ndarray, limit: int, selection: Selection) -> dict[int, float]:
        rows = self._rows_within(selection)
        scores = dict(zip(rows, self.best_sentence_scores(query, rows), strict=True))
        return {row: scores[row] for row in sorted(scores, key=lambda row: (-scores[row], row))[:limit]}

    def _rows_within(self, selection: Selection) -> list[int]:
        return self.rows_of({header.id for header in self.headers() if selection.holds(header)})

    def sentence_scores(self, query: np.ndarray, rows: Sequence[int]) -> list[np.ndarray]:
        """For each passage of `rows` the cosines of its sentences, in order: (sentences,) float32."""
        sentences = [np.arange(self._first_sentence[row], self._first_sentence[row + 1]) for row in rows]
        return [self._vectors.rows(of) @ np.asarray(query, np.float32) for of in sentences]

    def best_sentence_scores(self, query: np.ndarray, rows: Sequence[int]) -> list[float]:
        """The cosine of the best sentence of each passage in `rows`."""
        if not rows:
            return []
        firsts, ends = self._first_sentence[list(rows)], self._first_sentence[[row + 1 for row in rows]]
        sentences = np.concatenate([np.arange(a, b) for a, b in zip(firsts, ends, strict=True)])
        scores = self._vectors.scores(query, sentences)
        starts = np.concatenate([[0], np.cumsum(ends - firsts)[:-1]])
        return [float(score) for score in np.maximum.reduceat(scores, starts)]

    def lexical_search(
        self, question: str, limit: int, weights: lexical.FieldWeights, selection: Selection = EVERYTHING
    ) -> dict[int, float]:
        """{passage row: BM25 summed over the weighted fields} of the best `limit` passages, best first."""
        found = self._lexical.search(question, limit if selection == EVERYTHING else self.passage_count, weights)
        rows = self._rows([number for number, _ in found])
        scores = {row: score for row, (_, score) in zip(rows, found, strict=True)}
        if selection == EVERYTHING:
            return scores
        within = set(self._rows_within(selection))
        return dict([item for item in scores.items() if item[0] in within][:limit])

    def holding(self, units: Sequence[str], limit: int) -> list[int]:
        """Passages that hold all of the folded `units` and each two neighbouring ones as neighbours; see Lexical."""
        return self._rows(self._lexical.holding(units, limit))

    def holding_each(self, choices: Sequence[Sequence[str]], limit: int) -> list[int]:
        """Passages that hold, of each choice, at least one of its folded units, in text or context; see Lexical."""
        return self._rows(self._lexical.holding_each(choices, limit))

    def document_frequency(self, folded_term: str) -> int:
        """How many passages hold the term."""
        return self._lexical.document_frequency(folded_term)

    def _rows(self, numbers: Sequence[int]) -> list[int]:
        """The rows of passages by their numbers."""
        return [int(row) for row in np.searchsorted(self._storage.passage_numbers, numbers)]

    def _passage_of(self, sentences: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._first_sentence, sentences, side="right") - 1

    def close(self) -> None:
        self._storage.close()
        self.vocabulary.close()
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
