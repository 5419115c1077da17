"""What a page says of its article in JSON-LD (schema.org), as far as it can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from embeddings.readers.characters import plain

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Node = Mapping[str, object]

_ARTICLE = re.compile(r"(?:^|[/:])(?:\w*Article|BlogPosting|Report|SocialMediaPosting|LiveBlogPosting)$")
_PAGE = re.compile(r"(?:^|[/:])(?:Web|Item)Page$")
_BEFORE = ("<!--", "//", "/*", "<![CDATA[", "*/")  # what hides a script from browsers of another age
_AFTER = (";", "-->", "//", "/*", "]]>", "*/")
_TRAILING_COMMA = re.compile(r",(?=\s*[\]}])")
_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_MODIFIED = re.compile(r'"dateModified"\s*:\s*"([^"]{8,40})"')
_NAMES_DEEP = 4  # levels of lists and references until a name
_LONGEST_NAME = 300  # characters


@dataclass(frozen=True, slots=True)
class Described:
    """An article as JSON-LD has it; what is not said is empty."""

    headline: str = ""
    published: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    page_published: tuple[str, ...] = ()  # of the page, which may be another day
    authors: tuple[str, ...] = ()
    publisher: str = ""
    sections: tuple[str, ...] = ()
    address: str = ""
    body: str = ""


def described(tree: HtmlElement) -> tuple[list[Described], tuple[str, ...]]:
    """(the articles, the path of names from the site's front page to here)."""
    nodes: list[Node] = []
    broken: list[str] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            try:
                nodes += _nodes(_loaded(script.text))
            except (ValueError, RecursionError):
                broken.append(script.text)
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    pages = [node for node in nodes if _is(node, _PAGE)]
    found = [_described(node, pages, by_id) for node in nodes if _is(node, _ARTICLE)]
    found += [Described(published=dates) for text in broken if (dates := _dates(_PUBLISHED, text))] if not found else []
    paths = [_path(node) for node in nodes if _is(node, re.compile("BreadcrumbList$"))]
    return found, max(paths, key=len, default=())


def _loaded(text: str) -> object:
    """Raises ValueError, or RecursionError for what is nested too deeply."""
    text = _unwrapped(text)
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return json.loads(_TRAILING_COMMA.sub("", text), strict=False)


def _unwrapped(text: str) -> str:
    text = text.strip()
    while start := next((mark for mark in _BEFORE if text.startswith(mark)), ""):
        text = text[len(start) :].lstrip()
    while end := next((mark for mark in _AFTER if text.endswith(mark)), ""):
        text = text[: -len(end)].rstrip()
    return text


def _nodes(value: object) -> Iterator[Node]:
    """The things described at the top: not those that another thing lists, mentions or quotes."""
    if isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)
    elif isinstance(value, dict):
        yield value
        for name in ("@graph", "mainEntity", "mainEntityOfPage", "breadcrumb", "publisher", "author"):
            yield from _nodes(value.get(name))


def _is(node: Node, kind: re.Pattern[str]) -> bool:
    types = node.get("@type")
    return any(isinstance(name, str) and kind.search(name) for name in (types if isinstance(types, list) else [types]))


def _described(node: Node, pages: list[Node], by_id: Mapping[object, Node]) -> Described:
    page = node.get("mainEntityOfPage")
    address = page if isinstance(page, str) else page.get("@id") or page.get("url") if isinstance(page, dict) else ""
    return Described(
        headline=_text(node.get("headline")) or _text(node.get("name")),
        published=tuple(filter(None, [_text(node.get("datePublished"))])),
        modified=tuple(filter(None, [_text(node.get("dateModified"))])),
        page_published=tuple(filter(None, [_text(page.get("datePublished")) for page in pages])),
        authors=tuple(_names(node.get("author"), by_id, people=True)),
        publisher=next(iter(_names(node.get("publisher"), by_id)), ""),
        sections=tuple(_names(node.get("articleSection"), by_id)),
        address=_text(node.get("url")) or _text(address),
        body=_long(node.get("articleBody")),
    )


def _names(value: object, by_id: Mapping[object, Node], people: bool = False, deep: int = 0) -> Iterator[str]:
    """Names in a text, a thing with a name, a reference to one, or a list of these; of people only, if so asked."""
    if deep > _NAMES_DEEP:
        return
    if isinstance(value, list):
        for inner in value[:20]:
            yield from _names(inner, by_id, people, deep + 1)
    elif isinstance(value, str):
        if name := _text(value):
            yield name
    elif isinstance(value, dict):
        if people and _is(value, re.compile("Organization$")):
            return
        if value.get("name"):
            yield from _names(value["name"], by_id, people, deep + 1)
        reference = value.get("@id")
        if not value.get("name") and isinstance(reference, str) and (other := by_id.get(reference)) is not None:
            yield from _names(other, by_id, people, deep + 1)


def _path(node: Node) -> tuple[str, ...]:
    items = node.get("itemListElement")
    names = []
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            inner = item.get("item")
            names.append(_text(item.get("name")) or (_text(inner.get("name")) if isinstance(inner, dict) else ""))
    return tuple(filter(None, names))


def _text(value: object) -> str:
    return plain(unescape(value))[:_LONGEST_NAME].strip() if isinstance(value, str) else ""


def _long(value: object) -> str:
    return value if isinstance(value, str) else ""


def _dates(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    """In JSON that is broken, an article's day when only one is named."""
    found = tuple(dict.fromkeys(pattern.findall(text)))
    return found if len(found) == 1 else ()
