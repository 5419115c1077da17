"""What stands where on the pages of a PDF: the only room that knows pypdfium2.

Coordinates are in points, x to the right and y down from the page's upper left corner as its text is read: a page
whose text runs upwards is turned.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import byref, c_double, c_int, create_string_buffer
from dataclasses import dataclass
from typing import NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from embeddings.readers.characters import plain
from embeddings.readers.old_fonts import WIDE_HYPHEN
from embeddings.readers.pdf_pieces import Glyph, Piece, pieces_of

FEW_LETTERS = 20
"""On a page, at most: a stamp or a number on a picture of the page."""

_HYPHEN = 0.42  # em wide, at most
_UPRIGHT = math.radians(8)
_LONGEST_FONT_NAME = 127
_LAST_CONTROL = 32  # PDFium's own spaces and line ends are among these


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed page. Its pieces stand in the order in which the file draws them."""

    width: float
    height: float
    pieces: tuple[Piece, ...]
    pictured: bool = False  # it has pictures, and few letters
    nameless: int = 0  # characters for which the file does not say what letter they are


@dataclass(frozen=True, slots=True)
class Printed:
    """A document's pages, and the title that its file states."""

    sheets: tuple[Sheet, ...]
    title: str


class _Drawn(NamedTuple):
    """One character as the file has it: y runs upwards from the page's lower edge."""

    character: str
    left: float
    bottom: float
    right: float
    top: float
    base: float  # of its line: a y, or an x where the line runs up or down
    size: float
    angle: float
    font: str


def printed(data: bytes) -> Printed:
    """Raises ValueError with the reason when the file cannot be opened."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise ValueError("encrypted; open it with its password and save it without one") from error
        raise ValueError("not a PDF that can be read") from error
    with document:
        title = document.get_metadata_value("Title")
        return Printed(tuple(_sheet(document, number) for number in range(len(document))), plain(title))


def _sheet(document: pypdfium2.PdfDocument, number: int) -> Sheet:
    """A page that is broken is an empty one: the others can still be read."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return Sheet(0, 0, ())
    try:
        text = page.get_textpage()
        drawn, nameless = _drawn(text.raw, text.count_chars())
        text.close()
        few = sum(glyph.character.isalpha() for glyph in drawn) <= FEW_LETTERS
        pictures = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4) if few else iter(())
        pictured = any(True for _ in pictures)
        box = page.get_bbox()
    except pypdfium2.PdfiumError:
        return Sheet(0, 0, ())
    finally:
        page.close()
    quarters = _quarter_turns(drawn)
    left, bottom, right, top = _turned(box, quarters)
    width, height = right - left, top - bottom
    inside = (
        glyph
        for glyph in _upright(drawn, quarters, left, top)
        if glyph.left >= -1 and glyph.right <= width + 1 and 0 <= glyph.base <= height
    )
    return Sheet(width, height, tuple(pieces_of(inside)), pictured, nameless)


def _drawn(text: pdfium.FPDF_TEXTPAGE, count: int) -> tuple[list[_Drawn], int]:
    """The characters that the page draws, in its order, and how many have no letter.

    Spaces and line ends that PDFium adds by its own judgement are left out: `pieces_of` has more to judge by.
    """
    found, nameless = [], 0
    box, matrix, x, y = pdfium.FS_RECTF(), pdfium.FS_MATRIX(), c_double(), c_double()
    name, flags = create_string_buffer(_LONGEST_FONT_NAME + 1), c_int()
    at_box, at_matrix, at_x, at_y, at_flags = byref(box), byref(matrix), byref(x), byref(y), byref(flags)
    fonts: dict[bytes, str] = {}
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code <= _LAST_CONTROL and pdfium.FPDFText_IsGenerated(text, index) == 1:
            continue
        if code == 0 or pdfium.FPDFText_HasUnicodeMapError(text, index) == 1:
            nameless += 1
            continue
        if not (
            pdfium.FPDFText_GetLooseCharBox(text, index, at_box)
            and pdfium.FPDFText_GetCharOrigin(text, index, at_x, at_y)
            and pdfium.FPDFText_GetMatrix(text, index, at_matrix)
        ):
            continue
        size = pdfium.FPDFText_GetFontSize(text, index) * math.hypot(matrix.c, matrix.d)
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        if not math.isfinite(left + bottom + right + top + x.value + y.value + size) or size <= 0:
            continue
        pdfium.FPDFText_GetFontInfo(text, index, name, _LONGEST_FONT_NAME, at_flags)
        font = fonts.get(name.value) or fonts.setdefault(name.value, name.value.decode("utf-8", "replace"))
        lies = abs(matrix.a) >= abs(matrix.b)
        base, width = (y.value, right - left) if lies else (x.value, top - bottom)
        character = WIDE_HYPHEN if code == ord("-") and width > _HYPHEN * size else chr(code)
        angle = math.atan2(matrix.b, matrix.a)
        found.append(_Drawn(character, left, bottom, right, top, base, size, angle, font))
    return found, nameless


def _quarter_turns(drawn: Sequence[_Drawn]) -> int:
    """By how many right angles, against the clock, most of the page's text is turned."""
    turns = Counter(round(glyph.angle / (math.pi / 2)) % 4 for glyph in drawn)
    return turns.most_common(1)[0][0] if turns else 0


def _turned(box: tuple[float, float, float, float], quarters: int) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of a box that is turned with the clock about the origin."""
    left, bottom, right, top = box
    return (
        (left, bottom, right, top),
        (bottom, -right, top, -left),
        (-right, -top, -left, -bottom),
        (-top, left, -bottom, right),
    )[quarters]


def _upright(drawn: Sequence[_Drawn], quarters: int, left: float, top: float) -> Iterator[Glyph]:
    """Those that run with most, on a page that is read upright and begins at (`left`, `top`)."""
    sign = 1 if quarters in (0, 3) else -1  # of the base line's coordinate, turned
    for glyph in drawn:
        off = abs((glyph.angle - quarters * math.pi / 2 + math.pi) % (2 * math.pi) - math.pi)
        if off < _UPRIGHT:
            west, _, east, _ = _turned(glyph[1:5], quarters) if quarters else glyph[1:5]
            yield Glyph(glyph.character, west - left, east - left, top - sign * glyph.base, glyph.size, glyph.font)
