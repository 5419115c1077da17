"""Where a sentence holds what is asked for: a number, a date, a name, a place, a document that the question lacks.

Offsets are inside the sentence, in characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from embeddings.lexicon import Lexicon
from embeddings.ordinals import in_arabic, ordinals
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
_DOCUMENT = re.compile(rf"(?:số )?\d+(?:/\d{{4}})?\s?[-/–]\s?[{UPPER}]{{1,6}}(?:[-/][{UPPER}]{{1,6}})*|\bsố \d+")
_NAMING = re.compile(
    r"\b(?:số|thứ|khóa|khoá|điều|khoản|chương|mục|quý|kỳ|giai đoạn|nhiệm kỳ|năm) \d+(?:\s?[-–]\s?\d+)?"
    r"|(?<!\d)(?:1\d|20)\d\d\s?[-–]\s?(?:1\d|20)?\d\d(?!\d)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:1\d|20)\d\d")
_ONE = "một"
_ENUMERATION = re.compile(r"[,;]|\n| và ")
_ITEMS = 2  # separators between at least three things


def holds(sentence: str, marks: Sequence[Mark], query: Query, lexicon: Lexicon) -> bool:
    """Whether the sentence, with `marks` from `candidates`, has what is asked for; where nothing special is, it has."""
    match query.expected:
        case Expected.NUMBER | Expected.NAME | Expected.PLACE | Expected.DOCUMENT:
            return bool(marks)
        case Expected.DATE:
            return bool(marks) or _says(sentence, lexicon.time_words)
        case Expected.PERSON:
            return any(start > 0 for start, _ in marks)
        case Expected.REASON:
            return _says(sentence, lexicon.reason_cues)
        case Expected.LIST:
            return len(_ENUMERATION.findall(sentence)) >= _ITEMS
        case Expected.YES_NO | Expected.OTHER:
            return True


def candidates(sentence: str, query: Query, lexicon: Lexicon) -> list[Mark]:
    """Everything in the sentence that could be the answer; none where any words could."""
    match query.expected:
        case Expected.NUMBER:
            return numbers(sentence, query) or counted_in_words(sentence, query, lexicon)
        case Expected.DATE:
            return dates(sentence, query)
        case Expected.NAME:
            return names(sentence, query, lexicon)
        case Expected.PERSON:
            return capitalised(sentence, query, shortest=1)
        case Expected.PLACE:
            return places(sentence, query)
        case Expected.DOCUMENT:
            return documents(sentence, query)
        case _:
            return []


def _says(sentence: str, phrases: frozenset[str]) -> bool:
    said = f" {' '.join(syllables(sentence))} "
    return any(f" {phrase} " in said for phrase in phrases)


def numbers(sentence: str, query: Query) -> list[Mark]:
    """Amounts that the question lacks; years, dates and numbers that only name something ("số 16") are none, unless
    the question asks which one ("thứ mấy").
    """
    if query.ordinal:
        return _ordinals(sentence, query)
    known = _known(query.text)
    named = [m.span() for p in (_DATE, _DOCUMENT, _NAMING) for m in p.finditer(sentence)]
    return [
        m.span()
        for m in TOKEN.finditer(sentence)
        if m[0][0].isdigit()
        and not known.issuperset(folded(m[0]))
        and not any(start <= m.start() and m.end() <= end and not _counts(sentence, m, query) for start, end in named)
    ]


def _ordinals(sentence: str, query: Query) -> list[Mark]:
    known = _known(in_arabic(query.text))
    found = [(m.span(), m[0]) for m in TOKEN.finditer(sentence) if m[0].isdigit() and not _YEAR.fullmatch(m[0])]
    found += [((start, end), str(number)) for start, end, number in ordinals(sentence)]
    return sorted(span for span, number in found if number not in known)


def _counts(sentence: str, number: re.Match[str], query: Query) -> bool:
    """Whether the thing asked for follows: "2018 cây" is no year."""
    following = TOKEN.match(sentence, number.end() + 1)
    return following is not None and not query.focus.isdisjoint(folded(following[0]))


def counted_in_words(sentence: str, query: Query, lexicon: Lexicon) -> list[Mark]:
    """Words for numbers: "hai xã". One alone is an article more often than a number: the thing asked must follow."""
    tokens = list(TOKEN.finditer(sentence))
    found = []
    for at, token in enumerate(tokens):
        word = token[0].casefold()
        if word not in lexicon.number_words:
            continue
        following = tokens[at + 1][0] if at + 1 < len(tokens) else ""
        if word != _ONE or query.focus.issuperset(folded(following) or [_ONE]):
            found.append(token.span())
    return found


def dates(sentence: str, query: Query) -> list[Mark]:
    known = _known(query.text)
    return [
        m.span() for m in _DATE.finditer(sentence) if not known.issuperset(u for u in folded(m[0]) if u[0].isdigit())
    ]


def documents(sentence: str, query: Query) -> list[Mark]:
    """Numbers of resolutions, decisions and the like that the question lacks: "22-NQ/TW", "số 07"."""
    known = _known(query.text)
    return [m.span() for m in _DOCUMENT.finditer(sentence) if not known.issuperset(folded(m[0]))]


def places(sentence: str, query: Query) -> list[Mark]:
    """Names that the question lacks; after the head that it asks for ("tỉnh nào"), where it asks for one."""
    found = capitalised(sentence, query, shortest=1)
    if not query.place_head:
        return [(start, end) for start, end in found if start > 0]
    head = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, query.place_head))})\s+(?:\w+\s+)?$", re.IGNORECASE)
    marks = []
    for start, end in found:
        words = sentence[start:end].split()
        inside = words[0].casefold() in query.place_head and len(words) > 1
        before = head.search(sentence, max(0, start - 24), start)
        if inside:
            marks.append((start, end))
        elif before:
            marks.append((before.start(), end))
    return marks


def names(sentence: str, query: Query, lexicon: Lexicon) -> list[Mark]:
    """People: a family name and what follows it, a word spelled like no Vietnamese one, or a name after "ông"."""
    found = []
    known = _known(query.text)
    for start, end in capitalised(sentence, query, shortest=1):
        while known.issuperset(folded(sentence[start:end].split()[0])) and " " in sentence[start:end]:
            start = sentence.index(" ", start) + 1  # "Mèo Vạc Hầu Minh Lợi" begins with the place asked about
        words = sentence[start:end].split()
        foreign = any(not is_syllable_shaped(part) for part in folded(sentence[start:end]) if len(part) > 1)
        family = len(words) > 1 and words[0] in lexicon.family_names
        if foreign or family or _HONORIFIC.search(sentence, max(0, start - 12), start):
            found.append((start, end))
    return found


def capitalised(sentence: str, query: Query, shortest: int = 2) -> list[Mark]:
    """Runs of at least `shortest` capitalised words that the question does not hold."""
    known = _known(query.text)
    spans = (m.span() for m in _NAME.finditer(sentence))
    return [
        (a, b)
        for a, b in spans
        if len(sentence[a:b].split()) >= shortest and not known.issuperset(folded(sentence[a:b]))
    ]


@lru_cache(maxsize=64)
def _known(text: str) -> frozenset[str]:
    """The folded words of a question; asked for once for every sentence."""
    return frozenset(folded(text))


@lru_cache(maxsize=1 << 14)
def folded(text: str) -> tuple[str, ...]:
    """The folded syllables of a few words; asked for again and again."""
    return tuple(syllables(fold(text)))
