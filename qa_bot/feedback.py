"""What readers thought of answers, as rows that `qa-bot eval` reads.

A row says what the votes say, and no more. An answer that was liked is gold: its question, its articles, its quotes;
a refusal that was liked is a question that the articles do not answer. What was disliked is no gold, for nobody said
what would have been right: a disliked answer is kept to see whether it is still given, a disliked refusal to be read
by a person. Answers with as many votes up as down, and without votes, make no row. No row says who asked or voted.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from qa_bot.errors import StateError
from qa_bot.telegram import people, threads
from qa_bot.telegram.state import FILE
from qa_bot.telegram.threads import Stored

Row = dict[str, object]


def read(folder: Path) -> list[Row]:
    """A row for each answer that was voted up or down on balance, in the order of answers; the bot may be running.

    Raises StateError when there is no database in `folder`, or it cannot be read.
    """
    file = folder / FILE
    if not file.is_file():
        raise StateError(
            f"There are no votes yet: no database {file}. Start the bot (qa-bot telegram), or set QA_BOT_STATE_DIR."
        )
    try:
        with closing(_open(file)) as db:
            return list(rows(db))
    except sqlite3.Error as error:
        raise StateError(
            f"The bot's database {file} cannot be read ({error}). Check that you may read it and write its folder, and "
            "that this version made it."
        ) from error


def _open(file: Path) -> sqlite3.Connection:
    """For reading only, and all of it as it is now. Whoever writes is neither waited for nor kept waiting."""
    db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    db.execute("BEGIN")
    return db


def rows(db: sqlite3.Connection) -> Iterator[Row]:
    """The rows of `read`."""
    balance: Counter[int] = Counter()
    for vote in people.votes(db):
        balance[vote.answer_id] += vote.value
    for answer_id, value in sorted(balance.items()):
        stored = threads.get(db, answer_id)
        if value and stored is not None:
            history = threads.history(db, stored.parent) if stored.parent is not None else []
            yield row(stored, history, value)


def row(stored: Stored, history: list[str], vote: int) -> Row:
    """`history`: the earlier questions that this one was understood with; `vote`: votes up minus votes down, not 0."""
    answer = stored.snapshot
    answered = answer.status == "answered"
    sources = answer.sources if answered else ()  # of a refusal, these are only what came nearest
    return {
        "id": stored.id,
        "question": answer.question,
        "history": history,
        "kind": "liked" if vote > 0 else "disliked" if answered else "disliked_refusal",
        "vote": vote,
        "article": list(dict.fromkeys(Path(source.path).name for source in sources)) if answered else None,
        "evidence": [source.quote for source in sources],
        "accept": [],
        "answer": answer.text,
    }
