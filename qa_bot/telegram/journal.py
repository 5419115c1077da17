"""The journal of received updates: written before Telegram is told that they arrived, kept until they are dealt with.

Telegram delivers an update again until it is told, and after a quiet week, or from another server, begins to count
anew: two updates are the same only if their id and their content are. What is finished keeps its id and digest, so
that it is known when it comes again, but not its text. Functions on a connection; none of them commits.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LARGEST = 2**63 - 1  # of SQLite's integers


@dataclass(frozen=True, slots=True)
class Received:
    """An update that was received. `seq` is our own count: the order of arrival, whatever clocks and ids say."""

    seq: int
    update_id: int
    payload: str  # the update as JSON
    attempts: int = 0  # how often an answer was begun
    refused: bool = False  # it is only to be told that there was no room
    parts_sent: tuple[int, ...] = ()  # ids of the messages of its answer that were sent, in order


def receive(db: sqlite3.Connection, raws: Sequence[Mapping[str, Any]], now: float) -> list[Received | None]:
    """Write the updates down, in this order. None stands for one that was received before."""
    return [_receive(db, raw, now) for raw in raws]


def _receive(db: sqlite3.Connection, raw: Mapping[str, Any], now: float) -> Received | None:
    payload = json.dumps(raw, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(payload.encode()).digest()
    update_id = _usable(raw.get("update_id"))
    cursor = db.execute(
        "INSERT INTO updates (update_id, digest, payload, received) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (update_id, digest) DO NOTHING",
        (update_id, digest, payload, now),
    )
    return Received(cursor.lastrowid or 0, update_id, payload) if cursor.rowcount else None


def _usable(update_id: object) -> int:
    """0 for what is no id; the digest still tells such updates apart."""
    if not isinstance(update_id, int) or isinstance(update_id, bool) or abs(update_id) > _LARGEST:
        return 0
    return update_id


def unfinished(db: sqlite3.Connection) -> list[Received]:
    """In the order of arrival."""
    parts = defaultdict[int, list[int]](list)
    for seq, message_id in db.execute("SELECT seq, message_id FROM parts ORDER BY row"):
        parts[seq].append(message_id)
    query = "SELECT seq, update_id, payload, attempts, refused FROM updates WHERE payload IS NOT NULL ORDER BY seq"
    return [
        Received(seq, update_id, payload, attempts, bool(refused), tuple(parts[seq]))
        for seq, update_id, payload, attempts, refused in db.execute(query)
    ]


def waiting(db: sqlite3.Connection) -> int:
    """How many updates are unfinished."""
    return int(db.execute("SELECT count(*) FROM updates WHERE payload IS NOT NULL").fetchone()[0])


def begin(db: sqlite3.Connection, seq: int) -> int:
    """Count an attempt. Returns how many there were, this one included; 0 when the update is no longer there."""
    db.execute("UPDATE updates SET attempts = attempts + 1 WHERE seq = ?", [seq])
    row = db.execute("SELECT attempts FROM updates WHERE seq = ?", [seq]).fetchone()
    return int(row[0]) if row else 0


def sent_part(db: sqlite3.Connection, seq: int, message_id: int) -> None:
    """A part of the answer was sent: it is not sent again after a crash."""
    db.execute("INSERT INTO parts (seq, message_id) SELECT seq, ? FROM updates WHERE seq = ?", [message_id, seq])


def refuse(db: sqlite3.Connection, seqs: Iterable[int]) -> None:
    """There was no room: the askers are only to be told so, even after a crash."""
    db.executemany("UPDATE updates SET refused = 1 WHERE seq = ?", [(seq,) for seq in seqs])


def finish(db: sqlite3.Connection, seqs: Iterable[int]) -> None:
    """The updates are dealt with. Their text is wiped."""
    rows = [(seq,) for seq in seqs]
    db.executemany("UPDATE updates SET payload = NULL WHERE seq = ?", rows)
    db.executemany("DELETE FROM parts WHERE seq = ?", rows)


def purge(db: sqlite3.Connection, before: float) -> None:
    """Forget finished updates that were received before then. Unfinished ones stay, however old."""
    db.execute("DELETE FROM updates WHERE payload IS NULL AND received < ?", [before])
