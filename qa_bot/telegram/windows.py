"""As much of an article around a passage as there is room for. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa_bot.surroundings import goes_on, lines_after, lines_before
from qa_bot.telegram.styled import BOLD, EDGE, ELLIPSIS, LANDMARK, UNDERLINE, Styled, joined
from qa_bot.telegram.text import reach, units

if TYPE_CHECKING:
    from embeddings.index import StoredPassage
    from qa_bot.records import Citation


def in_article(stored: StoredPassage, citation: Citation | None, room: int, *, first: bool = False) -> Styled:
    """The passage and a few lines around it in `room` units: the quote bold, its words that answer underlined too.

    Before the `first` passage stand title and date, which the heading has, or front matter: nothing of it is shown.

    Where there is too little room, the lines around go first, then the ends of the passage; the quote stays in sight.
    """
    text, passage = stored.article.text, stored.passage
    before, after = passage.start if first else lines_before(text, passage.start), lines_after(text, passage.end)
    shown = Styled(text[before:after]).marked([(passage.start - before, passage.end - before)], LANDMARK)
    if citation is not None and text[citation.start : citation.end] == citation.quote:
        start, end = citation.start - before, citation.end - before
        inside = ((start + max(a, 0), min(start + b, end)) for a, b in citation.marks)
        shown = shown.marked([(start, end)], BOLD).marked(inside, UNDERLINE)
    shown = shown.respaced("\n").safe()
    room -= len(f"{ELLIPSIS} ") + len(f" {ELLIPSIS}")
    low, high = (0, len(shown.text)) if shown.size <= room else _window(shown, room - EDGE)
    more_before = low > 0 or (not first and goes_on(reversed(text[:before])))
    more_after = high < len(shown.text) or goes_on(text[after:])
    seen = shown.cut(low, high).respaced("\n")
    lead, trail = f"{ELLIPSIS} " if more_before else "", f" {ELLIPSIS}" if more_after else ""
    return joined("", [Styled(lead), seen, Styled(trail)])


def _window(shown: Styled, room: int) -> tuple[int, int]:
    """The range of `shown` to keep in `room` units."""
    start, end = shown.where(LANDMARK) or (0, 0)
    if units(shown.text[start:end]) <= room:
        return around(shown.text, (start, end), (0, len(shown.text)), room)
    quote = shown.where(BOLD) or (start, start)
    kept = (quote[0], min(quote[1], end)) if start <= quote[0] < end else (start, start)
    return around(shown.text, kept, (start, end), room)


def around(text: str, kept: tuple[int, int], outer: tuple[int, int], room: int) -> tuple[int, int]:
    """The range inside `outer` that holds `kept` and as many words on both sides of it as `room` (>= 2) units allow.

    Of a range to be kept that is longer than `room`, or empty, it is what fits from its beginning.
    """
    start, end = kept
    room_beside = room - units(text[start:end])
    if start == end or room_beside < 0:
        return start, reach(text[: outer[1]], start, room)
    left, right = units(text[outer[0] : start]), units(text[end : outer[1]])
    left_room = max(room_beside // 2, room_beside - right)
    right_room = room_beside - min(left, left_room)
    return _words_before(text, start, outer[0], left_room), _words_after(text, end, outer[1], right_room)


def _words_before(text: str, start: int, floor: int, room: int) -> int:
    """Where the words before `start` begin that fit."""
    low = start
    while low > floor and (room := room - units(text[low - 1])) >= 0:
        low -= 1
    if low == floor or text[low - 1].isspace():
        return low
    space = re.search(r"\s+", text[low:start])
    return low + space.end() if space else start


def _words_after(text: str, end: int, ceiling: int, room: int) -> int:
    """Where the words after `end` stop that fit."""
    if room < 2:
        return end
    high = reach(text[:ceiling], end, room)
    if high == ceiling:
        return high
    spaces = [place for place in range(end, high) if text[place].isspace()]
    return spaces[-1] if spaces else end
