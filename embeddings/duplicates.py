"""Articles that are nearly the same text: one story, printed by several outlets with small changes. Pure.

Each article gets a `Sketch` of fixed size, from which alone any two can be compared (MinHash: Broder, On the
resemblance and containment of documents, 1997). The keys of its `bands` find the few that are worth comparing: two that
share none are taken for different (locality-sensitive hashing: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets,
chapter 3). What is compared are shingles, runs of SHINGLE syllables without case and diacritics. A shingle with a
number counts NUMBER_WEIGHT times: results of lotteries, prices and weather tell something else each day in the same
words, and only their numbers say so.

benchmarks/duplicates.py prints the figures behind the constants. A sketch must stay what it is for as long as indexes
keep it: everything here is made of BLAKE2 and of whole numbers, and a test pins the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from embeddings.vietnamese import fold, normalize, syllables

SHINGLE = 3  # syllables
NUMBER_WEIGHT = 3
BANDS, ROWS = 42, 3  # a pair shares a key with the probability 1 - (1 - J³)⁴²: 87 % at J = 0.36, 99.99 % at J = 0.6
PERMUTATIONS = BANDS * ROWS
CROWDED = 50  # first articles kept under one key. What more of them share is a form that all fill in, no story
_AT_ONCE = 2048  # hashes in one table of PERMUTATIONS columns: 2 MB
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When two articles are the same story."""

    alike: float = 0.6  # of the shingles that either has, those that both have: Jaccard's coefficient
    contained: float = 0.8  # of the shorter's shingles, those that the longer has too: a cut version …
    half: float = 0.5  # … that is so much of the longer at least: a round-up holds many stories and is none of them
    shortest: int = 80  # shingles. Where there are less, in a headline or a notice, nothing may differ


SAME_STORY = Thresholds()


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What an index keeps of an article so that its reprints are found."""

    signature: np.ndarray  # (PERMUTATIONS,) uint32
    shingles: int  # different ones; one with a number counts NUMBER_WEIGHT times


def shingles(text: str) -> np.ndarray:
    """(shingles,) uint32: a hash for each different shingle, NUMBER_WEIGHT for one with a number."""
    units = syllables(fold(text))
    if len(units) < SHINGLE:  # nothing may differ: all of it is one shingle
        return _hashed([" ".join(units) or "".join(normalize(text).split())])[:, 0]
    runs = dict.fromkeys(" ".join(units[at : at + SHINGLE]) for at in range(len(units) - SHINGLE + 1))
    hashed = _hashed(runs)
    numbered = np.fromiter((_DIGIT.search(run) is not None for run in runs), bool, len(runs))
    return np.concatenate((hashed[:, 0], hashed[numbered, 1:].ravel()))


def sketch(text: str) -> Sketch:
    """Of what an article tells: without the page's boilerplate, which is alike on all pages of an outlet."""
    hashes = shingles(text)
    return Sketch(_lowest(hashes), len(hashes))


def signature(text: str) -> np.ndarray:
    """(PERMUTATIONS,) uint32: the lowest place that a shingle of `text` gets, by each permutation."""
    return _lowest(shingles(text))


def packed(of: Sketch) -> bytes:
    """4 * (1 + PERMUTATIONS) bytes, the same on every machine."""
    return of.shingles.to_bytes(4, "little") + of.signature.astype("<u4").tobytes()


def unpacked(data: bytes) -> Sketch:
    """What `packed` was given. Raises ValueError where `data` is of another length."""
    if len(data) != 4 * (1 + PERMUTATIONS):
        raise ValueError(f"a sketch has {4 * (1 + PERMUTATIONS)} bytes, not {len(data)}")
    return Sketch(np.frombuffer(data, "<u4", offset=4).astype(np.uint32), int.from_bytes(data[:4], "little"))


def bands(values: np.ndarray) -> tuple[int, ...]:
    """BANDS keys of a signature, each told apart by its band: whole numbers of 64 bits with sign, as SQLite keeps."""
    rows = values.astype("<u4").reshape(BANDS, ROWS)
    digests = (blake2b(row.tobytes(), digest_size=8, salt=b"%d" % band).digest() for band, row in enumerate(rows))
    return tuple(int.from_bytes(digest, "little", signed=True) for digest in digests)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """An estimate of J, Jaccard's coefficient of two texts' shingles; standard error √(J(1 - J) / PERMUTATIONS)."""
    return float(np.count_nonzero(a == b)) / PERMUTATIONS


def same_story(a: Sketch, b: Sketch, than: Thresholds = SAME_STORY) -> bool:
    """Whether one is a reprint of the other, whichever it is."""
    shorter, longer = sorted((a.shingles, b.shingles))
    jaccard = alike(a.signature, b.signature)
    if shorter < than.shortest:
        return shorter == longer and jaccard == 1
    shared = jaccard / (1 + jaccard) * (shorter + longer)
    return jaccard >= than.alike or (shorter >= than.half * longer and shared >= than.contained * shorter)


def story_of(new: Sketch, candidates: Iterable[tuple[int, Sketch]]) -> int | None:
    """The story that `new` tells too, the lowest of several; None where it is the first of its own.

    `candidates`: (story, sketch of its first article) of those that share a band with `new`, in any order. Only first
    articles: two that resemble a third one need not resemble each other, and chains of such pairs have no end.
    """
    return min((story for story, first in candidates if same_story(new, first)), default=None)


def stories(sketches: Mapping[int, Sketch]) -> dict[int, int]:
    """{article: first article of its story}. Lower numbers come first, in whatever order they are given."""
    found: dict[int, int] = {}
    firsts: dict[int, list[int]] = {}  # by key of a band
    for number in sorted(sketches):
        keys = bands(sketches[number].signature)
        near = {first for key in keys for first in firsts.get(key, ())}
        story = story_of(sketches[number], ((first, sketches[first]) for first in near))
        found[number] = number if story is None else story
        if story is None:
            for key in keys:
                sharing = firsts.setdefault(key, [])
                if len(sharing) < CROWDED:
                    sharing.append(number)
    return found


def _hashed(shingles: Iterable[str]) -> np.ndarray:
    """(shingles, NUMBER_WEIGHT) uint32."""
    digests = (blake2b(s.encode("utf-8", "replace"), digest_size=4 * NUMBER_WEIGHT).digest() for s in shingles)
    return np.frombuffer(b"".join(digests), "<u4").reshape(-1, NUMBER_WEIGHT)


def _lowest(hashes: np.ndarray) -> np.ndarray:
    """(PERMUTATIONS,) uint32: the least place of `hashes` by each, the upper half of a * hash + b in 64 bits.

    Such functions are strongly universal (Dietzfelbinger, Universal hashing and k-wise independent random variables
    via integer arithmetic without primes, 1996).
    """
    lowest = np.full(PERMUTATIONS, np.iinfo(np.uint32).max, np.uint32)
    for at in range(0, len(hashes), _AT_ONCE):
        part = hashes[at : at + _AT_ONCE].astype(np.uint64)
        places = (_FACTORS[:, None] * part + _TERMS[:, None]) >> np.uint64(32)
        lowest = np.minimum(lowest, places.min(axis=1).astype(np.uint32))
    return lowest


def _drawn(name: bytes) -> np.ndarray:
    """(PERMUTATIONS,) uint64, as good as random and the same everywhere."""
    digests = (blake2b(name + b"%d" % n, digest_size=8).digest() for n in range(PERMUTATIONS))
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


_FACTORS, _TERMS = _drawn(b"factor"), _drawn(b"term")
