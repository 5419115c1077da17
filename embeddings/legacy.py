"""Encodings that Vietnamese was written in before Unicode, as functions from text to text.

What goes in are characters from U+0000 to U+00FF, one a byte, or what Windows shows for them (code page 1252).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from embeddings import encoding_tables as tables
from embeddings.orthography import is_syllable


@dataclass(frozen=True, slots=True, eq=False)
class Legacy:
    """One encoding. `unexplained` finds what its table has no meaning for; `convert` leaves that as it is."""

    name: str
    convert: Callable[[str], str]  # to NFC
    unexplained: re.Pattern[str]
    rare: bool = False


_CONTROLS = [*range(0x09), *range(0x0E, 0x20), 0x7F]
_SPACE = 0xA0
_SYMBOLS = range(0xA0, 0xC0)  # of code page 1252, where an encoding has no letters there


def _but(*explained: Iterable[int]) -> str:
    """A class of a pattern: control characters and the upper half of the bytes, but for these."""
    known = {byte for bytes_ in explained for byte in bytes_}
    return "[" + "".join(f"\\x{byte:02x}" for byte in (*_CONTROLS, *range(0x80, 0x100)) if byte not in known) + "]"


def _single(table: Mapping[int, str]) -> Callable[[str], str]:
    return lambda text: unicodedata.normalize("NFC", text.translate(table))


def _either_case(letters: Iterable[str]) -> str:
    return "".join(letter + letter.upper() for letter in letters)


# --- VNI: a vowel, then its mark ---

_VNI_UNITS = {
    base + mark: unicodedata.normalize("NFC", tables.VNI_LETTERS.get(ord(base), base) + added)
    for vowel, marks in tables.VNI_MARKS.items()
    for small, added in marks.items()
    for base in (vowel, vowel.upper())
    for mark in (small, small.upper())  # its case is that of its vowel; where it is not, the vowel's counts
} | {chr(byte): character for byte, character in (tables.PUNCTUATION | tables.VNI_LETTERS).items()}
_VNI_UNIT = re.compile(
    "|".join(f"[{_either_case(vowel)}][{_either_case(marks)}]" for vowel, marks in tables.VNI_MARKS.items())
    + f"|[{''.join(unit for unit in _VNI_UNITS if len(unit) == 1)}]"
)
_VNI_MARKS = _either_case(tables.VNI_MARKS["a"])
_VNI_STRAY_MARK = "|".join(
    f"(?<![{_either_case(vowel for vowel, marks in tables.VNI_MARKS.items() if mark in marks)}])[{_either_case(mark)}]"
    for mark in tables.VNI_MARKS["a"]
)


def _vni(text: str) -> str:
    return unicodedata.normalize("NFC", _VNI_UNIT.sub(lambda unit: _VNI_UNITS[unit[0]], text))


# --- TCVN3: one byte for ộ and Ộ, of which the font shows one or the other ---

_TCVN3 = tables.PUNCTUATION | tables.TCVN_UPPER
_CAPITAL = "A-Z" + "".join(map(chr, tables.TCVN_CASED[0]))
_SMALL = "a-z" + "".join(map(chr, tables.TCVN_CASED[1]))
_EITHER = "\xb5-\xff"
_WORD = re.compile(f"[{_CAPITAL}{_SMALL}{_EITHER}]+")
_IN_CAPITALS = re.compile(f"[{_CAPITAL}{_EITHER}]+[{_CAPITAL}][{_CAPITAL}{_EITHER}]*")
_CAPITAL_INSIDE = re.compile(f"[{_CAPITAL}{_EITHER}][{_CAPITAL}]")
_HAS_SMALL = re.compile(f"[{_SMALL}]")
_BULLET = re.compile("^([ \t]*)\xb7(?=[ \t])", re.MULTILINE)  # no line begins with the word ã


def _tcvn3(text: str) -> str:
    """Letters with a tone mark are read as capitals among capitals: CéNG HOµ X· HéI."""
    text = _BULLET.sub("\\1•", text)
    if not _CAPITAL_INSIDE.search(text):
        return unicodedata.normalize("NFC", text.translate(_TCVN3))
    return unicodedata.normalize("NFC", "\n".join(map(_with_capitals, text.split("\n"))))


def _with_capitals(line: str) -> str:
    if not _CAPITAL_INSIDE.search(line):
        return line.translate(_TCVN3)
    words = list(_WORD.finditer(line))
    pieces = []
    end = 0
    for word, capitals in zip(words, _in_capitals([word[0] for word in words]), strict=True):
        if capitals:
            pieces += [line[end : word.start()].translate(_TCVN3), word[0].translate(_TCVN3).upper()]
            end = word.end()
    return "".join(pieces) + line[end:].translate(_TCVN3)


def _in_capitals(words: Sequence[str]) -> list[bool]:
    """Whether each word is in capitals: as its own letters tell, else as the nearest syllables on both sides do."""
    own = [False if _HAS_SMALL.search(word) else _IN_CAPITALS.fullmatch(word) is not None or None for word in words]
    # An abbreviation is in capitals itself, but says nothing of its neighbours: Bộ GD-ĐT.
    telling = [
        None if capitals and not is_syllable(word.translate(_TCVN3)) else capitals
        for word, capitals in zip(words, own, strict=True)
    ]
    before, after = _nearest_before(telling), _nearest_before(telling[::-1])[::-1]
    return [
        capitals if capitals is not None else True in sides and False not in sides
        for capitals, sides in zip(own, zip(before, after, strict=True), strict=True)
    ]


def _nearest_before(telling: Sequence[bool | None]) -> list[bool | None]:
    found: list[bool | None] = []
    last = None
    for own in telling:
        found.append(last)
        last = last if own is None else own
    return found


# --- the encodings ---

# Of what Windows has from 0x80 to 0x9F, letters, marks and daggers have no use in Vietnamese, nor have signs alone.
_OF_NO_USE = {0x83, 0x86, 0x87, 0x88, 0x8A, 0x8B, 0x8C, 0x8E, 0x98, 0x9A, 0x9B, 0x9C, 0x9E, 0x9F}
_COMBINING = range(0xB0, 0xB5)  # in VN1 and not in fonts
TCVN3 = Legacy(
    "tcvn3",
    _tcvn3,
    re.compile(_but(_TCVN3.keys() - _OF_NO_USE - {*_COMBINING}, [_SPACE]) + r"|\A[\x89\x99]\Z"),
)
_WITH_CAPITALS = Legacy(
    "tcvn3",
    _single(tables.TCVN_UPPER | tables.TCVN_CAPITALS),
    # Alone between spaces these are an ellipsis, quotation marks and dashes of Windows, not Ặ, Ị, Ò, Ỏ, Õ, Ó, Ọ, Ộ.
    re.compile(_but(tables.TCVN_UPPER, tables.TCVN_CAPITALS, [_SPACE]) + r"|\A[\x85\x91-\x97]\Z"),
    rare=True,
)
VNI = Legacy(
    "vni",
    _vni,
    re.compile(
        _but(tables.PUNCTUATION, _SYMBOLS, tables.VNI_LETTERS, map(ord, _VNI_MARKS), [0xD7, 0xF7])
        + f"|{_VNI_STRAY_MARK}"
    ),
)
_SHOWN = {ord(shown): tables.VISCII[byte] for byte, shown in tables.PUNCTUATION.items()}
VISCII = Legacy("viscii", _single(tables.VISCII | _SHOWN), re.compile(_but(tables.VISCII)))
WINDOWS_1258 = Legacy("windows-1258", _single(tables.WINDOWS_1258), re.compile(_but(tables.WINDOWS_1258)))

_BYTES = {ord(shown): byte for byte, shown in tables.WINDOWS_1252.items()}


def _utf_8(text: str) -> str:
    """Undoes reading UTF-8 as code page 1252; unchanged where the text did not come about so."""
    try:
        return unicodedata.normalize("NFC", text.translate(_BYTES).encode("latin-1").decode("utf-8"))
    except ValueError:
        return text


UTF_8 = Legacy("utf-8", _utf_8, re.compile("(?!)"))
AS_IT_IS = Legacy("", str, re.compile(_but(range(0xA0, 0x100))))

OF_FILES = (TCVN3, _WITH_CAPITALS, VNI, VISCII, WINDOWS_1258)
OF_TEXT = (TCVN3, VNI, VISCII, WINDOWS_1258)
"""In text of today VN1 is not met: no font for Windows had its capitals."""
