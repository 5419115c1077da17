"""Feeds: RSS and Atom, whose entries hold articles or lead to them. The one importer of feedparser.

feedparser takes bytes here, never an address or a file's name: it would go and fetch what it is given as text.
"""

from __future__ import annotations

import io
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import struct_time

import feedparser

from embeddings.readers import Hints, Reading, Unreadable, markup
from embeddings.readers.dates import VIETNAM, moment
from embeddings.readers.fields import Parts, article, lines_of
from embeddings.readers.xml_prolog import root_name

ROOTS = frozenset({"rss", "feed", "rdf"})
_MOST_TAGS = 3

_Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class Link:
    """Where an entry leads, as the feed spells it, and when it was published."""

    address: str
    published: datetime | None


def read(data: bytes, hints: Hints) -> Iterator[Reading | Unreadable]:
    """The entries that hold text: all of it where the feed has it, else the summary."""
    feed, entries = _parsed(data, hints)
    if not entries:
        raise ValueError("a feed without entries")
    parts = Parts()
    for number, entry in enumerate(entries, 1):
        own = next((name for key in ("id", "link") if (name := _text(entry, key)) and len(name) < parts.LONGEST), "")
        part = parts.name(number, own)
        try:
            yield article(lines_of(_body(entry)), part, _stated(entry, feed))
        except ValueError as error:
            yield Unreadable(part, str(error))


def links(data: bytes, address: str | None = None, charset: str | None = None) -> list[str]:
    """Where the entries lead, in their order; relative ones resolved against `address`. Raises ValueError."""
    return [link.address for link in dated_links(data, address, charset)]


def dated_links(data: bytes, address: str | None = None, charset: str | None = None) -> list[Link]:
    """`links`, each with when it was published."""
    _, entries = _parsed(data, Hints(address=address, charset=charset))
    return [Link(link, _published(entry)) for entry in entries if (link := _text(entry, "link"))]


def _parsed(data: bytes, hints: Hints) -> tuple[_Entry, list[_Entry]]:
    """(what the feed says of itself, its entries). Raises ValueError where `data` is no feed."""
    data = data.lstrip()
    if root_name(data) not in ROOTS:
        raise ValueError("XML, but no feed (RSS or Atom)")
    headers = {"content-type": f"application/xml; charset={hints.charset}"} if hints.charset else {}
    if hints.address:
        headers["content-location"] = hints.address
    try:
        found = feedparser.parse(
            io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError) as error:
        raise ValueError("a feed that cannot be parsed") from error  # feedparser promises none of these, and has bugs
    return found["feed"], list(found["entries"])


def _text(entry: _Entry, key: str) -> str:
    value = dict.get(entry, key)  # feedparser's own get() warns of dates that stand in for others
    return " ".join(value.split()) if isinstance(value, str) else ""


def _body(entry: _Entry) -> str:
    """All of the entry's text."""
    content = entry.get("content")
    values = [str(part.get("value") or "") for part in content] if isinstance(content, list) else []
    summary = entry.get("summary")
    return next((value for value in values if value.strip()), str(summary or ""))


def _stated(entry: _Entry, feed: _Entry) -> dict[str, str]:
    own_source = entry.get("source")
    source = _text(own_source, "title") if isinstance(own_source, dict) else ""
    tags = entry.get("tags")
    section = [_text(tag, "term") for tag in tags[:_MOST_TAGS]] if isinstance(tags, list) else []
    detail = entry.get("author_detail")
    author = _text(detail, "name") if isinstance(detail, dict) else ""
    published = _published(entry)
    stated = {
        "title": markup.plain(_text(entry, "title")),
        "published": published.astimezone(VIETNAM).date().isoformat() if published else "",
        "author": markup.plain(author or _text(entry, "author")),
        "source": markup.plain(source or _text(feed, "title")),
        "section": ", ".join(filter(None, section)),
        "url": _text(entry, "link"),
    }
    return {name: value for name, value in stated.items() if value}


def _published(entry: _Entry) -> datetime | None:
    for key in ("published", "updated", "created"):
        if found := moment(_text(entry, key)):
            return found
        parsed = dict.get(entry, f"{key}_parsed")
        if isinstance(parsed, struct_time):
            return datetime.fromtimestamp(timegm(parsed), UTC)
    return None
