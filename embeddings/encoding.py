"""The vectors of a build: new sentences to the model, or to a cluster's, by way of the cache."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

import numpy as np

from embeddings.draft import Draft
from embeddings.encoders import Encoder
from embeddings.settings import IndexSettings
from embeddings.spreading import Spread, encode_ahead
from embeddings.steps import Progress, Silent
from embeddings.vector_cache import VectorCache
from embeddings.vectors import VectorsWriter

CACHE_FILE = "vector-cache.sqlite"
_ENCODE_AT_ONCE = 512  # sentences between two writes to the cache: what a killed build loses at most
_LOOK_UP_AT_ONCE = 16 * _ENCODE_AT_ONCE  # sentences that are held in memory; in their order, so that the pace is even
_CANARIES = 5


@dataclass(frozen=True, slots=True)
class Canaries:
    """A few vectors as the model gave them, by row: what is read back must be these."""

    vectors: dict[int, np.ndarray]
    dim: int


def encode(
    draft: Draft,
    encoder: Encoder,
    settings: IndexSettings,
    base_dim: int,
    progress: Progress,
    cluster: Spread | None,
    *,
    use_cache: bool,
) -> tuple[int, Canaries]:
    """Write the vectors of the draft's new sentences; how many were encoded, and some of them.

    A cluster fills the cache before, so that nothing is left to encode here.
    """
    if cluster is None:
        return _encode_here(draft, encoder, settings, base_dim, progress, use_cache=use_cache)
    progress.stage("encode", draft.new_sentences())
    with VectorCache(settings.index.dir / CACHE_FILE, encoder.fingerprint) as cache:
        ahead = encode_ahead(draft.texts(), cluster, cache, progress.advance, use_cache=use_cache)
    left, canaries = _encode_here(draft, encoder, settings, base_dim, Silent(), use_cache=True)
    return ahead + left, canaries


def _encode_here(
    draft: Draft, encoder: Encoder, settings: IndexSettings, base_dim: int, progress: Progress, *, use_cache: bool
) -> tuple[int, Canaries]:
    """Write the vectors of the draft's new sentences; how many were not in the cache, and some of them."""
    total = draft.new_sentences()
    progress.stage("encode", total)
    texts = draft.texts()
    encoded, at = 0, 0
    kept: dict[int, np.ndarray] = {}  # of the new ones, by number
    with VectorCache(settings.index.dir / CACHE_FILE, encoder.fingerprint) as cache, ExitStack() as writing:
        writer: VectorsWriter | None = None
        for part in iter(lambda: list(islice(texts, _LOOK_UP_AT_ONCE)), []):
            matrix, fresh = _vectors(part, encoder, cache, progress, use_cache=use_cache)
            writer = writer or writing.enter_context(draft.vectors(matrix.shape[1]))
            writer.add(matrix)
            step = max(1, total // _CANARIES)
            kept.update({row: matrix[row - at] for row in range(-(-at // step) * step, at + len(part), step)})
            encoded, at = encoded + fresh, at + len(part)
        writer = writer or writing.enter_context(draft.vectors(base_dim))
        first_new = len(writer) - at
        cache.trim(len(writer), writer.dim)
    return encoded, Canaries({first_new + row: vector for row, vector in kept.items()}, writer.dim)


def _vectors(
    texts: Sequence[str], encoder: Encoder, cache: VectorCache, progress: Progress, *, use_cache: bool
) -> tuple[np.ndarray, int]:
    """Vectors of `texts` (len(texts), dim), and how many were not in the cache."""
    known = cache.get(texts) if use_cache else {}
    progress.advance(len(known))
    missing = list(dict.fromkeys(text for i, text in enumerate(texts) if i not in known))
    repeated = len(texts) - len(known) - len(missing)
    fresh: dict[str, np.ndarray] = {}
    for at in range(0, len(missing), _ENCODE_AT_ONCE):
        part = missing[at : at + _ENCODE_AT_ONCE]
        encoded = encoder.encode_passages(part, progress.advance)
        cache.put(part, encoded)
        fresh.update(zip(part, encoded, strict=True))
    progress.advance(repeated)
    rows = [known[i] if i in known else fresh[text] for i, text in enumerate(texts)]
    return np.stack(rows).astype(np.float32, copy=False), len(missing)
