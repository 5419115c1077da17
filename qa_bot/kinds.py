"""Where a sentence holds a number, a date or a name: something of the kind asked for that the question lacks.

Offsets are inside the sentence, in characters.
"""

from __future__ import annotations

import re

from embeddings.lexicon import Lexicon
from embeddings.vietnamese import UPPER, fold, is_syllable_shaped, syllables
from qa_bot.records import Expected, Query

Mark = tuple[int, int]

TOKEN = re.compile(r"\d+(?:[.,/]\d+)*(?:\s?%)?|[^\W\d_]+")
_DATE = re.compile(
    r"(?:ngày )?\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|ngày \d{1,2} tháng \d{1,2}(?: năm \d{4})?"
    r"|(?:tháng \d{1,2},? )?(?:năm )?(?<!\d)(?:1\d|20)\d\d(?!\d)"
    r"|tháng \d{1,2}(?!\d)|(?<![\d/])\d{1,2}/\d{1,2}(?![\d/])",
    re.IGNORECASE,
)
_NAME = re.compile(rf"[{UPPER}][^\W\d_]*\.?(?: [{UPPER}][^\W\d_]*)*")
_HONORIFIC = re.compile(
    r"(?:\bông|\bbà|\banh|\bchị|\bcụ|\bđồng chí|\bbác|\bem|\bMr\.?|\bMrs\.?|\bDr\.?) $", re.IGNORECASE
)


def holds(sentence: str, query: Query, lexicon: Lexicon) -> bool:
    """Whether the sentence has something of the kind that is asked for; where none is, any sentence has."""
    match query.expected:
        case Expected.NUMBER:
            return bool(numbers(sentence, query)) or not lexicon.number_words.isdisjoint(syllables(sentence))
        case Expected.DATE:
            return bool(dates(sentence, query)) or _says(sentence, lexicon.time_words)
        case Expected.NAME:
            return bool(names(sentence, query, lexicon))
        case Expected.PERSON:
            return any(start > 0 for start, _ in capitalised(sentence, query, shortest=1))
        case Expected.REASON:
            return _says(sentence, lexicon.reason_cues)
        case Expected.OTHER:
            return True


def _says(sentence: str, phrases: frozenset[str]) -> bool:
    said = f" {' '.join(syllables(sentence))} "
    return any(f" {phrase} " in said for phrase in phrases)


def numbers(sentence: str, query: Query) -> list[Mark]:
    known = frozenset(folded(query.text))
    return [m.span() for m in TOKEN.finditer(sentence) if m[0][0].isdigit() and not known.issuperset(folded(m[0]))]


def dates(sentence: str, query: Query) -> list[Mark]:
    known = frozenset(folded(query.text))
    return [
        m.span() for m in _DATE.finditer(sentence) if not known.issuperset(u for u in folded(m[0]) if u[0].isdigit())
    ]


def names(sentence: str, query: Query, lexicon: Lexicon) -> list[Mark]:
    """People: a family name and what follows it, a word spelled like no Vietnamese one, or a name after "ông"."""
    found = []
    for start, end in capitalised(sentence, query, shortest=1):
        words = sentence[start:end].split()
        foreign = any(not is_syllable_shaped(part) for part in folded(sentence[start:end]) if len(part) > 1)
        family = len(words) > 1 and words[0] in lexicon.family_names
        if foreign or family or _HONORIFIC.search(sentence, max(0, start - 12), start):
            found.append((start, end))
    return found


def capitalised(sentence: str, query: Query, shortest: int = 2) -> list[Mark]:
    """Runs of at least `shortest` capitalised words that the question does not hold."""
    known = frozenset(folded(query.text))
    spans = (m.span() for m in _NAME.finditer(sentence))
    return [
        (a, b)
        for a, b in spans
        if len(sentence[a:b].split()) >= shortest and not known.issuperset(folded(sentence[a:b]))
    ]


def folded(text: str) -> list[str]:
    return syllables(fold(text))
