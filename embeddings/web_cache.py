"""What was fetched from the web, so that a build asks only whether it changed. One SQLite file.

A copy can be fetched again: whatever is wrong with the file, it is put aside and begun anew. A full disk is an error.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from embeddings.errors import StorageError
from embeddings.fetching import Validators
from embeddings.readers.feed import Link

_APPLICATION = 0x77656271  # SQLite's mark for whose file it is: "webq"
_SCHEMA = """
CREATE TABLE copies (address TEXT PRIMARY KEY, checked REAL, stated TEXT, checksum INTEGER, content BLOB);
CREATE TABLE robots (origin TEXT PRIMARY KEY, checked REAL, checksum INTEGER, content BLOB);
CREATE TABLE listed (listing TEXT, address TEXT, published REAL, seen REAL, PRIMARY KEY (listing, address));
"""
_DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)  # the latter where a damaged name stands in SQLite's own message
_SUFFIXES = ("-wal", "-shm")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Copy:
    """A document as it was last fetched."""

    address: str  # that was asked for
    final: str  # that redirects led to
    media_type: str
    charset: str | None
    validators: Validators
    checked: datetime  # when it was last known to be what lies there
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class WebCache:
    """Copies by address. Every change is durable when its method returns. Close it, or use it in a `with`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._connection = _connect(file)
        except _DAMAGE as error:
            self._raise_if_the_disk_refuses(error)
            self._connection = self._begin_anew()

    def get(self, address: str) -> Copy | None:
        """The copy of `address`, where there is an undamaged one."""
        query = "SELECT checked, stated, checksum, content FROM copies WHERE address = ?"
        row = self._do(lambda db: db.execute(query, [address]).fetchone())
        try:
            return _copy(address, *row) if row else None
        except (ValueError, TypeError, KeyError, OverflowError, zlib.error):
            self.drop(address)
            return None

    def put(self, copy: Copy) -> None:
        stated = json.dumps([
            copy.final, copy.media_type, copy.charset, copy.validators.etag, copy.validators.last_modified
        ])  # fmt: skip
        content = zlib.compress(copy.data, 6)
        row = (copy.address, copy.checked.timestamp(), stated, _checksum(copy.address, stated, content), content)
        self._do(lambda db: db.execute("INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?)", row))

    def confirm(self, address: str, checked: datetime) -> None:
        """The copy is still what lies there."""
        row = (checked.timestamp(), address)
        self._do(lambda db: db.execute("UPDATE copies SET checked = ? WHERE address = ?", row))

    def drop(self, address: str) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM copies WHERE address = ?", [address])
            db.execute("DELETE FROM listed WHERE address = ?", [address])

        self._do(work)

    def keep_recent(self, since: datetime, addresses: Iterable[str]) -> None:
        """Forget what was not known to lie there since then, but for these addresses."""
        kept = set(addresses)

        def work(db: sqlite3.Connection) -> None:
            old = db.execute("SELECT address FROM copies WHERE checked < ?", [since.timestamp()]).fetchall()
            db.executemany("DELETE FROM copies WHERE address = ?", [row for row in old if row[0] not in kept])

        self._do(work)

    def robots(self, origin: str) -> tuple[datetime, bytes] | None:
        """(when it was fetched, the robots.txt) of a host, where there is an undamaged one."""
        query = "SELECT checked, checksum, content FROM robots WHERE origin = ?"
        row = self._do(lambda db: db.execute(query, [origin]).fetchone())
        if row is None or not isinstance(row[2], bytes) or _checksum(origin, "", row[2]) != row[1]:
            return None
        return _moment(row[0]), row[2]

    def put_robots(self, origin: str, checked: datetime, content: bytes) -> None:
        row = (origin, checked.timestamp(), _checksum(origin, "", content), content)
        self._do(lambda db: db.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)", row))

    def remember(self, listing: str, links: Sequence[Link], seen: datetime, most: int) -> list[Link]:
        """What a list that forgets has named so far, these links included: the newest `most`."""
        rows = [(listing, one.address, one.published and one.published.timestamp(), seen.timestamp()) for one in links]

        def work(db: sqlite3.Connection) -> list[tuple[str, float | None]]:
            db.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?)", rows)
            order = "ORDER BY coalesce(published, seen) DESC, rowid"
            db.execute(
                f"DELETE FROM listed WHERE listing = ? AND rowid NOT IN "  # noqa: S608 - a constant
                f"(SELECT rowid FROM listed WHERE listing = ? {order} LIMIT ?)",
                [listing, listing, most],
            )
            return db.execute(f"SELECT address, published FROM listed WHERE listing = ? {order}", [listing]).fetchall()  # noqa: S608

        return [Link(str(address), None if at is None else _moment(at)) for address, at in self._do(work)]

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._connection:
                return work(self._connection)
        except _DAMAGE as error:
            self._raise_if_the_disk_refuses(error)
            self._connection.close()
            self._connection = self._begin_anew()
        try:
            with self._connection:
                return work(self._connection)
        except _DAMAGE as error:
            raise StorageError(self._problem(error)) from error

    def _raise_if_the_disk_refuses(self, error: Exception) -> None:
        """A full disk is no reason to throw copies away; a damaged header or a foreign table is."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # sqlite3's own errors have none
        of_the_file = code & 0xFF in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY)
        if isinstance(error, sqlite3.OperationalError) and not of_the_file:
            raise StorageError(self._problem(error)) from error

    def _problem(self, error: Exception) -> str:
        return f"The copies of web pages in {self._file} cannot be used ({error}). Free some space, or delete the file."

    def _begin_anew(self) -> sqlite3.Connection:
        """Put aside what is there, as a file of the same name with .damaged."""
        try:
            if self._file.exists():
                self._file.replace(self._file.with_name(f"{self._file.name}.damaged"))
            for suffix in _SUFFIXES:
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            return _connect(self._file)
        except (OSError, *_DAMAGE) as error:
            raise StorageError(self._problem(error)) from error

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> WebCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != _APPLICATION:
            raise sqlite3.DatabaseError("the file of another program")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if not tables:
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION}; COMMIT;")
        connection.execute("SELECT address, checked, stated, checksum, content FROM copies LIMIT 1").fetchone()
    except _DAMAGE:
        connection.close()
        raise
    return connection


def _checksum(address: str, stated: str, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(f"{address}\n{stated}".encode()))


def _copy(address: str, checked: float, stated: str, checksum: int, content: bytes) -> Copy:
    """Raises one of several errors where the row is damaged."""
    if _checksum(address, stated, content) != checksum:
        raise ValueError("damaged")
    final, media_type, charset, etag, last_modified = json.loads(stated)
    data = zlib.decompress(content)
    return Copy(address, final, media_type, charset, Validators(etag, last_modified), _moment(checked), data)


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
