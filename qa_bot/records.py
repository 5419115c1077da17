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
    PLACE = "place"
    DOCUMENT = "document"  # a document's number: 22-NQ/TW
    REASON = "reason"
    LIST = "list"
    YES_NO = "yes_no"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was understood beyond what was typed: `was` stood there, `now` is what it was taken for.

    The catalogue's `step.<kind>` says it in words, with {was} and {now}.
    """

    kind: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Period:
    """Time that a question speaks of: days, both ends included; None is open."""

    first: date | None
    last: date | None
    published: bool  # the article's own date must lie in it; else a date in the text or the article's may


@dataclass(frozen=True, slots=True)
class Office:
    """An office that is asked about: all its words, folded; they begin with its `title` ("trưởng ban")."""

    title: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may answer, as the asker set it. Dates are those of publication, both ends included."""

    first: date | None = None
    last: date | None = None
    title: str | None = None  # words that the title or the file's name holds


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A question about the collection: which articles mention something, how many there are, which is newest."""

    asks: Literal["which", "count", "newest", "oldest"]
    subject: str  # what the articles are to mention, as understood; "": anything
    author: str | None = None  # who is to have written them
    period: Period | None = None  # when they are to have been published


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
    counted: tuple[str, ...] = ()  # folded words for what is counted, where articles count it: "đảng viên"
    place_head: tuple[str, ...] = ()  # what kind of place is asked for: "tỉnh" of "tỉnh nào"
    ordinal: bool = False  # a number is asked for that names something: "thứ mấy", "số mấy"
    calendar: bool = False  # a year, month or day is asked for; "khi nào" may be answered by an event
    documents: frozenset[str] = frozenset()  # numbers of documents that it names: they must be in the evidence
    person: bool = False  # a person is asked for by name; "tên gì" alone may ask for the name of a thing
    office: Office | None = None  # whose holder is asked for
    names: tuple[str, ...] = ()  # places, people and bodies that it names, folded: the evidence must be about them
    period: Period | None = None
    newest: bool = False  # among equals the latest article is wanted
    steps: tuple[Step, ...] = ()
    catalogue: Catalogue | None = None  # set when the question is about the collection, not about what articles say
    parts: tuple[Query, ...] = ()  # of a comparison or a question in two parts; each is answered by itself
    label: str = ""  # what tells this part from the others: "Hải Hậu"
    unclear: bool = False  # it points at something that no earlier question names


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
    also_in: tuple[str, ...] = ()  # paths of further articles that say the same
    page: int | None = None  # printed page that the quote begins on, from 1; of a PDF


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of why: a number that the confidence was reckoned from."""

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is "answered" with citations in order of first mention, or "not_found" with what is nearest.

    `text` holds [n] marks; it is "" for "not_found" (front ends have their own words for that). Where it has several
    lines, one is a part of the question, an article of a list, or one of sources that disagree.
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
    steps: tuple[Step, ...] = ()
    unclear: bool = False  # the question points at something that no earlier one names: ask back
