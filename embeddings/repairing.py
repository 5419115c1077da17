"""Text of today that holds an older encoding: §¶ng bé or Ñaûng boä where Đảng bộ is meant. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from embeddings.legacy import AS_IT_IS, OF_TEXT, UTF_8, Legacy
from embeddings.orthography import TONES
from embeddings.weighing import BYTE, edges_of, enough, near, readings, words_of

# What Vietnamese of today has none of, and text in an older encoding nearly always has: a cheap first look.
_SUSPECT = re.compile("[\x80-\x9f¡-ª¬-¯±´-¶¸-¿ÄÅÆÇËÎÏÐÑÖ×ØÛÜÞßäåæçëîïðñö÷øûüþÿ]")
_SUSPECT_PAIR = re.compile(
    "[ÀÁÂÃÈÉÊÌÒÙÚÕàáâãèéêìòùúõ](?:(?<=[aA][ÀÁÂÃÈÉÊÙÚÕàáâãèéêùúõ])|(?<=[eE][ÀÁÂÃÙÕàáâãùõ])"
    "|(?<=[oO][ÂÙÕâùõ])|(?<=[uUyY][ÙÕùõ])|(?<=[aâãeêioôõuyýAÂÃEÊIOÔÕUYÝ][ÌÒìò]))"
)
_CELL = re.compile("[^\t]+|\t+")
_CHUNK = re.compile("[ \t]+|[^ \t]+")
_OF_TODAY = re.compile(f"[^\\W\\d_A-Za-z{BYTE}]|[{TONES}]")  # a letter that no older encoding can look like
_VIETNAMESE = re.compile("[ĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
_COMMON = {"tcvn3": 3.0, "vni": 3.0}  # points: nearly all that is met
_ONE_WORD = 3.0  # points, at least, for one word that only one reading has
_TWO_WORDS = 8.0  # points for two: with neighbours that agree, they outweigh a foreign word or a typing error
_MANY = 5  # pieces that are surely in one encoding, and none in another, make a whole document so
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a line, and the encoding that it surely is in; None where that is not sure."""

    text: str
    words: frozenset[str]
    encoding: Legacy | None


def repaired(text: str) -> str:
    """`text` with what is surely Vietnamese in an older encoding converted to NFC; all else, and each \\n, stays.

    Lines are judged one by one; one too short to tell goes with its neighbours: give it a whole document, and before
    soft hyphens are taken out of it, for TCVN3's ư is one.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        return _BYTE_ORDER_MARK + repaired(text[1:])
    lines = text.split("\n")
    if not any(_is_legacy(piece.encoding) for line in lines if _suspect(line) for piece in _pieces(line)):
        return text
    pieces = [list(_pieces(line)) for line in lines]
    converted = iter(_converted([piece for line in pieces for piece in line]))
    return "\n".join("".join(next(converted) for _ in line) for line in pieces)


def _suspect(text: str) -> bool:
    return not text.isascii() and (_SUSPECT.search(text) or _SUSPECT_PAIR.search(text)) is not None


def _is_legacy(encoding: Legacy | None) -> bool:
    return encoding is not None and encoding is not AS_IT_IS


def _pieces(line: str) -> Iterator[_Piece]:
    """The line cut at tabs, and where words with letters of today begin and end."""
    for cell in _CELL.findall(line):
        if not _OF_TODAY.search(cell):
            words = words_of(cell)
            yield _Piece(cell, words, _sure(cell, words))
            continue
        for of_today, chunks in groupby(_CHUNK.findall(cell), lambda chunk: _OF_TODAY.search(chunk) is not None):
            text = "".join(chunks)
            yield _Piece(text, frozenset(), AS_IT_IS if of_today else _between(text))


def _between(text: str) -> Legacy:
    """Of text between words of today: its first and last word must be wrong as they are, to know where it ends."""
    words = words_of(text)
    encoding = _sure(text, words)
    if encoding is None or not all(_is_wrong(word) for word in edges_of(text)):
        return AS_IT_IS
    return encoding


def _is_wrong(word: str) -> bool:
    return readings([word], (AS_IT_IS,), {})[0].bad > 0


def _sure(text: str, words: frozenset[str]) -> Legacy | None:
    if not words:
        return None
    if _VIETNAMESE.search(UTF_8.convert(text)):
        return UTF_8
    ranked = readings(words, (AS_IT_IS, *OF_TEXT), _COMMON)
    first = ranked[0]
    return first.encoding if first.holds and enough(first.good, text) and not near(ranked, words) else None


def _converted(pieces: Sequence[_Piece]) -> Iterator[str]:
    before = _nearest_before(pieces)
    after = _nearest_before(pieces[::-1])[::-1]
    sure = [piece.encoding for piece in pieces if piece.encoding]
    same_throughout = len(sure) >= _MANY and len(set(sure)) == 1
    for piece, left, right in zip(pieces, before, after, strict=True):
        encoding = piece.encoding or _as_neighbours(piece.words, left, right, same_throughout)
        yield encoding.convert(piece.text)


def _nearest_before(pieces: Sequence[_Piece]) -> list[Legacy | None]:
    """For each piece, the encoding of the last one before it that is sure."""
    found: list[Legacy | None] = []
    last = None
    for piece in pieces:
        found.append(last)
        last = piece.encoding or last
    return found


def _as_neighbours(words: frozenset[str], left: Legacy | None, right: Legacy | None, same_throughout: bool) -> Legacy:
    """The encoding of a neighbour, where `words` read well in it: the less the text around agrees, the better."""
    disagree = left is not None and right is not None and left is not right
    needed = readings(words, (AS_IT_IS,), {})[0].points
    needed += _ONE_WORD if disagree else -_ONE_WORD if same_throughout else 0.0
    for encoding in filter(None, (left, right)):
        reading = readings(words, (encoding,), {})[0]
        flawless = reading.good > 0 and not reading.bad and reading.points >= needed
        if flawless or (reading.good >= 2 * reading.bad and reading.points >= needed + _TWO_WORDS):
            return encoding
    return AS_IT_IS
