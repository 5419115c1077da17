"""How articles may word what a question is about: bare or not, in full or in short, 18 or XVIII. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, product

from embeddings import ordinals
from embeddings.abbreviations import written_out
from embeddings.lexicon import Lexicon
from embeddings.vietnamese import fold, has_diacritics, syllables, visible
from qa_bot.understanding.phrases import Token, tokens

Mark = tuple[int, int]
"""Characters [start, end) of a sentence."""

_LETTERS_OF_A_NUMERAL = 3  # typed in small letters, "vi" and "xi" are words
_MOST_SPELLINGS = 8  # of one wording: two for each number in it
_ROMAN = (("C", 100), ("XC", 90), ("L", 50), ("XL", 40), ("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1))


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a wording; `capitals`: a short form that the subject did not use itself, and no common word."""

    unit: str
    bare: str
    folded: bool  # compared without diacritics
    capitals: bool = False
    numeral: str = ""  # the same number in the other numerals: "XVIII" of 18, "18" of XVIII

    def is_at(self, token: Token, text: str) -> bool:
        said = text[token.start : token.end]
        if self.numeral and said == self.numeral:
            return True
        same = token.bare == self.bare if self.folded else token.unit == self.unit
        return same and (not self.capitals or said.isupper())

    def spellings(self) -> tuple[str, ...]:
        """As the index holds it: folded, in small letters."""
        return (self.bare, self.numeral.casefold()) if self.numeral else (self.bare,)


Wording = Sequence[Word]


def wordings(subject: str, lexicon: Lexicon) -> list[Wording]:
    """The subject's words; with its abbreviations in full; and with the short form of each name that has one."""
    typed, full = visible(subject), visible(written_out(subject, lexicon))
    bare = not has_diacritics(typed)
    found: list[Wording] = [words_of(typed, bare=bare)]
    if full != typed:
        found.append(words_of(full, bare=bare))
    units = [word.bare for word in found[-1]]
    for short, meaning in lexicon.abbreviations_of.items():
        long = _folded(meaning)
        at = next((i for i in range(len(units)) if tuple(units[i : i + len(long)]) == long), None) if long else None
        if at is not None:
            letters = [Word(unit, fold(unit), folded=False, capitals=True) for unit in short.split()]
            found.append([*found[-1][:at], *letters, *found[-1][at + len(long) :]])
            units = [word.bare for word in found[-1]]
    return found


@lru_cache(maxsize=30_000)
def _folded(meaning: str) -> tuple[str, ...]:
    return tuple(syllables(fold(meaning)))


def words_of(text: str, *, bare: bool) -> list[Word]:
    """`bare`: to be compared without diacritics. A number after a word may be an ordinal: it has both numerals."""
    words = [Word(token.unit, token.bare, folded=bare) for token in tokens(text)]
    typed = [text[token.start : token.end] for token in tokens(text)]
    return words[:1] + [
        replace(word, numeral=_other_numeral(said)) for word, said in zip(words[1:], typed[1:], strict=True)
    ]


def _other_numeral(said: str) -> str:
    """ "XVIII" for "18" and "18" for "XVIII"; "" where there is none."""
    if said.isascii() and said.isdigit() and len(said) <= len("399"):
        return roman(int(said))
    if said.isupper() or len(said) >= _LETTERS_OF_A_NUMERAL:
        value = ordinals.value(said.upper())
        return str(value) if value else ""
    return ""


def roman(number: int) -> str:
    """ "XVIII" for 18; "" for what is not within 1 to 399, which is what embeddings.ordinals reads."""
    if not 1 <= number <= 399:
        return ""
    letters = ""
    for numeral, value in _ROMAN:
        letters += numeral * (number // value)
        number %= value
    return letters


def telling(words: Wording, lexicon: Lexicon) -> list[Word]:
    """Words that need not stand in a row to tell, each once: without "của" and the like; all where none remains."""
    idle = lexicon.question_words | lexicon.bare_question_words if words and words[0].folded else lexicon.question_words
    return list(dict.fromkeys(word for word in words if word.unit not in idle)) or list(dict.fromkeys(words))


def spelled(wording: Wording) -> list[list[str]]:
    """The rows of folded syllables that the index may hold a wording as."""
    ways = islice(product(*(word.spellings() for word in wording)), _MOST_SPELLINGS)
    return [syllables(" ".join(way)) for way in ways]


def stands(wording: Wording, said: Sequence[Token], text: str) -> Iterator[Mark]:
    """Where the whole wording stands in a row in `text`, whose tokens are `said`."""
    if not wording:
        return
    for at in range(len(said) - len(wording) + 1):
        if all(word.is_at(said[at + i], text) for i, word in enumerate(wording)):
            start, end = said[at].start, said[at + len(wording) - 1].end
            in_a_number = text[start - 1 : start] in ("/", "-") or text[end : end + 1] in ("/", "-")
            if not (in_a_number and any(word.capitals for word in wording)):  # 03-NQ/HU
                yield start, end
