"""EPUB: each chapter is an article; a short book is one. The names in its package file are those of EPUB 2 and 3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from embeddings.readers import Hints, Reading
from embeddings.readers.blocks import composed
from embeddings.readers.characters import plain
from embeddings.readers.dates import iso_day
from embeddings.readers.epub_blocks import Block, blocks
from embeddings.readers.packed import Package, attribute, local, parsed, resolved
from embeddings.records import Kind

_KIND = "an EPUB"
_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_HARMLESS = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})  # disguised fonts
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_SHORT_BOOK = 20_000  # characters: one article, whatever its parts
_SHORT_PAGE = 200  # characters: a cover, "Phần một"; goes with the next chapter


@dataclass(frozen=True, slots=True)
class _Chapter:
    blocks: tuple[Block, ...]
    title: str  # its first heading

    @property
    def size(self) -> int:
        return sum(len(block.text) for block in self.blocks)


def read(data: bytes, hints: Hints) -> Iterator[Reading]:  # noqa: ARG001 - an EPUB says all itself
    package = Package(data, _KIND)
    _refuse_if_protected(package)
    name = _package_file(package)
    root = package.xml(name)
    stated = _stated(root)
    chapters = _chapters([_chapter(package, page) for page in _spine(root, name) if page in package])
    if not chapters:
        raise ValueError("it holds no text")
    if len(chapters) == 1 or sum(chapter.size for chapter in chapters) < _SHORT_BOOK:
        whole = _Chapter(tuple(block for chapter in chapters for block in chapter.blocks), chapters[0].title)
        yield _reading(whole, stated, stated.get("title") or whole.title, "")
        return
    for number, chapter in enumerate(chapters, 1):
        names = dict.fromkeys(filter(None, (stated.get("title"), chapter.title)))
        yield _reading(chapter, stated, " — ".join(names), str(number))


def _refuse_if_protected(package: Package) -> None:
    if _ENCRYPTION in package:
        methods = (element for element in package.xml(_ENCRYPTION).iter() if local(element) == "EncryptionMethod")
        if any(attribute(method, "Algorithm") not in _HARMLESS for method in methods):
            raise ValueError("protected by DRM; only the program it was bought for can open it")


def _package_file(package: Package) -> str:
    for element in package.xml(_CONTAINER).iter():
        if local(element) == "rootfile" and (path := attribute(element, "full-path")):
            return resolved("", path)
    raise ValueError("not an EPUB that can be read (it names no package file)")


def _spine(root: etree._Element, name: str) -> list[str]:
    """The pages in reading order, without the table of contents and what is only linked to."""
    items = {attribute(each, "id"): each for each in root.iter() if local(each) == "item"}
    references = [each for each in root.iter() if local(each) == "itemref" and attribute(each, "linear") != "no"]
    pages = [items[idref] for each in references if (idref := attribute(each, "idref")) in items]
    return [
        resolved(name, unquote(attribute(page, "href") or ""))
        for page in pages
        if attribute(page, "media-type") in _PAGES and "nav" not in (attribute(page, "properties") or "").split()
    ]


def _chapter(package: Package, name: str) -> _Chapter:
    data = package.read(name)
    try:
        root = parsed(data, name)
    except ValueError:
        root = _as_html(data, name)
    found = blocks(root)
    return _Chapter(tuple(found), next((block.text for block in found if block.heading), ""))


def _as_html(data: bytes, name: str) -> etree._Element:
    """Of a page that is no valid XML; HTML knows no entities but its own."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError(f"damaged ({name} is not valid XHTML)") from error
    if root is None:
        raise ValueError(f"damaged ({name} is empty)")
    return root


def _chapters(pages: Sequence[_Chapter]) -> list[_Chapter]:
    """Pages with text; a short one goes with the one after it."""
    found: list[_Chapter] = []
    waiting: tuple[Block, ...] = ()
    for page in pages:
        if 0 < page.size < _SHORT_PAGE:
            waiting += page.blocks
        elif page.size:
            found.append(_Chapter(waiting + page.blocks, page.title))
            waiting = ()
    if waiting:
        last = found.pop() if found else _Chapter((), waiting[0].text if waiting[0].heading else "")
        found.append(_Chapter(last.blocks + waiting, last.title))
    return found


def _reading(chapter: _Chapter, stated: dict[str, str], title: str, part: str) -> Reading:
    marked = [
        (Kind.TITLE if block.heading and block.text == chapter.title else block.kind, block.text)
        for block in chapter.blocks
    ]
    text, regions = composed(marked)
    return Reading(text, stated | ({"title": title} if title else {}), regions=regions, part=part)


def _stated(root: etree._Element) -> dict[str, str]:
    """Front matter out of the package's metadata."""
    metadata = [each for block in root if local(block) == "metadata" for each in block.iter() if each is not block]
    texts: dict[str, list[str]] = {}
    for element in metadata:
        text = plain("".join(map(str, element.itertext())))
        if text:
            texts.setdefault(_meaning(element), []).append(text)
    days = filter(None, map(iso_day, texts.get("published", [])))
    stated = {
        "title": next(iter(texts.get("title", [])), ""),
        "author": ", ".join(dict.fromkeys(texts.get("creator", []))),
        "source": next(iter(texts.get("publisher", [])), ""),
        "published": next(days, ""),
    }
    return {name: value for name, value in stated.items() if value}


def _meaning(element: etree._Element) -> str:
    """What an element of the metadata says. A plain dc:date is as often the day on which a program wrote the file."""
    name = local(element)
    role, event = attribute(element, "role"), attribute(element, "event")
    if name == "creator" and role not in (None, "aut"):
        return ""
    if (name == "date" and event in ("publication", "original-publication")) or (
        name == "meta" and attribute(element, "property") == "dcterms:issued"
    ):
        return "published"
    return name if name in ("title", "creator", "publisher") else ""
