"""Whether a SQLite file is whole. It is only read, nothing appears beside it, and whoever writes it goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)  # the last: another's tables
_PATIENCE = 2.0  # seconds; a reader waits only while a file is recovered or thrown away


@dataclass(frozen=True, slots=True)
class Seen:
    """A SQLite file, as it was found."""

    state: Literal["whole", "damaged", "unreadable"]  # unreadable: now, and by this user
    reason: str = ""
    empty: bool = False  # no table in it
    application: int = 0
    version: int = 0


def look(file: Path, probe: str = "", *, thorough: bool = False) -> Seen:
    """`probe`: a query that only a file of ours answers; `thorough`: indexes are compared with their tables, too."""
    seen = _look(file, probe, thorough)
    # Damage must be seen twice: a program may have begun to write just then, and what was read is neither old nor new.
    return _look(file, probe, thorough) if seen.state == "damaged" else seen


def _look(file: Path, probe: str, thorough: bool) -> Seen:
    # Without a log of changes beside it the file is all there is, and is opened so that SQLite makes none.
    immutable = "" if file.with_name(f"{file.name}-wal").exists() else "&immutable=1"
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro{immutable}"
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as db:
            return _seen(db, probe, thorough)
    except (sqlite3.Error, ValueError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        damaged = code is None or code & 0xFF in _DAMAGED
        return Seen("damaged" if damaged else "unreadable", " ".join(str(error).split()))


def _seen(db: sqlite3.Connection, probe: str, thorough: bool) -> Seen:
    application, version = _number(db, "PRAGMA application_id"), _number(db, "PRAGMA user_version")
    empty = _number(db, "SELECT count(*) FROM sqlite_master") == 0
    if probe and not empty:
        db.execute(probe).fetchone()
    (found,) = db.execute(f"PRAGMA {'integrity_check' if thorough else 'quick_check'}(1)").fetchone()
    if found != "ok":
        return Seen("damaged", " ".join(str(found).split()), empty, application, version)
    return Seen("whole", "", empty, application, version)


def _number(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
