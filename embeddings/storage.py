"""Articles and passages of one generation in SQLite, opened for reading only.

Rows are numbered from 0, in the order in which articles were added; sentence n of the generation is row n of its
vectors. SQLite holds numbers that no other article or passage ever had (storage_writing); lists of them map the two.
The lists lie beside it in the order of rows, since SQLite takes a second to tell a million of them one by one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np

from embeddings.errors import CorruptIndex
from embeddings.layout import ARTICLE_ROWS_FILE, ROWS_FILE
from embeddings.records import Article, Context, Header, Kind, Passage, Span


class Storage:
    """Read access to one generation's articles and passages; one connection, used under a lock."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._article_numbers, self._rows_of_passages = self._beside(file.parent) or self._told()
        except sqlite3.DatabaseError as error:
            raise CorruptIndex(f"{file} cannot be read ({error}). Rebuild the index: rebuild-index --full") from error
        self.passage_numbers = self._rows_of_passages[0]
        self.article_count, self.passage_count = len(self._article_numbers), len(self.passage_numbers)
        self._articles: dict[int, tuple[Article, Context, int]] = {}

    def _beside(self, folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
        """(article numbers, numbers, articles and sentence counts of passages) as the build wrote them, if it did."""
        try:
            articles, passages = (np.load(folder / name) for name in (ARTICLE_ROWS_FILE, ROWS_FILE))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError) as error:
            raise CorruptIndex(f"{folder} holds no lists of rows. Rebuild the index: rebuild-index --full") from error
        return articles, passages

    def _told(self) -> tuple[np.ndarray, np.ndarray]:
        """The same from SQLite."""
        articles = self._all("SELECT number FROM articles ORDER BY number")
        passages = self._all("SELECT number, article, sentence_count FROM passages ORDER BY number")
        return np.array(articles, np.int64).reshape(-1), np.array(passages, np.int64).reshape(-1, 3).T

    def rows_agree(self) -> bool:
        """Whether the lists beside SQLite say what it says."""
        return all(map(np.array_equal, (self._article_numbers, self._rows_of_passages), self._told()))

    def _all(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def first_sentences(self) -> np.ndarray:
        """For each passage the row of its first sentence's vector, and last the number of all: (passages + 1,)."""
        return np.concatenate([[0], np.cumsum(self._rows_of_passages[2])]).astype(np.int64)

    def places(self) -> list[str]:
        """The places that articles are about, each once."""
        return [str(row[0]) for row in self._all("SELECT DISTINCT place FROM articles WHERE place IS NOT NULL")]

    def articles(self) -> list[Article]:
        return self.articles_at(range(self.article_count))

    def articles_at(self, rows: Iterable[int]) -> list[Article]:
        """The articles of these rows, in the order asked for."""
        return [self._article(int(self._article_numbers[row]))[0] for row in rows]

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """All articles without their texts, newest first, undated ones last; those of one day by title or path."""
        query = "SELECT id, path, title, published, author, source, story FROM articles ORDER BY number"
        headers = (
            Header(
                row, str(id_), str(path), _text(title), date.fromisoformat(str(day)) if day else None,
                _text(author), _text(source), int(str(story)),
            )
            for row, (id_, path, title, day, author, source, story) in enumerate(self._all(query))
        )  # fmt: skip
        return tuple(sorted(headers, key=newest_first))

    @cached_property
    def articles_of_passages(self) -> np.ndarray:
        """For each passage, the row of its article."""
        return np.asarray(np.searchsorted(self._article_numbers, self._rows_of_passages[1]))

    def passages(self, rows: Sequence[int]) -> list[tuple[Passage, Article, Context, int]]:
        """The passages of `rows`, each with its article and the story that it tells, in the order asked for."""
        numbers = [int(number) for number in self.passage_numbers[list(rows)]] if len(rows) else []
        marks = ",".join("?" * len(numbers))
        query = f'SELECT number, article, kind, start, "end", sentences FROM passages WHERE number IN ({marks})'  # noqa: S608 - ?,?,?
        found = {}
        for number, article_number, kind, start, end, spans in self._all(query, numbers):
            article, context, story = self._article(int(str(article_number)))
            a, b = int(str(start)), int(str(end))
            sentences = tuple(Span(*pair) for pair in json.loads(str(spans)))
            passage = Passage(article.id, Kind(str(kind)), a, b, article.text[a:b], sentences)
            found[int(str(number))] = (passage, article, context, story)
        return [found[number] for number in numbers]

    def rows_of(self, article_ids: Collection[str]) -> list[int]:
        """The rows of all passages of these articles, ascending."""
        query = "SELECT p.number, a.id FROM passages p JOIN articles a ON a.number = p.article ORDER BY p.number"
        return self._rows(int(str(number)) for number, id_ in self._all(query) if id_ in article_ids)

    def passages_of(self, article_id: str) -> list[int]:
        query = (
            "SELECT p.number FROM passages p JOIN articles a ON a.number = p.article WHERE a.id = ? ORDER BY p.number"
        )
        return self._rows(int(str(row[0])) for row in self._all(query, [article_id]))

    def _rows(self, numbers: Iterable[int]) -> list[int]:
        return [int(row) for row in np.searchsorted(self.passage_numbers, list(numbers))]

    def _article(self, number: int) -> tuple[Article, Context, int]:
        if number not in self._articles:
            (values,) = self._all("SELECT * FROM articles JOIN texts ON article = number WHERE number = ?", [number])
            (_, id_, path, also, url, title, day, author, source, section, place, sha256, pages, story, _, text) = (
                values
            )
            published = date.fromisoformat(str(day)) if day else None
            article = Article(
                str(id_), str(path), tuple(json.loads(str(also))), _text(url), _text(title), published, _text(author),
                _text(source), str(text), str(sha256), _text(section), tuple(json.loads(str(pages))),
            )  # fmt: skip
            context = Context(article.title, published, _text(place), article.author, article.source)
            if len(self._articles) > 4096:  # a bounded memory of what was shown lately
                self._articles.clear()
            self._articles[number] = (article, context, int(str(story)))
        return self._articles[number]

    def close(self) -> None:
        self._connection.close()


def newest_first(header: Header) -> tuple[bool, int, str, int]:
    day = header.published
    return day is None, -day.toordinal() if day else 0, header.title or header.path, header.row


def _text(value: object) -> str | None:
    return None if value is None else str(value)
