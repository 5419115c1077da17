"""Which words Vietnamese can spell: an onset, a rime, and a tone where that rime bears it. Pure functions.

Stricter than `vietnamese.is_syllable_shaped`, which looks at words without diacritics: here the diacritics are what
is checked, so that text read in a wrong encoding stands out. Facts behind it: Đoàn Thiện Thuật, Ngữ âm tiếng Việt
(1977); c, g, ng before e, ê, i, y are written k, gh, ngh; q is followed by a gliding u; a syllable that ends in a stop
(c, ch, p, t) has the acute or the dot below. The rimes of loans (soóc) count as wrong but for ăk,
of place names.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import product

TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook above, dot below

_MARKED_VOWELS = "ăâêôơư"
_FRONT_VOWELS = "eêiy"  # before them: k, gh, ngh
_RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăk ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oc oi om on ong op ot oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oen oeo oet
    ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung up ut uân uâng uât uây uê uêch uênh uơ uôc uôi uôm uôn uông uôt
    uy uya uych uyên uyêt uynh uyp uyt uyu
    ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
"""
_QU_RIMES = """
    a ac ach ai an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt ân âng ât ây e en eo et ê êch ên ênh êt i it ơ ơi
    y ych ynh yt yên yêt ôc
"""
_BACK_ONSETS = "b c ch d đ g h k kh l m n ng nh p ph r s t th tr v x"
_FRONT_ONSETS = "b ch d đ gh h k kh l m n ngh nh p ph r s t th tr v x"
_STOPS = ("c", "ch", "k", "p", "t")
_OPEN_GLIDES = ("oa", "oe", "uy")  # hòa and hoà


def is_syllable(word: str) -> bool:
    """Whether `word`, in any case and either way of placing the tone mark, is spelled as Vietnamese spells."""
    return unicodedata.normalize("NFC", word).lower() in _syllables()


@cache
def _syllables() -> frozenset[str]:
    """Every syllable that the rules allow, lower case, in NFC: about 20,000."""
    return frozenset(
        unicodedata.normalize("NFC", onset + toned) for onset, rime in _pairs() for toned in _toned(onset, rime)
    )


def _pairs() -> list[tuple[str, str]]:
    """Each onset with each rime that can follow it."""
    rimes = _RIMES.split()
    front = [rime for rime in rimes if rime[0] in _FRONT_VOWELS]
    back = [rime for rime in rimes if rime[0] not in _FRONT_VOWELS]
    return [
        *product(["", *_BACK_ONSETS.split()], back),
        *product(["", *_FRONT_ONSETS.split()], front),
        *product(["", *"hklmstv"], ["y"]),  # ý; kỹ, lý beside kĩ, lí
        *product([""], ["yêm", "yên", "yêng", "yêt", "yêu"]),
        *product(["qu"], _QU_RIMES.split()),
        *product(["gi"], (rime for rime in rimes if rime[0] != "i")),
        *product(["g"], ["i", "in", "iêng", "iêt"]),  # gì, giếng: its i is written once
    ]


def _toned(onset: str, rime: str) -> list[str]:
    """The rime with each tone that it can have, at each place where the mark may stand."""
    stopped = rime.endswith(_STOPS)
    tones = "\u0301\u0323" if stopped else TONES
    marked = [rime[: place + 1] + tone + rime[place + 1 :] for tone in tones for place in _places(onset, rime)]
    return marked if stopped and rime != "ăk" else [rime, *marked]  # Đăk Nông is written without its tone


def _places(onset: str, rime: str) -> tuple[int, ...]:
    """Indices of the letters that may carry the tone mark: ê, ơ and the like first, else by the shape of the rime."""
    marked = [index for index, letter in enumerate(rime) if letter in _MARKED_VOWELS]
    if marked:
        return (marked[-1],)
    vowels = len(rime.rstrip("cghkmnpt"))
    if rime in _OPEN_GLIDES and onset != "qu":
        return (0, 1)
    if vowels == 1:
        return (0,)
    if rime[:2] in _OPEN_GLIDES or vowels < len(rime):
        return (1,)
    return (0,)
