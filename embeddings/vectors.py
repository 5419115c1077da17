"""Nearest vectors by inner product: exact search. The only module that imports faiss.

faiss.write_index loses data silently on a full disk and never flushes, so the file is written here, row by row, in
the layout that faiss itself gives a flat index; `generations` flushes and hashes it. It is mapped into memory, not
read: processes that serve the same generation share it.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import faiss
import numpy as np

from embeddings.errors import CorruptIndex

_HEADER = struct.Struct("<4siqqqBiQ")  # faiss/impl/index_write.cpp: write_index_header, then the length of the codes
_FLAT_IP = b"IxFI"
_DUMMY = 1 << 20  # two numbers that faiss writes and skips
_INNER_PRODUCT = 0
_FLOAT = 4  # bytes
_CHUNK = 1 << 26  # bytes copied at once
_CANNOT_COPY = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


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


class VectorsWriter:
    """Writes a flat index to `file`: first the rows that are kept of another one, then new ones. Use it in a `with`."""

    def __init__(self, file: Path, dim: int) -> None:
        self.dim = dim
        self._rows = 0
        self._file: BinaryIO = file.open("xb")
        self._file.write(_header(dim, 0))

    def keep(self, base: Path, ranges: Sequence[tuple[int, int]]) -> None:
        """Copy rows first to end (exclusive) of each range from the index in `base`."""
        self._file.flush()
        with base.open("rb") as source:
            for first, end in ranges:
                offset = _HEADER.size + first * self.dim * _FLOAT
                left = (end - first) * self.dim * _FLOAT
                while left:
                    copied = _copy(source, offset, self._file, min(left, _CHUNK))
                    if not copied:
                        raise OSError(errno.EIO, f"{base} is shorter than it should be")
                    offset, left = offset + copied, left - copied
                self._rows += end - first

    def add(self, vectors: np.ndarray) -> None:
        """Append `vectors` (n, dim)."""
        self._file.write(np.ascontiguousarray(vectors, "<f4").tobytes())
        self._rows += len(vectors)

    def __len__(self) -> int:
        return self._rows

    def __enter__(self) -> VectorsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.seek(0)
            self._file.write(_header(self.dim, self._rows))
        self._file.close()


def _copy(source: BinaryIO, offset: int, target: BinaryIO, most: int) -> int:
    """Copy bytes to the end of `target`, inside the kernel where the file system can; how many there were."""
    try:
        copied = os.copy_file_range(source.fileno(), target.fileno(), most, offset)
    except OSError as error:
        if error.errno not in _CANNOT_COPY:
            raise
        source.seek(offset)
        copied = target.write(source.read(most))
        target.flush()
    return copied


def _header(dim: int, rows: int) -> bytes:
    return _HEADER.pack(_FLAT_IP, dim, rows, _DUMMY, _DUMMY, 1, _INNER_PRODUCT, rows * dim)


def load(file: Path) -> Vectors:
    """Raises CorruptIndex when the file is not an index that `VectorsWriter` made."""
    try:
        faiss.set_deserialization_vector_byte_limit(
            file.stat().st_size + 1
        )  # a hostile header could ask for any amount
        with file.open("rb") as opened:
            if opened.read(len(_FLAT_IP)) != _FLAT_IP:
                raise RuntimeError("no flat index")
        return Vectors(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC))
    except (OSError, RuntimeError) as error:
        raise CorruptIndex(f"{file} cannot be read as vectors. Rebuild the index: rebuild-index --full") from error
