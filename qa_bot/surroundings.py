"""How much of an article to show around a passage: a few lines, or a few words where lines are long. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LINES = 3  # before the passage, and after it …
_CHARACTERS = 300  # … and at most so many characters


def lines_before(text: str, start: int) -> int:
    """Where the few lines before `start` begin: at a line, or at a word when the lines are long."""
    floor = max(0, start - _CHARACTERS)
    window = text[floor:start].rstrip()
    breaks = [match.end() for match in re.finditer(r"\n\s*", window)]
    if len(breaks) >= _LINES:
        return floor + breaks[-_LINES]
    if floor == 0:
        return 0
    space = re.search(r"\s+", window)
    return floor + space.end() if space else start


def lines_after(text: str, end: int) -> int:
    """Where the few lines after `end` stop: at a line, or at a word when the lines are long."""
    ceiling = min(len(text), end + _CHARACTERS)
    window = text[end:ceiling]
    breaks = [match.start() for match in re.finditer(r"\s*\n", window) if match.start() > 0]
    if len(breaks) >= _LINES:
        return end + breaks[_LINES - 1]
    if ceiling == len(text):
        return ceiling
    return end + max((match.start() for match in re.finditer(r"\s", window)), default=0)


def goes_on(beyond: Iterable[str]) -> bool:
    """Whether a line of the article has more to say, in these characters, than is shown of it."""
    return next((character for character in beyond if character not in " \t"), "\n") != "\n"
