"""Articles and passages of one generation, put into SQLite: added to, taken from, and then only read (storage).

Articles and passages have numbers that never change and are never used again: what is added has higher ones. Their
order is that of the rows which readers count, and that of the vectors.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from embeddings import reprints
from embeddings.counting import commonest
from embeddings.duplicates import Sketch
from embeddings.errors import CorruptIndex, StorageError
from embeddings.layout import ARTICLE_ROWS_FILE, ROWS_FILE
from embeddings.records import Article, Context, Kind, Passage

_SCHEMA = """
CREATE TABLE articles (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, path TEXT NOT NULL, also_at TEXT NOT NULL, url TEXT,
    title TEXT, published TEXT, author TEXT, source TEXT, section TEXT, place TEXT, sha256 TEXT NOT NULL,
    pages TEXT NOT NULL, story INTEGER NOT NULL);
CREATE TABLE texts (article INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, article INTEGER NOT NULL, kind TEXT NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, sentences TEXT NOT NULL, sentence_count INTEGER NOT NULL);
CREATE INDEX passages_by_article ON passages (article);
CREATE TABLE definitions (
    article INTEGER NOT NULL, short TEXT NOT NULL, "full" TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (article, short, "full")) WITHOUT ROWID;
CREATE TABLE numbers (article INTEGER NOT NULL, passage INTEGER NOT NULL);
INSERT INTO numbers VALUES (0, 0);
"""
_AT_ONCE = 500  # values in one statement; SQLite takes at least 999


@dataclass(frozen=True, slots=True)
class Located:
    """An article that is stored: its number, where it was found, and the hash of what was read."""

    number: int
    path: str
    also_at: tuple[str, ...]
    sha256: str


class StorageWriter:
    """Writes `file`, a copy of another generation's or a new one. Nothing is safe on disk before it is sealed."""

    def __init__(self, file: Path) -> None:
        """Raises StorageError."""
        self._file = file
        begun = file.exists()
        with self._telling():
            self._connection = sqlite3.connect(file)
            self._connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            if not begun:
                self._connection.executescript(_SCHEMA + reprints.SCHEMA)
            self._article, self._passage = self._connection.execute("SELECT article, passage FROM numbers").fetchone()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"The passages could not be written to {self._file.parent} ({error}). Free some space."
            ) from error

    def add(self, article: Article, context: Context, passages: Sequence[Passage], story: int | None = None) -> int:
        """Store one article with its passages; its number. `story`: the number of the article whose story it tells."""
        number: int = self._article
        values = (
            number, article.id, article.path, json.dumps(article.also_at), article.url, article.title,
            article.published.isoformat() if article.published else None, article.author, article.source,
            article.section, context.place, article.sha256, json.dumps(article.pages),
            number if story is None else story,
        )  # fmt: skip
        rows = (
            (
                self._passage + n, number, p.kind.value, p.start, p.end,
                json.dumps([[s.start, s.end] for s in p.sentences], separators=(",", ":")), len(p.sentences),
            )
            for n, p in enumerate(passages)
        )  # fmt: skip
        with self._telling():
            self._connection.execute(f"INSERT INTO articles VALUES ({','.join('?' * len(values))})", values)  # noqa: S608 - ?,?,?
            self._connection.execute("INSERT INTO texts VALUES (?, ?)", (number, article.text))
            self._connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self._article += 1
        self._passage += len(passages)
        return number

    def sketch(self, number: int, sketch: Sketch) -> None:
        """Keep what tells whose story article `number` tells."""
        with self._telling():
            reprints.keep(self._connection, number, sketch)

    def tell_stories(self, numbers: Collection[int]) -> None:
        """Join these articles, which were sketched, to the stories that they tell."""
        with self._telling():
            reprints.tell(self._connection, numbers)

    def define(self, number: int, meanings: Iterable[tuple[str, str, int]]) -> None:
        """Keep what article `number` says short forms stand for: (short form, full form, how often)."""
        with self._telling():
            self._connection.executemany(
                "INSERT INTO definitions VALUES (?, ?, ?, ?)", ((number, *meaning) for meaning in meanings)
            )

    def meanings(self) -> dict[str, str]:
        """{short form: full form} as the articles define them."""
        with self._telling():
            return commonest(self._connection.execute('SELECT short, "full", n FROM definitions'))

    def relocate(self, number: int, path: str, also_at: Sequence[str]) -> None:
        with self._telling():
            self._connection.execute(
                "UPDATE articles SET path = ?, also_at = ? WHERE number = ?", (path, json.dumps(also_at), number)
            )

    def remove(self, numbers: Collection[int]) -> None:
        """Forget these articles and all that is theirs."""
        values = sorted(numbers)
        with self._telling():
            for at in range(0, len(values), _AT_ONCE):
                part = values[at : at + _AT_ONCE]
                marks = ",".join("?" * len(part))
                for table, column in (
                    ("articles", "number"), ("texts", "article"), ("passages", "article"), ("definitions", "article"),
                ):  # fmt: skip
                    self._connection.execute(f"DELETE FROM {table} WHERE {column} IN ({marks})", part)  # noqa: S608 - ?,?,?
            reprints.forget(self._connection, values)

    def passages(self, articles: Collection[int] | None = None) -> Iterator[tuple[int, int, Kind, str]]:
        """(number, article, kind, text) of the passages of these articles, or of all, in order."""
        for article in self._all_numbers() if articles is None else sorted(articles):
            text = self.text(article)
            with self._telling():
                rows = self._connection.execute(
                    'SELECT number, kind, start, "end" FROM passages WHERE article = ? ORDER BY number', (article,)
                ).fetchall()
            yield from ((number, article, Kind(kind), text[start:end]) for number, kind, start, end in rows)

    def _all_numbers(self) -> list[int]:
        with self._telling():
            return [row[0] for row in self._connection.execute("SELECT number FROM articles ORDER BY number")]

    def sentences(self, articles: Collection[int]) -> Iterator[tuple[int, Kind, str]]:
        """(article, kind, text) of every sentence of these articles, in order."""
        for article in sorted(articles):
            text = self.text(article)
            with self._telling():
                rows = self._connection.execute(
                    "SELECT kind, sentences FROM passages WHERE article = ? ORDER BY number", (article,)
                ).fetchall()
            for kind, spans in rows:
                yield from ((article, Kind(kind), text[start:end]) for start, end in json.loads(spans))

    def sentence_counts(self) -> list[tuple[int, int, int]]:
        """(number, article, sentences) of each passage, in order."""
        with self._telling():
            return self._connection.execute(
                "SELECT number, article, sentence_count FROM passages ORDER BY number"
            ).fetchall()

    def context(self, article: int) -> Context:
        """What is said of the article beside its passages."""
        with self._telling():
            title, published, place, author, source = self._connection.execute(
                "SELECT title, published, place, author, source FROM articles WHERE number = ?", (article,)
            ).fetchone()
        return Context(title, date.fromisoformat(published) if published else None, place, author, source)

    def text(self, article: int) -> str:
        with self._telling():
            row = self._connection.execute("SELECT text FROM texts WHERE article = ?", (article,)).fetchone()
        return str(row[0])

    def count(self, table: str) -> int:
        with self._telling():
            return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours

    def write_rows(self) -> None:
        """Write the lists that readers count rows by, beside SQLite. Raises OSError."""
        with self._telling():
            articles = self._connection.execute("SELECT number FROM articles ORDER BY number").fetchall()
        for name, rows in (
            (ARTICLE_ROWS_FILE, np.array(articles, np.int64).reshape(-1)),
            (ROWS_FILE, np.array(self.sentence_counts(), np.int64).reshape(-1, 3).T),
        ):
            written = io.BytesIO()
            np.save(written, np.ascontiguousarray(rows))
            (self._file.parent / name).write_bytes(written.getbuffer())

    def close(self) -> None:
        with self._telling():
            self._connection.execute("UPDATE numbers SET article = ?, passage = ?", (self._article, self._passage))
            self._connection.commit()
            self._connection.close()

    def abandon(self) -> None:
        self._connection.close()


def located(file: Path) -> list[Located]:
    """All articles of a generation, in order. Raises CorruptIndex."""
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            rows = connection.execute("SELECT number, path, also_at, sha256 FROM articles ORDER BY number")
            return [Located(number, path, tuple(json.loads(also_at)), sha256) for number, path, also_at, sha256 in rows]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise CorruptIndex(f"{file} cannot be read ({error}). Rebuild the index: rebuild-index --full") from error


def write(file: Path, articles: Sequence[tuple[Article, Context]], passages: Iterable[Passage]) -> None:
    """Store everything in `file`, which must not exist. Raises StorageError."""
    if file.exists():
        raise StorageError(f"The passages could not be written to {file.parent} ({file.name} already exists).")
    of: dict[str, list[Passage]] = {}
    for passage in passages:
        of.setdefault(passage.article_id, []).append(passage)
    writer = StorageWriter(file)
    for article, context in articles:
        writer.add(article, context, of.get(article.id, []))
    writer.close()
