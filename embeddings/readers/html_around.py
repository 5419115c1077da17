"""What stands around an article's headline and below its text: when it appeared, who is named there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from embeddings.lexicon import Lexicon
from embeddings.readers.html_blocks import Block
from embeddings.readers.html_dates import Label, Place, Shown, shown_in
from embeddings.readers.html_marks import Mark
from embeddings.readers.html_people import Credit, credit_in
from embeddings.readers.html_text import Chosen

_BARS = re.compile(r"\s*[|•·]\s*")
_PARTS = re.compile(r"\s*[|•·]\s*|\s+[-–]\s+")
_ABOVE_HEADLINE = 3  # lines up to which a date or name above the headline is the article's
_LONGEST_LINKED_CREDIT = 8  # words
_UPDATED = re.compile(r"\b(?:updated|modified|lastmod)\b")
_PUBLISHED = re.compile(r"\b(?:published|entry-date)\b")  # blogs name one element both where nothing was changed


@dataclass(frozen=True, slots=True)
class Around:
    """Each credit with the words that give it; days of time elements as they are written for machines."""

    shown: tuple[Shown, ...] = ()
    published: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    credits: tuple[tuple[str, Credit], ...] = ()


NOTHING = Around()


def around_of(blocks: Sequence[Block], parts: Chosen, title: int | None, lexicon: Lexicon) -> Around:
    near = [i for i in parts.above if _is_near(i, title, blocks) and not _leads_elsewhere(blocks[i])]
    timed = list(_timed([blocks[i] for i in near]))
    return Around(
        tuple(_shown(blocks, parts, near, lexicon)),
        tuple(day for day, updated in timed if not updated),
        tuple(day for day, updated in timed if updated),
        tuple(_credits([blocks[i] for i in near], lexicon)),
    )


def _shown(blocks: Sequence[Block], parts: Chosen, near: Sequence[int], lexicon: Lexicon) -> Iterator[Shown]:
    """Dates that people see, and where: with the site's own lines, around the headline, below the text."""
    around = frozenset(near)
    for i in (*range(min(parts.above, default=0)), *parts.above):
        block = blocks[i]
        if not _leads_elsewhere(block):
            place = Place.CLOCK if _is_sites(block) else Place.HEAD if i in around else Place.ABOVE
            yield from (replace(shown, place=place) for shown in shown_in((block.text, *block.runs), lexicon))
    for i in parts.below:
        for shown in shown_in((blocks[i].text, *blocks[i].runs), lexicon):
            if shown.label is not Label.NONE or Mark.DATE in blocks[i].marks:
                yield replace(shown, place=Place.TAIL)


def _timed(near: Sequence[Block]) -> Iterator[tuple[str, bool]]:
    """(the day, whether it is one of a change) of time elements."""
    for block in near:
        home = block.home
        for element in [*home.iter("time", "abbr"), *home.iterancestors("time")] if not _is_sites(block) else ():
            day = element.get("datetime") or (element.get("title") if element.tag == "abbr" else None)
            if day:
                names = f"{element.get('class', '')} {element.get('itemprop', '')}".lower()
                yield day, bool(_UPDATED.search(names)) and not _PUBLISHED.search(names)


def _credits(near: Sequence[Block], lexicon: Lexicon) -> Iterator[tuple[str, Credit]]:
    """The first credit of each line, which may stand in it among other things."""
    for block in near:
        if Mark.HEADER in block.marks:
            continue
        parts_of_runs = (part for run in block.runs for part in _PARTS.split(run))
        pieces = dict.fromkeys((*_BARS.split(block.text), block.text, *block.runs, *parts_of_runs))
        found = ((piece, credit_in(piece, lexicon, expected=Mark.AUTHOR in block.marks)) for piece in pieces)
        first = next(((piece, credit) for piece, credit in found if credit is not None), None)
        if first is not None:
            yield first


def _is_sites(block: Block) -> bool:
    return bool(block.marks & {Mark.CLOCK, Mark.HEADER})


def _leads_elsewhere(block: Block) -> bool:
    """Whether a line is another article's: its linked headline, with its date and author."""
    return block.links > 0.5 and len(block.text.split()) > _LONGEST_LINKED_CREDIT


def _is_near(i: int, title: int | None, blocks: Sequence[Block]) -> bool:
    """Whether a line stands below the headline, or right above it with nothing that leads elsewhere in between."""
    if title is None or i > title:
        return True
    if title - i > _ABOVE_HEADLINE or not _shares_box(blocks[i], blocks[title]):
        return False
    return all(block.links < 0.9 for block in blocks[i + 1 : title])


def _shares_box(one: Block, other: Block) -> bool:
    """Whether two lines have an element for themselves, below the page's own frame."""
    around = set(one.home.iterancestors())
    common = next((element for element in other.home.iterancestors() if element in around), None)
    return common is not None and common.tag not in ("body", "html")
