"""From lines to paragraphs, over columns and pages; each knows which of its characters stand on which page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from embeddings.readers.characters import plain
from embeddings.readers.hyphens import SOFT, inner_words, joined
from embeddings.readers.pdf_layout import CELLS, Line

_INDENT = 0.6  # em
_OTHER_SIZE = 0.12  # of the size: a heading, a caption
_GAP = 1.3  # times the usual distance of lines
_USUAL_PITCH = 1.45  # em between lines, where a block has too few to tell
_CAPITAL = 0.4  # of a letter's width is a capital wider
_SPACE = 0.3  # em, in front of a word
_UNSURE = 2.0  # em of room at a line's end: it ends a paragraph though no sentence ends

_SENTENCE_END = re.compile(r"[.!?…](?:/\.)?[\"”’»)\]]*\Z")
_BULLET = re.compile(r"(?:[-–—•*+▪◦►✓]|\(?(?:\d{1,2}|[a-zđ]|[IVX]{1,4})[.)](?:\d{1,2}\.?)*)\s")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`text` is one line. `pages` has (page, where its text begins in `text`) of each page that it stands on."""

    text: str
    pages: tuple[tuple[int, int], ...]
    size: float  # of its first line, to half a point
    bold: bool
    base: float  # of its first line


@dataclass(frozen=True, slots=True)
class _Column:
    """How the lines of a block mostly stand."""

    left: float
    right: float
    pitch: float
    size: float


@dataclass(slots=True)
class _Draft:
    """A paragraph while lines are still put to it."""

    lines: list[tuple[int, Line]]  # with their pages
    indented: bool  # its first line is
    room: float = 0.0  # points, after its last line


def paragraphs(pages: Sequence[Sequence[Sequence[Line]]]) -> list[Paragraph]:
    """The paragraphs of pages, each given as its blocks of lines in reading order."""
    lines = [line for blocks in pages for block in blocks for line in block]
    if not lines:
        return []
    body = _usual_size(lines)
    drafts = [draft for page, blocks in enumerate(pages) for block in blocks for draft in _drafts(page, block, body)]
    indents = sum(draft.indented for draft in drafts) > 0.3 * len(drafts)
    words = inner_words(line.text for draft in drafts for _, line in draft.lines)
    return [found for draft in _continued(drafts, body, indents) if (found := _paragraph(draft, words)).text]


def _drafts(page: int, block: Sequence[Line], text_size: float) -> list[_Draft]:
    column = _column(block)
    found: list[_Draft] = []
    for above, line, below in zip([None, *block], block, [*block[1:], None], strict=False):
        indented = _is_indented(line, column)
        first = indented and (below is None or not _is_indented(below, column))
        if above is None or _starts(above, line, column, text_size, first=first):
            found.append(_Draft([], indented))
        found[-1].lines.append((page, line))
        found[-1].room = column.right - line.right
    return found


def _column(block: Sequence[Line]) -> _Column:
    size = _usual_size(block)
    body = [line for line in block if _same_size(line.size, size)] or list(block)
    rights = sorted(line.right for line in body)
    steps = sorted(b.base - a.base for a, b in pairwise(body) if b.base > a.base)
    pitch = steps[len(steps) // 4] if len(steps) > 2 else _USUAL_PITCH * size
    near = {line.left: sum(abs(line.left - other.left) < 0.3 * size for other in body) for line in body}
    left = min(near, key=lambda place: (-near[place], place))
    return _Column(left, rights[int(0.9 * (len(rights) - 1))], pitch, size)


def _usual_size(lines: Sequence[Line]) -> float:
    """That of most characters, to half a point."""
    characters: Counter[float] = Counter()
    for line in lines:
        characters[_half_points(line.size)] += len(line.text)
    return characters.most_common(1)[0][0]


def _half_points(size: float) -> float:
    return max(0.5, round(2 * size) / 2)


def _same_size(one: float, other: float) -> bool:
    return abs(one - other) <= _OTHER_SIZE * other


def _is_indented(line: Line, column: _Column) -> bool:
    return line.left - column.left > _INDENT * line.size


def _starts(above: Line, line: Line, column: _Column, text_size: float, *, first: bool) -> bool:
    """Whether `line` begins a paragraph; in a headline, all lines are one. `first`: it is indented, the next is not."""
    if not _same_size(line.size, above.size) or CELLS in line.text or CELLS in above.text:
        return True
    pitch = column.pitch if _same_size(line.size, column.size) else _USUAL_PITCH * line.size
    if line.base - above.base > _GAP * pitch or line.base < above.base:
        return True
    ended = _SENTENCE_END.search(above.text) is not None
    if line.bold != above.bold and (ended or not line.text[:1].islower()):
        return True
    if _BULLET.match(line.text):
        return ended or above.text[-1:] in ";:,+" or _leaves_room(column.right - above.right, line, ended)
    if line.size > (1 + _OTHER_SIZE) * text_size or (_are_centred(above, line, column) and not ended):
        return False
    if first or (_is_indented(line, column) and not _is_indented(above, column) and not _BULLET.match(above.text)):
        return True
    return _leaves_room(column.right - above.right, line, ended)


def _are_centred(above: Line, line: Line, column: _Column) -> bool:
    """Whether both lines stand in the middle of the column, neither from edge to edge."""
    middle = column.left + column.right
    inside = min(above.left, line.left) > column.left + _INDENT * line.size / 2
    return inside and max(abs(each.left + each.right - middle) for each in (above, line)) < line.size / 2


def _leaves_room(room: float, line: Line, ended: bool) -> bool:
    """Whether the first word of `line` has room after the line above, so that somebody ended it there."""
    first = line.text.split(" ", 1)[0]
    letters = len(first) + _CAPITAL * sum(letter.isupper() for letter in first)
    word = letters * (line.right - line.left) / max(1, len(line.text))
    if ended:
        return room > word + _SPACE * line.size
    return room > word + _UNSURE * line.size and not line.text[:1].islower()


def _continued(drafts: Sequence[_Draft], body: float, indents: bool) -> list[_Draft]:
    """Paragraphs that run on in the next column or on the next page, as one."""
    found: list[_Draft] = []
    for draft in drafts:
        if found and _runs_on(found[-1], draft, body, indents):
            found[-1] = replace(found[-1], lines=[*found[-1].lines, *draft.lines], room=draft.room)
        else:
            found.append(draft)
    return found


def _runs_on(before: _Draft, after: _Draft, body: float, indents: bool) -> bool:
    (page, last), (next_page, first) = before.lines[-1], after.lines[0]
    moved = next_page > page or first.base < last.base  # on the next page, or at the top of the next column
    alike = _same_size(last.size, first.size) and _same_size(last.size, body) and last.bold == first.bold
    if not moved or not alike or CELLS in last.text + first.text or _BULLET.match(first.text):
        return False
    ended = _SENTENCE_END.search(last.text) is not None
    full = not _leaves_room(before.room, first, ended)
    if first.text[:1].islower():
        return full or not ended
    return full and not after.indented and (indents or not ended)


def _paragraph(draft: _Draft, words: Set[str]) -> Paragraph:
    text, joint = "", ""
    pages: dict[int, int] = {}
    lines = [(page, _clean(line.text)) for page, line in draft.lines]
    for page, line in ((page, line) for page, line in lines if line):
        if text:
            text, joint = joined(text, line, words)
        pages.setdefault(page, len(text) + len(joint))
        text += joint + line
    first = draft.lines[0][1]
    bold = all(line.bold for _, line in draft.lines)
    return Paragraph(text.rstrip(SOFT), tuple(pages.items()), _half_points(first.size), bold, first.base)


def _clean(line: str) -> str:
    """A line's characters made plain; a soft hyphen stays only at its end."""
    cleaned = plain(line).lstrip("\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323")
    return cleaned + SOFT if cleaned and line.rstrip().endswith(SOFT) else cleaned
