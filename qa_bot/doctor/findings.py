"""What the doctor finds, as records: no words in any language, and nothing that touches a disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Area = Literal["settings", "articles", "index", "caches", "model", "temporary", "telegram"]
State = Literal["good", "notice", "bad"]
"""As it should be; worth knowing, nothing fails by it; something does not work, or soon will not."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the catalogue in doctor_words: its name, and what is filled in."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)


def told(name: str, /, **values: object) -> Message:
    return Message(name, values)


Repair = Callable[[], Message]
"""Puts right what was found, and tells what it did. Raises BotError or OSError; then nothing is worse than before."""


@dataclass(frozen=True, slots=True)
class Finding:
    area: Area
    state: State
    what: Message
    cure: Message | None = None  # what a person does about it; None: nothing, or `repair` does it
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """What came of a repair."""

    finding: Finding
    done: bool
    said: Message  # what was done, or why it was not


def shown_size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
