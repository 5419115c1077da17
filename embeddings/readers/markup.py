"""Text out of the HTML that exports and feeds carry in their fields: paragraphs and captions, one a line.

Meant for fragments, where everything is the article; a whole page has its own reader. Written out rather than built
on html.parser, which takes quadratic time where tags or comments stay open (16 s for 40 kB of "<a ", Python 3.11.7).
Here each character is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from embeddings.records import Kind

_BLOCK = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "html", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary",
    "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
_INLINE = frozenset((
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "iframe", "img", "ins", "mark", "q", "s",
    "script", "small", "span", "strike", "strong", "style", "sub", "sup", "svg", "td", "th", "u", "video",
))  # fmt: skip
_CAPTIONS = frozenset({"caption", "figcaption"})
_CELLS = frozenset({"td", "th"})
_DROPPED = frozenset((
    "audio", "canvas", "head", "iframe", "noscript", "object", "script", "style", "svg", "template", "title",
    "video",
))  # fmt: skip
_TO_THE_END = frozenset({"script", "style"})  # what stays open swallows the rest, as in browsers

_NAME = r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*+)"
_TAG = re.compile(rf"""{_NAME}(?:[^<>"']|"[^"<]*"|'[^'<]*'|["'])*+>|{_NAME}[^<>]*+>""")  # quotes may hold a >
_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-zA-Z]{2,24}\d{0,2});")
_MARKED = re.compile(rf"</?(?:{'|'.join(sorted(_BLOCK | _INLINE))})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_OPENINGS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">"))


def looks_like_markup(text: str) -> bool:
    """Whether `text` is HTML rather than words that hold a < somewhere."""
    return ("<" in text and _MARKED.search(text) is not None) or ("&" in text and _ENTITY.search(text) is not None)


def blocks(html: str) -> list[tuple[Kind, str]]:
    """The lines of `html` that hold something, each with what it is. Line breaks count where no tag ends lines."""
    pieces = list(_pieces(html))
    if "<" not in html and _MARKED.search(unescaped := unescape(html)):
        pieces = list(_pieces(unescaped))  # escaped once too often
    by_tags = any(name in _BLOCK for name, _, _ in pieces)
    found: list[tuple[Kind, str]] = []
    kind, line = Kind.BODY, ""
    for name, closing, text in pieces:
        if name in _BLOCK:
            found.append((kind, line))
            kind, line = Kind.CAPTION if name in _CAPTIONS and not closing else Kind.BODY, ""
        elif name in _CELLS and not closing and line.strip():
            line = f"{line.rstrip()} | "
        first, *others = [text] if by_tags else text.split("\n")
        line += first
        for other in others:
            found.append((kind, line))
            line = other
    found.append((kind, line))
    return [(kind, text) for kind, line in found if (text := " ".join(line.split()).strip(" |"))]


def plain(text: str) -> str:
    """One line of `text`, without markup where it holds some."""
    return " ".join(line for _, line in blocks(text)) if looks_like_markup(text) else text


def _pieces(html: str) -> Iterator[tuple[str, bool, str]]:
    """(name of a tag or "", whether it closes, the text that follows), without what is not text."""
    html = html.replace("\0", " ")
    name, closing, start, at = "", False, 0, 0
    ended: dict[str, bool] = {}  # by what ends it: whether it is known to stand nowhere further on
    while (at := html.find("<", at)) >= 0:
        tag = _TAG.match(html, at)
        end = tag.end() if tag else _after_declaration(html, at, ended)
        if end is None:
            at += 1
            continue
        yield name, closing, _text(html[start:at])
        if tag is None:
            name, closing = "", False
            if html.startswith("<![CDATA[", at):
                yield "", False, html[at + len("<![CDATA[") : end].removesuffix("]]>")
        else:
            name, closing = (tag[2] or tag[4]).lower(), bool(tag[1] or tag[3])
            if name in _DROPPED and not closing and not html.startswith("/>", end - 2):
                end = _after_element(html, name, end, ended)
        start = at = end
    yield name, closing, _text(html[start:])


def _text(raw: str) -> str:
    return unescape(raw) if "&" in raw else raw


def _after_declaration(html: str, at: int, ended: dict[str, bool]) -> int | None:
    """Where a comment or declaration that opens at `at` is over; None where none opens or it never ends."""
    for opening, closing in _OPENINGS:
        if html.startswith(opening, at):
            found = -1 if ended.get(closing) else html.find(closing, at + len(opening))
            ended[closing] = found < 0
            return found + len(closing) if found >= 0 else at + len(opening)
    return None


def _after_element(html: str, name: str, at: int, ended: dict[str, bool]) -> int:
    """Where the element that opened before `at` is over."""
    closing = f"</{name}"
    found = None if ended.get(closing) else re.compile(closing, re.IGNORECASE).search(html, at)
    if found is None:
        ended[closing] = True
        return len(html) if name in _TO_THE_END else at
    return found.start()
