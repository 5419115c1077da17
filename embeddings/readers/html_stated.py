"""What a page says of its article for machines: meta elements, JSON-LD, microdata, links. Nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embeddings.readers.characters import plain
from embeddings.readers.html_json import Described, described
from embeddings.readers.html_main import squeezed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_PUBLISHED = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time", "pubdate",
    "publishdate", "publish_date", "publish-date", "published_time", "publication_date", "datepublished",
    "dc.date.issued", "dcterms.issued", "dc.date.published", "dcterms.created", "dc.date.created", "sailthru.date",
    "parsely-pub-date", "cxenseparse:recs:publishtime", "vr:published_time", "article_date_original",
)  # fmt: skip
_PUBLISHED_PERHAPS = ("date", "dc.date", "dcterms.date", "datecreated", "article:created_time", "created")
_MODIFIED = (
    "article:modified_time", "article:modified", "og:updated_time", "og:article:modified_time", "lastmod",
    "datemodified", "dc.date.modified", "dcterms.modified", "last-modified", "modified", "updated_time",
)  # fmt: skip
_TITLE = ("og:title", "twitter:title", "headline", "dc.title", "dcterms.title", "title")
_AUTHOR = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "dable:author",
    "parsely-author",
    "sailthru.author",
)
_OUTLET = ("og:site_name", "dc.publisher", "dcterms.publisher", "application-name", "publisher", "al:android:app_name")
_SECTION = ("article:section", "og:article:section", "section", "articlesection", "category", "parsely-section")
_FRONT = frozenset(("", "index.html", "index.php", "index.aspx", "default.aspx", "home", "trang-chu", "vi"))
_SAVED_FROM = re.compile(r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(\S+)", re.IGNORECASE)
_SAVED_FROM_WITHIN = 4000  # characters
_LONGEST = 1000  # characters of one statement
_ITEM_OF_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report)\s*$")
_PATH = re.compile(r"bread-?crumb|\bpath\b|\bcrumbs?\b|\bpathway|duong-?dan|nav-?path|[a-z]-crumbs", re.IGNORECASE)
_LONGEST_CRUMB, _MOST_CRUMBS = 60, 8


@dataclass(frozen=True, slots=True)
class Stated:
    """A page's statements, the most trustworthy of each kind first."""

    titles: tuple[str, ...]
    browser_title: str  # usually with the site's name at its end
    published: tuple[str, ...]
    published_perhaps: tuple[str, ...]
    modified: tuple[str, ...]
    authors: tuple[str, ...]
    outlets: tuple[str, ...]
    front: tuple[str, ...]  # what links to the site's front page say: usually its name
    sections: tuple[str, ...]
    path: tuple[str, ...]  # names from the site's front page to here
    addresses: tuple[str, ...]
    base: str  # what its links are relative to
    body: str  # the article's text, where JSON-LD holds it


def stated_in(tree: HtmlElement, source: str) -> Stated:
    """`source` is the page as it came: browsers that save pages write the address into a comment."""
    meta = _meta(tree)
    items = _items(tree)
    browser_title = _said(title) if (title := tree.find(".//head/title")) is not None else ""
    headings = [_said(h1) for h1 in tree.iter("h1")]
    articles, crumbs = described(tree)
    articles = _of_this_page(articles, [*_all(meta, _TITLE), browser_title, *headings])

    def of(names: Iterable[str]) -> list[str]:
        return [*_all(meta, names), *_all(items, names)]

    headlines = (a.headline for a in articles)
    published = (day for a in articles for day in a.published)
    perhaps = (day for a in articles for day in a.page_published)
    canonical = (e.get("href") for e in tree.iter("link") if "canonical" in (e.get("rel") or "").lower().split())
    saved_from = _SAVED_FROM.findall(source[:_SAVED_FROM_WITHIN])
    return Stated(
        titles=_unique(*_all(meta, _TITLE[:2]), *headlines, *_all(items, ("headline",)), *_all(meta, _TITLE[2:])),
        browser_title=browser_title,
        published=_unique(*published, *of(_PUBLISHED)),
        published_perhaps=_unique(*perhaps, *of(_PUBLISHED_PERHAPS)),
        modified=_unique(*(day for a in articles for day in a.modified), *of(_MODIFIED)),
        authors=_unique(*(name for a in articles for name in a.authors), *of(_AUTHOR)),
        outlets=_unique(*_all(meta, _OUTLET[:1]), *(a.publisher for a in articles), *of(_OUTLET[1:])),
        front=_unique(*_front(tree)),
        sections=_unique(*(name for a in articles for name in a.sections), *of(_SECTION)),
        path=crumbs or _crumbs(tree) or _categories(tree),
        addresses=_unique(*canonical, *_all(meta, ("og:url",)), *(a.address for a in articles), *saved_from),
        base=next((base.get("href") for base in tree.iter("base") if base.get("href")), ""),
        body=max((a.body for a in articles), key=len, default=""),
    )


def is_front_page(address: str) -> bool:
    """Whether an address, whole or relative, is a site's front page."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    return (
        bool(parts.netloc or parts.path.startswith(("/", "."))) and not parts.query and parts.path.strip("/.") in _FRONT
    )


def _front(tree: HtmlElement) -> Iterator[str]:
    for link in tree.iter("a"):
        if is_front_page(link.get("href") or ""):
            image = link.find(".//img")
            yield plain("".join(link.itertext()))
            yield plain(link.get("title") or "")
            yield plain(image.get("alt") or "") if image is not None else ""


def _said(element: HtmlElement) -> str:
    return plain("".join(element.itertext())[: 2 * _LONGEST])[:_LONGEST].strip()


def _unique(*texts: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text and text.strip()))


def _all(found: dict[str, list[str]], names: Iterable[str]) -> list[str]:
    return [text for name in names for text in found.get(name, ())]


def _meta(tree: HtmlElement) -> dict[str, list[str]]:
    """Statements of meta elements by their name, small."""
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = plain(element.get("content") or "")[:_LONGEST].strip()
        name = element.get("property") or element.get("name") or element.get("http-equiv") or ""
        if content and name:
            found.setdefault(name.strip().lower(), []).append(content)
    return found


def _items(tree: HtmlElement) -> dict[str, list[str]]:
    """Microdata of the article, by property, small. Cards of other articles have scopes of their own."""
    scopes = [e for e in tree.iter() if isinstance(e.tag, str) and _ITEM_OF_ARTICLE.search(e.get("itemtype") or "")]
    holding = [e for e in scopes if e.find(".//h1") is not None or e.find(".//*[@itemprop='articleBody']") is not None]
    found: dict[str, list[str]] = {}
    for scope in scopes if len(scopes) == 1 else holding[:1]:
        for element in scope.iter():
            if isinstance(element.tag, str) and element.get("itemprop") and _scope_of(element) is scope:
                for name in element.get("itemprop").lower().split():
                    found.setdefault(name, []).append(_value(element))
    return {name: [value for value in values if value] for name, values in found.items()}


def _scope_of(element: HtmlElement) -> HtmlElement | None:
    return next((e for e in element.iterancestors() if e.get("itemscope") is not None or e.get("itemtype")), None)


def _value(element: HtmlElement) -> str:
    """What an item says: its attribute, the name in it, or its text where it is short."""
    if element.get("itemscope") is not None:
        named_inside = element.find(".//*[@itemprop='name']")
        return _value(named_inside) if named_inside is not None and named_inside.get("itemscope") is None else ""
    said = element.get("content") or element.get("datetime")
    return plain(said if said else "".join(element.itertext())[:_LONGEST])[:_LONGEST].strip()


def _of_this_page(articles: list[Described], titles: list[str]) -> list[Described]:
    """Of several articles that a page describes, those with its own title."""
    if len(articles) < 2:
        return articles
    keys = [key for title in titles if (key := squeezed(title))]
    return [a for a in articles if a.headline and any(key.startswith(squeezed(a.headline)[:60]) for key in keys)]


def _crumbs(tree: HtmlElement) -> tuple[str, ...]:
    """The longest path of names that the page shows above its article."""
    holders = tree.iter("nav", "ul", "ol", "div", "p", "span", "td", "section")
    paths = [tuple(_steps(element)) for element in holders if _is_path(element)]
    return max((path for path in paths if len(path) <= _MOST_CRUMBS), key=len, default=())


def _is_path(element: HtmlElement) -> bool:
    return any(_PATH.search(element.get(name) or "") for name in ("class", "id", "aria-label", "typeof", "itemtype"))


def _steps(element: HtmlElement) -> Iterator[str]:
    items = list(element.iter("li")) or list(element.iter("a"))
    for item in items:
        name = plain("".join(item.itertext())).strip(" ›»>/|-")
        if name and len(name) <= _LONGEST_CRUMB:
            yield name


def _categories(tree: HtmlElement) -> tuple[str, ...]:
    """The category that a blog links to, when there is but one."""
    links = (link for link in tree.iter("a") if "category" in (link.get("rel") or "").lower().split())
    names = _unique(*(plain("".join(link.itertext())) for link in links))
    return names if len(names) == 1 else ()
