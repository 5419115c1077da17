"""Text as it is compared: folded letter by letter, so that what is found is found in what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from embeddings.vietnamese import fold, normalize


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` folded, in lower case, spaces and dashes as one plain character; `at[i]` is where `text[i]` stood."""

    text: str
    at: tuple[int, ...]  # one longer than `text`
    source: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        return (self.at[start], self.at[end])

    def written(self, start: int, end: int) -> str:
        """What stands there with its diacritics, normalised."""
        return " ".join(normalize(self.source[self.at[start] : self.at[end]]).split())


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character.isspace() or character == "\u00a0":
        return " "
    return "-" if character in "‐‑‒–—−" else fold(normalize(character))


def folded(text: str) -> Folded:
    """Character by character, so that every place in the folded text has its place in `text`; linear."""
    plain: list[str] = []
    at: list[int] = []
    for index, character in enumerate(text):
        for letter in _plain(character):
            if letter != " " or (plain and plain[-1] != " "):
                plain.append(letter)
                at.append(index)
    end = len(text)
    return Folded("".join(plain), (*at, end), text)


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of the phrases as they are typed without diacritics, the longest first."""
    return (
        "|".join(map(re.escape, sorted({fold(word) for word in words}, key=lambda word: (-len(word), word)))) or r"(?!)"
    )


def listed(value: object) -> tuple[str, ...]:
    """A list of phrases, normalised. Raises TypeError."""
    if not isinstance(value, list) or not all(isinstance(phrase, str) for phrase in value):
        raise TypeError(f"a list of phrases, not {value!r}")
    return tuple(map(normalize, value))
