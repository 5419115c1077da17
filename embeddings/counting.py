"""What is counted in the articles' words: forms, neighbours, capitals, what follows a number, short forms defined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise

from embeddings.vietnamese import UPPER, fold, syllables, visible

LONGEST_NAME = 6  # syllables
_RUN = re.compile(rf"[{UPPER}][^\W\d_]*(?: [{UPPER}][^\W\d_]*)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;\n“\"'(\[–-])\s*$")
_DEFINITION = re.compile(rf"\(([{UPPER}]{{2,8}}(?:\s?[-&]\s?[{UPPER}]{{1,4}})?)\)")
_WORD = re.compile(r"[^\W\d_]+")
_SKIPPED = frozenset({"và", "của"})  # "Sở Giáo dục và Đào tạo (GDĐT)"
_DEFINED_WITHIN = 80  # characters before the bracket


@dataclass(slots=True)
class Counts:
    """Counted while articles are read; vocabulary_writing puts it on disk."""

    forms: Counter[str] = field(default_factory=Counter)  # normalised syllables
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)  # capitalised runs as written, not where a sentence begins
    openings: Counter[str] = field(default_factory=Counter)  # those with which a sentence begins
    capitals: Counter[str] = field(default_factory=Counter)  # normalised words that have a capital inside a sentence
    certain: Counter[str] = field(default_factory=Counter)  # authors and places: names, wherever they stand
    counted: Counter[str] = field(default_factory=Counter)  # the first word, and the first two, after a number; folded

    def add(self, text: str) -> None:
        """Count one passage, title or name of an author."""
        text = visible(text)
        everything = syllables(text)
        for number, first, second in zip(everything, everything[1:], [*everything[2:], "0"], strict=False):
            if number[0].isdigit() and not first[0].isdigit():
                things = (first,) if second[0].isdigit() else (first, f"{first} {second}")
                self.counted.update(fold(thing) for thing in things)
        units = [unit for unit in everything if not unit[0].isdigit()]
        self.forms.update(units)
        self.pairs.update(pairwise(units))
        for match in _RUN.finditer(text):
            name = match[0]
            if len(name.split()) > LONGEST_NAME or (name.isupper() and len(name) > 1):
                continue
            if _SENTENCE_START.search(text, max(0, match.start() - 8), match.start()):
                self.openings[name] += 1
            else:
                self.names[name] += 1
                self.capitals.update(syllables(name))

    def add_name(self, name: str) -> None:
        """Count the name of an author or a place."""
        self.add(name)
        if len(name.split()) <= LONGEST_NAME:
            self.certain[visible(name)] += 1

    def update(self, other: Counts) -> None:
        """Add what was counted elsewhere."""
        for part in fields(self):
            getattr(self, part.name).update(getattr(other, part.name))

    def __len__(self) -> int:
        """How many different things were counted."""
        return sum(len(getattr(self, part.name)) for part in fields(self))


def count_all(texts: Iterable[str], names: Iterable[str | None] = ()) -> Counts:
    """The counts of some passages and titles, and of names of authors and places."""
    counts = Counts()
    for text in texts:
        counts.add(text)
    for name in names:
        counts.add_name(name or "")
    return counts


def definitions(text: str) -> Iterable[tuple[str, str, int]]:
    """(short form, full form, how often) of what the text defines: "Ban Chấp hành (BCH)".

    The words before the bracket begin with its letters.
    """
    found: Counter[tuple[str, str]] = Counter()
    for match in _DEFINITION.finditer(text):
        letters = [letter for letter in fold(match[1]).casefold() if letter.isalpha()]
        words = list(_WORD.finditer(text, max(0, match.start() - _DEFINED_WITHIN), match.start()))
        first = _begins_at(words, letters)
        if first is not None:
            found[match[1], text[words[first].start() : match.start()].strip()] += 1
    return [(short, full, n) for (short, full), n in found.items()]


def commonest(found: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """{short form: full form} of what many texts define; of several meanings the commonest."""
    meanings: dict[str, Counter[str]] = {}
    for short, full, n in found:
        meanings.setdefault(short, Counter())[full] += n
    return {short: min(fulls, key=lambda full: (-fulls[full], full)) for short, fulls in sorted(meanings.items())}


def _begins_at(words: Sequence[re.Match[str]], letters: Sequence[str]) -> int | None:
    """Which of `words` begins the full form: from the last one back, each begins with its letter or may be skipped."""
    at = len(words) - 1
    for letter in reversed(letters):
        while at >= 0 and words[at][0].casefold() in _SKIPPED and not words[at][0].casefold().startswith(letter):
            at -= 1
        if at < 0 or fold(words[at][0])[:1].casefold() != letter:
            return None
        at -= 1
    return at + 1
