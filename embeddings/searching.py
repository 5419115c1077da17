"""What answering needs of an index, wherever it lies: in a folder (index.Index) or on a server (milvus_index)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from embeddings.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from embeddings.generations import Manifest
    from embeddings.index import StoredPassage
    from embeddings.lexical import FieldWeights
    from embeddings.records import Article, Header, Kind
    from embeddings.vocabulary import Vocabulary


class SearchIndex(Protocol):
    """One generation, open for questions from several threads. Rows are numbers of passages or articles in it.

    Any method may raise IndexProblem where the generation is not on this machine.
    """

    @property
    def manifest(self) -> Manifest: ...

    @property
    def warning(self) -> str | None:
        """What is not as it should be, though it answers."""
        ...

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def places(self) -> frozenset[str]:
        """What articles are about: their places, folded."""
        ...

    @property
    def passage_count(self) -> int: ...

    # --- what is stored ---

    def articles(self) -> list[Article]:
        """All of them, with their texts: not for every question."""
        ...

    def articles_at(self, rows: Iterable[int]) -> list[Article]:
        """The articles of these rows, in the order asked for."""
        ...

    def headers(self) -> Sequence[Header]:
        """All articles without their texts, newest first, undated ones last; those of one day by title or path."""
        ...

    def by_article(self, rows: Iterable[int]) -> dict[int, list[int]]:
        """{article row: those of the passages `rows` that are its own, in the order given}."""
        ...

    def passages(self, rows: Sequence[int]) -> list[StoredPassage]: ...

    def passages_of(self, article_id: str, kind: Kind | None = None) -> list[StoredPassage]:
        """The passages of one article in order; only those of `kind`, where it is given."""
        ...

    def following(self, row: int, most: int) -> list[StoredPassage]:
        """The passages after passage `row` in its article, at most so many."""
        ...

    @property
    def searches_wait(self) -> bool:
        """Whether searches by words and by meaning take long, and leave this thread free: two at once are quicker."""
        ...

    # --- meaning ---

    def dense_search(self, query: np.ndarray, limit: int, selection: Selection = EVERYTHING) -> dict[int, float]:
        """{passage row: score of its best sentence} of the best passages, `limit` or more where there are that many.

        `query` (dim,) is a unit vector, scores are cosines. Of a selection there are not more than `limit`.
        """
        ...

    def sentence_scores(self, query: np.ndarray, rows: Sequence[int]) -> list[np.ndarray]:
        """For each passage of `rows` the cosines of its sentences, in order: (sentences,) float32."""
        ...

    def best_sentence_scores(self, query: np.ndarray, rows: Sequence[int]) -> list[float]:
        """The cosine of the best sentence of each passage in `rows`."""
        ...

    # --- words ---

    def lexical_search(
        self, question: str, limit: int, weights: FieldWeights, selection: Selection = EVERYTHING
    ) -> dict[int, float]:
        """{passage row: BM25 summed over the weighted fields} of the best `limit` passages, best first."""
        ...

    def holding(self, units: Sequence[str], limit: int) -> list[int]:
        """Passages that hold all of the folded `units` and each two neighbouring ones as neighbours."""
        ...

    def holding_each(self, choices: Sequence[Sequence[str]], limit: int) -> list[int]:
        """Passages that hold, of each choice, at least one of its folded units, in text or context."""
        ...

    def document_frequency(self, unit: str) -> int:
        """How many passages hold the folded syllable or number, in their text or in their article's context."""
        ...

    def close(self) -> None: ...


class Source(Protocol):
    """Where generations come from."""

    def open(self, fingerprint: str | None) -> SearchIndex:
        """The newest sound generation, if the encoder with `fingerprint` built it; None: whichever did.

        Raises IndexProblem.
        """
        ...

    def newest(self) -> int | None:
        """The number of the newest generation, sound or not; None when there is none, or nobody can say."""
        ...

    def manifest(self) -> tuple[Manifest, str | None]:
        """Of the newest sound generation, and a warning. Raises IndexProblem."""
        ...

    def close(self) -> None: ...
