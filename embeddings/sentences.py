"""Where sentences begin and end in Vietnamese text.

A point ends a sentence unless it belongs to a number (14.500), to an abbreviation (TP., TS., Th.S), to initials
(M. An) or to an ellipsis that goes on in lower case. A sentence may begin with a digit, a quotation mark or a
lower-case name, so what follows decides only after an ellipsis. A line break always ends one: headlines have
no point.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""[start, end) in characters."""

_CLOSERS = "\"'”’»)]}"
_END = re.compile(  # each mark is looked at once: a line of a million points takes no longer than one of letters
    rf"(?:(?<![.!?。])[.!?。]++|…)(?:/\.)?[{re.escape(_CLOSERS)}]*+(?=\s|$)|\n+"
)
_LAST_WORD = re.compile(r"[^\s(\[“\"'/]+$")
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]", re.UNICODE)
_ORDINAL = re.compile(
    r"\b(?:khóa|khoá|thứ|kỳ|phần|chương|mục|quý|thế kỷ|cấp|loại|hạng|bậc|số) [IVXLC]+$", re.IGNORECASE
)


def split_sentences(text: str, start: int, end: int, abbreviations: Iterable[str] = ()) -> list[Span]:
    """Spans of the sentences of `text[start:end]`, trimmed of white space, in order, not overlapping.

    Everything but white space lies in exactly one span. `abbreviations`: words whose point ends nothing,
    casefolded and without the point.
    """
    known = frozenset(abbreviations)
    return list(_trimmed(text, start, _ends(text, start, end, known)))


def _ends(text: str, start: int, end: int, abbreviations: frozenset[str]) -> Iterator[int]:
    for match in _END.finditer(text, start, end):
        if match[0][0] == "\n" or not _goes_on(text, start, match, end, abbreviations):
            yield match.end()
    yield end


def _goes_on(text: str, start: int, match: re.Match[str], end: int, abbreviations: frozenset[str]) -> bool:
    """Whether the sentence continues after this mark."""
    mark = match[0]
    following = text[match.end() : min(end, match.end() + 40)].lstrip(" \t\u00a0")[:1]
    if mark[0] == "…" or mark.startswith("..."):
        return following.islower() or following in (",", ";", ":")
    if mark != ".":
        return mark[-1] in _CLOSERS and following.islower()  # “Tốt lắm!” ông nói
    word = _LAST_WORD.search(text, max(start, match.start() - 30), match.start())
    if word is None:
        return False
    bare = word[0].casefold()
    if _ORDINAL.search(text, max(start, match.start() - 30), match.start()):
        return False  # "khóa X. Đại hội": a Roman number, not an initial
    if bare in abbreviations:
        return True
    return len(bare) <= 3 and word[0][0].isupper() and _INITIAL.fullmatch(word[0]) is not None and following.isupper()


def _trimmed(text: str, start: int, ends: Iterable[int]) -> Iterator[Span]:
    for stop in ends:
        a, b = start, stop
        while a < b and text[a].isspace():
            a += 1
        while b > a and text[b - 1].isspace():
            b -= 1
        if a < b:
            yield a, b
        start = stop
