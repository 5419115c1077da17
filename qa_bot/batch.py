"""Questions from JSON lines: one object a line with `id`, `question` and perhaps `history`, `from`, `to` and `in`.

A line that cannot be used spoils neither the others nor their order: its error comes when it is its turn.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from qa_bot import filters
from qa_bot.errors import BatchError
from qa_bot.records import EVERYTHING, Filters


@dataclass(frozen=True, slots=True)
class Row:
    id: object
    question: str
    history: tuple[str, ...]  # oldest first
    filters: Filters = EVERYTHING


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
        first, last, title = (_written(value, name) for name in ("from", "to", "in"))
        try:
            wanted = filters.parse(first, last, title)
        except filters.FilterError as error:
            raise BatchError(str(error)) from error
        return Row(value.get("id"), question, tuple(history), wanted)


def _written(row: dict[str, object], name: str) -> str | None:
    """A filter of a row, None where there is none; a year may be a number."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise BatchError(f'its "{name}" is not a text.')
    return None if value is None else str(value)


@contextmanager
def read_rows(name: str) -> Iterator[Iterator[Line]]:
    """The lines of the file that are not blank; "-" is standard input. Raises BatchError when it cannot be opened."""
    try:
        file = nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise BatchError(f"The file of questions {name} cannot be read ({error.strerror}).") from error
    with file as lines:
        yield (Line(number, content) for number, content in enumerate(lines, 1) if content.strip())
