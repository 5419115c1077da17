"""What passes from a question to its answer. Frozen; offsets are characters of an article's text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from embeddings.index import StoredPassage
from embeddings.records import Kind


class Typing(StrEnum):
    """How a question was typed; the weights of the two searches follow it."""

    ACCENTED = "accented"  # Vietnamese with diacritics
    BARE = "bare"  # Vietnamese without
    FOREIGN = "foreign"  # another language


class Expected(StrEnum):
    """The kind of answer that a question asks for."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"  # of a person: an office is no answer
    PERSON = "person"  # or whoever does something: an office may be the answer
    REASON = "reason"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it is searched for. `text` is what the question was understood as."""

    question: str  # as typed
    text: str
    words: str  # what is matched word by word: `text`, and what was typed where that differs
    typing: Typing
    expected: Expected
    about: Kind | None  # set when the question is about an article itself: its byline, date or source
    telling: tuple[str, ...]  # its words that an answer may be expected to hold, folded, each once
    focus: frozenset[str]  # those of them for the very thing asked for


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage that was found, with the scores that brought it here."""

    stored: StoredPassage
    score: float  # fused, 0 to 1
    dense: float  # cosine of its best sentence
    lexical: float  # BM25 over the weighted fields
    background: float = 0.0  # median cosine of all passages that were weighed: what "unrelated" looks like


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands: `article.text[start:end] == quote`, checked when the answer is made."""

    n: int
    article_id: str
    path: str
    url: str | None
    title: str | None
    published: date | None
    author: str | None
    source: str | None
    quote: str
    start: int
    end: int
    passage_row: int
    marks: tuple[tuple[int, int], ...] = ()  # [start, end) inside the quote, of the words that answer


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of why: a number that the confidence was reckoned from."""

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is "answered" with citations in order of first mention, or "not_found" with what is nearest.

    `text` holds [n] marks; it is "" for "not_found" (front ends have their own words for that).
    """

    question: str
    understood_as: str
    status: Literal["answered", "not_found"]
    text: str
    confidence: float  # 0 to 1: the probability that what would be cited answers the question
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]  # the passages' best sentences, for "not_found" and for further reading
    ranked: tuple[Ranked, ...]
    reasons: tuple[Reason, ...]
    timings_ms: Mapping[str, float]  # understand, encode, retrieve, answer, total
