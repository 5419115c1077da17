"""Nearest vectors by inner product: exact search. The only module that imports faiss.

faiss.write_index loses data silently on a full disk and never flushes, so the index is serialised here and
written by `generations`, which does both. A hostile file could ask for any amount of memory: reading is capped
by the file's own size.
"""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np

from embeddings.errors import CorruptIndex


class Vectors:
    """Unit vectors by row number; safe for searches from several threads."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def search(self, query: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
        """(scores, rows) of the `limit` nearest to `query` (dim,), best first; float32, int64."""
        limit = min(limit, len(self))
        if limit == 0:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        scores, rows = self._index.search(np.ascontiguousarray(query, np.float32)[None, :], limit)
        return scores[0], rows[0]

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """The vectors themselves: (len(rows), dim) float32."""
        if len(rows) == 0:
            return np.empty((0, self.dim), np.float32)
        return np.asarray(self._index.reconstruct_batch(np.ascontiguousarray(rows, np.int64)))


def build(vectors: np.ndarray) -> bytes:
    """A flat index of `vectors` (n, dim), as bytes for a file."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, np.float32))
    return bytes(faiss.serialize_index(index))


def load(file: Path) -> Vectors:
    """Raises CorruptIndex when the file is not an index that `build` made."""
    data = file.read_bytes()
    faiss.set_deserialization_vector_byte_limit(len(data) + 1)
    try:
        return Vectors(faiss.deserialize_index(np.frombuffer(data, np.uint8)))
    except RuntimeError as error:
        raise CorruptIndex(f"{file} cannot be read as vectors. Rebuild the index: rebuild-index --full") from error
