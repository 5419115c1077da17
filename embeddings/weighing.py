"""How Vietnamese a text looks when it is read in one encoding or another."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from embeddings.encoding_tables import PUNCTUATION
from embeddings.legacy import Legacy
from embeddings.orthography import TONES, is_syllable

_MARGIN = 8.0  # points that a reading must lead by; half of it before another set of the same encoding in a long text
_LONG = 100  # good words
_GOOD_WORD = 1.0  # points; of words 99 % are good in the right encoding, 40 % in a wrong one
_BAD_WORD = -4.0
_RARE = 5.0  # points against an encoding that is hardly met
_BAD_SHARE = 0.1  # that a text may have: names, typing errors (news articles: 0.03 at most)
_FEW = 2
_PLENTY = 12  # å and accents here and there make that many of no other language (Django's texts in 90 languages)
_LONGEST = 100  # characters of what is looked at as a word
_LETTER = r"[^\W\d_]"
BYTE = r"\x00-\x08\x0e-\x1f\x7f-\x9f\xa1-\xff" + "".join(PUNCTUATION.values())
_TOKEN = re.compile(f"(?<![A-Za-z{BYTE}])[A-Za-z]*[{BYTE}][A-Za-z{BYTE}]*")
_ASCII_WORD = re.compile(f"(?<![A-Za-z{BYTE}])[A-Za-z]{{2,}}(?![A-Za-z{BYTE}])")
_RUN = re.compile(f"{_LETTER}+")
# Glued to a letter, these are parts of words that were read wrongly. A closing quotation mark may stand behind a word.
_MISPLACED = re.compile(
    f"{_LETTER}[{TONES}“‘„‚‹«¡-ª¬¯±´-¶¸-º¼-¿×÷\xad]|[{TONES}”›™‰•€†‡˜¢-ª¬-¯±-¾×÷]{_LETTER}|\\A[{TONES}]"
)
_BY_LETTERS = 0.5  # of what their frequency tells: a short text need not be like the news
# How frequent each letter is among those beyond ASCII, per mille, to a power of two; of 22,643 news articles.
_PER_MILLE = {
    128: "đ", 64: "àáư", 32: "ảạêếệôốộ", 16: "ãăâấầậềểíìịóơờớợủứựở", 8: "ắọổồụùúữừử",
    4: "ằặẽéễỏòũỹý", 2: "ẩẫẻĩỗỳỷ", 1: "ẳẹèõỡ", 0.5: "ẵ", 0.125: "ỵ",
}  # fmt: skip
_LETTERS = {
    letter: _BY_LETTERS * math.log(67 * share / 1000) for share, letters in _PER_MILLE.items() for letter in letters
}
"""Points: what each tells for Vietnamese against letters drawn from a bag."""
_ABBREVIATION = re.compile("[A-ZĐ]{2,8}")  # HĐND, CSĐT: fine, and no evidence


@dataclass(frozen=True, slots=True)
class Reading:
    """How many different words of a text are Vietnamese when it is read in an encoding, and how many cannot be."""

    encoding: Legacy
    good: int
    bad: int
    points: float  # differences are log odds, about

    @property
    def holds(self) -> bool:
        return self.bad <= _BAD_SHARE * (self.good + self.bad)


def words_of(text: str) -> frozenset[str]:
    """What tells encodings apart: the different words that hold more than ASCII."""
    return frozenset(_TOKEN.findall(text))


def enough(good: int, text: str) -> bool:
    """Whether so many different Vietnamese words make a text Vietnamese; other languages in it ask for more."""
    return good >= _PLENTY or good >= max(_FEW, len(_foreign(text)) / 2)


def _foreign(text: str) -> set[str]:
    return {word for word in _ASCII_WORD.findall(text) if not is_syllable(word)}


def edges_of(text: str) -> tuple[str, ...]:
    """The first and the last of those words."""
    words = _TOKEN.findall(text)
    return (words[0], words[-1]) if words else ()


def readings(words: Collection[str], encodings: Sequence[Legacy], bonus: Mapping[str, float]) -> list[Reading]:
    """Of `words` in each encoding, the likeliest first; `bonus` in points, by name of the encoding."""
    found = [_weighed(words, encoding, bonus.get(encoding.name, 0.0)) for encoding in encodings]
    return sorted(found, key=lambda reading: -reading.points)


def _weighed(words: Collection[str], encoding: Legacy, bonus: float) -> Reading:
    weights = [_weight(word, encoding) if len(word) <= _LONGEST else _IMPOSSIBLE for word in words]
    return Reading(
        encoding,
        good=sum(weight.verdict is True for weight in weights),
        bad=sum(weight.verdict is False for weight in weights),
        # fsum: the words come in no order, and the sum must not depend on it.
        points=math.fsum(weight.points for weight in weights) - _RARE * encoding.rare + bonus,
    )


def near(ranked: Sequence[Reading], words: Collection[str]) -> Reading | None:
    """The next likeliest of `ranked` that reads `words` otherwise than the first, where that does not clearly lead."""
    first = ranked[0]
    convert = first.encoding.convert
    for reading in ranked[1:]:
        alike = reading.encoding.name == first.encoding.name and first.good >= _LONG
        margin = _MARGIN / 2 if alike else _MARGIN
        close = first.points - reading.points < margin
        if close and any(reading.encoding.convert(word) != convert(word) for word in words):
            return reading
    return None


class _Weight(NamedTuple):
    """Whether a word is Vietnamese in a reading, None where it does not say."""

    verdict: bool | None
    points: float


_NOTHING = _Weight(None, 0.0)
_IMPOSSIBLE = _Weight(False, _BAD_WORD)
_UNEXPLAINED = _Weight(False, 3 * _BAD_WORD)


@lru_cache(maxsize=1 << 16)
def _weight(word: str, encoding: Legacy) -> _Weight:
    if encoding.unexplained.search(word):
        return _UNEXPLAINED
    text = encoding.convert(word)
    if _MISPLACED.search(text):
        return _IMPOSSIBLE
    weights = [_weight_of_run(run) for run in _RUN.findall(text)]
    if _IMPOSSIBLE in weights:
        return _IMPOSSIBLE
    return _Weight(any(weight.verdict for weight in weights) or None, sum(weight.points for weight in weights))


def _weight_of_run(run: str) -> _Weight:
    if run.isascii():
        return _NOTHING
    if is_syllable(run) and (run.islower() or run.isupper() or run.istitle()):
        return _Weight(True, _GOOD_WORD + sum(_LETTERS.get(letter, 0.0) for letter in run.lower()))
    return _NOTHING if _ABBREVIATION.fullmatch(run) else _IMPOSSIBLE
