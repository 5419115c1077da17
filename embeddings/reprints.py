"""Which stored article tells whose story: sketches of all, and the bands of each story's first article. SQLite.

A story's number is that of its first article. When that one goes, the next of the story takes its place: those that
stay keep each other's company, and a new article finds them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from embeddings.duplicates import CROWDED, Sketch, bands, packed, story_of, unpacked

SCHEMA = """
CREATE TABLE sketches (article INTEGER PRIMARY KEY, sketch BLOB NOT NULL);
CREATE TABLE bands (key INTEGER NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (key, first)) WITHOUT ROWID;
CREATE INDEX articles_by_story ON articles (story);
"""


def keep(connection: sqlite3.Connection, article: int, sketch: Sketch) -> None:
    connection.execute("INSERT INTO sketches VALUES (?, ?)", (article, packed(sketch)))


def tell(connection: sqlite3.Connection, articles: Iterable[int]) -> None:
    """Join each of these, which are kept and stand alone so far, to the story that it tells."""
    for article in sorted(articles):
        sketch = _sketch(connection, article)
        story = story_of(sketch, [(first, _sketch(connection, first)) for first in _near(connection, sketch)])
        if story is None:
            _be_first(connection, article, sketch)
        else:
            connection.execute("UPDATE articles SET story = ? WHERE number = ?", (story, article))


def forget(connection: sqlite3.Connection, articles: Iterable[int]) -> None:
    """Take away what is kept of these, which are stored no more."""
    for article in articles:
        if connection.execute("SELECT 1 FROM sketches WHERE article = ?", (article,)).fetchone() is None:
            continue
        keys = bands(_sketch(connection, article).signature)
        connection.executemany("DELETE FROM bands WHERE key = ? AND first = ?", ((key, article) for key in keys))
        connection.execute("DELETE FROM sketches WHERE article = ?", (article,))
        (heir,) = connection.execute("SELECT min(number) FROM articles WHERE story = ?", (article,)).fetchone()
        if heir is not None:
            connection.execute("UPDATE articles SET story = ? WHERE story = ?", (heir, article))
            _be_first(connection, heir, _sketch(connection, heir))


def _near(connection: sqlite3.Connection, sketch: Sketch) -> set[int]:
    rows = (
        connection.execute("SELECT first FROM bands WHERE key = ? ORDER BY first LIMIT ?", (key, CROWDED)).fetchall()
        for key in bands(sketch.signature)
    )
    return {first for found in rows for (first,) in found}


def _be_first(connection: sqlite3.Connection, article: int, sketch: Sketch) -> None:
    connection.executemany("INSERT INTO bands VALUES (?, ?)", ((key, article) for key in bands(sketch.signature)))


def _sketch(connection: sqlite3.Connection, article: int) -> Sketch:
    return unpacked(connection.execute("SELECT sketch FROM sketches WHERE article = ?", (article,)).fetchone()[0])
