"""The text of an EPUB's chapter: XHTML to paragraphs, headings, captions. One walk, without recursion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from embeddings.readers.characters import plain
from embeddings.readers.old_fonts import in_unicode
from embeddings.readers.packed import attribute, local
from embeddings.records import Kind

_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "div", "dl", "dt", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre",
    "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CAPTIONS = frozenset({"caption", "figcaption"})
_CELLS = frozenset({"td", "th"})
_SKIPPED = frozenset((
    "audio", "canvas", "form", "head", "iframe", "math", "nav", "object", "rp", "rt", "script", "style", "svg",
    "template", "video",
))  # fmt: skip
_NOT_TEXT = frozenset((
    "doc-endnote", "doc-endnotes", "doc-footnote", "doc-noteref", "doc-pagebreak", "doc-toc", "endnote", "endnotes",
    "footnote", "footnotes", "landmarks", "noteref", "page-list", "pagebreak", "rearnote", "rearnotes", "toc",
))  # fmt: skip
_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Block:
    kind: Kind
    text: str  # one line
    heading: bool


def blocks(root: etree._Element) -> list[Block]:
    """Two line breaks in a row part paragraphs where somebody did without tags."""
    raw = [(kind, part, heading) for kind, text, heading in _raw(root) for part in _PARAGRAPHS.split(text)]
    texts = [plain(text).strip("| ") for text in in_unicode([("", part) for _, part, _ in raw])]
    return [Block(kind, text, heading) for (kind, _, heading), text in zip(raw, texts, strict=True) if text]


def _raw(root: etree._Element) -> Iterator[tuple[Kind, str, bool]]:
    """(kind, text, whether it is a heading) of what stands between the tags of blocks."""
    kind, heading, line = Kind.BODY, False, ""
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = local(element).lower()
        if event == "start":
            if name in _BLOCKS:
                yield kind, line, heading
                kind, heading, line = _kind(name, element), name in _HEADINGS, ""
            elif name in _CELLS and line.strip():
                line += " | "
            elif name == "br":
                line += "\n"
            if name in _SKIPPED or not isinstance(element.tag, str) or _is_apart(element):
                walk.skip_subtree()
            else:
                line += _spaced(element.text)
            continue
        if name in _BLOCKS:
            yield kind, line, heading
            kind, heading, line = Kind.BODY, False, ""
        if element is not root:
            line += _spaced(element.tail)
    yield kind, line, heading


def _kind(name: str, element: etree._Element) -> Kind:
    return Kind.CAPTION if name in _CAPTIONS or "caption" in (element.get("class") or "").lower() else Kind.BODY


def _is_apart(element: etree._Element) -> bool:
    """Whether the book itself says that this is no running text: a note, a page number, a table of contents."""
    said = {word for name in ("type", "role") for word in (attribute(element, name) or "").lower().split()}
    return bool(said & _NOT_TEXT) or element.get("hidden") is not None


def _spaced(text: str | None) -> str:
    """Line ends in XHTML are spaces; those that count are `br`."""
    return "" if text is None else str(text).replace("\n", " ").replace("\r", " ")
