"""What passes from one station to the next. Frozen; every offset points into `Article.text`, in characters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What a range of an article's text is."""

    TITLE = "title"
    DATE = "date"
    BYLINE = "byline"
    SOURCE = "source"
    CAPTION = "caption"
    BODY = "body"
    REPEATED = "repeated"  # says again what stands elsewhere in the article
    BOILERPLATE = "boilerplate"  # belongs to the page, not to the article


@dataclass(frozen=True, slots=True)
class Region:
    """The slice `text[start:end]` of one page and what it is. Regions are in order and never overlap."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """One article as read: NFC text with \\n line ends, and what its file says of it."""

    path: str  # of the file; of an article among several in one file, with "#" and its part
    text: str
    sha256: str  # of the file's bytes; of an article among several, of what was read
    front_matter: dict[str, str]
    body_start: int = 0  # where the front matter ends
    regions: tuple[Region, ...] | None = None  # what each range is, where the format says so
    pages: tuple[int, ...] = ()  # where each printed page begins in `text`


@dataclass(frozen=True, slots=True)
class Article:
    """One article. Unknown is None: a wrong date is worse than none."""

    id: str
    path: str
    also_at: tuple[str, ...]  # other files with the same bytes
    url: str | None
    title: str | None
    published: date | None
    author: str | None
    source: str | None
    text: str
    sha256: str
    section: str | None = None  # of the outlet: "Thời sự"
    pages: tuple[int, ...] = ()  # where each printed page begins in `text`


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of an article of a generation without its text."""

    row: int  # of the article in its generation
    id: str
    path: str
    title: str | None
    published: date | None
    author: str | None
    source: str | None
    story: int | None = None  # equal for articles that tell the same: reprints


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters of an article's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of one article: `article.text[start:end] == text`. Its sentences lie inside it, in order."""

    article_id: str
    kind: Kind
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]

    def sentence_texts(self) -> list[str]:
        return [self.text[s.start - self.start : s.end - self.start] for s in self.sentences]


@dataclass(frozen=True, slots=True)
class Context:
    """What is said of an article beside a passage of it, so that the passage can be found by it."""

    title: str | None
    published: date | None
    place: str | None
    author: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not indexed, and why."""

    path: str
    reason: str
