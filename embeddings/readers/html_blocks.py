"""A page's tree as lines of text in reading order, each with what its markup says of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lxml import etree

from embeddings.readers.characters import plain
from embeddings.readers.html_marks import Mark, Marks, named

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BREAKING = frozenset((
    "html", "body", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "menu",
    "dir", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption", "figure", "figcaption", "blockquote",
    "pre", "section", "article", "aside", "main", "header", "footer", "nav", "form", "fieldset", "legend", "center",
    "address", "details", "summary", "hgroup", "marquee", "br", "hr",
))  # fmt: skip
_IMAGES = frozenset(("img", "picture", "video", "amp-img", "amp-video", "amp-carousel", "image"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_STRONG = frozenset(("b", "strong"))
_SLANTED = frozenset(("em", "i", "cite"))
_CENTRED = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
_EMPTY_CELLS = re.compile(r" (?:\| )+")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_LONGEST_CELL = 400  # characters; a longer one holds paragraphs, and its table is there for the layout
_LONGEST_PICTURE_TABLE = 600  # characters
_LONGEST_NAMED = {Mark.LEAD: 2500, Mark.CAPTION: 1200}  # letters; a longer element was named for something in it
_LONGEST_OTHER = 500
CELLS = " | "


@dataclass(frozen=True, slots=True)
class Block:
    """A line of a page: what stands between two breaks."""

    text: str  # NFC, spaces run together, nothing invisible
    runs: tuple[str, ...]  # its pieces, each from an element of its own
    home: HtmlElement  # the innermost breaking element around it
    links: float  # share of its letters in links, 0 to 1
    slanted: float
    strong: float
    heading: int  # level, 1 to 6; 0: none
    after_image: bool  # nothing but space between it and the image before
    centred: bool
    marks: Marks  # of all elements around it
    furniture: frozenset[str]  # the words by which elements around it seem to be the page's


_Found = tuple[Block, frozenset[tuple[Mark, "HtmlElement"]]]
"""A line, and the elements around it that are named for what they are."""


@dataclass(slots=True)
class _Around:
    """What is known of the elements that are open at a place in the page."""

    marks: frozenset[tuple[Mark, HtmlElement]]
    furniture: frozenset[str]
    home: HtmlElement
    heading: int
    centred: bool
    data_table: bool


@dataclass(slots=True)
class _Line:
    """The line that is being read."""

    runs: list[str] = field(default_factory=list)
    linked: int = 0
    slanted: int = 0
    strong: int = 0
    marks: set[tuple[Mark, HtmlElement]] = field(default_factory=set)
    furniture: list[frozenset[str]] = field(default_factory=list)


def blocks_of(tree: HtmlElement) -> list[Block]:
    """The lines of the page's body, in order."""
    found = list(_Walk().blocks(tree))
    letters: Counter[tuple[Mark, HtmlElement]] = Counter()
    for block, marks in found:
        for mark in marks:
            letters[mark] += len(block.text)
    long = {mark for mark, length in letters.items() if length > _LONGEST_NAMED.get(mark[0], _LONGEST_OTHER)}
    return [replace(block, marks=frozenset(mark for mark, _ in marks - long)) for block, marks in found]


class _Walk:
    """One pass over a tree, without recursion: pages are nested deeper than Python's stack."""

    def __init__(self) -> None:
        self.open: list[_Around] = []
        self.line = _Line()
        self.inside = {"a": 0, "slanted": 0, "strong": 0}
        self.after_image = False
        self.in_row = 0  # rows of data that are open

    def blocks(self, tree: HtmlElement) -> Iterator[_Found]:
        body = tree.find("body")
        for event, element in etree.iterwalk(tree if body is None else body, events=("start", "end")):
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                yield from self._start(element)
            else:
                yield from self._end(element)

    def _start(self, element: HtmlElement) -> Iterator[_Found]:
        tag = element.tag
        if tag in _BREAKING:
            yield from self._break(tag)
        if tag in _IMAGES:
            yield from self._image()
        self.open.append(self._around(element))
        self._count(tag, 1)
        if tag == "tr" and self.open[-1].data_table:
            self.in_row += 1
        if tag not in _IMAGES:
            yield from self._say(element.text)

    def _end(self, element: HtmlElement) -> Iterator[_Found]:
        tag = element.tag
        around = self.open[-1]
        if tag == "tr" and around.data_table:
            self.in_row -= 1
        if tag in _BREAKING:
            yield from self._break("")
        self._count(tag, -1)
        self.open.pop()
        if self.open:  # the tail of the outermost one is not the page's
            yield from self._say(element.tail)

    def _around(self, element: HtmlElement) -> _Around:
        tag = element.tag
        names, furniture = named(tag, element.attrib)
        outer = self.open[-1] if self.open else None
        if tag == "table":
            if _is_picture(element):
                names |= {Mark.CAPTION}
            data_table = _is_data(element)
        else:
            data_table = outer is not None and outer.data_table
        marks = frozenset((mark, element) for mark in names)
        return _Around(
            marks | outer.marks if outer else marks,
            furniture | outer.furniture if outer else furniture,
            element if tag in _BREAKING or outer is None else outer.home,
            _HEADINGS.get(tag, outer.heading if outer else 0),
            tag == "center"
            or element.get("align", "").lower() == "center"
            or _CENTRED.search(element.get("style", "")) is not None,
            data_table,
        )

    def _count(self, tag: str, step: int) -> None:
        if tag == "a":
            self.inside["a"] += step
        elif tag in _SLANTED:
            self.inside["slanted"] += step
        elif tag in _STRONG:
            self.inside["strong"] += step

    def _say(self, text: str | None) -> Iterator[_Found]:
        if not text:
            return
        here = self.open[-1]
        if here.home.tag == "pre" and _BLANK_LINE.search(text):
            first, *others = _BLANK_LINE.split(text)
            self._add(first, here)
            for other in others:
                yield from self._flush()
                self._add(other, here)
        else:
            self._add(text, here)

    def _add(self, text: str, here: _Around) -> None:
        self.line.runs.append(text)
        letters = sum(map(len, text.split()))
        if letters:
            self.line.linked += letters if self.inside["a"] else 0
            self.line.slanted += letters if self.inside["slanted"] else 0
            self.line.strong += letters if self.inside["strong"] else 0
            self.line.marks |= here.marks
            self.line.furniture.append(here.furniture)

    def _image(self) -> Iterator[_Found]:
        """Text before an image is not its caption; in the cell of a row of data it is a sign like any other."""
        if not self.in_row:
            yield from self._flush()
            self.after_image = True

    def _break(self, tag: str) -> Iterator[_Found]:
        if not self.in_row:
            yield from self._flush()
        elif tag in ("td", "th") and any(run.strip() for run in self.line.runs):
            self.line.runs.append(CELLS)
        else:
            self.line.runs.append(" ")

    def _flush(self) -> Iterator[_Found]:
        line, self.line = self.line, _Line()
        text = plain("".join(line.runs))
        letters = len("".join(text.split()))
        if not letters or not self.open:
            return
        here = self.open[-1]
        common = frozenset.intersection(*line.furniture) if line.furniture else here.furniture
        block = Block(
            text=_EMPTY_CELLS.sub(CELLS, text).removesuffix(" |") if CELLS in line.runs else text,
            runs=tuple(run for raw in line.runs if (run := plain(raw))),
            home=here.home,
            links=line.linked / letters,
            slanted=line.slanted / letters,
            strong=line.strong / letters,
            heading=here.heading,
            after_image=self.after_image,
            centred=any(around.centred for around in self.open[-3:]),
            marks=frozenset(),
            furniture=common,
        )
        yield block, frozenset(line.marks)
        self.after_image = False


def _is_data(table: HtmlElement) -> bool:
    """Whether a table's rows are lines: several cells in several rows, none with paragraphs or other tables."""
    if table.find(".//table") is not None or table.find(".//img") is not None:
        return False
    rows = [
        [len(" ".join(cell.itertext()).strip()) for cell in row.iterchildren("td", "th")] for row in table.iter("tr")
    ]
    if any(length > _LONGEST_CELL for row in rows for length in row) or table.find(".//h1") is not None:
        return False
    return sum(sum(length > 0 for length in row) > 1 for row in rows) > 1


def _is_picture(table: HtmlElement) -> bool:
    """Whether a table holds an image and the words to it, nothing else."""
    if table.find(".//table") is not None or (table.find(".//img") is None and table.find(".//amp-img") is None):
        return False
    texts = [text for cell in table.iter("td", "th") if (text := "".join(cell.itertext()).strip())]
    linked = sum(len("".join(link.itertext()).strip()) for link in table.iter("a"))
    length = sum(map(len, texts))
    return 0 < len(texts) <= 3 and length <= _LONGEST_PICTURE_TABLE and linked < length / 2
