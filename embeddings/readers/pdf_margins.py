"""What a page repeats in its margins: running heads and feet, page numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from embeddings.readers.pdf_glyphs import Sheet
from embeddings.readers.pdf_layout import Row, rows_of
from embeddings.readers.pdf_pieces import Piece
from embeddings.vietnamese import fold

_MARGIN = 0.16  # of the page's height, above and below
_ROWS = 3  # outermost ones that may be furniture
_SAME_HEIGHT = 0.012  # of the page's height
_SHARE = 0.3  # of the pages; left and right pages may have different heads
_APART = 2.0  # times its size does a lone number keep from the text
_NUMBER = re.compile(r"(?:trang|page|tr\.?)?[\s\W_]*(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:/|\||of|trên)\s*\d{1,4})?[\s\W_]*")
_DIGITS = re.compile(r"\d+")


def without_furniture(sheets: Sequence[Sheet]) -> list[tuple[Piece, ...]]:
    """The pieces of each page that belong to its text."""
    outer = [_outer_rows(sheet) for sheet in sheets]
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)  # by text without numbers: (page, height)
    for page, rows in enumerate(outer):
        for row in rows:
            places[_skeleton(row)].append((page, row.base / sheets[page].height))
    kept = []
    for page, sheet in enumerate(sheets):
        dropped = {
            id(piece)
            for row in outer[page]
            if _is_repeated(row.base / sheet.height, places[_skeleton(row)], len(sheets)) or _is_lone_number(row, sheet)
            for piece in row.pieces
        }
        kept.append(tuple(piece for piece in sheet.pieces if id(piece) not in dropped))
    return kept


def _outer_rows(sheet: Sheet) -> list[Row]:
    """The outermost rows in the margins."""
    rows = rows_of(sheet.pieces)
    top = [row for row in rows[:_ROWS] if row.base < _MARGIN * sheet.height]
    bottom = [row for row in rows[-_ROWS:] if row.base > (1 - _MARGIN) * sheet.height]
    return top + bottom


def _skeleton(row: Row) -> str:
    return _DIGITS.sub("#", fold(_text(row)).casefold())


def _text(row: Row) -> str:
    return " ".join(piece.text for piece in row.pieces)


def _is_repeated(height: float, places: Sequence[tuple[int, float]], pages: int) -> bool:
    same = {page for page, other in places if abs(other - height) < _SAME_HEIGHT}
    return len(same) >= max(2, _SHARE * pages)


def _is_lone_number(row: Row, sheet: Sheet) -> bool:
    """Whether the row is a page number: nothing else in it, and apart from the text."""
    if not _NUMBER.fullmatch(_text(row).casefold().strip()):
        return False
    others = [abs(other.base - row.base) for other in rows_of(sheet.pieces) if other.pieces != row.pieces]
    return min(others, default=0.0) > _APART * row.size
