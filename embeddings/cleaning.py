"""Which ranges of a page are the article, and what each is. Text is only chosen here, never rewritten.

Rules go by what crawled news pages have in common, line by line: toolbar words, site clocks and visit counters
around a headline, a date line, paragraphs, captions, a byline. A line's kind depends on its shape and on where
it stands: before the first paragraph (the head), after the last one (the tail), or between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from embeddings import lines
from embeddings.lexicon import Lexicon
from embeddings.records import Kind, Page, Region
from embeddings.vietnamese import fold, syllables

_MIN_REPEAT = 8  # syllables; a shorter line that stands in a longer one may be a coincidence
_LONG_PARAGRAPH = 40  # syllables


@dataclass(slots=True)
class _Line:
    """One line of the page: where its text lies, and what it is found to be."""

    start: int
    end: int
    text: str
    units: list[str]  # folded syllables
    kind: Kind | None = None


def clean(page: Page, lexicon: Lexicon) -> list[Region]:
    """The regions of `page`, in order; blank lines and front matter lie in none. A format that knows is believed."""
    if page.regions is not None:
        return list(page.regions)
    found = list(_lines(page))
    _mark_page_furniture(found, lexicon)
    _mark_repeats(found)
    paragraphs = [
        i for i, line in enumerate(found) if line.kind is None and lines.is_paragraph(line.text, len(line.units))
    ]
    if paragraphs:
        _mark_head(found[: paragraphs[0]], lexicon)
        _mark_tail(found[paragraphs[-1] + 1 :], lexicon)
        _mark_lone_caption(found[paragraphs[0] : paragraphs[-1] + 1])
    else:
        _mark_head(found, lexicon)
    _mark_clocks(found, lexicon)
    if not any(line.kind in (None, Kind.CAPTION) for line in found):
        for line in found:
            line.kind = None if line.kind is Kind.TITLE else line.kind  # a headline alone is all there is to say
    return _merged(found)


def _lines(page: Page) -> Iterator[_Line]:
    for match in re.finditer(r"[^\n]+", page.text[page.body_start :]):
        start, end = lines.inner_range(match[0])
        text = match[0][start:end]
        if text:
            offset = page.body_start + match.start()
            yield _Line(offset + start, offset + end, text, syllables(fold(text)))


def _mark_page_furniture(found: list[_Line], lexicon: Lexicon) -> None:
    ended = False
    for number, line in enumerate(found):
        ended = ended or (number > len(found) // 2 and lines.is_phrase(line.text, lexicon.endings))
        dated = lines.date_in_line(line.text, lexicon) is not None
        if ended or (not dated and lines.is_furniture(line.text, lexicon)):
            line.kind = Kind.BOILERPLATE
        elif lines.is_credited_caption(line.text, lexicon):
            line.kind = Kind.CAPTION


def _mark_repeats(found: list[_Line]) -> None:
    """A line twice in a row is a caption (picture text and caption); one that a longer line holds says nothing new."""
    seen: dict[str, _Line] = {}
    previous: _Line | None = None
    for line in found:
        if line.kind is Kind.BOILERPLATE:
            continue
        text = " ".join(line.units)
        first = seen.setdefault(text, line)
        if first is not line and len(line.units) > 1:
            line.kind = Kind.REPEATED
            if first is previous and first.kind is None and len(first.units) < _LONG_PARAGRAPH:
                first.kind = Kind.CAPTION
        else:
            previous = line
    distinct = [line for line in found if line.kind is None and len(line.units) >= _MIN_REPEAT]
    heads = {_head(line.units, 0) for line in distinct}
    holders: dict[tuple[str, ...], list[str]] = {}  # lines that are kept, by the beginnings that they hold
    for line in sorted(distinct, key=lambda line: -len(line.units)):
        text = " ".join(line.units)
        if any(text in longer for longer in holders.get(_head(line.units, 0), ())):
            line.kind = Kind.REPEATED
            continue
        starts = range(len(line.units) - _MIN_REPEAT + 1)
        for head in {head for at in starts if (head := _head(line.units, at)) in heads}:
            holders.setdefault(head, []).append(text)


def _head(units: list[str], at: int) -> tuple[str, ...]:
    """The first words of what begins at `at`; lines are compared only where these agree."""
    return tuple(units[at : at + _MIN_REPEAT])


def _mark_head(head: list[_Line], lexicon: Lexicon) -> None:
    """Before the first paragraph: section names, site clock, headline, date line, byline; the rest is text."""
    open_lines = [line for line in head if line.kind in (None, Kind.REPEATED)]
    dated = [line for line in open_lines if lines.date_in_line(line.text, lexicon) is not None]
    for line in dated:
        line.kind = Kind.DATE
    title = _headline([line for line in open_lines if line.kind is None], dated)
    if title is None:
        return
    title.kind = Kind.TITLE
    for line in open_lines:
        above = line.start < title.start
        if line.kind is None:
            line.kind = Kind.BOILERPLATE if above else _credit(line, lexicon)  # above: section names and the like


def _mark_clocks(found: list[_Line], lexicon: Lexicon) -> None:
    """Above the headline stands the site's clock as often as the article's date: a wrong date is worse than none.

    Such a date counts only when no other is there and the text itself speaks of a day shortly before it.
    """
    text_starts = next((line.start for line in found if line.kind in (Kind.TITLE, None)), 0)
    dated = [line for line in found if line.kind is Kind.DATE]
    for line in dated:
        if line.start > text_starts:
            continue
        day = lines.date_in_line(line.text, lexicon)
        others = [other for other in dated if other.start > text_starts]
        body = "\n".join(other.text for other in found if other.kind in (None, Kind.CAPTION))
        if others or day is None or not lines.speaks_of_days_before(body, day):
            line.kind = Kind.BOILERPLATE


def _headline(candidates: list[_Line], dated: list[_Line]) -> _Line | None:
    """The first line with a headline's length; where only short ones stand, the one just above a date line."""
    candidates = [line for line in candidates if lines.is_headline(line.text, len(line.units))]
    for line in candidates:
        if len(line.units) >= lines.MIN_HEADLINE:
            return line
    for line in candidates:
        if any(0 < date_line.start - line.end <= 3 for date_line in dated):
            return line
    return candidates[0] if len(candidates) == 1 else None


def _mark_tail(tail: list[_Line], lexicon: Lexicon) -> None:
    """After the last paragraph: byline, with the lines below it that say the person's office; source."""
    signed = False
    for line in tail:
        if line.kind is not None:
            continue
        line.kind = Kind.DATE if lines.date_in_line(line.text, lexicon) is not None else _credit(line, lexicon)
        if line.kind is None and signed and len(line.units) <= _LONG_PARAGRAPH:
            line.kind = Kind.BYLINE
        signed = signed or line.kind is Kind.BYLINE


def _credit(line: _Line, lexicon: Lexicon) -> Kind | None:
    if lines.source_in_line(line.text, lexicon) is not None:
        return Kind.SOURCE
    return Kind.BYLINE if lines.author_in_line(line.text, lexicon) is not None else None


def _mark_lone_caption(paragraphs: list[_Line]) -> None:
    """One short sentence alone between a lead and a long paragraph is a picture's caption without its credit."""
    open_lines = [line for line in paragraphs if line.kind is None][:3]
    if len(open_lines) == 3:
        before, line, after = open_lines
        long_around = min(len(before.units), len(after.units)) >= _LONG_PARAGRAPH
        if long_around and len(line.units) <= _LONG_PARAGRAPH // 2 and line.text.find(".") == len(line.text) - 1:
            line.kind = Kind.CAPTION


def _merged(found: list[_Line]) -> list[Region]:
    """Regions of the lines; a signature of several lines is one region, so that name and office stay together."""
    regions: list[Region] = []
    for line in found:
        kind = line.kind or Kind.BODY
        last = regions[-1] if regions else None
        if last is not None and kind is last.kind is Kind.BYLINE:
            regions[-1] = Region(kind, last.start, line.end)
        else:
            regions.append(Region(kind, line.start, line.end))
    return regions
