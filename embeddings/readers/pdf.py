"""PDF: text in reading order, column by column, with where each page begins. Pictures of pages are not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from embeddings import lexicon
from embeddings.readers import Hints, Reading
from embeddings.readers.old_fonts import in_unicode
from embeddings.readers.pdf_glyphs import FEW_LETTERS, Printed, Sheet, printed
from embeddings.readers.pdf_layout import blocks, gutters
from embeddings.readers.pdf_margins import without_furniture
from embeddings.readers.pdf_paragraphs import Paragraph, paragraphs
from embeddings.readers.pdf_pieces import Piece
from embeddings.readers.stated import Look, described, headline
from embeddings.records import Region

_NAMELESS = 0.1  # of the characters: bullets and other signs are fewer
_UPPER_PART = 0.6  # of the first page


def read(data: bytes, hints: Hints) -> Iterator[Reading]:  # noqa: ARG001 - a PDF says all itself
    document = printed(data)
    _refuse_without_text(document.sheets)
    kept = _repaired(without_furniture(document.sheets))
    known = sorted({gutter for pieces in kept for gutter in gutters(pieces)})
    found = paragraphs([blocks(pieces, known) for pieces in kept])
    if not found:
        raise ValueError("it holds no text")
    yield _reading(document, found)


def _refuse_without_text(sheets: Sequence[Sheet]) -> None:
    letters = sum(character.isalpha() for sheet in sheets for piece in sheet.pieces for character in piece.text)
    characters = sum(len(piece.text) for sheet in sheets for piece in sheet.pieces)
    nameless = sum(sheet.nameless for sheet in sheets)
    pictured = sum(sheet.pictured for sheet in sheets)
    if nameless > _NAMELESS * (nameless + characters):
        raise ValueError("its fonts do not say which letters they show; run OCR over it first")
    if pictured and letters <= FEW_LETTERS * pictured:
        raise ValueError("it holds pictures of pages and no text; run OCR over it first")


def _repaired(pages: Sequence[Sequence[Piece]]) -> list[list[Piece]]:
    texts = iter(in_unicode([(piece.font, piece.text) for pieces in pages for piece in pieces]))
    return [[replace(piece, text=next(texts)) for piece in pieces] for pieces in pages]


def _reading(document: Printed, found: Sequence[Paragraph]) -> Reading:
    lower = _UPPER_PART * document.sheets[0].height
    looks = [
        Look(
            paragraph.text, paragraph.size, paragraph.bold, early=paragraph.pages[0][0] == 0 and paragraph.base < lower
        )
        for paragraph in found
    ]
    kinds, front_matter = described(looks, headline(looks, document.title), lexicon.load())
    text, regions, starts = "", [], dict[int, int]()
    for kind, paragraph in zip(kinds, found, strict=True):
        for page, at in paragraph.pages:
            starts.setdefault(page, len(text) + at)
        regions.append(Region(kind, len(text), len(text) + len(paragraph.text)))
        text += paragraph.text + "\n"
    pages = _ascending(starts, len(document.sheets), len(text))
    return Reading(text, front_matter, regions=tuple(regions), pages=pages)


def _ascending(starts: dict[int, int], pages: int, end: int) -> tuple[int, ...]:
    """Where each page begins; one without text where the next begins, or at the end."""
    found: list[int] = []
    for page in reversed(range(pages)):
        following = found[-1] if found else end
        found.append(min(starts.get(page, following), following))
    return tuple(reversed(found))
