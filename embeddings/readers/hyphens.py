"""Lines of one paragraph put together again: which hyphens at a line's end belong to the word, which to the line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from embeddings.vietnamese import fold, has_diacritics, is_syllable_shaped

SOFT = "\u00ad"

_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*")
_LAST = re.compile(r"((?:[^\W\d_]+[-\u2010\u2011])*)([^\W\d_]+)[-\u2010\u00ad]\Z")
_FIRST = re.compile(r"[^\W\d_]++(?![-\u2010\u2011])")
_LONGEST = 80  # characters of a word that a line's end cuts
_RANGE = re.compile(r"\w[-\u2010\u2013/]\Z")  # "2017-", "KT-", "xã/": nothing stands after it but the rest


def inner_words(lines: Iterable[str]) -> set[str]:
    """The words of a text that no line end cuts, in small letters; one with hyphens is one word."""
    found: set[str] = set()
    for line in lines:
        words = [match[0].casefold().replace("\u2010", "-") for match in _WORD.finditer(line)]
        found.update(words[1:-1])
    return found


def joined(before: str, after: str, words: Set[str]) -> tuple[str, str]:
    """(`before` as it goes on, what stands between it and `after`) of two lines of one paragraph.

    A hyphen goes where the text elsewhere has the word without it, or else where the two halves are no words with a
    hyphen by themselves: "inter-" + "net", "tri-" + "ển". It stays in "kinh tế-" + "xã hội", "ki-" + "lô-gam" and
    "2017-" + "2020".
    """
    if before.endswith(SOFT):
        return before.rstrip(SOFT), ""
    last, first = _LAST.search(before[-_LONGEST:]), _FIRST.match(after)
    if last is not None and first is not None and _divides(last[1], last[2], first[0], words):
        return before[:-1], ""
    return before, "" if _RANGE.search(before) else " "


def _divides(more: str, head: str, tail: str, words: Set[str]) -> bool:
    """Whether the hyphen between `head` and `tail` only divides a word at the line's end."""
    if not tail.islower():
        return False
    whole = (more + head + tail).casefold().replace("\u2010", "-")
    if whole in words:
        return True
    if (more + head + "-" + tail).casefold().replace("\u2010", "-") in words or more:
        return False
    if has_diacritics(head + tail):
        return is_syllable_shaped(fold(head + tail).casefold())  # one syllable, cut in two
    return not all(is_syllable_shaped(part.casefold()) for part in (head, tail))
