"""The body of a DOCX as paragraphs: one walk over its XML, without recursion.

Names are those of ECMA-376, WordprocessingML. What was inserted under revision stays, what was deleted goes; of fields
their result; notes, comments, headers and footers are in other members and not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from lxml import etree

from embeddings.readers.characters import plain
from embeddings.readers.docx_styles import OFF, Letters, Styles, stated
from embeddings.readers.old_fonts import in_unicode
from embeddings.readers.packed import attribute, local

CELLS = " | "  # between the cells of a row

_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "rt", "pPrChange", "rPrChange", "sectPr"})
_INSTEAD = {"tab": " ", "ptab": " ", "br": " ", "cr": " ", "noBreakHyphen": "-"}
_LINES = frozenset({"top", "left", "bottom", "right", "start", "end", "insideH", "insideV"})
_NO_TABLE_STYLE = frozenset({"", "normal table", "table normal"})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, or one row of a table with `CELLS` between its cells. `text` is one line."""

    text: str
    size: float  # of most of its letters, in points
    bold: bool  # all of it
    styles: frozenset[str]  # names of its style and of those that it is based on


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    letters: Letters


@dataclass(slots=True)
class _Draft:
    """A paragraph while it is read, and those of text boxes that hang on it."""

    style: str | None = None
    runs: list[_Run] = field(default_factory=list)
    inside: list[_Draft] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    lined: bool  # it has lines between its cells; without, it may only serve to place things
    rows: list[_Draft] = field(default_factory=list)
    cells: list[list[_Draft]] = field(default_factory=list)  # of the row that is read


def paragraphs(body: etree._Element, styles: Styles) -> list[Paragraph]:
    """All that holds text, in order."""
    drafts = [draft for draft in _Walk(styles).drafts(body) if draft.runs]
    groups = [[list(group) for _, group in groupby(draft.runs, lambda run: run.letters.font)] for draft in drafts]
    pieces = [(group[0].letters.font, "".join(run.text for run in group)) for found in groups for group in found]
    texts = iter(in_unicode(pieces))
    found = []
    for draft, group in zip(drafts, groups, strict=True):
        text = plain("".join(next(texts) for _ in group))
        if text:
            found.append(
                Paragraph(text, *_look(draft.runs), frozenset(s.name for s in styles.chain(draft.style or "")))
            )
    return found


def _look(runs: Sequence[_Run]) -> tuple[float, bool]:
    """(size, bold) of most letters, of all letters."""
    sizes: Counter[float] = Counter()
    for run in runs:
        sizes[run.letters.size] += len(run.text)
    return sizes.most_common(1)[0][0], all(run.letters.bold for run in runs if run.text.strip())


class _Walk:
    def __init__(self, styles: Styles) -> None:
        self.styles = styles
        self.open: list[_Draft] = []
        self.tables: list[_Table] = []
        self.places: list[list[_Draft]] = [[]]  # where a paragraph that ends goes
        self.letters = styles.usual

    def drafts(self, body: etree._Element) -> list[_Draft]:
        walk = etree.iterwalk(body, events=("start", "end"))
        for event, element in walk:
            name = local(element)
            if event == "end":
                self._end(name)
            elif name in _SKIPPED or self._is_gone(name, element):
                walk.skip_subtree()
            else:
                self._start(name, element)
        return self.places[0]

    def _is_gone(self, name: str, element: etree._Element) -> bool:
        """Whether a row was deleted under revision."""
        return name == "tr" and any(
            local(each) == "del" for child in element if local(child) == "trPr" for each in child
        )

    def _start(self, name: str, element: etree._Element) -> None:
        if name == "p":
            draft = _Draft(_value(element, "pPr", "pStyle"))
            self.open.append(draft)
            self.places.append(draft.inside)
        elif name == "r" and self.open:
            letters = self.styles.letters(self.styles.usual, self.open[-1].style or "")
            letters = self.styles.letters(letters, _value(element, "rPr", "rStyle"))
            properties = next((child for child in element if local(child) == "rPr"), None)
            self.letters = letters.under(stated(properties))
        elif name == "tbl":
            self.tables.append(_Table(_is_lined(element, self.styles)))
        elif name == "tr" and self.tables:
            self.tables[-1].cells = []
        elif name == "tc" and self.tables:
            self.tables[-1].cells.append([])
            self.places.append(self.tables[-1].cells[-1])
        else:
            self._add(name, element)

    def _add(self, name: str, element: etree._Element) -> None:
        if name == "t":
            text = element.text or ""
        elif name == "sym":
            text = _symbol(attribute(element, "char") or "")
        else:
            text = _INSTEAD.get(name, "")
        if text and self.open and not self.letters.hidden:
            self.open[-1].runs.append(_Run(text, self.letters))

    def _end(self, name: str) -> None:
        if name == "p" and self.open:
            draft = self.open.pop()
            self.places.pop()
            self.places[-1] += [draft, *draft.inside]
        elif name == "tc" and self.tables:
            self.places.pop()
        elif name == "tr" and self.tables:
            self.tables[-1].rows += _row(self.tables[-1])
        elif name == "tbl" and self.tables:
            self.places[-1] += self.tables.pop().rows


def _value(element: etree._Element, properties: str, name: str) -> str | None:
    found = (
        attribute(each, "val")
        for child in element
        if local(child) == properties
        for each in child
        if local(each) == name
    )
    return next(found, None)


def _is_lined(table: etree._Element, styles: Styles) -> bool:
    properties = [each for child in table if local(child) == "tblPr" for each in child]
    borders = [line for each in properties if local(each) == "tblBorders" for line in each if local(line) in _LINES]
    if borders:
        return any(attribute(line, "val") not in OFF for line in borders)
    names = (attribute(each, "val") for each in properties if local(each) == "tblStyle")
    return any(styles.chain(name)[-1:] and styles.chain(name)[-1].name not in _NO_TABLE_STYLE for name in names)


def _symbol(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


def _row(table: _Table) -> list[_Draft]:
    """A row as one line; cells of several paragraphs, where no lines part them, one after the other as they are."""
    cells = [found for cell in table.cells if (found := [draft for draft in cell if draft.runs])]
    if len(cells) < 2 or (not table.lined and any(len(cell) > 1 for cell in cells)):
        return [draft for cell in cells for draft in cell]
    runs: list[_Run] = []
    for cell in cells:
        for number, draft in enumerate(cell):
            joint = " " if number else CELLS
            runs += [_Run(joint, draft.runs[0].letters), *draft.runs] if runs else draft.runs
    return [_Draft(cells[0][0].style, runs)]
