"""Saved web pages: the article's text without the page around it, and what the page says of the article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from embeddings import lexicon as word_lists
from embeddings.lexicon import Lexicon
from embeddings.readers import Hints, Reading
from embeddings.readers.blocks import composed
from embeddings.readers.characters import plain
from embeddings.readers.html_around import NOTHING, Around, around_of
from embeddings.readers.html_blocks import Block, blocks_of
from embeddings.readers.html_dates import Clues, Place, published, shown_in
from embeddings.readers.html_main import Main, main_of
from embeddings.readers.html_old import convert
from embeddings.readers.html_page import parsed, prune, tree_of
from embeddings.readers.html_people import Credit, authors, credit_in, origin_at_end, outlet, same_person
from embeddings.readers.html_stated import Stated, stated_in
from embeddings.readers.html_text import Chosen, chosen
from embeddings.readers.html_titles import Headline, address, headline, section
from embeddings.records import Kind, Region

_MIN_STATED_BODY = 200  # characters of an article that only JSON-LD holds
_LONGEST_OFFICE = 20  # words of the line under a name
_SIGNING = 3  # lines at the end of the text that may sign it


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the article with what it says of author and origin, if it does."""

    kind: Kind
    text: str
    credit: Credit | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """An article's text, and what stands around it."""

    body: tuple[_Line, ...]
    around: Around = NOTHING


def read(data: bytes, hints: Hints) -> Iterator[Reading]:
    """The one article of a page. Raises ValueError when it holds none, or is nested too deeply."""
    lexicon = word_lists.load()
    tree, page = parsed(data, hints.charset)
    convert(tree)
    stated = stated_in(tree, page)
    prune(tree)
    blocks = blocks_of(tree)
    main = main_of(tree, blocks)
    title = headline(stated, blocks, main)
    found = _found(blocks, main, title, lexicon) if main is not None else _Found(())
    if not found.body and len(stated.body) >= _MIN_STATED_BODY:
        found = replace(found, body=tuple(_stated_body(stated.body)))
    if not found.body:
        raise ValueError("no article in it")
    yield _reading(found, stated, title, blocks, hints, lexicon)


def _found(blocks: Sequence[Block], main: Main, title: Headline, lexicon: Lexicon) -> _Found:
    parts = chosen(blocks, main, title.at, lexicon)
    body = tuple(_body(blocks, parts, lexicon))
    return _Found(body, around_of(blocks, parts, title.at, lexicon))


def _stated_body(text: str) -> Iterator[_Line]:
    """The paragraphs of an article that only JSON-LD holds, as text or as markup."""
    if re.search(r"<(?:p|br|div)\b", text):
        tree = tree_of(f"<div>{text}</div>")
        prune(tree)
        yield from (_Line(Kind.BODY, block.text) for block in blocks_of(tree))
    else:
        yield from (_Line(Kind.BODY, plain(line)) for line in text.splitlines() if plain(line))


def _body(blocks: Sequence[Block], parts: Chosen, lexicon: Lexicon) -> Iterator[_Line]:
    """The article's lines; the last ones and those below may sign it, say the person's office, or where it is from."""
    kept = frozenset(parts.body)
    signing = {*parts.below, *(i for i in parts.body[1:][-_SIGNING:] if i not in parts.captions)}
    named = False
    for i in sorted((*parts.body, *parts.below)):
        block = blocks[i]
        credit = credit_in(block.text, lexicon, expected=True) if i in signing else None
        if credit is not None and (credit.people or credit.outlet):
            yield _Line(Kind.BYLINE if credit.people else Kind.SOURCE, block.text, credit)
        elif credit is not None and not credit.sure:
            continue  # "PV" names nobody
        elif named and i in signing and block.links == 0 and _is_office(block, lexicon):
            yield _Line(Kind.BYLINE, block.text)
        elif i in kept or credit is not None:
            origin = origin_at_end(block.text) if i == parts.body[-1] else None
            kind = Kind.CAPTION if i in parts.captions else Kind.BODY
            yield _Line(kind, block.text, Credit(outlet=origin) if origin else None)
        named = credit is not None and bool(credit.people)


def _is_office(block: Block, lexicon: Lexicon) -> bool:
    """Whether a line under a name may say what the person is."""
    if ":" in block.text or block.text.endswith((".", "!", "?")) or shown_in((block.text, *block.runs), lexicon):
        return False
    return 1 < len(block.text.split()) <= _LONGEST_OFFICE


def _reading(
    found: _Found, stated: Stated, title: Headline, blocks: Sequence[Block], hints: Hints, lexicon: Lexicon
) -> Reading:
    text = "\n".join(line.text for line in found.body)
    signed = _people(found.body)
    shown = tuple(dict.fromkeys(name for _, credit in found.around.credits for name in credit.people))
    named = authors(_no_places(signed, text, lexicon), _no_places(shown, text, lexicon), stated.authors, lexicon)
    given = [line.credit for line in reversed(found.body) if line.credit]
    given += [credit for _, credit in found.around.credits]
    credited = next((credit.outlet for credit in given if credit.outlet), None)
    source = outlet(credited, stated.outlets, title.suffix, stated.front)
    where = address(stated, hints.address)
    day = published(
        Clues(
            published=(*stated.published, *found.around.published),
            perhaps=stated.published_perhaps,
            modified=(*stated.modified, *found.around.modified),
            shown=found.around.shown,
            addresses=tuple(dict.fromkeys(filter(None, (where, hints.address)))),
            body=text,
        )
    )
    facts = {
        "title": title.text,
        "published": day.isoformat() if day else None,
        "author": ", ".join(named),
        "source": source,
        "section": section(stated, title.text, title.at, blocks),
        "url": where,
    }
    composition, regions = composed(_lines(found, title.text, day, named, source))
    return Reading(composition, {name: value for name, value in facts.items() if value}, regions=_joined(regions))


def _people(given: Sequence[_Line]) -> tuple[str, ...]:
    names = [name for line in given if line.credit for name in line.credit.people]
    return tuple(dict.fromkeys(names))


def _no_places(names: Sequence[str], text: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Names without those that the text calls a district or a province."""
    heads = "|".join(re.escape(head) for head in lexicon.place_heads)
    return tuple(name for name in names if not re.search(rf"\b(?i:{heads}) {re.escape(name)}\b", text))


def _lines(
    found: _Found, title: str | None, day: date | None, named: Sequence[str], source: str | None
) -> Iterator[tuple[Kind, str]]:
    """The whole text: headline, date, author and outlet, unless the text itself says them; then the text."""
    if title:
        yield Kind.TITLE, title
    if day:
        visible = (s.text for s in found.around.shown if s.day == day and s.place in (Place.HEAD, Place.TAIL))
        yield Kind.DATE, next(visible, f"{day:%d/%m/%Y}")
    body = [_settled(line, named, source) for line in found.body]
    if named and not any(line.kind is Kind.BYLINE for line in body):
        visible = (text for text, credit in found.around.credits if set(named) <= set(credit.people))
        yield Kind.BYLINE, next(visible, ", ".join(named))
    if source and not any(line.kind is Kind.SOURCE or (line.credit and line.credit.outlet == source) for line in body):
        yield Kind.SOURCE, source
    yield from ((line.kind, line.text) for line in body)


def _settled(line: _Line, named: Sequence[str], source: str | None) -> _Line:
    """A signature or origin on which the page does not agree is a line like any other."""
    if line.credit is None or line.kind is Kind.BODY:
        return line
    signs = any(same_person(one, other) for one in line.credit.people for other in named)
    names_origin = line.credit.outlet is not None and line.credit.outlet == source
    return line if signs or names_origin else replace(line, kind=Kind.BODY)


def _joined(regions: Sequence[Region]) -> tuple[Region, ...]:
    """A signature of several lines is one region, so that name and office stay together."""
    joined: list[Region] = []
    for region in regions:
        if joined and region.kind is joined[-1].kind is Kind.BYLINE:
            joined[-1] = Region(Kind.BYLINE, joined[-1].start, region.end)
        else:
            joined.append(region)
    return tuple(joined)
