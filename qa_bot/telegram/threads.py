"""Answers that were sent, with all that is needed to show them again, and the conversations that they form.

An answer follows another (its parent) when its question was understood with the other's. Functions on a connection;
none of them commits.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from dataclasses import replace as changed
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Literal

from qa_bot.records import Answer, Citation, Reason, Step

_SOURCE_FIELDS = tuple(field.name for field in fields(Citation) if field.name != "passage_row")
_COLUMNS = "id, chat_id, topic, user_id, question_message_id, parent, created, snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An answer as it was given: rendered from this alone, whatever becomes of the articles."""

    question: str
    understood_as: str
    status: Literal["answered", "not_found"]
    text: str
    confidence: float
    sources: tuple[Citation, ...]  # what was cited; where there is no answer, what is nearest, numbered from 1
    reasons: tuple[Reason, ...]
    ranked: tuple[tuple[str, float, float, float], ...]  # title or path, dense, lexical, score
    steps: tuple[Step, ...] = ()
    unclear: bool = False

    @staticmethod
    def of(answer: Answer) -> Snapshot:
        nearest = tuple(changed(citation, n=n) for n, citation in enumerate(answer.nearest, start=1))
        ranked = (
            (
                found.stored.article.title or PurePosixPath(found.stored.article.path).name,
                found.dense,
                found.lexical,
                found.score,
            )
            for found in answer.ranked
        )
        return Snapshot(
            question=answer.question,
            understood_as=answer.understood_as,
            status=answer.status,
            text=answer.text,
            confidence=float(answer.confidence),
            sources=answer.citations if answer.status == "answered" else () if answer.unclear else nearest,
            reasons=tuple(Reason(reason.name, float(reason.value), float(reason.weight)) for reason in answer.reasons),
            ranked=tuple((name, float(dense), float(lexical), float(score)) for name, dense, lexical, score in ranked),
            steps=answer.steps,
            unclear=answer.unclear,
        )

    def to_json(self) -> str:
        """Everything but the rows of passages, which mean something to one generation only."""
        sources = [{name: getattr(source, name) for name in _SOURCE_FIELDS} for source in self.sources]
        for source in sources:
            source["published"] = source["published"] and source["published"].isoformat()
        values = {
            "question": self.question,
            "understood_as": self.understood_as,
            "status": self.status,
            "text": self.text,
            "confidence": self.confidence,
            "sources": sources,
            "reasons": [[reason.name, reason.value, reason.weight] for reason in self.reasons],
            "ranked": self.ranked,
            "steps": [[step.kind, step.was, step.now] for step in self.steps],
            "unclear": self.unclear,
        }
        return json.dumps(values, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Snapshot:
        """The same again, but that each source's passage_row is -1. Older rows know no steps."""
        values = json.loads(text)
        values["sources"] = tuple(_citation(source) for source in values["sources"])
        values["reasons"] = tuple(Reason(*reason) for reason in values["reasons"])
        values["ranked"] = tuple((name, dense, lexical, score) for name, dense, lexical, score in values["ranked"])
        values["steps"] = tuple(Step(*step) for step in values.get("steps", ()))
        return Snapshot(**values)


def _citation(source: dict[str, Any]) -> Citation:
    published = source["published"] and date.fromisoformat(source["published"])
    marks = tuple((start, end) for start, end in source["marks"])
    also_in = tuple(source.get("also_in", ()))
    return Citation(**{**source, "published": published, "marks": marks, "also_in": also_in, "passage_row": -1})


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that was sent."""

    id: int
    chat_id: int
    topic: int | None
    user_id: int | None  # who asked
    question_message_id: int | None
    message_ids: tuple[int, ...]  # the bot's own, in the order of the answer's parts
    parent: int | None  # the answer that this one follows
    created: float  # Unix seconds
    snapshot: Snapshot


def reserve(db: sqlite3.Connection) -> int:
    """An id for an answer, given once: buttons are signed with it before the answer is stored."""
    db.execute("UPDATE answer_ids SET last = last + 1")
    return int(db.execute("SELECT last FROM answer_ids").fetchone()[0])


def record(
    db: sqlite3.Connection,
    *,
    chat_id: int,
    topic: int | None,
    user_id: int | None,
    question_message_id: int | None,
    message_ids: Sequence[int],
    parent: int | None,
    snapshot: Snapshot,
    now: float,
    id: int | None = None,  # noqa: A002 - the column's name
) -> int:
    """Store an answer, under a reserved id or a new one. Returns the id. A parent that was forgotten is none."""
    answer = reserve(db) if id is None else id
    values = (answer, chat_id, topic, user_id, question_message_id, parent, now, snapshot.to_json())
    known = "(SELECT id FROM answers WHERE id = ?)"
    db.execute(f"INSERT INTO answers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, {known}, ?, ?)", values)  # noqa: S608 - constants
    _add_messages(db, answer, message_ids)
    return answer


def replace(db: sqlite3.Connection, id: int, *, message_ids: Sequence[int], snapshot: Snapshot) -> None:  # noqa: A002
    """The answer says something else now; its place in the conversation stays. Nothing, if it was forgotten.

    Votes go with what they were given for.
    """
    db.execute("DELETE FROM votes WHERE answer = ?", [id])
    db.execute("UPDATE answers SET snapshot = ? WHERE id = ?", [snapshot.to_json(), id])
    db.execute("DELETE FROM answer_messages WHERE answer = ?", [id])
    _add_messages(db, id, message_ids)


def _add_messages(db: sqlite3.Connection, answer: int, message_ids: Sequence[int]) -> None:
    db.executemany(
        "INSERT INTO answer_messages (answer, n, chat_id, message_id) "
        "SELECT id, ?, chat_id, ? FROM answers WHERE id = ?",
        [(n, message_id, answer) for n, message_id in enumerate(message_ids)],
    )


def get(db: sqlite3.Connection, id: int) -> Stored | None:  # noqa: A002 - the column's name
    return _find(db, "id = ?", id)


def by_message(db: sqlite3.Connection, chat_id: int, message_id: int) -> Stored | None:
    """The answer that this message of the bot is a part of."""
    query = "SELECT answer FROM answer_messages WHERE chat_id = ? AND message_id = ? ORDER BY answer DESC LIMIT 1"
    row = db.execute(query, [chat_id, message_id]).fetchone()
    return get(db, row[0]) if row else None


def by_question(db: sqlite3.Connection, chat_id: int, question_message_id: int) -> Stored | None:
    """The newest answer to this message."""
    return _find(db, "chat_id = ? AND question_message_id = ?", chat_id, question_message_id)


def latest(db: sqlite3.Connection, chat_id: int, topic: int | None, user_id: int | None, since: float) -> Stored | None:
    """This person's newest answer in this topic of this chat, unless it is from before `since`."""
    asker = "chat_id = ? AND topic IS ? AND user_id IS ?"
    return _find(db, f"{asker} AND created >= ?", chat_id, topic, user_id, since)


def _find(db: sqlite3.Connection, condition: str, *values: float | None) -> Stored | None:
    """The newest of those that the condition is true of."""
    query = f"SELECT {_COLUMNS} FROM answers WHERE {condition} ORDER BY id DESC LIMIT 1"  # noqa: S608 - constants
    row = db.execute(query, values).fetchone()
    if row is None:
        return None
    answer, chat_id, topic, user_id, question, parent, created, snapshot = row
    messages = db.execute("SELECT message_id FROM answer_messages WHERE answer = ? ORDER BY n", [answer])
    message_ids = tuple(message_id for (message_id,) in messages)
    restored = Snapshot.from_json(snapshot)
    return Stored(answer, chat_id, topic, user_id, question, message_ids, parent, created, restored)


_CHAIN = """
WITH RECURSIVE chain (parent, snapshot, length) AS (
    SELECT parent, snapshot, 1 FROM answers WHERE id = :id AND :limit > 0
    UNION ALL
    SELECT a.parent, a.snapshot, length + 1 FROM chain JOIN answers a ON a.id = chain.parent WHERE length < :limit)
SELECT snapshot FROM chain ORDER BY length DESC
"""


def history(db: sqlite3.Connection, id: int, limit: int = 4) -> list[str]:  # noqa: A002 - the column's name
    """The questions, as they were typed, of the conversation that ends with `id`: the last `limit`, oldest first."""
    return [str(json.loads(snapshot)["question"]) for (snapshot,) in db.execute(_CHAIN, {"id": id, "limit": limit})]


def purge(db: sqlite3.Connection, before: float) -> None:
    """Forget answers from before then, with their messages and the votes on them."""
    db.execute("DELETE FROM answers WHERE created < ?", [before])
