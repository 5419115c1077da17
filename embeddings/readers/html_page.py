"""A page's bytes as a tree of elements that people see: decoded, without scripts, form fields and what is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from embeddings.encodings import decode

_DECLARED = re.compile(rb"<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#(?:x[0-9a-fA-F]{3,4}|\d{3,4});")
_DECLARED_WITHIN = 8192  # bytes; browsers look at 1,024, but old pages begin with long scripts
_WESTERN = re.compile(r"(?:iso-?8859-1|latin-?1|(?:us-)?ascii|(?:windows-|cp)1252)")
_WHOLE_FOR_BROKEN = 10  # as many characters of more than one byte must be whole as broken, times this
_DROPPED = dict.fromkeys([*range(9), *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF]) | {11: " ", 12: " ", 0x85: " "}

_NEVER_TEXT = (
    "script", "style", "template", "noscript", "iframe", "frameset", "object", "embed", "applet", "svg", "math",
    "canvas", "select", "option", "datalist", "textarea", "button", "input", "audio", "map", "dialog",
    "amp-analytics", "amp-sidebar", "amp-ad", "amp-consent", "amp-lightbox",
)  # fmt: skip
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b", re.IGNORECASE)
_HIDDEN_CLASSES = frozenset(
    ("hidden", "d-none", "hide", "is-hidden", "sr-only", "visually-hidden", "screen-reader-text", "offscreen")
)
_SHOWN_AGAIN = re.compile(r"\b(?:d-\w\w-(?!none)|(?:sm|md|lg|xl):(?!hidden))")  # for wider screens


def parsed(data: bytes, charset: str | None) -> tuple[HtmlElement, str]:
    """The page's tree with everything in it, and its source text. Raises ValueError."""
    text = decoded(data, charset)
    return tree_of(text), text


def tree_of(text: str) -> HtmlElement:
    """Raises ValueError where text would be lost, or where there is none."""
    # libxml2 drops what is deeper than 256 levels (2,048 with huge_tree) and says so only in its log.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = document_fromstring(text.translate(_DROPPED).encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError as error:
        raise ValueError("empty") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ValueError("nested too deeply (more than 2,000 elements in one another)")
    return tree


def decoded(data: bytes, charset: str | None) -> str:
    """The text of a page, by its bytes first, then by the charset that its server or it itself names.

    A page cut off or slightly damaged keeps its text, with "?" where bytes are missing. Raises ValueError.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED.search(data[:_DECLARED_WITHIN])
    name = (charset or (declared[1].decode("ascii", "replace") if declared else "")).strip().lower()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\ufffd", "?")
    if b"\0" in data:
        with suppress(ValueError):
            return decode(data, name).text  # UTF-16 without its mark
        data = data.replace(b"\0", b"")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken and broken * _WHOLE_FOR_BROKEN <= sum(character > "\x7f" for character in text) - broken:
        return text.replace("\ufffd", "?")
    if broken and _WESTERN.fullmatch(name) and len(_REFERENCE.findall(data)) >= broken:
        return data.decode("cp1252", "replace").replace("\ufffd", "?")  # Vietnamese letters are references
    return decode(data, name).text


def prune(tree: HtmlElement) -> None:
    """Take out of the tree what people do not see, and keep what follows it."""
    for element in [*tree.iter(*_NEVER_TEXT), *_hidden(tree)]:
        if element.getparent() is not None:
            element.drop_tree()


def _hidden(tree: HtmlElement) -> Iterator[HtmlElement]:
    for element in tree.iter(etree.Element):
        if element.attrib and element.tag not in ("html", "body", "head") and _is_hidden(element):
            yield element


def _is_hidden(element: HtmlElement) -> bool:
    stated = element.attrib
    if "hidden" in stated or stated.get("aria-hidden") == "true" or _HIDDEN_STYLE.search(stated.get("style", "")):
        return True
    classes = stated.get("class", "")
    return not _HIDDEN_CLASSES.isdisjoint(classes.split()) and not _SHOWN_AGAIN.search(classes)
