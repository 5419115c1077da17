"""Which words of a sentence answer, and which part of a long sentence to say. Offsets are inside the sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from embeddings.lexicon import Lexicon
from qa_bot import kinds
from qa_bot.kinds import TOKEN, Mark, folded
from qa_bot.records import Expected, Query

_CLAUSE_END = re.compile(r"[,;:.…](?=\s)|\n+|\s[–-]\s")
_FULL_ENOUGH = 0.75  # of the limit: an excerpt of whole clauses that reaches this far is not filled up with half a one
_REACH = 4  # words before and after a number in which words of the question are looked for
_ELLIPSIS = "…"


def marks(sentence: str, query: Query, telling: frozenset[str], lexicon: Lexicon) -> tuple[Mark, ...]:
    """The words that answer: a number, a date, a name that the question lacks; else the words it asked with."""
    match query.expected:
        case Expected.NUMBER:
            found = _best_number(sentence, query, telling) or kinds.counted_in_words(sentence, query, lexicon)[:1]
        case Expected.DATE:
            found = kinds.dates(sentence, query)
        case Expected.NAME:
            found = kinds.names(sentence, query, lexicon)
        case Expected.PERSON:
            found = kinds.capitalised(sentence, query)
        case Expected.PLACE:
            found = kinds.places(sentence, query)
        case Expected.DOCUMENT:
            found = kinds.documents(sentence, query)
        case Expected.REASON:
            found = _reasons(sentence, lexicon)
        case Expected.LIST | Expected.YES_NO | Expected.OTHER:
            found = []
    return tuple(found) or _matching_words(sentence, telling)


def _best_number(sentence: str, query: Query, telling: frozenset[str]) -> list[Mark]:
    """The new number whose neighbours are most of what was asked for ("2.400 đảng viên"), with its unit."""
    tokens = list(TOKEN.finditer(sentence))
    new = set(kinds.numbers(sentence, query))
    best: tuple[float, list[Mark]] = (-1.0, [])
    for at, token in enumerate(tokens):
        if token.span() not in new:
            continue
        after = list(_beside(sentence, tokens[at : at + 1 + _REACH]))
        before = tokens[max(0, at - _REACH) : at]
        score = sum(_weight(t[0], query, telling) for t in after) + 0.5 * sum(
            _weight(t[0], query, telling) for t in before
        )
        if score > best[0]:
            unit = list(takewhile(lambda t: _weight(t[0], query, telling) > 0, after))
            best = score, [(token.start(), unit[-1].end() if unit else token.end())]
    return best[1]


def _beside(sentence: str, tokens: Sequence[re.Match[str]]) -> Iterator[re.Match[str]]:
    """The tokens after the first one, as long as nothing but spaces lies between."""
    for before, token in pairwise(tokens):
        if sentence[before.end() : token.start()].strip():
            return
        yield token


def _weight(word: str, query: Query, telling: frozenset[str]) -> float:
    """How much a word beside a number says that this is the number asked for."""
    units = folded(word)
    if query.focus and query.focus.issuperset(units):
        return 3.0
    return 1.0 if telling.issuperset(units) else 0.0


def _reasons(sentence: str, lexicon: Lexicon) -> list[Mark]:
    """From the last word that begins a reason or purpose to the end of the sentence."""
    cues = sorted(lexicon.reason_cues, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, cues))})(?!\w)", re.IGNORECASE)
    found = list(pattern.finditer(sentence))
    return [(found[-1].start(), len(sentence.rstrip("./ ")))] if found else []


def _matching_words(sentence: str, telling: frozenset[str]) -> tuple[Mark, ...]:
    """Runs of at least two syllables of the question: one alone is seldom a word."""
    found: list[Mark] = []
    for token in TOKEN.finditer(sentence):
        if not telling.issuperset(folded(token[0])):
            continue
        if found and sentence[found[-1][1] : token.start()] == " ":
            found[-1] = (found[-1][0], token.end())
        else:
            found.append(token.span())
    return tuple((start, end) for start, end in found if " " in sentence[start:end])


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
        whole = reachable[-1] if reachable else start
        filled = whole if whole - start >= _FULL_ENOUGH * limit else _last_space(sentence, start, start + limit)
        value = _value(sentence, start, max(whole, filled), telling, answer)
        if value > best[0] + 1e-9:
            best = value, start, max(whole, filled)
    _, start, end = best
    text = said(sentence[start:end].strip().rstrip(",;:–-"))
    return f"{_ELLIPSIS if start else ''}{text}{_ELLIPSIS if end < len(sentence) else ''}"


def _value(sentence: str, start: int, end: int, telling: frozenset[str], answer: Sequence[Mark]) -> float:
    """The question's words and the answer's marks that the part holds; the sentence's own beginning breaks ties."""
    words = telling.intersection(folded(sentence[start:end]))
    held = sum(start <= a and b <= end for a, b in answer) / max(1, len(answer))
    weight = 2 * math.sqrt(max(1, len(telling)))  # the answer counts as some of the question's words, never as all
    return len(words) + weight * held + (0.5 if start == 0 else 0.0)


def _last_space(sentence: str, start: int, end: int) -> int:
    if end >= len(sentence):
        return len(sentence)
    at = sentence.rfind(" ", start, end)
    return at if at > start else min(end, len(sentence))


def said(text: str) -> str:
    """`text` on one line: line breaks between parts, and the bullets after them, become dashes."""
    first, *rest = [" ".join(part.split()) for part in text.split("\n") if part.strip()] or [""]
    return " – ".join([first, *(part.lstrip("-–•*+ ") for part in rest)])
