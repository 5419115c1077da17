"""Words of a text, and phrases of word classes among them: what questions are read by, without a parser.

A class has a letter, so that a question becomes a row of letters: "có bài nào nói về Hải Hậu không" is E N Q M w w K.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from embeddings.vietnamese import fold, normalize, syllables

WORD, DIGITS = "w", "0"  # the letters of a word and of a number that are of no class
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number of a text: `text[start:end]`, normalised and folded."""

    start: int
    end: int
    unit: str
    bare: str


def tokens(text: str) -> list[Token]:
    """`text` should be in NFC, as `visible` makes it; else an accent may end a word."""
    return [Token(match.start(), match.end(), *_forms(match[0])) for match in _TOKEN.finditer(text)]


@lru_cache(maxsize=30_000)
def _forms(word: str) -> tuple[str, str]:
    """Normalised, and folded; 14.500 is 14500 as in the index. Syllables are few and come again and again."""
    units = syllables(word)
    unit = units[0] if len(units) == 1 else normalize(word)
    return unit, fold(unit)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a word class; `units` with its diacritics, `bare` without. `strict`: never matched bare."""

    letter: str
    units: tuple[str, ...]
    bare: tuple[str, ...]
    strict: bool

    def stands_at(self, found: Sequence[Token], at: int) -> bool:
        """A word typed with diacritics must have the phrase's; one typed without stands for any of them."""
        words = found[at : at + len(self.units)]
        return len(words) == len(self.units) and all(
            word.unit == unit or (not self.strict and word.unit == bare)
            for word, unit, bare in zip(words, self.units, self.bare, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Tokens [first, last) that are one phrase of the class `letter`, or one word or number of none."""

    letter: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases by their first word, folded, longest first; of equally long ones the class named first comes first."""

    by_first: Mapping[str, tuple[Phrase, ...]]

    @classmethod
    def of(cls, table: Mapping[str, object], letters: Mapping[str, str]) -> Phrases:
        """From lists of phrases, of which `letters` says the class. Raises KeyError, TypeError or ValueError."""
        strict = frozenset(map(normalize, _list(table["accented_only"])))
        phrases: dict[str, list[Phrase]] = {}
        for name, letter in letters.items():
            for text in _list(table[name]):
                units = tuple(syllables(text))
                if not units:
                    raise ValueError(f"{name} has a phrase without words: {text!r}")
                bare = tuple(map(fold, units))
                phrases.setdefault(bare[0], []).append(Phrase(letter, units, bare, normalize(text) in strict))
        return cls({first: tuple(sorted(same, key=lambda p: -len(p.units))) for first, same in phrases.items()})

    def groups(self, found: Sequence[Token]) -> Iterator[Group]:
        """All tokens in order; the longest phrase that begins at a token wins."""
        at = 0
        while at < len(found):
            token = found[at]
            phrase = next((p for p in self.by_first.get(token.bare, ()) if p.stands_at(found, at)), None)
            width = len(phrase.units) if phrase else 1
            yield Group(phrase.letter if phrase else DIGITS if token.unit[0].isdigit() else WORD, at, at + width)
            at += width


def _list(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"a list of phrases is wanted, not {value!r}")
    return value
