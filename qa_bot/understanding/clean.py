"""The characters of a question as they were meant: one form, nothing unseen, Latin letters for their doubles."""

from __future__ import annotations

import re
import unicodedata

from embeddings.vietnamese import visible

_WORD = re.compile(r"[^\W\d_]+")
_DOUBLES = str.maketrans("АВЕЅІЈКМНОРСТХУаеѕіјорсухһΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTXYaesijopcyxhABEZHIKMNOPTYXo")
_MARKED = {letter for code in range(0x0400, 0x0500) if (letter := chr(code)).isalpha()} | set("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο")
_SYMBOLS = ("So", "Sk", "Cs", "Co", "Cn", "Cc")  # categories: emoji, modifiers, what has no meaning


def cleaned(question: str) -> str:
    """`question` in NFC on one line, compatibility forms and look-alikes as plain letters, symbols as spaces."""
    text = unicodedata.normalize("NFKC", visible(question))
    text = "".join(" " if unicodedata.category(c) in _SYMBOLS else c for c in text)
    return " ".join(_WORD.sub(_latin, text).split())


def _latin(match: re.Match[str]) -> str:
    """A word of Latin letters and their doubles in Latin; a word with any other Cyrillic letter is left alone."""
    word = match[0]
    if word.isascii() or not any(letter in _MARKED for letter in word):
        return word
    latin = unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(_DOUBLES))
    return word if any(letter in _MARKED for letter in latin) else latin
