"""Which articles of an index are meant: by id, by path, or by words and facts. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from embeddings.articles import extension_of, shown, valid_name
from embeddings.console import one_line
from embeddings.readers import READERS
from embeddings.removals import absolute
from embeddings.vietnamese import fold, syllables
from qa_bot.filters import FilterError, passes
from qa_bot.naming import searchable
from qa_bot.records import EVERYTHING, Filters

if TYPE_CHECKING:
    from pathlib import Path

    from embeddings.records import Header

Action = Literal["list", "show", "remove", "restore"]
Sort = Literal["newest", "title", "path"]

LIMIT = 50
_ID = re.compile(r"[0-9a-f]{6,16}")  # six characters of an id tell some ten thousand articles apart
_SHOWN = 40  # characters of what cannot be read


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `qa-bot articles` was asked for."""

    action: Action = "list"
    words: tuple[str, ...] = ()
    filters: Filters = EVERYTHING  # its days
    source: str | None = None  # words of the outlet's name
    author: str | None = None  # words of the author's name
    sort: Sort = "newest"
    limit: int = LIMIT  # articles that are listed; 0: all
    json: bool = False
    yes: bool = False  # do not ask


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of an article and does not stand in its header."""

    place: str | None
    also_at: tuple[str, ...]


class Named(Protocol):
    """What has an id and a path."""

    @property
    def id(self) -> str: ...

    @property
    def path(self) -> str: ...


N = TypeVar("N", bound=Named)


def checked(wanted: Wanted) -> Wanted:
    """`wanted`, with paths written as the index writes them. Raises FilterError where words are none."""
    for typed in (" ".join(wanted.words) if wanted.words else None, wanted.source, wanted.author):
        if typed is not None and not units(typed):
            raise FilterError("filter.no_words", typed=one_line(typed)[:_SHOWN])
    return replace(wanted, words=tuple(map(_as_stored, wanted.words)))


def _as_stored(word: str) -> str:
    """`./bài/a.txt` as `bài/a.txt`; what is no path stays as it is."""
    return shown(word) if os.sep in word and "://" not in word else word


def select(headers: Sequence[Header], wanted: Wanted, beside: Mapping[int, Beside] | None = None) -> list[Header]:
    """The articles that are meant, in the order wanted; `beside` says more of some of them, by row.

    Each word is an id (or six and more of its first characters), a path or the end of one; else all of them stand in
    title, path, author, source or place, as for `--in`: diacritics aside, the last of them may be unfinished.
    A word that ends as files do is a file's name and nothing else.
    """
    known = beside or {}

    def said(header: Header) -> str:
        place = known[header.row].place if header.row in known else None
        return " ".join(filter(None, (header.title, header.path, header.author, header.source, place)))

    def others(header: Header) -> Collection[str]:
        return known[header.row].also_at if header.row in known else ()

    of_source, of_author = holding(wanted.source), holding(wanted.author)
    by_whom = [h for h in headers if passes(h, wanted.filters) and of_source(h.source) and of_author(h.author)]
    found = by_words(by_whom, wanted.words, said, others)
    if wanted.sort == "title":
        return sorted(found, key=lambda h: (searchable(h.title or h.path), h.path))
    return sorted(found, key=lambda h: h.path) if wanted.sort == "path" else found


def by_words(
    items: Sequence[N],
    words: Sequence[str],
    said: Callable[[N], str],
    others: Callable[[N], Collection[str]] = lambda _item: (),
) -> list[N]:
    """Those of `items` that `words` name, or else describe: `said` gives what is said of one, `others` its paths."""
    named = identified(items, words, others) if words else []
    if not named and any(map(_names_file, words)):
        return []  # it is gone, and what has a few of its letters is not meant
    holds = holding(" ".join(words))
    return named or [item for item in items if holds(said(item))]


def _names_file(word: str) -> bool:
    return extension_of(word.partition("#")[0]) in READERS


def identified(
    items: Sequence[N], words: Sequence[str], others: Callable[[N], Collection[str]] = lambda _item: ()
) -> list[N]:
    """Those whose ids or paths `words` are, in the order of `items`; none unless each word is one.

    A path with spaces may also be all the words together; the end of a path will do where it is no other's whole one.
    """

    if not any("." in word or _ID.fullmatch(word) for word in words):
        return []  # paths of files and addresses have a dot

    def ends(item: N) -> Collection[str]:
        return [end for path in (item.path, *others(item)) for end in _ends(path)]

    for names in dict.fromkeys((frozenset(words), frozenset({" ".join(words)}))):
        for paths in (lambda item: (item.path, *others(item)), ends):
            found = _met(items, names, paths)
            if found:
                return found
    return []


def _ends(path: str) -> list[str]:
    """`bài/2021/a.txt`, `2021/a.txt`, `a.txt`."""
    parts = path.split("/")
    return ["/".join(parts[at:]) for at in range(len(parts))]


def _met(items: Sequence[N], names: frozenset[str], paths: Callable[[N], Collection[str]]) -> list[N]:
    """Those that go by one of `names`; none unless each of these is met."""
    ids = tuple(name for name in names if _ID.fullmatch(name))
    met: set[str] = set()
    found: list[N] = []
    for item in items:
        told = names.intersection(paths(item)) | {name for name in ids if item.id.startswith(name)}
        if told:
            found.append(item)
            met |= told
    return found if met == names else []


def holding(words: str | None) -> Callable[[str | None], bool]:
    """Whether all the words stand in a text, diacritics aside; the last of them may be unfinished."""
    wanted = units(words or "")
    if not wanted:
        return lambda _text: True
    whole, begun = set(wanted[:-1]), wanted[-1]

    def holds(text: str | None) -> bool:
        known = units(text or "")
        return whole.issubset(known) and any(unit.startswith(begun) for unit in known)

    return holds


def units(text: str) -> list[str]:
    return syllables(fold(text))


def may_be_beside(places: Collection[str], words: Sequence[str]) -> bool:
    """Whether the words may speak of what no header says: of one of the folded `places`, or of a copy's path."""
    known = {unit for place in places for unit in place.split()}
    typed = units(" ".join(words))
    of_places = any(unit.startswith(word) for word in typed for unit in known)
    return of_places or any("." in word or os.sep in word for word in words)


def outside(headers: Sequence[Header], sources: Sequence[Path]) -> list[str]:
    """Paths of articles that a build from these folders and files would not find. Addresses are no paths."""
    homes = [valid_name(os.path.abspath(source)) for source in sources]
    starts = tuple(start for home in homes for start in (os.path.join(home, ""), f"{home}#"))
    places = ((header.path, absolute(header.path)) for header in headers)
    return [
        path for path, place in places if os.path.isabs(place) and place not in homes and not place.startswith(starts)
    ]


def from_web(headers: Sequence[Header]) -> list[str]:
    """The addresses of the articles that lie on the web."""
    return [header.path for header in headers if not os.path.isabs(absolute(header.path))]


def reprints(headers: Sequence[Header]) -> dict[int, list[Header]]:
    """{row: the other articles that tell the same} of those that are not alone in their story."""
    told: dict[int, list[Header]] = {}
    for header in headers:
        if header.story is not None:
            told.setdefault(header.story, []).append(header)
    return {
        header.row: [other for other in story if other is not header]
        for story in told.values()
        if len(story) > 1
        for header in story
    }
