"""Questions from JSON lines: one object a line with `id`, `question` and perhaps `history`.

A line that cannot be used spoils neither the others nor their order: its error comes when it is its turn.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from qa_bot.errors import BatchError


@dataclass(frozen=True, slots=True)
class Row:
    id: object
    question: str
    history: tuple[str, ...]  # oldest first


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file as it stands there; `line` counts from 1."""

    line: int
    content: bytes

    def parsed(self) -> Row:
        """Raises BatchError that says what is wrong with the line."""
        try:
            value = json.loads(self.content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise BatchError(f"not a JSON object ({error}).") from error
        if not isinstance(value, dict):
            raise BatchError('not a JSON object; write {"id": …, "question": "…"}.')
        question = value.get("question", value.get("query"))
        if not isinstance(question, str):
            raise BatchError('it has no "question" that is a text.')
        history = value.get("history") or []
        if isinstance(history, str):
            history = [history]
        if not isinstance(history, list) or not all(isinstance(text, str) for text in history):
            raise BatchError('its "history" is neither a text nor a list of texts.')
        return Row(value.get("id"), question, tuple(history))


@contextmanager
def read_rows(name: str) -> Iterator[Iterator[Line]]:
    """The lines of the file that are not blank; "-" is standard input. Raises BatchError when it cannot be opened."""
    try:
        file = nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise BatchError(f"The file of questions {name} cannot be read ({error.strerror}).") from error
    with file as lines:
        yield (Line(number, content) for number, content in enumerate(lines, 1) if content.strip())
