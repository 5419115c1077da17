"""Where on a page its article is: the lines that trafilatura takes for it, or else where the text is densest."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from trafilatura import bare_extraction

from embeddings.readers.html_blocks import Block

if TYPE_CHECKING:
    from lxml.html import HtmlElement

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns of every page that holds no article

_MIN_WORDS = 12  # of a line that is running text; with a stop at its end half as many do
_STOPS = (".", "!", "?", "…", ":", ";", '."', ".”", "./.", ".)", "”", '"')
_BOX_SHARE = 0.8  # of the article's text lies in its box
_DECAY, _LEVELS = 0.6, 8  # what a line counts for the elements around it, from one to the next
_NEAR = 50_000  # characters of extracted text in which a line is looked for
_MIN_HIT = 12  # letters; shorter lines are found anywhere by chance


@dataclass(frozen=True, slots=True)
class Main:
    """The main text of a page: lines that surely belong to it, and the range of lines around them."""

    hits: frozenset[int]
    first: int  # the first and last line of running text among them
    last: int
    start: int  # the first and last line of the innermost element that holds nearly all of them
    end: int
    box: HtmlElement
    acquitted: frozenset[str]  # names of furniture that the article's own elements bear

    def is_furniture(self, block: Block) -> bool:
        return not block.furniture <= self.acquitted


def main_of(tree: HtmlElement, blocks: Sequence[Block]) -> Main | None:
    """The main text of a page; None when it has no running text at all."""
    weights = [_weight(block) for block in blocks]
    extracted = _extracted(tree, blocks)
    found = set(extracted)
    dense = _densest(blocks, weights)
    if sum(weights[i] for i in found) < sum(weights[i] for i in dense) / 2:
        found |= dense
    weighed = [i for i in found if weights[i]]
    if not weighed:
        return None
    total = sum(weights[i] for i in weighed)
    under: Counter[str] = Counter()
    for i in weighed:
        for name in blocks[i].furniture:
            under[name] += weights[i]
    acquitted = frozenset(name for name, weight in under.items() if weight > total / 2)
    hits = [i for i in weighed if blocks[i].furniture <= acquitted]
    if not hits:
        return None
    box = _widened(_box(hits, blocks, weights), extracted.intersection(hits), blocks, weights)
    around = set(box.iter())
    inside = [i for i, block in enumerate(blocks) if block.home in around]
    kept = [i for i in hits if inside[0] <= i <= inside[-1]]
    return Main(frozenset(found), min(kept), max(kept), inside[0], inside[-1], box, acquitted)


def is_running(text: str) -> bool:
    words = text.count(" ") + 1
    return words >= _MIN_WORDS or (words >= _MIN_WORDS // 2 and text.endswith(_STOPS))


def _weight(block: Block) -> int:
    """Letters of running text outside links."""
    return int(len(block.text) * (1 - block.links)) if block.links < 0.5 and is_running(block.text) else 0


def _extracted(tree: HtmlElement, blocks: Sequence[Block]) -> set[int]:
    """The lines that trafilatura finds."""
    try:
        document = bare_extraction(deepcopy(tree), fast=True, include_comments=False, include_tables=True)
    except Exception:  # noqa: BLE001 - heuristics over a stranger's markup: whatever trips them up, the page has text
        return set()
    if document is None or isinstance(document, dict):
        return set()
    text = squeezed("".join(document.body.itertext()))
    found = set()
    reached = 0
    for i, block in enumerate(blocks):  # in the same order, mostly: so it is looked for near the one before
        key = squeezed(block.text)
        at = text.find(key, max(0, reached - _NEAR), reached + len(key) + _NEAR) if len(key) >= _MIN_HIT else -1
        if at >= 0:
            found.add(i)
            reached = at + len(key)
    return found


def squeezed(text: str) -> str:
    """Letters and digits only, small: what does not change when a page is laid out differently."""
    return "".join(filter(str.isalnum, text.casefold()))


def _densest(blocks: Sequence[Block], weights: Sequence[int]) -> set[int]:
    """Lines of running text in the element that has most of it near by."""
    scores: defaultdict[HtmlElement, float] = defaultdict(float)
    free = [i for i, block in enumerate(blocks) if weights[i] and not block.furniture]
    usable = free or [i for i, weight in enumerate(weights) if weight]
    for i in usable:
        share = float(weights[i])
        for element in islice(chain([blocks[i].home], blocks[i].home.iterancestors()), _LEVELS):
            scores[element] += share
            share *= _DECAY
    if not scores:
        return set()
    around = set(max(scores, key=scores.__getitem__).iter())
    return {i for i in usable if blocks[i].home in around}


def _box(hits: Collection[int], blocks: Sequence[Block], weights: Sequence[int]) -> HtmlElement:
    """The innermost element that holds nearly all of the main text."""
    held: Counter[HtmlElement] = Counter()
    for i in hits:
        for element in [blocks[i].home, *blocks[i].home.iterancestors()]:
            held[element] += weights[i]
    total = sum(weights[i] for i in hits)
    enough = [element for element, weight in held.items() if weight >= total * _BOX_SHARE]
    return max(enough, key=lambda element: sum(1 for _ in element.iterancestors()))


def _widened(box: HtmlElement, hits: Collection[int], blocks: Sequence[Block], weights: Sequence[int]) -> HtmlElement:
    """The box, or one around it as long as most of what it adds is the article's: texts laid out in several columns."""
    around = set(box.iter())
    inside = [i for i, block in enumerate(blocks) if block.home in around]
    first, last = inside[0], inside[-1]
    for wider in box.iterancestors():
        left, right = first, last
        while left > 0 and wider in blocks[left - 1].home.iterancestors():
            left -= 1
        while right < len(blocks) - 1 and wider in blocks[right + 1].home.iterancestors():
            right += 1
        added = [*range(left, first), *range(last + 1, right + 1)]
        gained = sum(weights[i] for i in added if i in hits)
        if added and gained <= sum(weights[i] for i in added if i not in hits and not blocks[i].furniture):
            break
        box, first, last = wider, left, right
    return box
