"""What is known of people: the language they chose, who is banned, how they rated answers; and forgetting it.

Also a few notes of the bot to itself. Functions on a connection; none of them commits.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass

from embeddings.messages import Language

_SECRET = "button-secret"  # noqa: S105 - the name of a note
_SECRET_BYTES = 32
_MOVED = "moved:"  # and the group's old id: the note is its new one


@dataclass(frozen=True, slots=True)
class Vote:
    answer_id: int
    user_id: int
    value: int  # +1 or -1
    created: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was deleted. `votes` are those that the person gave, not those that others gave their answers."""

    answers: int
    votes: int


def language(db: sqlite3.Connection, user_id: int) -> Language | None:
    """The language that this person chose, if any."""
    row = db.execute("SELECT language FROM languages WHERE user_id = ?", [user_id]).fetchone()
    return _language(row[0]) if row else None


def languages(db: sqlite3.Connection) -> dict[int, Language]:
    """What everyone chose, by person."""
    return {user: _language(chosen) for user, chosen in db.execute("SELECT user_id, language FROM languages")}


def _language(chosen: str) -> Language:
    return "en" if chosen == "en" else "vi"


def set_language(db: sqlite3.Connection, user_id: int, chosen: Language | None) -> None:
    """None takes the choice back."""
    if chosen is None:
        db.execute("DELETE FROM languages WHERE user_id = ?", [user_id])
    else:
        db.execute("INSERT OR REPLACE INTO languages (user_id, language) VALUES (?, ?)", [user_id, chosen])


def ban(db: sqlite3.Connection, id: int, now: float) -> None:  # noqa: A002 - of a person or a chat
    db.execute("INSERT INTO bans (id, created) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", [id, now])


def unban(db: sqlite3.Connection, id: int) -> None:  # noqa: A002 - of a person or a chat
    db.execute("DELETE FROM bans WHERE id = ?", [id])


def bans(db: sqlite3.Connection) -> set[int]:
    return {banned for (banned,) in db.execute("SELECT id FROM bans")}


def vote(db: sqlite3.Connection, answer_id: int, user_id: int, value: int, now: float) -> bool:
    """+1 or -1, the last one counts; 0 takes it back. Returns False when the answer is no longer there."""
    if db.execute("SELECT 1 FROM answers WHERE id = ?", [answer_id]).fetchone() is None:
        return False
    if value == 0:
        db.execute("DELETE FROM votes WHERE answer = ? AND user_id = ?", [answer_id, user_id])
    else:
        db.execute(
            "INSERT OR REPLACE INTO votes (answer, user_id, value, created) VALUES (?, ?, ?, ?)",
            [answer_id, user_id, value, now],
        )
    return True


def votes(db: sqlite3.Connection) -> list[Vote]:
    """In the order of answers."""
    rows = db.execute("SELECT answer, user_id, value, created FROM votes ORDER BY answer, user_id")
    return [Vote(*row) for row in rows]


def forget(db: sqlite3.Connection, user_id: int) -> Forgotten:
    """Delete this person's answers (with their messages and everyone's votes on them), votes, language and uploads.

    Answers that follow theirs begin a conversation from now on. A ban stays: forgetting is no way around it.
    """
    given = db.execute("DELETE FROM votes WHERE user_id = ?", [user_id]).rowcount
    answers = db.execute("DELETE FROM answers WHERE user_id = ?", [user_id]).rowcount
    db.execute("DELETE FROM languages WHERE user_id = ?", [user_id])
    db.execute("DELETE FROM uploads WHERE user_id = ?", [user_id])
    return Forgotten(answers, given)


def moved(db: sqlite3.Connection, old: int, new: int) -> None:
    """The group `old` has the id `new` from now on; a ban of it moves along."""
    set_note(db, f"{_MOVED}{old}", str(new))
    db.execute("INSERT OR IGNORE INTO bans (id, created) SELECT ?, created FROM bans WHERE id = ?", [new, old])


def moves(db: sqlite3.Connection) -> dict[int, int]:
    """{old id: new id} of groups."""
    rows = db.execute("SELECT key, value FROM notes WHERE key LIKE ?", [f"{_MOVED}%"])
    return {int(key.removeprefix(_MOVED)): int(value) for key, value in rows}


def note(db: sqlite3.Connection, key: str) -> str | None:
    row = db.execute("SELECT value FROM notes WHERE key = ?", [key]).fetchone()
    return str(row[0]) if row else None


def set_note(db: sqlite3.Connection, key: str, value: str | None) -> None:
    """None deletes it."""
    if value is None:
        db.execute("DELETE FROM notes WHERE key = ?", [key])
    else:
        db.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", [key, value])


def secret(db: sqlite3.Connection) -> bytes:
    """32 random bytes that sign buttons; made once, so that buttons outlive the program."""
    known = note(db, _SECRET)
    if known is None:
        known = secrets.token_hex(_SECRET_BYTES)
        set_note(db, _SECRET, known)
    return bytes.fromhex(known)


def purge(db: sqlite3.Connection, before: float) -> None:
    """Forget votes from before then."""
    db.execute("DELETE FROM votes WHERE created < ?", [before])
