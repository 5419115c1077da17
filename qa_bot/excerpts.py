"""Which words of a sentence answer, and which part of a long sentence to say. Offsets are inside the sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from embeddings.lexicon import Lexicon
from embeddings.vietnamese import fold, syllables
from qa_bot.records import Expected, Query

Mark = tuple[int, int]

_TOKEN = re.compile(r"\d+(?:[.,/]\d+)*(?:\s?%)?|[^\W\d_]+")
_DATE = re.compile(
    r"(?:ngày )?\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|ngày \d{1,2} tháng \d{1,2}(?: năm \d{4})?|(?:tháng \d{1,2},? )?(?:năm )?(?<!\d)(?:1\d|20)\d\d(?!\d)",
    re.IGNORECASE,
)
_UPPER = r"[^\W\d_a-zà-ỹ]"
_NAME = re.compile(rf"{_UPPER}[^\W\d_]*\.?(?: {_UPPER}[^\W\d_]*)+")
_CLAUSE_END = re.compile(r"[,;:.…](?=\s)|\n+|\s[–-]\s")
_REACH = 4  # words after a number in which the thing counted is looked for
_ELLIPSIS = "…"


def marks(sentence: str, query: Query, telling: frozenset[str], lexicon: Lexicon) -> tuple[Mark, ...]:
    """The words that answer: a number, a date, a name that the question lacks; else the words it asked with."""
    known = frozenset(syllables(fold(query.text)))
    match query.expected:
        case Expected.NUMBER:
            found = _best_number(sentence, known, telling)
        case Expected.DATE:
            found = [m.span() for m in _DATE.finditer(sentence) if not known.issuperset(_numbers(m[0]))]
        case Expected.PERSON:
            found = [m.span() for m in _NAME.finditer(sentence) if not known.issuperset(_folded(m[0]))]
        case Expected.REASON:
            found = _reasons(sentence, lexicon)
        case Expected.OTHER:
            found = []
    return tuple(found) or _matching_words(sentence, telling)


def _best_number(sentence: str, known: frozenset[str], telling: frozenset[str]) -> list[Mark]:
    """The new number whose neighbours are most of what was asked for ("2.400 đảng viên"), with its unit."""
    tokens = list(_TOKEN.finditer(sentence))
    best: tuple[float, list[Mark]] = (-1.0, [])
    for at, token in enumerate(tokens):
        if not token[0][0].isdigit() or known.issuperset(_folded(token[0])):
            continue
        after = tokens[at + 1 : at + 1 + _REACH]
        counted = [i for i, t in enumerate(after) if telling.issuperset(_folded(t[0]))]
        before = sum(telling.issuperset(_folded(t[0])) for t in tokens[max(0, at - _REACH) : at])
        score = 2 * len(counted) - (counted[0] if counted else 0) + 0.5 * before
        if score > best[0]:
            unit = [i for place, i in enumerate(counted) if place == i]  # words of the question right behind it
            end = after[unit[-1]].end() if unit else token.end()
            best = score, [(token.start(), end)]
    return best[1]


def _reasons(sentence: str, lexicon: Lexicon) -> list[Mark]:
    """From the last word that begins a reason or purpose to the end of the sentence."""
    cues = sorted(lexicon.reason_cues, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, cues))})(?!\w)", re.IGNORECASE)
    found = list(pattern.finditer(sentence))
    return [(found[-1].start(), len(sentence.rstrip("./ ")))] if found else []


def _matching_words(sentence: str, telling: frozenset[str]) -> tuple[Mark, ...]:
    found: list[Mark] = []
    for token in _TOKEN.finditer(sentence):
        if not telling.issuperset(_folded(token[0])):
            continue
        if found and sentence[found[-1][1] : token.start()] == " ":
            found[-1] = (found[-1][0], token.end())
        else:
            found.append(token.span())
    return tuple(found)


def _folded(text: str) -> list[str]:
    return syllables(fold(text))


def _numbers(text: str) -> list[str]:
    return [unit for unit in _folded(text) if unit[0].isdigit()]


def excerpt(sentence: str, limit: int, telling: frozenset[str], answer: Sequence[Mark]) -> str:
    """`sentence`, or of a long one the neighbouring clauses that hold the answer and most of the question's words.

    At most `limit` characters and two ellipses; line breaks become dashes. Nothing is put in between.
    """
    if len(sentence) <= limit:
        return said(sentence)
    ends = [m.end() for m in _CLAUSE_END.finditer(sentence)]
    edges = sorted({0, *ends, len(sentence)})
    best: tuple[float, int, int] = (-1.0, 0, min(limit, len(sentence)))
    for i, start in enumerate(edges[:-1]):
        reachable = [end for end in edges[i + 1 :] if end - start <= limit]
        end = reachable[-1] if reachable else _last_space(sentence, start, start + limit)
        value = _value(sentence, start, end, telling, answer)
        if value > best[0] + 1e-9:
            best = value, start, end
    _, start, end = best
    text = said(sentence[start:end].strip().rstrip(",;:–-"))
    return f"{_ELLIPSIS if start else ''}{text}{_ELLIPSIS if end < len(sentence) else ''}"


def _value(sentence: str, start: int, end: int, telling: frozenset[str], answer: Sequence[Mark]) -> float:
    """The question's words and the answer's marks that the part holds; the sentence's own beginning breaks ties."""
    words = telling.intersection(_folded(sentence[start:end]))
    held = sum(start <= a and b <= end for a, b in answer)
    return len(words) + 2.0 * held / max(1, len(answer)) * max(1, len(telling)) ** 0.5 + (0.5 if start == 0 else 0.0)


def _last_space(sentence: str, start: int, end: int) -> int:
    at = sentence.rfind(" ", start, end)
    return at if at > start else min(end, len(sentence))


def said(text: str) -> str:
    """`text` on one line: line breaks between parts become dashes."""
    return " – ".join(" ".join(part.split()) for part in text.split("\n") if part.strip())
