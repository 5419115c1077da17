"""Ordinals in Roman and in Arabic numerals are one: "lần thứ XVIII" is "lần thứ 18", "khóa X" is "khóa 10"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
# Only beside these is a capital letter or two a number: "khóa X", "Đại hội XXVIII", "thế kỷ XIX".
_HEADS = "thứ|khóa|khoá|kỳ|kỉ|kỷ|hội|quý|hạng|loại|cấp|phần|chương|mục|tập|số|bậc"
_ORDINAL = re.compile(rf"(?i:\b(?:{_HEADS}))\s+([IVXLC]{{1,8}})(?!\w)")
_WELL_FORMED = re.compile(r"(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


def value(roman: str) -> int | None:
    """The number that capitals like XVIII stand for, up to 399; None where they are no numeral."""
    if not roman or not _WELL_FORMED.fullmatch(roman):
        return None
    digits = [_VALUES[letter] for letter in roman]
    return sum(-d if d < following else d for d, following in zip(digits, [*digits[1:], 0], strict=True))


def ordinals(text: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, value) of the Roman ordinals in `text`, in characters."""
    for match in _ORDINAL.finditer(text):
        number = value(match[1])
        if number is not None:
            yield match.start(1), match.end(1), number


def in_arabic(text: str) -> str:
    """`text` with its Roman ordinals in Arabic numerals."""
    parts, at = [], 0
    for start, end, number in ordinals(text):
        parts += [text[at:start], str(number)]
        at = end
    return "".join([*parts, text[at:]])
