"""From a generation in its folder to the same generation in Milvus: written, read back, and only then switched to.

Whatever a publish that was killed left behind has a number that no alias names; the next one begins by removing it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np

from embeddings import generations, lexicon
from embeddings import milvus_layout as layout
from embeddings.context import context_text, indexed_text
from embeddings.errors import IndexProblem
from embeddings.index import Index, StoredPassage
from embeddings.layout import VOCABULARY_FILE
from embeddings.lexical import CONTEXT_FOLDED, FOLDED, terms
from embeddings.milvus_checking import Expected, check, sampled
from embeddings.milvus_client import Server
from embeddings.milvus_files import contents_of, rows_of
from embeddings.milvus_index import FREQUENCIES_FILE, PLACES_FILE, MilvusIndex
from embeddings.milvus_rows import Row, Whole, article_rows, passage_row, sentence_rows
from embeddings.milvus_source import cache_of
from embeddings.milvus_words import term
from embeddings.records import Article, Context
from embeddings.settings import IndexSettings

_AT_ONCE = 256  # passages read together
_MOST_BYTES = 4_000_000  # of one request; a server takes 64 MB
_ROW = 200  # bytes of what is in every row besides what grows
_NOTHING = Context(None, None, None, None, None)


class Progress(Protocol):
    def stage(self, name: str, total: int) -> None: ...

    def advance(self, steps: int = 1) -> None: ...


def publish(settings: IndexSettings, server: Server, progress: Progress) -> int | None:
    """Publish the newest local generation, unless it is what serves already; its number there, None if it was.

    Raises IndexProblem or StorageError; then the server answers from what it did before.
    """
    held = generations.open_newest(settings.index.dir)
    with closing(Index(held)) as index:
        source = hashlib.sha256((held.folder / generations.MANIFEST).read_bytes()).hexdigest()
        there, serving = server.collections(), server.serving()
        left = {n for n, parts in there.items() if n > (serving or 0) or (n != serving and parts != set(layout.PARTS))}
        remove(server, {number: there.pop(number) for number in left})
        if serving is not None and _published(server, serving) == source:
            return None
        number = (serving or 0) + 1
        _write(settings, server, number, held, index, source, progress)
        server.serve(number)
        older = sorted(there, reverse=True)
        remove(server, {n: there[n] for n in older[settings.index.keep_generations - 1 :]})
    return number


def remove(server: Server, there: dict[int, set[str]]) -> None:
    """Drop these collections; files first, so that what is left of a half removed generation is no generation."""
    for number, parts in there.items():
        for part in sorted(parts, key=lambda part: part != layout.FILES):
            server.drop(part, number)


def _published(server: Server, number: int) -> str | None:
    """The hash of what generation `number` was made of; None where that cannot be read."""
    try:
        return contents_of(server, number).source
    except IndexProblem:
        return None


def _write(
    settings: IndexSettings, server: Server, number: int, held: generations.Held, index: Index, source: str,
    progress: Progress,
) -> None:  # fmt: skip
    """Articles, passages, sentences, then files; read back."""
    dim = held.manifest.dim
    vectors = layout.vector_index(settings.index.milvus_vector_index, len(index))
    progress.stage("publish", index.manifest.articles + index.passage_count + len(index) + len(layout.PARTS) + 1)
    for part in layout.PARTS:
        server.create(part, number, dim)
    writing = _Writing(settings, server, number, index, progress)
    writing.articles_passages_sentences()
    for part in (layout.ARTICLES, layout.PASSAGES, layout.SENTENCES):
        server.finish(part, number, vectors, dim)
        progress.advance()
    with tempfile.TemporaryDirectory() as folder:
        files = {
            generations.MANIFEST: held.folder / generations.MANIFEST,
            VOCABULARY_FILE: held.folder / VOCABULARY_FILE,
            FREQUENCIES_FILE: _frequencies(Path(folder) / FREQUENCIES_FILE, writing.frequencies(), writing.added()),
            PLACES_FILE: _places(Path(folder) / PLACES_FILE, index.places),
        }
        writing.insert(layout.FILES, rows_of(files, source, vectors))
    server.finish(layout.FILES, number, vectors, dim)
    progress.advance()
    with closing(MilvusIndex(server, number, cache_of(settings.index))) as reader:
        check(server, index, reader, writing.pieces, writing.expected)
    progress.advance()


class _Writing:
    """Rows on their way to the server. Memory: one batch, and a count of each distinct word."""

    def __init__(self, settings: IndexSettings, server: Server, number: int, index: Index, progress: Progress) -> None:
        self._server, self._number, self._index, self._progress = server, number, index, progress
        self._context = settings.encoder.context
        words = lexicon.load(settings.articles.word_lists)
        self._lexicon = words.with_abbreviations(index.vocabulary.abbreviations)
        self._article_of = index.articles_of_passages()  # (passages,)
        self._in_text: Counter[str] = Counter()
        self._in_context: Counter[str] = Counter()
        self.pieces = 0  # rows of articles
        self.expected = Expected([self._passage(stored) for stored in index.passages(sampled(index.passage_count))])

    def articles_passages_sentences(self) -> None:
        self.insert(layout.ARTICLES, self._articles())
        self.insert(layout.PASSAGES, self._passages(), self._progress.advance)
        self.insert(layout.SENTENCES, self._sentences(), self._progress.advance)

    def insert(self, part: str, rows: Iterable[Row], done: Callable[[int], None] = lambda _: None) -> None:
        for batch in layout.batches(((row, _size(row)) for row in rows), _MOST_BYTES):
            self._server.insert(part, self._number, batch)
            done(len(batch))

    def frequencies(self) -> dict[str, int]:
        """{folded syllable: how many passages hold it, in text or context}, as Lexical.document_frequency counts."""
        return {unit: max(self._in_text[unit], self._in_context[unit]) for unit in {*self._in_text, *self._in_context}}

    def added(self) -> set[str]:
        """Terms that passages have beside the articles' own words, which the vocabulary counts: labels, full forms."""
        said = (*self._lexicon.context_words.values(), *self._lexicon.abbreviations_of.values())
        return {one for text in said for one in terms(text, folded=False)}

    def _articles(self) -> Iterator[Row]:
        stories = {header.row: header.story for header in self._index.headers()}
        counts = np.bincount(self._article_of, minlength=len(stories))
        firsts = np.cumsum(counts) - counts
        for row in range(len(stories)):
            (article,) = self._index.articles_at([row])
            first, count = int(firsts[row]), int(counts[row])
            context = self._index.passages([first])[0].context if count else _without_place(article)
            for made in article_rows(Whole(article, context, stories[row]), row, first, count):
                self.pieces += 1
                yield made
            self._progress.advance()

    def _stored(self) -> Iterator[StoredPassage]:
        for at in range(0, self._index.passage_count, _AT_ONCE):
            yield from self._index.passages(range(at, min(at + _AT_ONCE, self._index.passage_count)))

    def _passages(self) -> Iterator[Row]:
        for stored in self._stored():
            row = self._passage(stored)
            self._in_text.update(_syllables(str(row[FOLDED])))
            self._in_context.update(_syllables(str(row[CONTEXT_FOLDED])))
            self.expected.count(row)
            yield row

    def _passage(self, stored: StoredPassage) -> Row:
        context = stored.context if self._context else _NOTHING
        words = indexed_text(stored.passage.text, stored.passage.kind, self._lexicon)
        around = context_text(context, self._lexicon)
        return passage_row(stored, int(self._article_of[stored.row]), words, around)

    def _sentences(self) -> Iterator[Row]:
        first = 0
        for stored in self._stored():
            end = first + len(stored.passage.sentences)
            vectors = self._index.vectors_at(range(first, end))
            yield from sentence_rows(stored, int(self._article_of[stored.row]), first, vectors)
            first = end


def _syllables(said: str) -> set[str]:
    """The syllables and numbers among the tokens of a field, as lexical has them."""
    return {term(token) for token in said.split() if "_" not in token}


def _without_place(article: Article) -> Context:
    return Context(article.title, article.published, None, article.author, article.source)


def _size(row: Row) -> int:
    """Bytes, about."""
    return _ROW + sum(
        value.nbytes if isinstance(value, np.ndarray) else 2 * len(value)
        for value in row.values()
        if isinstance(value, str | np.ndarray)
    )


def _frequencies(file: Path, counts: dict[str, int], added: set[str]) -> Path:
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE frequencies (unit TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID")
        database.executemany("INSERT INTO frequencies VALUES (?, ?)", sorted(counts.items()))
        database.execute("CREATE TABLE added (term TEXT PRIMARY KEY) WITHOUT ROWID")
        database.executemany("INSERT INTO added VALUES (?)", ((one,) for one in sorted(added)))
        database.commit()
    return file


def _places(file: Path, places: frozenset[str]) -> Path:
    file.write_text(json.dumps(sorted(places), ensure_ascii=False), "utf-8")
    return file
