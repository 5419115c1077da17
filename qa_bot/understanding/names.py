"""Which places, people and bodies a question names: what the articles write with capitals, however it was typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from embeddings.counting import LONGEST_NAME
from embeddings.lexicon import Lexicon
from embeddings.vietnamese import UPPER, fold, syllables
from embeddings.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W\d_]+")
_CAPITALISED = re.compile(rf"[{UPPER}]")
_MOST_WORDS = 400  # of a text that is looked through


@dataclass(frozen=True, slots=True)
class Name:
    """`text[start:end]` names something; `written` is how the articles write it, or as it stands where they don't."""

    start: int
    end: int
    written: str
    known: bool  # the articles have it

    @property
    def folded(self) -> str:
        return " ".join(syllables(fold(self.written)))


@lru_cache(maxsize=16)
def names_in(text: str, vocabulary: Vocabulary, lexicon: Lexicon) -> tuple[Name, ...]:
    """The names in `text`, in order, apart: the longest that the articles have, and what else has capitals.

    Each step of understanding asks for those of the same text.
    """
    words = list(_WORD.finditer(text))[:_MOST_WORDS]
    units = [_unit(word[0]) for word in words]
    keys = {
        (at, size): " ".join(units[at : at + size])
        for at, run in enumerate(_runs(text, words))
        for size in range(1, min(run, LONGEST_NAME) + 1)
    }
    known = vocabulary.names(keys.values())
    found: list[Name] = []
    at = 0
    while at < len(words):
        size = next((n for n in range(LONGEST_NAME, 0, -1) if _is_name(text, words, at, n, keys, known, lexicon)), 0)
        if size:
            start, end = words[at].start(), words[at + size - 1].end()
            found.append(Name(start, end, known[keys[at, size]], known=True))
        else:
            size = _capitalised(text, words, at, lexicon)
            if size:
                start, end = words[at].start(), words[at + size - 1].end()
                found.append(Name(start, end, text[start:end], known=False))
        at += size or 1
    return tuple(found)


def with_capitals(text: str, found: Sequence[Name]) -> str:
    """`text` with its names as the articles write them."""
    parts, at = [], 0
    for name in found:
        parts += [text[at : name.start], name.written if name.known else text[name.start : name.end]]
        at = name.end
    return "".join([*parts, text[at:]])


@lru_cache(maxsize=1 << 14)
def _unit(word: str) -> str:
    return " ".join(syllables(fold(word)))


def _runs(text: str, words: Sequence[re.Match[str]]) -> list[int]:
    """How many words stand together from each word on, with one space between."""
    runs = [1] * len(words)
    for at in reversed(range(len(words) - 1)):
        if text[words[at].end() : words[at + 1].start()] == " ":
            runs[at] = runs[at + 1] + 1
    return runs


def _adjacent(text: str, words: Sequence[re.Match[str]], at: int, size: int) -> bool:
    return all(text[words[n].end() : words[n + 1].start()] == " " for n in range(at, at + size - 1))


def _is_name(
    text: str,
    words: Sequence[re.Match[str]],
    at: int,
    size: int,
    keys: dict[tuple[int, int], str],
    known: dict[str, str],
    lexicon: Lexicon,
) -> bool:
    """A single word is a name only where it was typed as one, and is none that asks; "viết năm" is not "Việt Nam"."""
    written = known.get(keys.get((at, size), ""))
    if written is None:
        return False
    typed = text[words[at].start() : words[at + size - 1].end()]
    if not _spelled_alike(typed, written):
        return False
    return size > 1 or (at > 0 and typed[:1].isupper() and typed.casefold() not in lexicon.question_words)


def _spelled_alike(typed: str, written: str) -> bool:
    """Whether each word is typed without its diacritics, or with the very ones that the articles write."""
    own, theirs = syllables(typed), syllables(written)
    return len(own) == len(theirs) and all(a in (b, fold(b)) for a, b in zip(own, theirs, strict=True))


def _capitalised(text: str, words: Sequence[re.Match[str]], at: int, lexicon: Lexicon) -> int:
    """How many words from `at` on are capitalised together; the first word of all has one anyway."""
    size = 0
    while at + size < len(words) and _CAPITALISED.match(words[at + size][0]) and _adjacent(text, words, at, size + 1):
        size += 1
    return 0 if at == 0 or words[at][0].casefold() in lexicon.question_words else size
