"""Pages of the time before Unicode: text in the encoding of a font is converted where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from embeddings.encodings import repaired

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CODE = frozenset(("script", "style"))
_STATEMENTS = {"meta": "content", "img": "alt"}
_FONT = re.compile(r"font-family\s*:\s*[\"']?([^;\"',]+)", re.IGNORECASE)
_CAPITALS = re.compile(r"\.Vn\w*H", re.IGNORECASE)  # of TCVN3: such a font shows small letters as capitals


class _Text(NamedTuple):
    """Where a text stands in the tree: `where` is "text", "tail" or an attribute's name."""

    element: HtmlElement
    where: str
    text: str


def convert(tree: HtmlElement) -> None:
    """Put TCVN3 and VNI that is shown by its font into Unicode. A headline alone would be too short to tell."""
    found = _texts(tree)
    before = [re.sub(r"\s", " ", item.text) for item in found]  # \n ends a text; soft hyphens are the letter ư
    after = repaired("\n".join(before)).split("\n")
    if after == before or len(after) != len(before):
        return
    for item, old, new in zip(found, before, after, strict=True):
        if new != old:
            _put(item, new.upper() if _in_capitals(item) else new)


def _texts(tree: HtmlElement) -> list[_Text]:
    found = []
    for element in tree.iter(etree.Element):
        name = _STATEMENTS.get(element.tag)
        if name and element.get(name):
            found.append(_Text(element, name, element.get(name)))
        if element.text and element.tag not in _CODE:
            found.append(_Text(element, "text", element.text))
        if element.tail:
            found.append(_Text(element, "tail", element.tail))
    return [item for item in found if not item.text.isspace()]


def _put(item: _Text, text: str) -> None:
    if item.where == "text":
        item.element.text = text
    elif item.where == "tail":
        item.element.tail = text
    else:
        item.element.set(item.where, text)


def _in_capitals(item: _Text) -> bool:
    """By the innermost font that is named."""
    element = item.element.getparent() if item.where == "tail" else item.element
    while element is not None:
        named = _FONT.search(element.get("style") or "")
        font = named[1] if named else element.get("face") or ""
        if font:
            return _CAPITALS.match(font.strip()) is not None
        element = element.getparent()
    return False
