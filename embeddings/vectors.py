"""Nearest vectors by inner product: exact search up to some size, and above it over a compressed form of the rows.

The exact rows are a flat index of faiss, written by `rows_writing` and mapped into memory, not read: processes that
serve the same generation share them. Where there is a compressed form (vectors_compressed), that is what is mapped, and
the exact rows are read for the few that are shown.
"""

from __future__ import annotations

import os
import struct
import weakref
from functools import partial
from pathlib import Path

import faiss
import numpy as np

from embeddings.errors import CorruptIndex
from embeddings.rows_writing import RowsWriter
from embeddings.vectors_compressed import Compressed, Compression
from embeddings.vectors_compressed import load as load_compressed

_HEADER = struct.Struct("<4siqqqBiQ")  # faiss/impl/index_write.cpp: write_index_header, then the length of the codes
_FLAT_IP = b"IxFI"
_DUMMY = 1 << 20  # two numbers that faiss writes and skips
_INNER_PRODUCT = 0
_FLOAT = 4  # bytes
_SCORED_AT_ONCE = 1 << 16  # rows
_EXACTLY = 32  # of the results of a compressed search, the best: 8 bits may exchange two that are nearly as near


class Vectors:
    """Unit vectors by row number; safe for searches from several threads."""

    def __init__(self, index: faiss.Index, file: Path, compressed: Compressed | None = None) -> None:
        self._index = index
        self._compressed = compressed
        self._file = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    @property
    def exact(self) -> bool:
        """Whether a search looks at every row as it is."""
        return self._compressed is None

    def search(self, query: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
        """(scores, rows) of the `limit` nearest to the unit vector `query` (dim,), best first; float32, int64."""
        limit = min(limit, len(self))
        if limit == 0:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        if self._compressed is not None:
            scores, rows = self._exactly(query, *self._compressed.search(query, max(limit, _EXACTLY)))
            return scores[:limit], rows[:limit]
        scores, rows = self._index.search(np.ascontiguousarray(query, np.float32)[None, :], limit)
        return scores[0], rows[0]

    def _exactly(self, query: np.ndarray, scores: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same, the best ones scored and ordered by the rows as they are."""
        best = self.rows(rows[:_EXACTLY]) @ np.asarray(query, np.float32)
        scores = np.concatenate([best, scores[_EXACTLY:]])
        order = np.argsort(-scores, kind="stable")
        return scores[order], rows[order]

    def scores(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The inner product of `query` with each of these rows, as exact as `search`: (len(rows),) float32."""
        query = np.asarray(query, np.float32)
        if len(rows) > _SCORED_AT_ONCE:
            parts = (rows[at : at + _SCORED_AT_ONCE] for at in range(0, len(rows), _SCORED_AT_ONCE))
            return np.concatenate([self.scores(query, part) for part in parts])
        return self.rows(rows) @ query if self._compressed is None else self._compressed.scores(query, rows)

    def compression_error(self, rows: np.ndarray) -> np.ndarray:
        """How far the compressed form of these rows lies from them: (len(rows),), 0 where search is exact."""
        if self._compressed is None:
            return np.zeros(len(rows), np.float32)
        return np.asarray(np.linalg.norm(self._compressed.rows(rows) - self.rows(rows), axis=1))

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """The vectors themselves: (len(rows), dim) float32."""
        if len(rows) == 0:
            return np.empty((0, self.dim), np.float32)
        if self._compressed is None:
            return np.asarray(self._index.reconstruct_batch(np.ascontiguousarray(rows, np.int64)))
        # Touching a mapped page maps its neighbours too: a few rows a question would be gigabytes before long.
        size = self.dim * _FLOAT
        data = b"".join(os.pread(self._file, size, _HEADER.size + int(row) * size) for row in rows)
        return np.frombuffer(data, "<f4").reshape(len(rows), self.dim)


class VectorsWriter(RowsWriter):
    """Writes a flat index to `file`: first the rows that are kept of another one, then new ones. Use it in a `with`."""

    def __init__(self, file: Path, dim: int) -> None:
        super().__init__(file, partial(_header, dim), dim * _FLOAT)
        self.dim = dim

    def add(self, vectors: np.ndarray) -> None:
        """Append `vectors` (n, dim)."""
        self.add_rows(np.ascontiguousarray(vectors, "<f4").tobytes())


def _header(dim: int, rows: int) -> bytes:
    return _HEADER.pack(_FLAT_IP, dim, rows, _DUMMY, _DUMMY, 1, _INNER_PRODUCT, rows * dim)


def read_rows(file: Path, dim: int, first: int, end: int) -> np.ndarray:
    """Rows of a file of `VectorsWriter`, read and not mapped, so that going through all of them takes no memory."""
    offset = _HEADER.size + first * dim * _FLOAT
    return np.fromfile(file, "<f4", (end - first) * dim, offset=offset).reshape(end - first, dim)


def load(file: Path, compression: Compression | None = None) -> Vectors:
    """Raises CorruptIndex when the file is not an index that `VectorsWriter` made, or its compressed form is none."""
    try:
        faiss.set_deserialization_vector_byte_limit(
            file.stat().st_size + 1
        )  # a hostile header could ask for any amount
        with file.open("rb") as opened:
            if opened.read(len(_FLAT_IP)) != _FLAT_IP:
                raise RuntimeError("no flat index")
        index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
    except (OSError, RuntimeError) as error:
        raise CorruptIndex(f"{file} cannot be read as vectors. Rebuild the index: rebuild-index --full") from error
    if compression is None:
        return Vectors(index, file)
    return Vectors(index, file, load_compressed(file.parent, index.d, index.ntotal, compression))
