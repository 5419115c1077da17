"""The headline, the section and the address of a page's article, on what its statements and its text agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from embeddings import lines
from embeddings.lexicon import key
from embeddings.readers.characters import plain
from embeddings.readers.html_blocks import Block
from embeddings.readers.html_main import Main, squeezed
from embeddings.readers.html_marks import Mark
from embeddings.readers.html_people import is_outlet
from embeddings.readers.html_stated import Stated, is_front_page
from embeddings.vietnamese import fold, has_diacritics, syllables

_SEPARATOR = re.compile(r"\s+[-–—|:•·»/]+\s+|\s*[|»]\s*|\s+[-–—]|[-–—]\s+")
_MIN_LETTERS = 8  # of a headline that is looked for in the page
_CUT = 100  # characters; a longer statement may be a headline cut off
_LONGEST = 300  # characters of a headline
_LONGEST_SECTION = 80
_LONGEST_ADDRESS = 2000
_PATH_WITHIN = 40  # lines
_STEP_SIGNS = frozenset((">", ">>", "»", "›", "/", "|", "->", "→", "::", "&gt;"))
_SECTION_LINE = re.compile(r"(?:Chuyên mục|Danh mục|Thể loại|Mục)\s*:\s*([^:,|]{2,60})")
_NEAR = 12  # lines between the headline and the text
_GENERIC = frozenset((
    "trang chu", "home", "homepage", "tin tuc", "tin moi", "tin moi nhat", "tin noi bat", "tin tuc su kien", "news",
    "uncategorized", "chua phan loai", "chua duoc phan loai", "danh muc", "chuyen muc", "bai viet", "chi tiet",
    "chi tiet tin", "chi tiet bai viet", "tin chi tiet", "noi dung", "trang nhat", "noi bat", "article", "blog",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Headline:
    text: str | None
    at: int | None  # which line of the page it is
    suffix: str | None  # what follows it in the browser's title: usually the outlet


def headline(stated: Stated, blocks: Sequence[Block], main: Main | None) -> Headline:
    """The line that a statement repeats; else the visible headline; else what is stated."""
    titles = [text for text in stated.titles if len(text) <= _LONGEST]
    browser_title = stated.browser_title if len(stated.browser_title) <= _LONGEST else ""  # it is not closed
    told = [text for text in (*titles, browser_title) if text]
    at = _confirmed(told, blocks, main)
    if at is None:
        at = _visible(blocks, main, {squeezed(name) for name in stated.outlets})
    if at is not None:
        text = blocks[at].text
        return Headline(text, at, _suffix(browser_title, text))
    if titles:
        text, suffix = _without_outlet(titles[0], stated.outlets)
        return Headline(text, None, suffix or _suffix(browser_title, text))
    text, suffix = _without_outlet(browser_title, stated.outlets)
    is_site = len(syllables(text)) < lines.MIN_HEADLINE or not has_diacritics(text) or is_outlet(text.strip(" .:*"))
    return Headline(None if is_site else text, None, suffix or (text if is_site else None))


def _confirmed(told: Sequence[str], blocks: Sequence[Block], main: Main | None) -> int | None:
    last = main.last if main else len(blocks) - 1
    body = main.first if main else len(blocks)
    found = [i for i, block in enumerate(blocks[: last + 1]) if any(_says(block.text, text) for text in told)]
    usable = [i for i in found if not _names_site(blocks[i])]

    def rank(i: int) -> tuple[bool, bool, bool, int]:
        furniture = bool(blocks[i].furniture - main.acquitted) if main else bool(blocks[i].furniture)
        return i <= body, not furniture, _is_prominent(blocks[i]), i

    best = max(usable, key=rank, default=None)
    # Below the first paragraph only what is marked as a headline is one: paragraphs repeat headlines, too.
    return best if best is not None and (best <= body or _is_prominent(blocks[best])) else None


def _is_prominent(block: Block) -> bool:
    return block.heading > 0 or Mark.TITLE in block.marks


def _names_site(block: Block) -> bool:
    """Whether a line is the site's own name, which often is its first heading."""
    if Mark.HEADER in block.marks or (block.heading == 0 and is_outlet(block.text)):
        return True
    return block.links > 0.9 and any(is_front_page(link.get("href") or "") for link in block.home.iter("a"))


def _says(line: str, told: str) -> bool:
    """Whether a statement is this line, with or without an outlet's name around it, cut off or not."""
    if len(line) > _LONGEST:
        return False
    words = squeezed(line)
    if len(words) < _MIN_LETTERS:
        return False
    stated = squeezed(told)
    if words == stated:
        return True
    if len(stated) >= len(words):
        if not (stated.startswith(words) or stated.endswith(words)):
            return False
        cuts = list(_SEPARATOR.finditer(told))
        return any(words in (squeezed(told[: cut.start()]), squeezed(told[cut.end() :])) for cut in cuts)
    is_cut = told.endswith(("...", "…")) or len(told) >= _CUT
    return is_cut and len(stated) >= 3 * _MIN_LETTERS and words.startswith(stated)


def _visible(blocks: Sequence[Block], main: Main | None, outlets: set[str]) -> int | None:
    """The nearest line above the text that looks like a headline and is marked as one."""
    if main is None:
        return None
    above = [
        i
        for i, block in enumerate(blocks[: main.first + 1])
        if not _names_site(block)
        and not main.is_furniture(block)
        and lines.is_headline(block.text, len(syllables(block.text)))
        and squeezed(block.text) not in outlets
        and not is_outlet(block.text)
        and key(block.text) not in _GENERIC
    ]
    first = [i for i in above if blocks[i].heading == 1 and len(syllables(blocks[i].text)) > 2]
    if first:
        return first[-1]
    near = [i for i in above if main.first - i <= _NEAR and len(syllables(blocks[i].text)) >= lines.MIN_HEADLINE]
    marked = [i for i in near if _is_prominent(blocks[i])]
    if marked:
        return marked[-1]
    links = max((i for i in range(main.first) if blocks[i].links > 0.5), default=-1)
    bold = [i for i in near if i > links and (blocks[i].strong > 0.9 or blocks[i].text.isupper())]
    return bold[0] if bold else None


def _suffix(told: str, title: str) -> str | None:
    """What a browser's title has beside the headline, or all of it where it names the outlet only."""
    for cut in _SEPARATOR.finditer(told):
        if squeezed(told[: cut.start()]) == squeezed(title):
            return told[cut.end() :].strip() or None
        if squeezed(told[cut.end() :]) == squeezed(title):
            return told[: cut.start()].strip() or None
    return None if squeezed(told) == squeezed(title) else told


def _without_outlet(told: str, outlets: Iterable[str]) -> tuple[str, str | None]:
    """(a stated title without the outlet's name at its end, that name)."""
    names = {squeezed(name) for name in outlets}
    for cut in _SEPARATOR.finditer(told):
        rest = told[cut.end() :].strip()
        if cut.start() and (squeezed(rest) in names or is_outlet(rest)):
            return told[: cut.start()].strip(), rest
    return told, None


def section(stated: Stated, title: str | None, at: int | None, blocks: Sequence[Block]) -> str | None:
    """The section under the name that people see: the one stated, else the last step of the path to the article."""
    own = {squeezed(name) for name in (title or "", stated.browser_title, *stated.outlets)}
    path = [name for name in stated.path if squeezed(name) not in own and not _is_front_page(name)]
    if title:
        path = [name for name in path if not squeezed(title).startswith(squeezed(name.rstrip(".… ")))]
    told = [name for name in stated.sections if len(name) <= _LONGEST_SECTION and squeezed(name) not in own]
    path = path or _shown_path(blocks[:at] if at is not None else blocks[:_PATH_WITHIN], own) or _labelled(blocks)
    for name in told:
        same = next((step for step in path if _slug(step) == _slug(name)), None)
        if same is not None:
            return same
    proper = [name for name in told if fold(name) != name]  # with diacritics: not a slug, not English
    if path:
        return path[-1] if not proper else None
    specific = [name for name in proper if key(name) not in _GENERIC] or proper
    if len(specific) == 1:
        return specific[0]
    shown = {squeezed(block.text) for block in blocks} if told and not proper else set()
    return told[0] if len(told) == 1 and squeezed(told[0]) in shown else None


def _shown_path(blocks: Sequence[Block], own: set[str]) -> list[str]:
    """The steps of "Trang chủ » Tin tức » Kinh tế" in a line above the headline, where nothing is named a path."""
    for block in reversed(blocks):
        names = [run for run in block.runs if any(map(str.isalpha, run))]
        signs = {run for run in block.runs if not any(map(str.isalnum, run))}
        if block.links > 0.5 and len(names) > 1 and _is_front_page(names[0]) and signs & _STEP_SIGNS:
            return [name for name in names[1:] if squeezed(name) not in own]
    return []


def _labelled(blocks: Sequence[Block]) -> list[str]:
    """The one section in lines like "Chuyên mục: Kinh tế"."""
    found = [match[1] for block in blocks if block.links < 1 and (match := _SECTION_LINE.fullmatch(block.text))]
    return found if len(set(found)) == 1 else []


def _is_front_page(name: str) -> bool:
    return key(name) in ("trang chu", "home", "homepage", "trang nhat", "") or is_outlet(name)


def _slug(name: str) -> str:
    return "".join(syllables(fold(name)))


def address(stated: Stated, fetched: str | None) -> str | None:
    """Where the article is on the web: absolute, http(s), without a fragment. A site's front page is no article."""
    base = fetched or ""
    if stated.base:
        base = _joined(base, stated.base)
    found = [whole for text in stated.addresses if (whole := _web(_joined(base, text)))]
    own = _web(fetched or "")
    deep = [one for one in found if not is_front_page(one)]
    if not deep and not stated.base.endswith("/") and (page := _web(stated.base)) and not is_front_page(page):
        deep = [page]  # Joomla's base element is the page itself
    if own and own in deep:
        return own
    return next(iter(deep), None) or own


def _joined(base: str, text: str) -> str:
    try:
        return urldefrag(urljoin(base, text.strip()))[0]
    except ValueError:
        return ""


def _web(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return None
    clean = len(text) <= _LONGEST_ADDRESS and " " not in text and plain(text) == text
    return urldefrag(text)[0] if parts.scheme in ("http", "https") and host and clean else None
