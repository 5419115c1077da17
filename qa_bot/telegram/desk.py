"""What waits for a button to be pressed: documents and links to add, removals to undo, example questions.

Functions on a connection; none of them commits. What is taken is gone: such a button works once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Upload:
    """Something that an admin sent, and may decide to add to the articles."""

    kind: Literal["document", "link"]
    user_id: int
    chat_id: int
    source: str  # Telegram's file_id, or the address
    name: str
    size: int | None  # bytes, as Telegram says


def example_id(db: sqlite3.Connection, text: str) -> int:
    """The same for the same text, always."""
    db.execute("INSERT INTO examples (text) VALUES (?) ON CONFLICT (text) DO NOTHING", [text])
    return int(db.execute("SELECT id FROM examples WHERE text = ?", [text]).fetchone()[0])


def example(db: sqlite3.Connection, id: int) -> str | None:  # noqa: A002 - the column's name
    row = db.execute("SELECT text FROM examples WHERE id = ?", [id]).fetchone()
    return str(row[0]) if row else None


def add_upload(db: sqlite3.Connection, upload: Upload, now: float) -> int:
    values = (upload.user_id, json.dumps(asdict(upload)), now)
    return _new_id(db.execute("INSERT INTO uploads (user_id, upload, created) VALUES (?, ?, ?)", values))


def upload(db: sqlite3.Connection, id: int) -> Upload | None:  # noqa: A002 - the column's name
    row = db.execute("SELECT upload FROM uploads WHERE id = ?", [id]).fetchone()
    return Upload(**json.loads(row[0])) if row else None


def take_upload(db: sqlite3.Connection, id: int) -> Upload | None:  # noqa: A002 - the column's name
    found = upload(db, id)
    db.execute("DELETE FROM uploads WHERE id = ?", [id])
    return found


def add_removal(db: sqlite3.Connection, files: Sequence[tuple[str, str]], now: float) -> int:
    """`files` are pairs of where a file was and where it is kept."""
    return _new_id(db.execute("INSERT INTO removals (files, created) VALUES (?, ?)", (json.dumps(list(files)), now)))


def removal(db: sqlite3.Connection, id: int) -> list[tuple[str, str]] | None:  # noqa: A002 - the column's name
    row = db.execute("SELECT files FROM removals WHERE id = ?", [id]).fetchone()
    return [(was, kept) for was, kept in json.loads(row[0])] if row else None


def removal_of(db: sqlite3.Connection, paths: Collection[str]) -> int | None:
    """The newest removal of just the files that were at `paths`."""
    for number, files in db.execute("SELECT id, files FROM removals ORDER BY id DESC"):
        if {was for was, _ in json.loads(files)} == set(paths):
            return int(number)
    return None


def take_removal(db: sqlite3.Connection, id: int) -> list[tuple[str, str]] | None:  # noqa: A002 - the column's name
    found = removal(db, id)
    db.execute("DELETE FROM removals WHERE id = ?", [id])
    return found


def _new_id(cursor: sqlite3.Cursor) -> int:
    return int(cursor.lastrowid or 0)


def purge(db: sqlite3.Connection, before: float) -> None:
    """Forget uploads and removals from before then. Examples stay: they are nobody's, and few."""
    db.execute("DELETE FROM uploads WHERE created < ?", [before])
    db.execute("DELETE FROM removals WHERE created < ?", [before])
