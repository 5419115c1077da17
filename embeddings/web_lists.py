"""Lists of pages: feeds, sitemaps, files of addresses; and when two addresses are of the same page or site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from xml.parsers import expat

import httpx

from embeddings.addresses import Refused, parsed
from embeddings.readers import feed, unpacking
from embeddings.readers.dates import moment
from embeddings.readers.feed import Link
from embeddings.readers.xml_prolog import root_name

_MAX_UNPACKED = 60_000_000  # bytes; sitemaps.org allows 50 MB
_TRACKING = re.compile(r"(?:utm_[^=]*|fbclid|gclid)(?:=.*)?", re.IGNORECASE | re.DOTALL)
_LONGEST_TEXT = 4096  # characters of an address or a date in a sitemap


class ListKind(StrEnum):
    """What a list of pages is."""

    FEED = "feed"  # of what is newest; older entries fall out of it
    SITEMAP = "sitemap"
    SITEMAP_INDEX = "sitemap index"  # of sitemaps


_BY_ROOT = dict.fromkeys(feed.ROOTS, ListKind.FEED) | {
    "urlset": ListKind.SITEMAP,
    "sitemapindex": ListKind.SITEMAP_INDEX,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of pages names, in its order."""

    kind: ListKind
    links: tuple[Link, ...]
    problem: str | None = None  # why it may name more than was read


def kind_of(data: bytes) -> ListKind | None:
    """What list of pages a document is, by its root element; None where it is a page."""
    try:
        return _BY_ROOT.get(root_name(_unpacked(data)) or "")
    except ValueError:
        return None


def _unpacked(data: bytes) -> bytes:
    return unpacking.unpacked(data, _MAX_UNPACKED) if unpacking.is_packed(data) else data


def listing_of(data: bytes, address: str, charset: str | None = None) -> Listing | None:
    """The list that `data`, fetched from `address`, is; None where it is a page. Raises ValueError for a bad list."""
    data = _unpacked(data)
    kind = _BY_ROOT.get(root_name(data) or "")
    if kind is None:
        return None
    if kind is ListKind.FEED:
        return Listing(kind, tuple(feed.dated_links(data, address, charset)))
    return _sitemap(kind, data, address)


def _sitemap(kind: ListKind, data: bytes, address: str) -> Listing:
    found: list[Link] = []
    item: dict[str, str] = {}
    open_names: list[str] = []
    prefix: str | None = None  # of the root element

    def start(name: str, _attributes: object) -> None:
        nonlocal prefix
        its_prefix, _, local = name.rpartition(":")
        prefix = its_prefix if prefix is None else prefix
        open_names.append(local if its_prefix == prefix else "")  # image:loc is not where the page is

    def text(piece: str) -> None:
        if len(open_names) == 3 and len(item.get(open_names[-1], "")) < _LONGEST_TEXT:
            item[open_names[-1]] = item.get(open_names[-1], "") + piece

    def end(_name: str) -> None:
        open_names.pop()
        if len(open_names) == 1:
            if location := item.get("loc", "").strip():
                found.append(Link(_joined(location, address), moment(item.get("lastmod"))))
            item.clear()

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, text, end
    try:
        parser.Parse(data.lstrip(), True)
    except expat.ExpatError as error:
        if not found:
            raise ValueError(f"a {kind} that is not valid XML (line {error.lineno})") from error
        return Listing(kind, tuple(found), f"not valid XML from line {error.lineno} on")
    return Listing(kind, tuple(found))


def _joined(location: str, address: str) -> str:
    try:
        return str(httpx.URL(address).join(location))
    except (httpx.InvalidURL, ValueError):
        return location


def normalized(address: str) -> str:
    """The one spelling of a page's address: no fragment, no default port, nothing that only tracks readers.

    Raises addresses.Refused for what is no address of the web.
    """
    url = parsed(address.strip())
    kept = [part for part in url.query.decode("ascii").split("&") if part and not _TRACKING.fullmatch(part)]
    url = url.copy_with(query="&".join(kept).encode("ascii") or None)
    return f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}"


def host_of(address: str) -> str:
    return httpx.URL(address).raw_host.decode("ascii")


def is_same_site(address: str, lists: Iterable[str]) -> bool:
    """Whether a page is on the host of a list that names it, or below: `bao.vidu.vn` for one of `www.vidu.vn`."""
    host = host_of(address)
    sites = {host_of(one).removeprefix("www.") for one in lists}
    return any(host == site or host.endswith(f".{site}") for site in sites)


def addresses_in(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """The addresses of a file with one a line, and [(line from 1, what is wrong with it)]; # begins a comment."""
    found: list[str] = []
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        address = re.split(r"\s+#", line.strip(), maxsplit=1)[0].strip()
        if not address or address.startswith("#"):
            continue
        try:
            found.append(normalized(address))
        except Refused as refused:
            problems.append((number, refused.problem))
    return list(dict.fromkeys(found)), problems


def newest(links: Iterable[Link], most: int) -> list[Link]:
    """At most so many, newest first; undated ones last; else in their order."""
    return sorted(links, key=_age)[:most]


def _age(link: Link) -> tuple[bool, float]:
    published: datetime | None = link.published
    return published is None, -published.timestamp() if published else 0.0
