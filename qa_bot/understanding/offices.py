"""Which office a question asks about: "Trưởng Ban Tuyên giáo Huyện ủy" of "… Huyện ủy Bình Liêu là ai"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from embeddings.vietnamese import fold, syllables
from qa_bot.records import Office
from qa_bot.understanding.follow_words import Phrases, Word
from qa_bot.understanding.names import Name

_LONGEST = 9  # words of an office with its body


def office_in(text: str, named: Sequence[Name], offices: Phrases, stops: Collection[str]) -> Office | None:
    """The first office in `text`, up to the next name or one of the `stops` (normalised words), if there is one."""
    units: list[Word] = []
    starts: list[bool] = []  # whether a name of several words, or an abbreviation, begins here
    for at, piece in _pieces(text, named):
        for number, unit in enumerate(syllables(piece)):
            units.append(Word(fold(unit), unit, at, at))
            starts.append(number == 0 and any(name.start == at and _is_proper(name) for name in named))
    found = offices.within(units)
    if found is None:
        return None
    start, end = found
    stop = end
    while stop < min(len(units), start + _LONGEST) and not starts[stop] and units[stop].written not in stops:
        stop += 1
    return Office(tuple(word.plain for word in units[start:end]), tuple(word.plain for word in units[start:stop]))


def _is_proper(name: Name) -> bool:
    """A single word may have its capital as a part of the office: "Ủy ban"."""
    return " " in name.written or name.written.isupper()


def _pieces(text: str, named: Sequence[Name]) -> list[tuple[int, str]]:
    """(start, text) of the names in `text` and of what lies between them."""
    cuts = sorted({0, len(text), *(name.start for name in named), *(name.end for name in named)})
    return [(a, text[a:b]) for a, b in pairwise(cuts)]
