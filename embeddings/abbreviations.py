"""Short forms and what they stand for: UBND is Ủy ban nhân dân wherever either is written.

An index holds the full forms beside what the articles say; a question is written out in full before it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from embeddings.lexicon import Lexicon
from embeddings.vietnamese import syllables

_SHORT = re.compile(r"[^\W\d_]{2,8}(?:\s?-\s?[^\W\d_]{2,4}(?![^\W\d_]))?")
_LOWER_CASE_LENGTH = 3  # letters: shorter ones count in capitals only, they may be words (tu, ct)


def expansions(text: str, lexicon: Lexicon) -> list[str]:
    """The full forms of the abbreviations in `text`, each once, in order. "KT - XH" is one, as is "kt-xh"."""
    return list(dict.fromkeys(full for _, _, full in _found(text, lexicon)))


def written_out(text: str, lexicon: Lexicon, *, beside: bool = False) -> str:
    """`text` with its abbreviations in full, but for those inside a document's number (03-NQ/HU).

    With `beside`, the full form follows in brackets and the short one stays.
    """
    parts, at = [], 0
    for start, end, full in _outside_numbers(text, lexicon):
        parts += [text[at:start], f"{text[start:end]} ({full})" if beside else full]
        at = end
    return "".join([*parts, text[at:]])


def abbreviations_in(text: str, lexicon: Lexicon) -> list[tuple[str, str]]:
    """(as it stands there, full form) of the abbreviations that `written_out` writes out, in order."""
    return [(text[start:end], full) for start, end, full in _outside_numbers(text, lexicon)]


def _outside_numbers(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    for start, end, full in _found(text, lexicon):
        if text[start - 1 : start] not in ("/", "-") and text[end : end + 1] not in ("/", "-"):
            yield start, end, full


def _found(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    """(start, end, full form) of each abbreviation; of a pair that is none itself, its parts."""
    for match in _SHORT.finditer(text):
        whole = _meaning(match[0], lexicon)
        if whole is not None:
            yield match.start(), match.end(), whole
        elif "-" in match[0]:
            for part in re.finditer(r"[^\s-]+", match[0]):
                full = _meaning(part[0], lexicon)
                if full is not None:
                    yield match.start() + part.start(), match.start() + part.end(), full


def _meaning(short: str, lexicon: Lexicon) -> str | None:
    if not (short.isupper() or len(short) >= _LOWER_CASE_LENGTH):
        return None
    return lexicon.abbreviations_of.get(_key(short))


@lru_cache(maxsize=1 << 15)
def _key(short: str) -> str:
    """The same words come again and again."""
    return " ".join(syllables(short))
