"""One generation in Milvus, open for questions: implements searching.SearchIndex.

What a question needs of all articles at once (vocabulary, frequencies, places) is copied to this machine once a
generation; passages, articles and vectors are fetched as they are asked for, the latest articles kept.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from embeddings import generations, milvus_words
from embeddings import milvus_layout as layout
from embeddings.errors import CorruptIndex
from embeddings.index import StoredPassage
from embeddings.layout import VOCABULARY_FILE
from embeddings.lexical import FieldWeights
from embeddings.milvus_articles import Articles, corrupt
from embeddings.milvus_client import Server
from embeddings.milvus_files import contents_of, copy_of
from embeddings.milvus_rows import PASSAGE_FIELDS, passage_of
from embeddings.milvus_words import FieldQuestion
from embeddings.records import Article, Header, Kind
from embeddings.selection import EVERYTHING, Selection
from embeddings.vietnamese import bigrams, fold, syllables
from embeddings.vocabulary import Vocabulary

FREQUENCIES_FILE, PLACES_FILE = "frequencies.sqlite", "places.json"
_ROWS_AT_ONCE = 1_000
_VECTORS_OF = 64  # passages at once; a passage has few of them
_SENTENCES_EACH = 8  # of a passage, that a search for its best one may have to bring


class MilvusIndex:
    """Safe for questions from several threads. Every method may raise ServerProblem or CorruptIndex."""

    def __init__(self, server: Server, number: int, cache: Path) -> None:
        """Raises StaleIndex, StorageError too."""
        self._server, self._number = server, number
        contents = contents_of(server, number)

        def copy(name: str) -> Path:
            return copy_of(server, number, name, contents, cache)

        self.manifest = replace(generations.manifest_in(copy(generations.MANIFEST)), number=number)
        self.warning: str | None = None
        self.places = frozenset[str](json.loads(copy(PLACES_FILE).read_bytes()))
        self._kind = layout.VectorIndex(contents.vectors, {"nlist": contents.nlist}, self.manifest.sentences)
        self._articles = Articles(server, number, self.manifest.articles)
        self._lock = threading.Lock()
        self._selected: tuple[Selection, str] = (EVERYTHING, "")
        self.vocabulary = Vocabulary(copy(VOCABULARY_FILE))
        self._frequencies = _read_only(copy(FREQUENCIES_FILE))
        self._added = frozenset(row[0] for row in self._frequencies.execute("SELECT term FROM added"))
        self._threads = ThreadPoolExecutor(len(layout.WORD_FIELDS), thread_name_prefix="milvus")

    @property
    def passage_count(self) -> int:
        return self.manifest.passages

    @property
    def searches_wait(self) -> bool:
        return True

    # --- articles ---

    def articles(self) -> list[Article]:
        return self.articles_at(range(self.manifest.articles))

    def articles_at(self, rows: Iterable[int]) -> list[Article]:
        return [of.article for of in self._articles.in_order(rows)]

    def headers(self) -> Sequence[Header]:
        return self._articles.headers

    def by_article(self, rows: Iterable[int]) -> dict[int, list[int]]:
        ends = np.cumsum([of.count for of in self._articles.placed])
        found: dict[int, list[int]] = {}
        for row in rows:
            found.setdefault(int(np.searchsorted(ends, row, side="right")), []).append(row)
        return found

    # --- passages ---

    def passages(self, rows: Sequence[int]) -> list[StoredPassage]:
        found: dict[int, StoredPassage] = {}
        for at in range(0, len(rows), _ROWS_AT_ONCE):
            part = list(rows[at : at + _ROWS_AT_ONCE])
            found.update((stored.row, stored) for stored in self._passages(layout.among("row", part)))
        try:
            return [found[row] for row in rows]
        except KeyError as error:
            raise self._corrupt("A passage") from error

    def _passages(self, where: str) -> list[StoredPassage]:
        """Those of which the filter holds, in order."""
        rows = self._server.rows(layout.PASSAGES, self._number, where, PASSAGE_FIELDS)
        of = self._articles.whole(int(row["article"]) for row in rows)
        return sorted((passage_of(row, of[int(row["article"])]) for row in rows), key=lambda stored: stored.row)

    def passages_of(self, article_id: str, kind: Kind | None = None) -> list[StoredPassage]:
        named = f"piece == 0 and id == {json.dumps(article_id, ensure_ascii=False)}"
        found = self._server.rows(layout.ARTICLES, self._number, named, ("article",), 1)
        if not found:
            return []
        stored = self._passages(layout.among("article", [int(found[0]["article"])]))
        return [item for item in stored if kind in (None, item.passage.kind)]

    def following(self, row: int, most: int) -> list[StoredPassage]:
        near = self._passages(f"row >= {row} and row <= {row + most}")
        return [stored for stored in near[1:] if stored.article.id == near[0].article.id]

    # --- meaning ---

    def dense_search(self, query: np.ndarray, limit: int, selection: Selection = EVERYTHING) -> dict[int, float]:
        where = self._where(selection)
        if where is None:
            return {}
        wanted, total = min(self.passage_count, limit), min(self.manifest.sentences, layout.MOST_HITS)
        sentences = 4 * wanted
        while True:
            asked = min(sentences, layout.MOST_HITS)
            best: dict[int, float] = {}
            found = self._server.nearest(self._number, query, asked, self._kind.search(asked), where)
            for passage, score in found:
                best.setdefault(passage, score)  # sentences come best first
            if len(best) >= wanted or sentences >= total or len(found) < asked:
                break
            sentences *= 4
        if selection == EVERYTHING:
            return best
        return {row: best[row] for row in sorted(best, key=lambda row: (-best[row], row))[:limit]}

    def sentence_scores(self, query: np.ndarray, rows: Sequence[int]) -> list[np.ndarray]:
        found: dict[int, list[tuple[int, Any]]] = {row: [] for row in rows}
        for at in range(0, len(rows), _VECTORS_OF):
            where = layout.among("passage", rows[at : at + _VECTORS_OF])
            for one in self._server.rows(layout.SENTENCES, self._number, where, ("row", "passage", "vector")):
                found[int(one["passage"])].append((int(one["row"]), one["vector"]))
        if not all(found.values()):
            raise self._corrupt("A vector")
        vector = np.asarray(query, np.float32)
        ordered = [[of for _, of in sorted(found[row], key=lambda pair: pair[0])] for row in rows]
        return [np.asarray(of, np.float32) @ vector for of in ordered]

    def best_sentence_scores(self, query: np.ndarray, rows: Sequence[int]) -> list[float]:
        best: dict[int, float] = {}
        for at in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[at : at + _ROWS_AT_ONCE]
            limit = min(_SENTENCES_EACH * len(part), layout.MOST_HITS)
            where = layout.among("passage", part)
            for passage, score in self._server.nearest(self._number, query, limit, self._kind.search(limit), where):
                best.setdefault(passage, score)
        missed = [row for row in rows if row not in best]  # beside passages with many near sentences
        best.update(
            (row, float(scores.max())) for row, scores in zip(missed, self.sentence_scores(query, missed), strict=True)
        )
        return [best[row] for row in rows]

    # --- words ---

    def lexical_search(
        self, question: str, limit: int, weights: FieldWeights, selection: Selection = EVERYTHING
    ) -> dict[int, float]:
        where = self._where(selection)
        asked = milvus_words.asked(question, weights, self._unknown(question) if weights.unknown > 0 else ())
        if where is None or not asked:
            return {}
        each = min(2 * limit, layout.MOST_HITS)
        lists = list(self._threads.map(lambda one: dict(self._matching(one, each, where)), asked))
        if any(len(found) >= each for found in lists):
            lists = self._completed(asked, lists, each)
        scores: dict[int, float] = {}
        for one, found in zip(asked, lists, strict=True):
            for row, score in found.items():
                scores[row] = scores.get(row, 0.0) + one.weight * score
        return {row: scores[row] for row in sorted(scores, key=lambda row: (-scores[row], row))[:limit]}

    def _unknown(self, question: str) -> frozenset[str]:
        """The terms of a question that the articles do not have as they are spelled."""
        units = syllables(question)
        forms = self.vocabulary.forms(map(fold, units))
        pairs = self.vocabulary.pairs((fold(a), fold(b)) for a, b in pairwise(units))
        alone = (unit for unit in units if unit.isalpha() and unit not in forms.get(fold(unit), {}))
        together = (
            both
            for both, pair in zip(bigrams(units), pairwise(units), strict=True)
            if pair not in pairs and "".join(pair).isalpha()  # numbers have no diacritics
        )
        return frozenset((*alone, *together)) - self._added

    def _matching(self, asked: FieldQuestion, limit: int, where: str) -> list[tuple[int, float]]:
        return self._server.matching(self._number, asked.field, asked.text, limit, where)

    def _completed(
        self, asked: Sequence[FieldQuestion], lists: Sequence[dict[int, float]], each: int
    ) -> list[dict[int, float]]:
        """A list that was cut off lacks passages which others brought: their scores there, so that sums are sums."""
        every = set().union(*lists)

        def complete(one: FieldQuestion, found: dict[int, float]) -> dict[int, float]:
            missing = sorted(every - found.keys()) if len(found) >= each else []
            parts = (missing[at : at + _ROWS_AT_ONCE] for at in range(0, len(missing), _ROWS_AT_ONCE))
            added = (hit for part in parts for hit in self._matching(one, len(part), layout.among("row", part)))
            return {**found, **dict(added)}

        return list(self._threads.map(complete, asked, lists))

    def holding(self, units: Sequence[str], limit: int) -> list[int]:
        return self._rows_holding(milvus_words.holding(list(units)), limit)

    def holding_each(self, choices: Sequence[Sequence[str]], limit: int) -> list[int]:
        return self._rows_holding(milvus_words.holding_each([tuple(units) for units in choices]), limit)

    def _rows_holding(self, where: str, limit: int) -> list[int]:
        if not where or limit < 1:
            return []
        found = self._server.rows(layout.PASSAGES, self._number, where, ("row",), min(limit, layout.MOST_HITS))
        return sorted(int(row["row"]) for row in found)

    def document_frequency(self, unit: str) -> int:
        with self._lock:
            found = self._frequencies.execute("SELECT n FROM frequencies WHERE unit = ?", (unit,)).fetchone()
        return int(found[0]) if found else 0

    # --- selections ---

    def _where(self, selection: Selection) -> str | None:
        """A filter over passages and sentences; None where no article is selected."""
        if not selection.words:
            return layout.of_days(selection)
        known, where = self._selected  # both searches of a question ask for the same
        if known != selection:
            rows = self._articles_with(selection)
            where = layout.among("article", rows) if rows else ""
            self._selected = (selection, where)
        return where or None

    def _articles_with(self, selection: Selection) -> list[int]:
        named = layout.both("piece == 0", layout.of_words(selection), layout.of_days(selection))
        found = self._server.rows(layout.ARTICLES, self._number, named, ("article",))
        if len(found) == layout.MOST_HITS:  # there may be more than one answer holds
            ranges = range(0, self.manifest.articles, layout.MOST_HITS)
            within = (f"article >= {at} and article < {at + layout.MOST_HITS}" for at in ranges)
            found = [
                row
                for one in within
                for row in self._server.rows(layout.ARTICLES, self._number, layout.both(named, one), ("article",))
            ]
        return sorted(int(row["article"]) for row in found)

    def _corrupt(self, what: str) -> CorruptIndex:
        return corrupt(self._server, self._number, what)

    def close(self) -> None:
        self._threads.shutdown()
        self.vocabulary.close()
        self._frequencies.close()


def _read_only(file: Path) -> sqlite3.Connection:
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(address, uri=True, check_same_thread=False)
