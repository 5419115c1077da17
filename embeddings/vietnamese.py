"""Forms of Vietnamese text that are compared with each other. Pure functions; nothing here is ever shown.

`normalize` brings spellings of the same word together, `fold` drops the diacritics, `syllables` cuts into the
units that the lexical index counts. Facts behind them: đ is a letter, not a combining mark, so NFD does not
fold it; old pages write the Icelandic Ð and ð where Đ and đ are meant; the tone mark of an open oa, oe, uy
stands on either vowel (hoà, hòa).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

UPPER = "".join(c for c in map(chr, range(0x1F00)) if c.isupper())
"""Every Latin capital with all its marks, for a class in a pattern; ranges like à-ỹ hold capitals and small letters."""

_ETH = str.maketrans({"Ð": "Đ", "ð": "đ"})
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
_TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook above, dot below
_OLD_STYLE = re.compile(f"(?<![qQ])([oO][aAeE]|[uU][yY])([{_TONES}])(?![^\\W\\d_])")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+(?!\d)|\d{1,3}(?:,\d{3})+(?!\d)")

# A syllable without its diacritics: an onset, then a rime. The spelling rules are the language's own.
_ONSET = "ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdghklmnprstvx]"
_RIME = (
    "(?:oai|oay|oeo|uay|uoi|uou|uya|uye|uyu|ieu|yeu|ai|ao|au|ay|eo|eu|ia|iu|oa|oe|oi|ua|ue|ui|uo|uu|uy|ye|ie|oo|"
    "[aeiouy])(?:ch|ng|nh|[cmnpt])?"
)
_SYLLABLE = re.compile(f"(?:{_ONSET})?{_RIME}")


def visible(text: str) -> str:
    """`text` in NFC without zero-width, bidirectional and other characters that take no room."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def normalize(text: str) -> str:
    """One spelling for one word: compatibility forms, Đ, the tone mark's place, case, invisible characters.

    hoà -> hòa, UỶ -> ủy, Ð -> đ, full-width １ -> 1, NBSP -> space. Idempotent.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_ETH).casefold()
    return unicodedata.normalize("NFC", _move_tones(text))


def _move_tones(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    moved = _OLD_STYLE.sub(lambda m: m[1][0] + m[2] + m[1][1], decomposed)
    return moved if moved != decomposed else text


class _Folding(dict[int, str]):
    """What a character is without its marks, worked out when it is first met; for str.translate."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFD", chr(code).translate(_ETH).replace("đ", "d").replace("Đ", "D"))
        self[code] = "".join(c for c in decomposed if not unicodedata.combining(c))
        return self[code]


_FOLDED = _Folding()


def fold(text: str) -> str:
    """`text` without diacritics, đ as d: what is typed on a phone. Length may change. Idempotent."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.translate(_FOLDED))


def syllables(text: str) -> list[str]:
    """The units that are counted and matched: normalised syllables and numbers, in order.

    14.500 and 14500 are one number; 96,46 keeps its comma; 03-NQ/HU gives 03, nq, hu.
    """
    return [_number(token) for token in _TOKEN.findall(normalize(text))]


def _number(token: str) -> str:
    if "." not in token and "," not in token:
        return token
    return re.sub("[.,]", "", token) if _THOUSANDS.fullmatch(token) else token


def bigrams(units: list[str]) -> list[str]:
    """Neighbouring pairs, each as one word: they do what a word segmenter would (measured equal)."""
    return [f"{a}_{b}" for a, b in pairwise(units)]


def has_diacritics(text: str) -> bool:
    """Whether any letter carries a mark that Vietnamese uses."""
    if text.isascii():
        return False
    normal = normalize(text)
    return fold(normal) != normal


def is_syllable_shaped(folded: str) -> bool:
    """Whether a folded word could be a Vietnamese syllable by its spelling (`thuong` yes, `secretary` no)."""
    return _SYLLABLE.fullmatch(folded) is not None
