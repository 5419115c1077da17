"""What files held when they were last read, so that a build opens only those that changed since. SQLite.

A file counts as unchanged while its size, its times and its inode are the same; one that changed within two seconds of
being read is read again, since a clock may not tell two changes apart. A ledger is never the only copy of anything:
whatever is wrong with it, it is put aside and begun anew, and everything is read once more.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import StorageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, signature TEXT, holds TEXT, checksum INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading (recipe TEXT);
"""
_SETTLED = 2_000_000_000  # nanoseconds; the coarsest file system's clock (FAT) ticks every two seconds

Signature = tuple[int, int, int, int]
"""Size in bytes, times of change of content and of entry in nanoseconds, inode."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What one file held: (part, hash) of each article, and (part, reason) of what was none."""

    articles: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]


def signature(status: os.stat_result) -> Signature:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


class Ledger:
    """One file, read whole when opened and written by `keep`. `recipe`: everything that decides how files are read."""

    def __init__(self, file: Path, recipe: str) -> None:
        """Raises StorageError when the disk refuses."""
        self._file = file
        self._recipe = recipe
        self._fresh: dict[bytes, tuple[Signature, Holds]] = {}
        try:
            self._connection = _connect(file)
            self._known = self._load()
        except (sqlite3.Error, ValueError, TypeError) as error:  # damaged rows come out as any of these
            if _of_the_disk(error):
                raise StorageError(self._problem(error)) from error
            self._begin_anew()

    def _load(self) -> dict[bytes, tuple[Signature, str]]:
        recipe = self._connection.execute("SELECT recipe FROM reading").fetchone()
        if recipe is None or recipe[0] != self._recipe:
            return {}
        rows = self._connection.execute("SELECT path, signature, holds, checksum FROM files")
        return {
            path: (_signature(text), holds) for path, text, holds, sum_ in rows if _checksum(path, text, holds) == sum_
        }

    def _begin_anew(self) -> None:
        try:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            self._connection = _connect(self._file)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(self._problem(error)) from error
        self._known = {}

    def _problem(self, error: Exception) -> str:
        return f"The list of files {self._file} cannot be used ({error}). Free some space, or delete it."

    def look_up(self, path: str, now: Signature) -> Holds | None:
        """What the file held, if it is the same still."""
        then, holds = self._known.get(_key(path), (None, ""))
        return _holds(holds) if then is not None and tuple(then) == tuple(now) else None

    def note(self, path: str, then: Signature, holds: Holds) -> None:
        """Remember what the file held when its signature was `then`."""
        self._fresh[_key(path)] = (then, holds)

    def keep(self, paths: Collection[str]) -> None:
        """Write what was noted, and forget files that are not among `paths`. A full disk is no reason to fail."""
        there = {_key(path) for path in paths}
        gone = [(path,) for path in self._known if path not in there]
        texts = ((path, json.dumps(then), _text(holds)) for path, (then, holds) in self._fresh.items())
        rows = [(*row, _checksum(*row)) for row in texts]
        try:
            with self._connection:
                if not self._known:
                    self._connection.execute("DELETE FROM files")
                    self._connection.execute("DELETE FROM reading")
                    self._connection.execute("INSERT INTO reading VALUES (?)", (self._recipe,))
                self._connection.executemany("DELETE FROM files WHERE path = ?", gone)
                self._connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error:
            return  # files are read again next time

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def settled(then: Signature, read_at: int) -> bool:
    """Whether a file that was read from `read_at` on (nanoseconds) has another signature if it changed since."""
    return read_at - max(then[1], then[2]) > _SETTLED


def now() -> int:
    """Nanoseconds, by the clock that file systems use."""
    return time.time_ns()


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
        connection.execute("SELECT path, signature, holds, checksum FROM files LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _of_the_disk(error: Exception) -> bool:
    """A full disk is no reason to throw the list away; a damaged or foreign file is."""
    own = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY)
    return isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", own[0]) & 0xFF not in own


def _key(path: str) -> bytes:
    return os.fsencode(path if "://" in path else os.path.abspath(path))


def _checksum(path: bytes, signature_text: str, holds: str) -> int:
    return zlib.crc32(b"\0".join((path, signature_text.encode(), holds.encode("utf-8", "replace"))))


def _signature(text: str) -> Signature:
    size, changed, entry, inode = json.loads(text)
    return size, changed, entry, inode


def _text(holds: Holds) -> str:
    return json.dumps([holds.articles, holds.skipped], ensure_ascii=False, separators=(",", ":"))


def _holds(text: str) -> Holds:
    articles, skipped = json.loads(text)
    return Holds(tuple((part, sha256) for part, sha256 in articles), tuple((part, reason) for part, reason in skipped))
