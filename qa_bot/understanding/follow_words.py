"""The words by which a question leans on the one before it, and a question read by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

from embeddings.vietnamese import fold, syllables
from qa_bot.understanding.folding import folded, listed

Namer = Callable[[str], list[tuple[int, int]]]
"""Where a text names places, people and bodies."""

Sort = Literal["place", "person", "body"]
_WORD = re.compile(r"[^\W_]+")
_BREAK = re.compile(r"[.,;:?!]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_FULL_NAME = 3  # syllables: "Hồng Chiến" may as well be a place, "Hầu Minh Lợi" is a person


@dataclass(frozen=True, slots=True)
class Word:
    """`source[start:end]`, folded, and normalised with its diacritics."""

    plain: str
    written: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases that are met as they are spelled, or typed without diacritics."""

    spellings: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]]  # folded words -> the words as spelled
    longest: int
    first: frozenset[str]  # folded words that one of them begins with

    @classmethod
    def of(cls, phrases: Iterable[str]) -> Phrases:
        spellings: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
        for phrase in phrases:
            spelled = tuple(syllables(phrase))
            plain = tuple(map(fold, spelled))
            spellings[plain] = (*spellings.get(plain, ()), spelled)
        return cls(spellings, max(map(len, spellings), default=0), frozenset(plain[0] for plain in spellings if plain))

    def at(self, words: Sequence[Word], at: int) -> int:
        """How many words from `at` on are one of the phrases, the longest; 0 for none."""
        if at >= len(words) or words[at].plain not in self.first:
            return 0
        for size in range(min(self.longest, len(words) - at), 0, -1):
            here = words[at : at + size]
            for spelled in self.spellings.get(tuple(word.plain for word in here), ()):
                if all(
                    word.written in (word.plain, as_spelled) for word, as_spelled in zip(here, spelled, strict=True)
                ):
                    return size
        return 0

    def ending(self, words: Sequence[Word], end: int) -> int:
        """How many words before `end` are one of the phrases, the longest; 0 for none."""
        return next((n for n in range(min(self.longest, end), 0, -1) if self.at(words[:end], end - n) == n), 0)

    def within(self, words: Sequence[Word]) -> tuple[int, int] | None:
        """The first of them, as [start, end) of words."""
        return next(((at, at + n) for at in range(len(words)) if (n := self.at(words, at))), None)


@dataclass(frozen=True, slots=True, eq=False)
class FollowWords:
    """See [following] of config/vietnamese.toml, which says what each list is for."""

    openers: Phrases
    tails: Phrases
    particles: Phrases
    more: Phrases
    asking: Phrases
    amounts: Phrases
    reasons: Phrases
    who: Phrases
    links: Phrases
    small: Phrases
    vague: Phrases
    predicates: Phrases
    pointing: Phrases
    english_pointing: Phrases
    pointed: Phrases
    plain: Phrases
    here: Phrases
    things: Phrases
    persons: Phrases
    plurals: Phrases
    possessives: Phrases
    not_persons: Phrases
    places: Phrases
    bodies: Phrases
    offices: Phrases
    office_nouns: Phrases
    titles: Phrases
    years: Phrases
    same: tuple[Phrases, ...]
    families: Phrases

    @classmethod
    def of(cls, table: Mapping[str, object], families: Iterable[str] = ()) -> FollowWords:
        """`families`: what names of people begin with. Raises KeyError or TypeError where `table` lacks a list."""
        groups = table["same"]
        if not isinstance(groups, list):
            raise TypeError(f"[following] same: a list of lists, not {groups!r}")
        names = [field.name for field in fields(cls) if field.name not in ("same", "families")]
        lists = {name: Phrases.of(listed(table[name])) for name in names}
        same = tuple(Phrases.of(listed(group)) for group in groups)
        return cls(**lists, same=same, families=Phrases.of(families))


@dataclass(frozen=True, slots=True)
class Name:
    """Words [start, end) of a text name something; its head ("xã", "Đảng bộ huyện") begins at `head`."""

    start: int
    end: int
    head: int
    sort: Sort
    key: str  # folded
    head_key: str  # the word right before it where that is a kind of place, folded; else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in words, and what each of them does in it."""

    source: str
    words: tuple[Word, ...]
    names: tuple[Name, ...]
    years: tuple[int, ...]  # words that are a year
    asks: frozenset[int]  # words that ask
    content: frozenset[int]  # words that say something, names and their heads left out

    def slice(self, start: int, end: int) -> str:
        """What stands there, from word `start` to before word `end`; "" for none."""
        return self.source[self.words[start].start : self.words[end - 1].end] if start < end else ""

    def called(self, name: Name) -> str:
        """The name with the kind of place that it is: "huyện Hải Hậu" of "Đảng bộ huyện Hải Hậu"."""
        return self.slice(name.start - len(name.head_key.split()), name.end)

    def parted(self, at: int) -> bool:
        """Whether a comma or the like stands before word `at`."""
        return at > 0 and _BREAK.search(self.source[self.words[at - 1].end : self.words[at].start]) is not None

    def named(self, at: int) -> bool:
        """Whether a name stands at word `at`, or the words before one that belong to it."""
        return any(name.head <= at < name.end for name in self.names)

    def name_at(self, at: int) -> Name | None:
        return next((name for name in self.names if name.start <= at < name.end), None)


def words_of(text: str) -> tuple[Word, ...]:
    plain = folded(text)
    return tuple(
        Word(match[0], plain.written(*match.span()), *plain.span(*match.span())) for match in _WORD.finditer(plain.text)
    )


def read(text: str, named: Namer, lists: FollowWords) -> Reading:
    """`text` in words; linear in its length."""
    words = words_of(text)
    names = _names(words, sorted(named(text)) if words else [], lists)
    inside = {at for name in names for at in range(name.head, name.end)}
    years = tuple(at for at, word in enumerate(words) if _YEAR.fullmatch(word.plain))
    spent = inside | set(years) | {at - 1 for at in years if at and lists.years.at(words[:at], at - 1)}
    asks = _covered(words, lists.asking) - inside
    idle = set().union(*(_covered(words, kind) for kind in (lists.small, lists.vague, lists.particles)))
    return Reading(text, words, names, years, frozenset(asks), frozenset(set(range(len(words))) - spent - asks - idle))


def _covered(words: Sequence[Word], phrases: Phrases) -> set[int]:
    covered: set[int] = set()
    at = 0
    while at < len(words):
        size = phrases.at(words, at)
        covered.update(range(at, at + size))
        at += size or 1
    return covered


def _names(words: Sequence[Word], spans: Iterable[tuple[int, int]], lists: FollowWords) -> tuple[Name, ...]:
    found: list[Name] = []
    at = 0
    for start, end in spans:
        while at < len(words) and words[at].end <= start:
            at += 1
        first = at
        while at < len(words) and words[at].start < end:
            at += 1
        if first < at:
            found.append(_name(words, first, at, lists))
    return tuple(found)


def _name(words: Sequence[Word], start: int, end: int, lists: FollowWords) -> Name:
    place = lists.places.ending(words, start)
    own = lists.places.at(words[:end], start)  # the name itself may begin with its head: "huyện Hải Hậu"
    titled = lists.titles.ending(words, start) or lists.offices.ending(words, start)
    body = place + lists.bodies.ending(words, start - place)
    head = start - body
    family = lists.families.at(words[:end], start)
    sort: Sort = "place"
    if not place and not own and lists.bodies.at(words[:end], start):
        sort = "body"
    elif not place and not own and (titled or (family and end - start >= _FULL_NAME)):
        sort = "person"
    first = start + (own if own < end - start else 0)
    before = words[first - own : first] if own else words[start - place : start]
    key = " ".join(word.plain for word in words[first:end])
    return Name(first, end, min(head, first), sort, key, " ".join(word.plain for word in before))
