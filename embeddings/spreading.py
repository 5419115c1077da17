"""Sentences are encoded by others, ahead of the build, which then finds their vectors in the cache.

So whatever the others do, lose or do twice, the build is the same one; what it does not find it encodes itself. And a
build that is killed has lost nothing that had come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

import numpy as np

from embeddings.errands import batches
from embeddings.vector_cache import VectorCache

_LOOK_UP = 8192  # texts asked of the cache together: their vectors are read, and take memory


class Spread(Protocol):
    """Others who encode."""

    def room(self) -> int:
        """How many bytes of text are worth sending in one go."""
        ...

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        """(positions in `texts`, their vectors), in parts and in any order."""
        ...


def encode_ahead(
    texts: Iterable[str], spread: Spread, cache: VectorCache, advance: Callable[[int], None], *, use_cache: bool
) -> int:
    """Have everything encoded that the cache does not know, or all of it; how many were. `advance` hears of each."""
    encoded = 0
    for part in batches(_missing(texts, cache, advance, use_cache=use_cache), _size, 1 << 20, spread.room()):
        wanted = sorted(dict.fromkeys(part), key=len, reverse=True)  # the longest first: none is waited for at the end
        for positions, vectors in spread.encode(wanted):
            cache.put([wanted[position] for position in positions], vectors)
            advance(len(positions))
        advance(len(part) - len(wanted))
        encoded += len(wanted)
    return encoded


def _missing(
    texts: Iterable[str], cache: VectorCache, advance: Callable[[int], None], *, use_cache: bool
) -> Iterator[str]:
    stream = iter(texts)
    while part := list(islice(stream, _LOOK_UP)):
        known = cache.get(part) if use_cache else {}
        advance(len(known))
        yield from (text for position, text in enumerate(part) if position not in known)


def _size(text: str) -> int:
    return 2 * len(text)  # bytes, about: Vietnamese in UTF-8
