"""Text with marks on it, and messages made of it. Pure.

Everything is measured, shortened and cut as text; markup is written last, so no tag and no entity is ever cut.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape as escape_attribute

from telegram.constants import MessageLimit

from embeddings.console import printable
from qa_bot.telegram.text import JOINER, LIMIT, harmless, joints, markup, reach, shows, split, units

BOLD, ITALIC, UNDERLINE, LINK = "b", "i", "u", "a"
QUOTE, FOLDED = "blockquote", "blockquote expandable"  # a folded one shows three lines until it is tapped
LANDMARK = ""  # a mark that is not shown: it keeps its place when the text around it changes
ELLIPSIS = "…"
EDGE = 8  # units: a cut may bare something that looks like an address, which takes joiners then

_SPACES = re.compile(r"\s+")
_MAX_MARKS = int(MessageLimit.MESSAGE_ENTITIES)
_FIRST_KEPT = (LINK, QUOTE, FOLDED, ITALIC, BOLD, UNDERLINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One message: for HTML mode, and the same without markup, should Telegram not understand it."""

    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class Mark:
    start: int  # inclusive
    end: int  # exclusive
    tag: str
    address: str = ""  # of a link, as `web_address` gives it


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in the place of [start, end)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Styled:
    """Text and its marks: two marks lie apart or one inside the other, and the outer one comes first."""

    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def size(self) -> int:
        """UTF-16 code units in a message."""
        return units(self.text) + len(joints(self.text))

    def within(self, tag: str, address: str = "") -> Styled:
        """The same inside one mark."""
        return replace(self, marks=(Mark(0, len(self.text), tag, address), *self.marks)) if self.text else self

    def marked(self, spans: Iterable[tuple[int, int]], tag: str) -> Styled:
        """With marks over `spans`, which lie inside the marks there are. Spans that touch become one."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted((max(0, a), min(b, len(self.text))) for a, b in spans):
            if merged and start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            elif start < end:
                merged.append((start, end))
        return replace(self, marks=(*self.marks, *(Mark(a, b, tag) for a, b in merged)))

    def where(self, tag: str) -> tuple[int, int] | None:
        """The place of the first mark with `tag`."""
        return next(((mark.start, mark.end) for mark in self.marks if mark.tag == tag), None)

    def edited(self, edits: Sequence[Edit]) -> Styled:
        """With `edits` made, which are in order and apart. Marks move along; what an edit removes is unmarked."""
        pieces, at, starts, moved = [], 0, [edit.start for edit in edits], [0]
        for edit in edits:
            pieces += [self.text[at : edit.start], edit.text]
            at = edit.end
            moved.append(moved[-1] + len(edit.text) - (edit.end - edit.start))

        def begin(place: int) -> int:
            before = bisect_right(starts, place)
            return max(place, edits[before - 1].end if before else 0) + moved[before]

        def finish(place: int) -> int:
            before = bisect_left(starts, place)
            if before and place < edits[before - 1].end:
                return edits[before - 1].start + moved[before - 1]
            return place + moved[before]

        marks = (replace(mark, start=begin(mark.start), end=finish(mark.end)) for mark in self.marks)
        return Styled("".join([*pieces, self.text[at:]]), tuple(mark for mark in marks if mark.start < mark.end))

    def respaced(self, line_break: str, space: str | None = None) -> Styled:
        """Without spaces at the ends; `line_break` for spaces that hold one, `space`, if given, for all others."""
        edits = []
        for run in _SPACES.finditer(self.text):
            at_end = run.start() == 0 or run.end() == len(self.text)
            text = "" if at_end else line_break if "\n" in run[0] else run[0] if space is None else space
            edits.append(Edit(run.start(), run.end(), text))
        return self.edited([edit for edit in edits if self.text[edit.start : edit.end] != edit.text])

    def safe(self) -> Styled:
        """The same with harmless text (see there)."""
        shown = replace(self, text=printable(self.text))
        return shown.edited([Edit(place, place, JOINER) for place in joints(shown.text)])

    def cut(self, start: int, end: int) -> Styled:
        marks = (replace(m, start=max(0, m.start - start), end=min(m.end, end) - start) for m in self.marks)
        return Styled(self.text[start:end], tuple(mark for mark in marks if mark.start < mark.end))

    def shortened(self, limit: int) -> Styled:
        """The whole, or as many words from its beginning as fit `limit` (> 10) units with an ellipsis."""
        if self.size <= limit:
            return self
        end = len(self.text[: reach(self.text, 0, limit - EDGE - 1)].rstrip())
        return joined("", [self.cut(0, end), Styled(ELLIPSIS)])


def joined(separator: str, parts: Iterable[Styled]) -> Styled:
    pieces: list[str] = []
    marks: list[Mark] = []
    at = 0
    for number, part in enumerate(parts):
        pieces += [separator if number else "", part.text]
        at += len(separator) if number else 0
        marks += [replace(mark, start=mark.start + at, end=mark.end + at) for mark in part.marks]
        at += len(part.text)
    return Styled("".join(pieces), tuple(marks))


def foreign(text: str) -> Styled:
    """What comes from an article or a person, made harmless."""
    return Styled(harmless(text))


def fits(styled: Styled) -> bool:
    return styled.size <= LIMIT


def part_of(styled: Styled) -> Part:
    """A message of text that `fits`. Marks beyond those that Telegram reads are left out, links and quotes last."""
    shown = styled.safe()
    marks = [mark for mark in shown.marks if mark.tag != LANDMARK]
    if len(marks) > _MAX_MARKS:
        kept = sorted(range(len(marks)), key=lambda n: _FIRST_KEPT.index(marks[n].tag))[:_MAX_MARKS]
        marks = [marks[n] for n in sorted(kept)]
    return Part(_html(shown.text, marks), shown.text)


def packed(blocks: Iterable[Styled]) -> list[Part]:
    """As few messages as the blocks fill in order, each on a line of its own; one that fills more is cut by itself."""
    messages: list[Styled] = []
    for block in blocks:
        together = joined("\n", [*messages[-1:], block])
        if fits(together):
            messages[-1:] = [together]
        else:
            messages += _pieces(block)
    return [part_of(message) for message in messages if shows(message.text)]


def _pieces(styled: Styled) -> list[Styled]:
    if fits(styled):
        return [styled]
    pieces, at = [], 0
    for text in split(styled.text, LIMIT - EDGE):
        pieces.append(styled.cut(at, at + len(text)))
        at += len(text)
    return pieces


def _html(text: str, marks: Sequence[Mark]) -> str:
    """Marks that begin at one place are opened in their order, which is from the outside in."""
    pieces: list[str] = []
    opened: list[Mark] = []
    at = 0

    def close_until(place: int) -> None:
        nonlocal at
        while opened and opened[-1].end <= place:
            mark = opened.pop()
            pieces.extend((markup(text[at : mark.end]), f"</{mark.tag.split()[0]}>"))
            at = mark.end

    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        close_until(mark.start)
        pieces.extend((markup(text[at : mark.start]), _opening(mark)))
        at = mark.start
        opened.append(mark)
    close_until(len(text))
    return "".join([*pieces, markup(text[at:])])


def _opening(mark: Mark) -> str:
    return f'<a href="{escape_attribute(mark.address)}">' if mark.tag == LINK else f"<{mark.tag}>"
