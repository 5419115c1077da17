"""DOCX, as Word, LibreOffice and Google Docs write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from embeddings import lexicon
from embeddings.readers import Hints, Reading
from embeddings.readers.blocks import composed
from embeddings.readers.characters import plain
from embeddings.readers.docx_body import Paragraph, paragraphs
from embeddings.readers.docx_styles import styles_of
from embeddings.readers.packed import Package, attribute, local, resolved
from embeddings.readers.stated import Look, described, headline
from embeddings.records import Kind

_KIND = "a DOCX"
_MAIN = "word/document.xml"
_CORE = "docProps/core.xml"
_TABLE_OF_CONTENTS = "toc "
_EARLY = 30  # paragraphs from the beginning in which a headline stands


def read(data: bytes, hints: Hints) -> Iterator[Reading]:  # noqa: ARG001 - a DOCX says all itself
    package = Package(data, _KIND)
    main = _main(package)
    styles_name = resolved(main, "styles.xml")
    styles = styles_of(package.xml(styles_name) if styles_name in package else None)
    found = [
        paragraph
        for paragraph in paragraphs(package.xml(main), styles)
        if not any(name.startswith(_TABLE_OF_CONTENTS) for name in paragraph.styles)
    ]
    if not found:
        raise ValueError("it holds no text")
    looks = [
        Look(paragraph.text, paragraph.size, paragraph.bold, early=at < _EARLY) for at, paragraph in enumerate(found)
    ]
    kinds, front_matter = described(looks, _title(found, looks, _stated_title(package)), lexicon.load())
    kinds = [
        Kind.CAPTION if kind is Kind.BODY and "caption" in paragraph.styles else kind
        for kind, paragraph in zip(kinds, found, strict=True)
    ]
    text, regions = composed(zip(kinds, (paragraph.text for paragraph in found), strict=True))
    yield Reading(text, front_matter, regions=regions)


def _main(package: Package) -> str:
    """The name of the member that holds the document."""
    if "_rels/.rels" in package:
        for relation in package.xml("_rels/.rels"):
            if (attribute(relation, "Type") or "").endswith("/officeDocument"):
                return resolved("", attribute(relation, "Target") or _MAIN)
    return _MAIN


def _stated_title(package: Package) -> str:
    """The title among the document's properties: often that of the file it was once copied from."""
    if _CORE not in package:
        return ""
    titles = (element for element in package.xml(_CORE) if local(element) == "title")
    return plain(_text(next(titles, None)))


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(str(text) for text in element.itertext())


def _title(found: Sequence[Paragraph], looks: Sequence[Look], stated: str) -> int | None:
    """Which paragraph is the title: the one in that style, else by its look, else the first heading."""
    titled = (at for at, paragraph in enumerate(found) if "title" in paragraph.styles)
    headed = (at for at, paragraph in enumerate(found) if "heading 1" in paragraph.styles and looks[at].early)
    title = next(titled, None)
    if title is None:
        title = headline(looks, stated)
    return title if title is not None else next(headed, None)
