"""News that nobody wrote: copies of real sentences with other words and numbers, and vectors to go with them.

Encoding five million sentences takes hours, and there are no five million real ones here. A copy keeps the places
where sentences begin and end. Its vector lies at a cosine of 0.9 to 0.97 to the original's. Cosines of E5 models are
all high, because their vectors share one direction; so that copies lie no farther from questions than real sentences
do, that part of a vector is kept and only what it has of its own is turned, towards what others have of theirs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

SHARE = 0.2  # of a sentence's lower-case syllables that are swapped
NEAREST, FARTHEST = 0.97, 0.90  # cosines of copies to their originals
_SUMMED = 4  # directions that make one: 2,048 of them give 10^14 different ones
_TINY = 1e-9
_SPACES = re.compile(r"(\s+)")
_DIGIT = re.compile(r"\d")
_ODD = 0x9E3779B97F4A7C15  # the steps of SplitMix64 (Steele, Lea, Flood 2014)
_MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def swappable(word: str) -> bool:
    """Whether a word may be taken for another without a sentence beginning or ending elsewhere."""
    return len(word) > 1 and word.isalpha() and word.islower()


def perturbed(sentence: str, words: Sequence[str], chance: np.random.Generator) -> str:
    """`sentence` with some of its syllables taken from `words`, and other numbers; its first and last word stay."""
    parts = _SPACES.split(sentence)
    rolls = chance.random(len(parts))
    for at in range(2, len(parts) - 2, 2):  # spaces lie at odd places
        part = parts[at]
        if swappable(part):
            if rolls[at] < SHARE and not parts[at + 2][:1].isupper():  # "tỉnh Đắk Lắk" says where an article is from
                parts[at] = words[int(rolls[at] / SHARE * len(words))]
        elif part[0].isdigit() and rolls[at] < 0.5:
            shift = 1 + int(rolls[at] * 16) % 8
            parts[at] = _DIGIT.sub(lambda digit, shift=shift: str(1 + (int(digit[0]) + shift) % 9), part)
    return "".join(parts)


def key_of(text: str) -> int:
    """64 bits for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def mixed(keys: np.ndarray, step: int) -> np.ndarray:
    """Evenly spread numbers from `keys`, others for each step: (n,) uint64. SplitMix64."""
    with np.errstate(over="ignore"):
        z = keys.astype(np.uint64) + np.uint64((step + 1) * _ODD & (2**64 - 1))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX[0])
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX[1])
    return np.asarray(z ^ (z >> np.uint64(31)))


def residuals(vectors: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """What unit vectors have beside the direction that all share: (n, dim), not unit."""
    return np.asarray(vectors - (vectors @ centre)[:, None] * centre)


def varied(vectors: np.ndarray, keys: np.ndarray, centre: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """A copy's vector for each original's: (n, dim) float32, unit rows; the same for the same key.

    `vectors` (n, dim) and `centre` (dim,) are unit, `directions` (m, dim) residuals of other vectors. A vector that has
    little of its own cannot be turned that far: then all that it has is turned.
    """
    shared = vectors @ centre
    own = residuals(vectors, centre)
    length = np.linalg.norm(own, axis=1)
    own = own / np.maximum(length, _TINY)[:, None]
    towards = np.zeros_like(own)
    for step in range(_SUMMED):
        roll = mixed(keys, step)
        sign = np.where(roll >> np.uint64(63), np.float32(1), np.float32(-1))
        towards += sign[:, None] * directions[(roll % np.uint64(len(directions))).astype(np.int64)]
    towards -= (towards * own).sum(axis=1, keepdims=True) * own
    towards -= (towards @ centre)[:, None] * centre
    towards /= np.maximum(np.linalg.norm(towards, axis=1), _TINY)[:, None]
    wanted = FARTHEST + (NEAREST - FARTHEST) * (mixed(keys, _SUMMED) >> np.uint64(11)).astype(np.float64) / 2**53
    cosine = np.clip((wanted - shared**2) / np.maximum(length**2, _TINY), 0.0, 1.0)[:, None]
    turned = shared[:, None] * centre + length[:, None] * (cosine * own + np.sqrt(1 - cosine**2) * towards)
    return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), np.float32)
