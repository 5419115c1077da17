"""The vocabulary of one generation, put into SQLite: counts are added and taken away; vocabulary only reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from embeddings.counting import Counts
from embeddings.errors import StorageError
from embeddings.vietnamese import fold, normalize
from embeddings.vocabulary import name_key

_TABLES: Mapping[str, tuple[str, ...]] = {  # each counts how often its key is there
    "forms": ("folded", "form"),
    "pairs": ("folded", "first", "second"),
    "names": ("key", "name"),  # runs of capitalised words inside sentences
    "openings": ("key", "name", "first", "whole"),  # those that begin one: as a whole, and without their first word
    "capitals": ("word",),
    "certain": ("key", "name"),
    "counted": ("thing",),
}
_Rows = Iterable[tuple[object, ...]]


class VocabularyWriter:
    """Writes `file`, a copy of another generation's or a new one. Nothing is safe on disk before it is sealed."""

    def __init__(self, file: Path) -> None:
        """Raises StorageError."""
        self._file = file
        begun = file.exists()
        with self._telling():
            self._connection = sqlite3.connect(file)
            self._connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            for table, columns in {} if begun else _TABLES.items():
                self._connection.execute(
                    f"CREATE TABLE {table} ({', '.join(columns)}, n INTEGER NOT NULL, "
                    f"PRIMARY KEY ({', '.join(columns)})) WITHOUT ROWID"
                )
            if not begun:
                self._connection.execute(
                    'CREATE TABLE abbreviations (short TEXT PRIMARY KEY, "full" TEXT NOT NULL) WITHOUT ROWID'
                )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"The vocabulary could not be written to {self._file.parent} ({error}). Free some space."
            ) from error

    def add(self, counts: Counts) -> None:
        self._apply(counts, 1)

    def take_away(self, counts: Counts) -> None:
        """Of articles that are gone. What was counted only there is forgotten."""
        self._apply(counts, -1)
        with self._telling():
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table} WHERE n <= 0")  # noqa: S608 - ours

    def _apply(self, counts: Counts, sign: int) -> None:
        rows: dict[str, _Rows] = {
            "forms": ((fold(form), form, n) for form, n in counts.forms.items()),
            "pairs": ((f"{fold(a)} {fold(b)}", a, b, n) for (a, b), n in counts.pairs.items()),
            "names": ((name_key(name), name, n) for name, n in counts.names.items()),
            "openings": (row for run, n in counts.openings.items() for row in _opening(run, n)),
            "capitals": counts.capitals.items(),
            "certain": ((name_key(name), name, n) for name, n in counts.certain.items()),
            "counted": counts.counted.items(),
        }
        with self._telling():
            for table, columns in _TABLES.items():
                marks = ", ".join("?" * len(columns))
                self._connection.executemany(
                    f"INSERT INTO {table} VALUES ({marks}, {sign} * ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",  # noqa: S608 - ours
                    sorted(row for row in rows[table] if row[0]),
                )

    def define(self, meanings: Mapping[str, str]) -> None:
        """Keep what the articles' own short forms stand for, in place of what was kept."""
        with self._telling():
            self._connection.execute("DELETE FROM abbreviations")
            self._connection.executemany("INSERT INTO abbreviations VALUES (?, ?)", sorted(meanings.items()))

    def close(self) -> None:
        with self._telling():
            self._connection.commit()
            self._connection.close()

    def abandon(self) -> None:
        self._connection.close()


def _opening(run: str, n: int) -> Iterator[tuple[object, ...]]:
    first, _, rest = run.partition(" ")
    if rest:
        yield name_key(run), run, normalize(first), 1, n
    if " " in rest:
        yield name_key(rest), rest, normalize(first), 0, n


def write(file: Path, counts: Counts, meanings: Mapping[str, str]) -> None:
    """Store all in `file`, which must not exist. Raises StorageError."""
    if file.exists():
        raise StorageError(f"The vocabulary could not be written to {file.parent} ({file.name} already exists).")
    writer = VocabularyWriter(file)
    writer.add(counts)
    writer.define(meanings)
    writer.close()
