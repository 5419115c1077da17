"""From characters with their places to pieces of text: words that stand beside each other on a line.

Whether a space stands between two characters is judged by the room between them, as the eye does: files leave spaces
out, write them without room, or put one between all letters of a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from statistics import median
from typing import NamedTuple

_WIDE = 0.8  # em between two letters: they belong to different pieces
_BACK = 0.6  # em to the left: likewise
_RAISED = 0.15  # em up or down: likewise, as a footnote's mark
_SPACE = 0.115  # em beyond what is usual between the letters of a piece: a space, though none is written
_WRITTEN_SPACE = 0.08  # em: a space that is written counts only where it takes room
_TRACKED = 0.1  # em between most letters: the word is set wide
_OVERPRINTED = 0.3  # em: so near, the same letters again only make them bold
_BOLD = re.compile(r"bold|black|heavy|demi|semibd|\.vn\w*b\b", re.IGNORECASE)


class Glyph(NamedTuple):
    """One character, on a page that is read upright. Points from its left and upper edges."""

    character: str
    left: float
    right: float
    base: float  # of its line
    size: float  # of its font
    font: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters on one line, at most `_WIDE` apart."""

    text: str
    left: float
    right: float
    base: float  # of its line, from the top
    size: float  # of its font
    bold: bool
    font: str


def pieces_of(glyphs: Iterable[Glyph]) -> Iterator[Piece]:
    """Neighbours in the file that stand beside each other, together. Two prints of one run (for bold) are one."""
    seen: dict[str, list[Piece]] = {}
    run: list[Glyph] = []
    spaced: set[int] = set()  # positions in `run` before which a space is written
    for glyph in chain(glyphs, [None]):
        if run and (glyph is None or not _adjoins(run[-1], glyph)):
            piece = _piece(run, spaced)
            twins = seen.setdefault(piece.text, [])
            if not any(_overprints(piece, twin) for twin in twins):
                twins.append(piece)
                yield piece
            run, spaced = [], set()
        if glyph is not None and glyph.character.isspace():
            spaced.add(len(run))
        elif glyph is not None:
            run.append(glyph)


def _adjoins(last: Glyph, glyph: Glyph) -> bool:
    em = max(last.size, glyph.size)
    return (
        abs(glyph.base - last.base) < _RAISED * em
        and -_BACK * em < glyph.left - last.right < _WIDE * em
        and min(last.size, glyph.size) > em / 2
    )


def _overprints(piece: Piece, twin: Piece) -> bool:
    return max(abs(piece.left - twin.left), abs(piece.base - twin.base)) < _OVERPRINTED * piece.size


def _piece(run: Sequence[Glyph], spaced: Set[int]) -> Piece:
    em = median(glyph.size for glyph in run)
    gaps = [(glyph.left - before.right) / em for before, glyph in pairwise(run)]
    usual = max(0.0, sorted(gaps)[len(gaps) // 4]) if gaps else 0.0
    letters = sum(glyph.character.isalpha() for glyph in run)
    if len(run) > 4 and usual > _TRACKED and letters > 0.8 * len(run):
        breaks = {at for at, gap in enumerate(gaps, 1) if gap > 1.7 * usual}
    else:
        written = {at for at, gap in enumerate(gaps, 1) if at in spaced and gap > _WRITTEN_SPACE}
        breaks = written | {at for at, gap in enumerate(gaps, 1) if gap > usual + _SPACE}
    text = _whole("".join(" " * (at in breaks) + glyph.character for at, glyph in enumerate(run)))
    font = Counter(glyph.font for glyph in run).most_common(1)[0][0]
    return Piece(text, run[0].left, max(glyph.right for glyph in run), run[0].base, em, _is_bold(font), font)


@lru_cache(maxsize=256)
def _is_bold(font: str) -> bool:
    return _BOLD.search(font) is not None


def _whole(text: str) -> str:
    """The characters of `text`, halves of a pair put together; PDFium's sign for a hyphen at a line's end as one."""
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    return joined.replace("\x02", "-").replace("\ufffe", "-")
