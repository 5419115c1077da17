"""Vectors by content, so that a rebuild encodes only what is new. SQLite: fingerprint and text give the key.

A cache is never the only copy of anything: whatever is wrong with it, it is put aside and begun anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.errors import StorageError

# Vectors lie in the order in which they came, and only the keys in an index: in the order of keys, which is random, a
# file took 4.6 kB a vector of 1.5 kB, half of every page free. Pages of 16 kB hold ten vectors and little air.
_PAGE = 16_384  # bytes
_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, checksum INTEGER, vector BLOB)"
_ROOM = 3  # times what the index needs
_OVERHEAD = 120  # bytes of a vector's key, checksum and place in the file
_SPARE = 64_000_000  # bytes; below that nothing is ever thrown away
_DAMAGE = (sqlite3.DatabaseError, ValueError, TypeError)  # what reading damaged rows raises
_LOOK_UP = 500  # keys a query


class VectorCache:
    """One file of vectors. Close it, or use it in a `with`."""

    def __init__(self, file: Path, fingerprint: str) -> None:
        self._file = file
        self._salt = fingerprint.encode() + b"\0"
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._file)
        except _DAMAGE as error:
            self._raise_if_the_disk_refuses(error)
            return self._begin_anew()

    def _raise_if_the_disk_refuses(self, error: Exception) -> None:
        """A full disk is no reason to throw vectors away; a damaged header or a foreign table is."""
        of_the_file = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in (
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_READONLY,
        )
        if isinstance(error, sqlite3.OperationalError) and not of_the_file:
            raise StorageError(self._problem(error)) from error

    def _problem(self, error: Exception) -> str:
        return f"The vector cache {self._file} cannot be used ({error}). Free some space, or delete it."

    def _begin_anew(self) -> sqlite3.Connection:
        try:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            return _connect(self._file)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(self._problem(error)) from error

    def get(self, texts: Sequence[str]) -> dict[int, np.ndarray]:
        """{position in `texts`: vector} of those that are known and undamaged."""
        positions: dict[bytes, list[int]] = {}
        for position, text in enumerate(texts):
            positions.setdefault(self._key(text), []).append(position)
        keys = list(positions)
        found: dict[int, np.ndarray] = {}
        try:
            for at in range(0, len(keys), _LOOK_UP):
                part = keys[at : at + _LOOK_UP]
                marks = ",".join("?" * len(part))
                rows = self._connection.execute(f"SELECT * FROM vectors WHERE key IN ({marks})", part)  # noqa: S608 - ?,?,?
                for key, checksum, blob in rows:
                    if key in positions and isinstance(blob, bytes) and zlib.crc32(blob) == checksum:
                        found.update(dict.fromkeys(positions[key], np.frombuffer(blob, "<f4")))
        except _DAMAGE:
            self._connection.close()
            self._connection = self._begin_anew()
            return {}
        return found

    def put(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Keep `vectors` (len(texts), dim). Durable when this returns."""
        blobs = [row.astype("<f4").tobytes() for row in vectors]
        rows = [(self._key(text), zlib.crc32(blob), blob) for text, blob in zip(texts, blobs, strict=True)]
        try:
            self._insert(rows)
        except _DAMAGE as error:
            self._raise_if_the_disk_refuses(error)
            self._connection.close()
            self._connection = self._begin_anew()
            self._insert(rows)

    def _insert(self, rows: Sequence[tuple[bytes, int, bytes]]) -> None:
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def trim(self, sentences: int, dim: int) -> None:
        """Begin anew once the file is far larger than an index of so many sentences needs.

        What is lost are vectors of texts that no article says any more, and second copies: the index has its own.
        """
        try:
            if self._file.stat().st_size > _ROOM * sentences * (4 * dim + _OVERHEAD) + _SPARE:
                self._connection.close()
                self._connection = self._begin_anew()
        except (OSError, StorageError, sqlite3.Error):
            return  # a cache that stays too large harms no one

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(self._salt + text.encode("utf-8", "surrogatepass")).digest()

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> VectorCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE}")  # of a new file
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(_SCHEMA)
        connection.execute("SELECT key, checksum, vector FROM vectors LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
