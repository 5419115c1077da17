"""From pieces of text with their places to blocks in reading order.

A page is cut along its tallest gutter, a strip without text that has running text on both sides: what stands above,
the left side, the right side, what stands below, each cut again in the same way. What has no gutter is one block.
The idea of cutting a page recursively is Nagy's and Seth's (X-Y cut, 1984); a gutter need not run down the whole page
here, so a headline across the columns does not hide them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from embeddings.readers.pdf_pieces import Piece

CELLS = " | "  # between the cells of one row

_SAME_ROW = 0.4  # em between the base lines of pieces of one row
_GUTTER = 0.9  # em, at least
_CELL = 2.0  # em between pieces: they are cells of a table
_MIN_ROWS = 3  # beside a gutter, on either side
_MIN_PROSE = 14  # characters a row, on average: figures and labels beside each other are a table
_MIN_FILL = 0.6  # of the width of its side does a row of running text take, on average
_BREAK = 1.6  # times the usual distance of rows
_MAX_HEADING = 3  # rows
_DEEPEST = 8  # cuts one inside the other: no page that was meant to be read has more
_INITIAL = 1.8  # times the text's size is a letter that begins a paragraph over several rows


@dataclass(frozen=True, slots=True)
class Line:
    """What stands beside each other on a page: a line of text, or cells of one row."""

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class _Gutter:
    """A strip without text beside `rows[first:last]`, and what stands on either side of it."""

    first: int
    last: int
    left: Sequence[Piece]
    right: Sequence[Piece]
    middle: float  # from the page's left edge


@dataclass(frozen=True, slots=True)
class Row:
    """What stands on one base line."""

    pieces: tuple[Piece, ...]  # from left to right
    base: float
    size: float


def gutters(pieces: Sequence[Piece]) -> list[float]:
    """Where a page has gutters, from its left edge."""
    return [gutter.middle for gutter, _ in _cuts(_with_initials(pieces), (), deep=0) if gutter is not None]


def blocks(pieces: Sequence[Piece], known: Sequence[float] = ()) -> list[list[Line]]:
    """The lines of each block, blocks in reading order. A gutter that other pages have may be low: `known`."""
    found = [rows for _, rows in _cuts(_with_initials(pieces), known, deep=0)]
    return [lines for rows in found if (lines := [line for row in rows if (line := _line(row)).text])]


def _cuts(pieces: Sequence[Piece], known: Sequence[float], deep: int) -> Iterator[tuple[_Gutter | None, list[Row]]]:
    """Blocks, the first of those on both sides of a gutter with it."""
    rows = rows_of(pieces)
    if not rows:
        return
    gutter = None
    if deep < _DEEPEST:
        gutter = _tallest_gutter(rows) or _tallest_known(rows, known)
    if gutter is None:
        yield None, rows
        return
    yield gutter, []
    above = [piece for row in rows[: gutter.first] for piece in row.pieces]
    below = [piece for row in rows[gutter.last :] for piece in row.pieces]
    for part in (above, gutter.left, gutter.right, below):
        yield from _cuts(part, known, deep + 1)


def rows_of(pieces: Sequence[Piece]) -> list[Row]:
    """Pieces on one base line, from the top; smaller ones that are raised or lowered a little belong to it."""
    groups: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.base, piece.left)):
        largest = max(groups[-1], key=lambda other: other.size) if groups else piece
        if groups and abs(piece.base - largest.base) < _SAME_ROW * max(piece.size, largest.size):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    rows = []
    for group in groups:
        largest = max(group, key=lambda piece: (len(piece.text), piece.size))
        rows.append(Row(tuple(sorted(group, key=lambda piece: piece.left)), largest.base, largest.size))
    return rows


def _tallest_gutter(rows: Sequence[Row]) -> _Gutter | None:
    """The tallest strip without text that has running text on both sides."""
    pieces = [piece for row in rows for piece in row.pieces]
    if len(pieces) < 2 * _MIN_ROWS:
        return None
    em = median(piece.size for piece in pieces)
    best, tallest = None, 0.0
    for edge in sorted({round(piece.right) for piece in pieces}):
        for first, last in _clear_runs(rows, edge, edge + _GUTTER * em):
            gutter = _between(rows, *_trimmed(rows, first, last, edge), edge)
            height = _shared_height(gutter.left, gutter.right)
            if height > tallest and _is_prose(gutter.left) and _is_prose(gutter.right):
                best, tallest = gutter, height
    return best


def _tallest_known(rows: Sequence[Row], known: Sequence[float]) -> _Gutter | None:
    """Likewise, where other pages have one: two rows will do, as where an article ends on a new page."""
    found = [
        gutter
        for middle in known
        for first, last in _clear_runs(rows, middle - 1, middle + 1)
        if _is_prose((gutter := _between(rows, first, last, middle)).left, 1, 0) and _is_prose(gutter.right, 1, 0)
    ]
    return max(found, key=lambda gutter: _shared_height(gutter.left, gutter.right), default=None)


def _between(rows: Sequence[Row], first: int, last: int, edge: float) -> _Gutter:
    inside = [piece for row in rows[first:last] for piece in row.pieces]
    left = [piece for piece in inside if piece.right <= edge + 1]
    right = [piece for piece in inside if piece.right > edge + 1]
    ends = [max((piece.right for piece in left), default=edge), min((piece.left for piece in right), default=edge)]
    return _Gutter(first, last, left, right, sum(ends) / 2)


def _clear_runs(rows: Sequence[Row], left: float, right: float) -> Iterator[tuple[int, int]]:
    """Where the strip stays empty: (first row, row after the last)."""
    first = 0
    for at, row in enumerate(rows):
        if any(piece.left < right and piece.right > left + 1 for piece in row.pieces):
            if at > first:
                yield first, at
            first = at + 1
    if len(rows) > first:
        yield first, len(rows)


def _trimmed(rows: Sequence[Row], first: int, last: int, edge: float) -> tuple[int, int]:
    """Without short lines above or below that stand on one side by chance: a heading across, a dateline."""
    both = [at for at in range(first, last) if rows[at].pieces[0].right <= edge + 1 < rows[at].pieces[-1].right]
    if not both:
        return first, last
    usual = _usual_distance(rows[first:last])
    for at in range(both[0], first, -1):
        if at - first <= _MAX_HEADING and _is_break(rows[at - 1], rows[at], usual):
            first = at
            break
    if last < len(rows):
        for at in range(max(both[-1] + 1, last - _MAX_HEADING), last):
            if _is_break(rows[at - 1], rows[at], usual):
                return first, at
    return first, last


def _usual_distance(rows: Sequence[Row]) -> float:
    return median([b.base - a.base for a, b in pairwise(rows)] or [0.0])


def _is_break(above: Row, below: Row, usual: float) -> bool:
    return below.base - above.base > _BREAK * usual or abs(above.size - below.size) > 0.15 * above.size


def _shared_height(left: Sequence[Piece], right: Sequence[Piece]) -> float:
    """Over how much of the page's height both sides have text."""
    if not left or not right:
        return 0.0
    top = max(min(piece.base - piece.size for piece in side) for side in (left, right))
    return min(max(piece.base for piece in side) for side in (left, right)) - top


def _is_prose(side: Sequence[Piece], least: int = _MIN_ROWS, fill: float = _MIN_FILL) -> bool:
    """Whether a side is running text: enough rows, enough characters in them, and they fill its width."""
    rows = rows_of(side)
    if len(rows) < least:
        return False
    width = max(piece.right for piece in side) - min(piece.left for piece in side)
    filled = sum(piece.right - piece.left for piece in side) / len(rows)
    characters = sum(len(piece.text) for piece in side) / len(rows)
    return characters >= _MIN_PROSE and filled >= fill * width


def _line(row: Row) -> Line:
    """The row's pieces as one text: with a space between words, with `CELLS` between what stands far apart."""
    text, end = "", row.pieces[0].left
    for piece in row.pieces:
        gap = (piece.left - end) / row.size
        joint = "" if not text or gap < 0.12 else CELLS if gap > _CELL else " "
        text += joint + piece.text
        end = max(end, piece.right)
    bold = all(piece.bold for piece in row.pieces)
    return Line(text.strip(), row.pieces[0].left, end, row.base, row.size, bold)


def _with_initials(pieces: Sequence[Piece]) -> list[Piece]:
    """A large letter that begins a paragraph goes to the first of the rows that it spans; all begin where it does."""
    found = dict(enumerate(pieces))
    for at, piece in enumerate(pieces):
        beside = [n for n, other in found.items() if _is_initial_of(piece, other)] if len(piece.text) <= 2 else []
        if beside:
            first = min((found[n] for n in beside), key=lambda other: other.base)
            found[at] = replace(piece, base=first.base, size=first.size, right=first.left)
            for n in beside:
                if found[n].base > first.base + first.size / 2:
                    found[n] = replace(found[n], left=piece.left)
    return list(found.values())


def _is_initial_of(piece: Piece, other: Piece) -> bool:
    return (
        piece.text[0].isalpha()
        and piece.size > _INITIAL * other.size
        and piece.base - piece.size < other.base < piece.base + 0.35 * piece.size
        and -0.5 * other.size < other.left - piece.right < other.size
    )
