"""Which lines of a page are its article: the text in reading order with its captions; what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embeddings import lines
from embeddings.lexicon import Lexicon, key
from embeddings.readers.html_blocks import CELLS, Block
from embeddings.readers.html_dates import shown_in
from embeddings.readers.html_main import Main, is_running, squeezed
from embeddings.readers.html_marks import Mark
from embeddings.readers.html_people import credit_in
from embeddings.vietnamese import fold

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LINKED = 0.6  # share of a line's letters; from there on it leads elsewhere
_LONGEST_CAPTION, _LONGEST_PLAIN_CAPTION = 80, 60  # words
_SHORT = 9  # words of a line that may head a list of other articles
_LONGEST_LABEL = 80  # characters
_LONGEST_TOOL, _LONGEST_TAGS = 11, 25  # words
_LATE = 0.6  # share of the text that stands above a list of other articles which ends it
_TAIL = 8  # lines looked at below the text's own box
_HEAD = 10  # … and above the headline
_MIN_REPEAT = 20  # letters; shorter lines may be said twice
_FIGURE_LEVELS = 5
_TEASERS = 4  # summaries of other articles make a list of them

_OTHERS = re.compile(
    r"(?:cac |nhung )?(?:tin|bai|video|clip|tin bai|bai viet|tin tuc|su kien)(?: viet| bai| tuc)? "
    r"(?:lien quan|khac|cung|moi|cu|da dua|doc nhieu|xem nhieu|noi bat|tiep theo|truoc|da dang)"
    r"|cung (?:chuyen muc|chu de|chuyen de|danh muc)|co the ban|ban co the|lien quan$|related|you may"
    r"|(?:cac )?y kien (?:ban doc|cua ban|phan hoi|binh luan)|(?:\d+ )?binh luan"
    r"|gui (?:binh luan|y kien|phan hoi|tin phan)|leave a (?:reply|comment)|de lai (?:mot |y kien|binh)|comments?$"
    r"|thong ke truy cap|doc nhieu|xem nhieu|tin nong|tin hot"
)
_TOOLS = re.compile(
    r"(?:so |tong )?(?:luot|lan) (?:xem|doc|truy cap)|(?:da xem|views?|luot)\s*:?\s*\d|xem voi co chu|co chu"
    r"|chia se|share|in (?:bai|trang)|ban in|gui (?:email|mail|bai)|danh gia|tong so diem|xep hang|click de danh gia"
    r"|nghe (?:bai|doc|audio)|theo doi .{0,40}(?:google|facebook|zalo|tren)|doi? anh|toan man hinh|quay lai|tro ve"
    r"|tro lai|ve trang|len dau|binh chon|thich\b|\[?(?:in|quay lai)\]?$|file dinh kem|tai (?:ve|file)|quang cao"
    r"|advertisement|javascript|loading|dang tai|copyright|©|ban quyen|all rights"
)
_TAGS = re.compile(r"(?:tu khoa|tags?|chu de|the|hashtag)\s*:")
# What stands at the foot of a site; in the midst of a text it may be the subject.
_IMPRINT = re.compile(
    r"(?i)cơ quan (?:chủ quản|ngôn luận)|giấy phép (?:xuất bản|thiết lập|hoạt động báo chí|số)|ghi rõ nguồn"
    r"|bản quyền thuộc|tổng biên tập:|chịu trách nhiệm (?:chính|nội dung|xuất bản)|all rights reserved|©"
)
_READ_MORE = re.compile(
    r"[>»→☞•\-–*\s]*(?:xem them|doc them|xem tiep|doc tiep|tin lien quan|moi (?:ban|quy).{0,30}doc)\b"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Lines of a page by number, in order."""

    above: tuple[int, ...]  # around the headline: where a page says when and who
    body: tuple[int, ...]
    below: tuple[int, ...]  # short lines under the text: where authors sign
    captions: frozenset[int]  # of `body`


def chosen(blocks: Sequence[Block], main: Main, title: int | None, lexicon: Lexicon) -> Chosen:
    """The article's lines. Raises ValueError when they only announce other articles."""
    start = title + 1 if title is not None and title < main.last else main.start
    dropped = _others(blocks, main, start)
    usable = [i for i in range(start, main.end + 1) if i not in dropped and _is_usable(blocks[i], main, lexicon)]
    running = [i for i in usable if is_running(blocks[i].text) and not _says_when_or_who(blocks[i], lexicon)]
    while running and _IMPRINT.search(blocks[running[-1]].text):
        running.pop()
    captions = {i for i in usable if _is_caption(blocks[i], lexicon)}
    text = [i for i in running if i not in captions] or running
    captions -= {i for i in captions if text and i > text[-1] and _signs_under_image(blocks[i], lexicon)}
    if not text:
        return Chosen((), (), (), frozenset())
    if _announces(text, blocks):
        raise ValueError("a list of articles, not one article")
    first, last = text[0], text[-1]
    if len(text) > 1 and any(_says_when_or_who(blocks[i], lexicon) for i in range(first + 1, text[1])):
        first = text[1]  # date and author stand below the lead
    body = [i for i in usable if _belongs(i, (first, last), blocks, main, captions, lexicon)]
    taken = dropped.union(body)
    head = (i for i in range(start, first) if i not in taken)
    above = [*_over(blocks, main, title, start), *head]
    below = [i for i in range(last + 1, main.end + 1) if i not in taken]
    return Chosen(
        tuple(above),
        tuple(_once(body, blocks)),
        (*below, *_under(blocks, main, dropped)),
        frozenset(captions),
    )


def _belongs(
    i: int, span: tuple[int, int], blocks: Sequence[Block], main: Main, captions: set[int], lexicon: Lexicon
) -> bool:
    """Whether a usable line is the article's: all between its first and last paragraph, little outside of them."""
    block = blocks[i]
    first, last = span
    if first <= i <= last or i in captions:
        return not (i < first and _says_when_or_who(block, lexicon))
    if _says_when_or_who(block, lexicon):
        return False
    if CELLS in block.text and main.start <= i:
        return True  # a row of a table
    if i > last:
        return i in main.hits and not _IMPRINT.search(block.text)
    if Mark.LEAD in block.marks or (is_running(block.text) and block.links < _LINKED):
        return True
    return main.start <= i and (block.heading > 0 or i in main.hits)


def _over(blocks: Sequence[Block], main: Main, title: int | None, start: int) -> Iterator[int]:
    """Lines above the headline, down to it, without those that lead elsewhere."""
    end = title if title is not None else start
    yield from (i for i in range(max(0, end - _HEAD), end) if not main.is_furniture(blocks[i]))


def _under(blocks: Sequence[Block], main: Main, dropped: set[int]) -> Iterator[int]:
    """Lines right below the box of the text, until something else begins."""
    for i in range(main.end + 1, min(main.end + 1 + _TAIL, len(blocks))):
        block = blocks[i]
        marked = block.marks & {Mark.AUTHOR, Mark.SOURCE, Mark.DATE}
        if i in dropped or main.is_furniture(block) or _heads_others(block) or (block.links > _LINKED and not marked):
            return
        if not _is_tool(block):
            yield i


def _once(body: Sequence[int], blocks: Sequence[Block]) -> Iterator[int]:
    seen: set[str] = set()
    before = ""
    for i in body:
        words = squeezed(blocks[i].text)
        if words != before and (words not in seen or len(words) < _MIN_REPEAT):
            yield i
        before = words
        seen.add(words)


def _is_usable(block: Block, main: Main, lexicon: Lexicon) -> bool:
    if main.is_furniture(block) or _is_tool(block):
        return False
    if block.links > _LINKED and CELLS not in block.text:
        return False
    if block.links > 0 and _READ_MORE.match(fold(block.text[:_LONGEST_LABEL]).lower()):
        return False
    return len(block.text.split()) > _LONGEST_TAGS or not lines.is_furniture(block.text, lexicon)


def _is_tool(block: Block) -> bool:
    """Whether a line counts visits, shares, prints …; a sentence that begins so does not."""
    words = len(block.text.split())
    if words > _LONGEST_TAGS or block.heading:
        return False
    said = fold(block.text).lower().lstrip("[( ")
    return _TAGS.match(said) is not None or (
        words <= _LONGEST_TOOL and not is_running(block.text) and _TOOLS.match(said) is not None
    )


def _says_when_or_who(block: Block, lexicon: Lexicon) -> bool:
    """Whether a line is there to date or sign the text."""
    if shown_in((block.text, *block.runs), lexicon):
        return True
    signed = bool(block.marks & {Mark.AUTHOR, Mark.SOURCE})
    return credit_in(block.text, lexicon, expected=signed) is not None


def _is_caption(block: Block, lexicon: Lexicon) -> bool:
    words = len(block.text.split())
    if words > _LONGEST_CAPTION:
        return False
    if Mark.CAPTION in block.marks or _in_figure(block.home) or lines.is_credited_caption(block.text, lexicon):
        return True
    return block.after_image and words <= _LONGEST_PLAIN_CAPTION and (block.slanted > 0.9 or block.centred)


def _signs_under_image(block: Block, lexicon: Lexicon) -> bool:
    """Whether a line below the text is a name, and only its place under an image makes it look like a caption."""
    return Mark.CAPTION not in block.marks and credit_in(block.text, lexicon, expected=True) is not None


def _in_figure(element: HtmlElement) -> bool:
    for level, around in enumerate(element.iterancestors()):
        if level > _FIGURE_LEVELS:
            return False
        if around.tag == "figure":
            return True
    return str(element.tag) == "figure"


def _heads_others(block: Block) -> bool:
    """Whether a short line heads a list of other articles, or what readers say."""
    if block.text.endswith(".") or len(block.text.split()) > _SHORT:
        return False
    return _OTHERS.match(key(block.text)) is not None


def _others(blocks: Sequence[Block], main: Main, start: int) -> set[int]:
    """Lines under headings of other articles: to the end of the element that heading and list have for themselves."""
    dropped: set[int] = set()
    weights = [
        len(b.text) if b.links < _LINKED and is_running(b.text) and not main.is_furniture(b) else 0 for b in blocks
    ]
    total = sum(weights[start : main.end + 1])
    before = 0
    previous: int | None = None  # the last running line
    for i in range(start, main.end + 1):
        if i not in dropped and _heads_others(blocks[i]):
            dropped |= set(_list_under(i, previous, blocks, main))
            if before >= total * _LATE:
                return dropped | set(range(i, main.end + 1))
        elif i not in dropped and weights[i]:
            previous = i
            before += weights[i]
    return dropped


def _list_under(heading: int, previous: int | None, blocks: Sequence[Block], main: Main) -> Iterator[int]:
    """The heading and the lines after it within the largest element around it that holds no text before it."""
    with_text = set(blocks[previous].home.iterancestors()) if previous is not None else set()
    own = blocks[heading].home
    for around in [own, *own.iterancestors()]:
        if around in with_text or around is main.box:
            break
        own = around
    within = set(own.iter())
    for i in range(heading, main.end + 1):
        if blocks[i].home not in within:
            return
        yield i


def _announces(text: Sequence[int], blocks: Sequence[Block]) -> bool:
    """Whether most paragraphs come right after a linked headline: summaries in a list of articles."""
    teasers = sum(
        any(blocks[j].links > 0.9 and len(blocks[j].text.split()) > 3 for j in range(max(0, i - 2), i)) for i in text
    )
    return teasers >= _TEASERS and teasers > len(text) * 0.6
