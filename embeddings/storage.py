"""Articles and passages of one generation in SQLite, written once and then only read.

Rows are numbered from 0 in the order of articles; sentence n of the generation is row n of its vectors.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path

from embeddings.errors import CorruptIndex, StorageError
from embeddings.records import Article, Context, Header, Kind, Passage, Span

_SCHEMA = """
CREATE TABLE articles (
    row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, path TEXT NOT NULL, also_at TEXT NOT NULL, url TEXT, title TEXT,
    published TEXT, author TEXT, source TEXT, place TEXT, text TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, article INTEGER NOT NULL REFERENCES articles (row), kind TEXT NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, sentences TEXT NOT NULL, first_sentence INTEGER NOT NULL);
CREATE INDEX passages_by_article ON passages (article);
"""


def write(file: Path, articles: Sequence[tuple[Article, Context]], passages: Iterable[Passage]) -> None:
    """Store everything in `file`, which must not exist. Raises StorageError."""
    rows = {article.id: row for row, (article, _) in enumerate(articles)}
    try:
        connection = sqlite3.connect(file)
        try:
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; " + _SCHEMA)
            with connection:
                connection.executemany(
                    "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    ((row, *_article_values(a, c)) for row, (a, c) in enumerate(articles)),
                )
                first = 0
                for row, p in enumerate(passages):
                    spans = json.dumps([[s.start, s.end] for s in p.sentences], separators=(",", ":"))
                    values = (row, rows[p.article_id], p.kind.value, p.start, p.end, spans, first)
                    connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", values)
                    first += len(p.sentences)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StorageError(f"The passages could not be written to {file.parent} ({error}). Free some space.") from error


def _article_values(a: Article, context: Context) -> tuple[str | None, ...]:
    published = a.published.isoformat() if a.published else None
    also_at = json.dumps(a.also_at)
    return (a.id, a.path, also_at, a.url, a.title, published, a.author, a.source, context.place, a.text, a.sha256)


class Storage:
    """Read access to one generation's articles and passages; one connection, used under a lock."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self.article_count = self._one("SELECT count(*) FROM articles")
            self.passage_count = self._one("SELECT count(*) FROM passages")
        except sqlite3.DatabaseError as error:
            raise CorruptIndex(f"{file} cannot be read ({error}). Rebuild the index: rebuild-index --full") from error
        self._articles: dict[int, tuple[Article, Context]] = {}

    def _one(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def _all(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def first_sentences(self) -> list[int]:
        """For each passage, the row of its first sentence's vector; ascending."""
        return [int(str(row[0])) for row in self._all("SELECT first_sentence FROM passages ORDER BY row")]

    def places(self) -> list[str]:
        """The places that articles are about, each once."""
        return [str(row[0]) for row in self._all("SELECT DISTINCT place FROM articles WHERE place IS NOT NULL")]

    def articles(self) -> list[Article]:
        return [self._article(row)[0] for row in range(self.article_count)]

    def articles_at(self, rows: Iterable[int]) -> list[Article]:
        """The articles of these rows, in the order asked for."""
        return [self._article(int(row))[0] for row in rows]

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """All articles without their texts, newest first, undated ones last; those of one day by title or path."""
        query = "SELECT row, id, path, title, published, author, source FROM articles"
        headers = (
            Header(
                int(str(row)), str(id_), str(path), _text(title), date.fromisoformat(str(day)) if day else None,
                _text(author), _text(source),
            )
            for row, id_, path, title, day, author, source in self._all(query)
        )  # fmt: skip
        return tuple(sorted(headers, key=_newest_first))

    @cached_property
    def articles_of_passages(self) -> list[int]:
        """For each passage, the row of its article."""
        return [int(str(row[0])) for row in self._all("SELECT article FROM passages ORDER BY row")]

    def passages(self, rows: Sequence[int]) -> list[tuple[Passage, Article, Context]]:
        """The passages of `rows`, each with its article, in the order asked for."""
        marks = ",".join("?" * len(rows))
        query = f'SELECT row, article, kind, start, "end", sentences FROM passages WHERE row IN ({marks})'  # noqa: S608 - ?,?,?
        found = {}
        for row, article_row, kind, start, end, spans in self._all(query, [int(r) for r in rows]):
            article, context = self._article(int(str(article_row)))
            a, b = int(str(start)), int(str(end))
            sentences = tuple(Span(*pair) for pair in json.loads(str(spans)))
            passage = Passage(article.id, Kind(str(kind)), a, b, article.text[a:b], sentences)
            found[int(str(row))] = (passage, article, context)
        return [found[int(row)] for row in rows]

    def rows_of(self, article_ids: Collection[str]) -> list[int]:
        """The rows of all passages of these articles, ascending."""
        query = "SELECT p.row, a.id FROM passages p JOIN articles a ON a.row = p.article ORDER BY p.row"
        return [int(str(row)) for row, id_ in self._all(query) if id_ in article_ids]

    def passages_of(self, article_id: str) -> list[int]:
        query = "SELECT p.row FROM passages p JOIN articles a ON a.row = p.article WHERE a.id = ? ORDER BY p.row"
        return [int(str(row[0])) for row in self._all(query, [article_id])]

    def _article(self, row: int) -> tuple[Article, Context]:
        if row not in self._articles:
            (values,) = self._all("SELECT * FROM articles WHERE row = ?", [row])
            _, id_, path, also, url, title, day, author, source, place, text, sha256 = values
            published = date.fromisoformat(str(day)) if day else None
            article = Article(
                str(id_), str(path), tuple(json.loads(str(also))), _text(url), _text(title), published,
                _text(author), _text(source), str(text), str(sha256),
            )  # fmt: skip
            if len(self._articles) > 4096:  # a bounded memory of what was shown lately
                self._articles.clear()
            self._articles[row] = (
                article,
                Context(article.title, published, _text(place), article.author, article.source),
            )
        return self._articles[row]

    def close(self) -> None:
        self._connection.close()


def _newest_first(header: Header) -> tuple[bool, int, str, int]:
    day = header.published
    return day is None, -day.toordinal() if day else 0, header.title or header.path, header.row


def _text(value: object) -> str | None:
    return None if value is None else str(value)
