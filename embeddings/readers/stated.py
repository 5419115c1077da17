"""What a printed document's paragraphs say of it: the day it was signed, who signed it, what its pictures show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from embeddings import lines
from embeddings.lexicon import Lexicon
from embeddings.records import Kind
from embeddings.vietnamese import UPPER, fold, syllables

_LARGER = 1.15  # times the text's size is a headline, at least
_NUMBERED = re.compile(r"(?:phần|chương|mục)?\s*(?:[IVX]+|\d+|[A-Za-z])[.)]", re.IGNORECASE)
_LETTERHEAD = frozenset({
    "cong hoa xa hoi chu nghia viet nam", "doc lap tu do hanh phuc", "dang cong san viet nam",
})  # fmt: skip
_PLACED = re.compile(
    rf"(?:[{UPPER}][^\W\d_]*(?:[ .-]+[^\W\d_]+){{0,5}},\s*)?[Nn]gày \d{{1,2}} tháng \d{{1,2}},? năm \d{{4}}[ .]*"
)
_NAME_OF_FILE = re.compile(
    r"microsoft \w+ -.*|untitled\W*\d*|(?:document|tài liệu|presentation|slide|bản trình bày)\W*\d*|[^ ]+"
    r"|.*\.(?:docx?|pdf|odt|rtf|pptx?|xlsx?|indd|qxd|p65|txt|html?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A paragraph and how it is set."""

    text: str
    size: float  # of its font, in points
    bold: bool
    early: bool  # it stands where a headline may


def described(looks: Sequence[Look], title: int | None, lexicon: Lexicon) -> tuple[list[Kind], dict[str, str]]:
    """The kind of each paragraph, and front matter: title, published, author. `title` is the number of the headline.

    Dates and names count before the first running paragraph and after the last one. Two days are none.
    """
    paragraphs = [look.text for look in looks]
    kinds = [Kind.CAPTION if lines.is_credited_caption(text, lexicon) else Kind.BODY for text in paragraphs]
    running = [at for at, text in enumerate(paragraphs) if lines.is_paragraph(text, len(syllables(text)))]
    first, last = (running[0], running[-1]) if running else (len(paragraphs), -1)
    outside = [at for at in range(len(paragraphs)) if (at < first or at > last) and kinds[at] is Kind.BODY]
    front_matter: dict[str, str] = {}
    placed = {at: day for at in outside if (day := _placed_date(paragraphs[at]))}
    days = placed or {at: day for at in outside if (day := lines.date_in_line(paragraphs[at], lexicon))}
    if len(set(days.values())) == 1:
        front_matter["published"] = next(iter(days.values())).isoformat()
        for at in days:
            kinds[at] = Kind.DATE
    if title is not None:
        kinds[title] = Kind.TITLE
        front_matter["title"] = paragraphs[title]
    for at in outside:
        signs = running and (at > last or (title is not None and at == title + 1))
        author = lines.author_in_line(paragraphs[at], lexicon) if signs and kinds[at] is Kind.BODY else None
        if author is not None and "author" not in front_matter:
            front_matter["author"] = author
            kinds[at] = Kind.BYLINE
    return kinds, front_matter


def _placed_date(text: str) -> date | None:
    """Of "Hà Nội, ngày 12 tháng 6 năm 2021", alone or in a cell of its row."""
    for cell in text.split(" | "):
        if _PLACED.fullmatch(cell.strip()):
            return lines.parse_date(cell)
    return None


def headline(looks: Sequence[Look], stated: str) -> int | None:
    """Which paragraph is the title: one set larger than the text, else the one that the file names by itself.

    Where all is of one size, as in official letters: the last bold line before the text that is no numbered heading.
    """
    heads = [at for at, look in enumerate(looks) if look.early and _may_head(look.text)]
    sizes: Counter[float] = Counter()
    for look in looks:
        sizes[look.size] += len(look.text)
    usual = max(sizes, key=lambda size: (sizes[size], size), default=0.0)
    large = [at for at in heads if looks[at].size >= _LARGER * usual]
    if large:
        return max(large, key=lambda at: (looks[at].size, -at))
    named = [at for at in heads if is_title_of(stated, looks[at].text)]
    if named:
        return named[0]
    running = (at for at, look in enumerate(looks) if lines.is_paragraph(look.text, _length(look.text)))
    first = next(running, 0)
    bold = [at for at in heads if at < first and looks[at].bold and not _NUMBERED.match(looks[at].text)]
    return bold[-1] if bold else None


def _may_head(text: str) -> bool:
    letterhead = " ".join(syllables(fold(text))) in _LETTERHEAD
    return " | " not in text and not letterhead and _length(text) > 2 and lines.is_headline(text, _length(text))


def _length(text: str) -> int:
    return len(syllables(text))


def is_title_of(stated: str, text: str) -> bool:
    """Whether a title that a file states of itself is one: words that its text has too, not the name of a file."""
    words = " ".join(syllables(fold(stated)))
    return bool(words) and not _NAME_OF_FILE.fullmatch(stated.strip()) and words in " ".join(syllables(fold(text)))
