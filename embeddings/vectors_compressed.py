"""A compressed form of many vectors: codes of half a byte for two or three numbers, which a search scans whole, and
rows of 8-bit integers, by which the best of them are ordered.

Product quantisation (Jégou and others 2011), scanned in registers (André and others 2015: "fast scan"). Measured on
sentences of news in multilingual-e5-small (benchmarks/vectors.py), whose vectors lie close together: cells of a coarse
quantiser have to be visited by the quarter before the ten nearest sentences are among what is seen, which costs more
than to scan everything at a twelfth of its size. So a row's code depends on nothing but the row and the trained tables:
rows are added by encoding them, taken away by leaving them out.

Distances are Euclidean: between unit vectors they order as inner products do, wherever the vectors lie.
"""

from __future__ import annotations

import os
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from embeddings.errors import CorruptIndex
from embeddings.layout import CODES_FILE, INT8_FILE
from embeddings.rows_writing import RowsWriter

_faiss: Any = faiss  # what its stubs say of these classes is not what SWIG makes of them

_BITS = 4  # of one code: 16 values, as many as a register holds
_WIDE = 1_500_000  # rows; above, one code stands for three numbers, for what is scanned has to come from memory
_ROUNDS = 8  # of k-means; the default of 25 brings nothing that was measured
_PER_SHARD = 1_000_000  # rows; more are scanned by two threads or more
_SPARE = 400  # candidates for `limit` results are effort * (limit + _SPARE)
_COUNT = struct.Struct("<Q")
_ROWS_AT = 8  # where faiss writes the number of rows: after four letters and the dimension
_MARK = b"\xa5"


@dataclass(frozen=True, slots=True)
class Compression:
    """How a generation's vectors were compressed, and how well that finds them; a part of its manifest."""

    kind: str  # the codes, then the rows: "pq192x4fs,sq8"
    trained_on: int  # rows that there were when the tables were made
    changed: int  # rows that came or went since recall was measured
    effort: float  # how many candidates are looked at for one result
    recall_at_10: float  # of `queries` made of stored rows, against exact search
    recall_at_400: float
    queries: int

    @classmethod
    def of(cls, record: dict[str, Any]) -> Self | None:
        """What a manifest says; None: not compressed."""
        try:
            return cls(**record) if record else None
        except TypeError as error:
            raise CorruptIndex("The manifest tells of no compression that this program knows") from error

    def record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Tables:
    """What was learnt of a sample: two indexes of faiss without a row."""

    codes: faiss.IndexPQ
    int8: faiss.IndexScalarQuantizer

    @property
    def kind(self) -> str:
        return f"pq{self.codes.pq.M}x{_BITS}fs,sq8"


def train(sample: np.ndarray, rows: int) -> Tables:
    """Tables for `rows` vectors of which `sample` (n, dim) is one. The same sample gives the same tables."""
    dim = sample.shape[1]
    codes = faiss.IndexPQ(dim, dim // _numbers_a_code(dim, rows), _BITS, faiss.METRIC_L2)
    codes.pq.cp.niter = _ROUNDS
    codes.pq.cp.min_points_per_centroid = 1  # else a small sample is remarked upon on standard error
    int8 = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2)
    for index in (codes, int8):
        index.train(np.ascontiguousarray(sample, np.float32))
    return Tables(codes, int8)


def can_compress(rows: int) -> bool:
    """Whether there is enough to learn tables from."""
    return rows >= 1 << _BITS


def _numbers_a_code(dim: int, rows: int) -> int:
    if rows > _WIDE and dim % 3 == 0:
        return 3
    return 2 if dim % 2 == 0 else 1


class CompressedWriter:
    """Writes both files into `folder`. Use it in a `with`."""

    def __init__(self, folder: Path, tables: Tables) -> None:
        self._tables = tables
        self._writers = [
            (CODES_FILE, tables.codes, _writer(folder / CODES_FILE, tables.codes)),
            (INT8_FILE, tables.int8, _writer(folder / INT8_FILE, tables.int8)),
        ]

    def keep(self, base: Path, ranges: list[tuple[int, int]]) -> None:
        """Copy rows first to end (exclusive) of each range from the generation in `base`, of the same tables."""
        for name, _, writer in self._writers:
            writer.keep(base / name, ranges)

    def add(self, vectors: np.ndarray) -> None:
        """Append `vectors` (n, dim)."""
        for _, index, writer in self._writers:
            writer.add_rows(index.sa_encode(np.ascontiguousarray(vectors, np.float32)).tobytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        for _, _, writer in self._writers:
            writer.__exit__(*raised)


def _writer(file: Path, empty: faiss.Index) -> RowsWriter:
    """One that writes what faiss would write of `empty` with rows: found by looking at how it writes a single one."""
    size = empty.sa_code_size()
    one = faiss.clone_index(empty)
    one.add_sa_codes(np.frombuffer(_MARK * size, np.uint8)[None, :])
    whole = faiss.serialize_index(one).tobytes()
    at = whole.rindex(_MARK * size)
    before = whole[: at - _COUNT.size]

    def header(rows: int) -> bytes:
        counted = before[:_ROWS_AT] + _COUNT.pack(rows) + before[_ROWS_AT + _COUNT.size :]
        return counted + _COUNT.pack(rows * size)

    return RowsWriter(file, header, size, whole[at + size :])


# --- reading ---


class Compressed:
    """Search over the compressed rows; safe from several threads."""

    def __init__(self, codes: Any, int8: Any, effort: float) -> None:
        self._shards = packed_in(codes, max(1, min(os.cpu_count() or 1, -(-codes.ntotal // _PER_SHARD))))
        scan = self._shards[0]
        if len(self._shards) > 1:
            scan = _faiss.IndexShards(codes.d, True, True)
            for shard in self._shards:
                scan.add_shard(shard)
        self._int8 = int8
        self._scan = scan  # faiss does not hold what it was given
        self._search = faiss.IndexRefine(scan, int8)
        self._effort = effort
        trained = faiss.vector_to_array(int8.sq.trained)
        self._codes = faiss.rev_swig_ptr(int8.codes.data(), int8.ntotal * int8.code_size).reshape(int8.ntotal, -1)
        self._step = trained[int8.d :] / 255  # faiss/impl/scalar_quantizer: least + (code + 0.5) / 255 * range
        self._least = trained[: int8.d] + self._step / 2

    def search(self, query: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
        """(scores, rows) of the `limit` nearest to the unit vector `query` (dim,), best first; float32, int64."""
        limit = min(limit, self._int8.ntotal)
        candidates = min(self._int8.ntotal, int(self._effort * (limit + _SPARE)))
        wanted = _faiss.IndexRefineSearchParameters(k_factor=max(1.0, candidates / limit))
        distances, rows = self._search.search(np.ascontiguousarray(query, np.float32)[None, :], limit, params=wanted)
        found = rows[0] >= 0
        return 1 - distances[0][found] / 2, rows[0][found]

    def scores(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The inner product of `query` with each of these rows, as 8 bits give them: (len(rows),) float32."""
        return np.asarray(self._codes[rows].astype(np.float32) @ (query * self._step) + query @ self._least)

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """The rows as 8 bits give them: (len(rows), dim) float32."""
        if len(rows) == 0:
            return np.empty((0, self._int8.d), np.float32)
        return np.asarray(self._int8.reconstruct_batch(np.ascontiguousarray(rows, np.int64)))


def packed_in(codes: Any, parts: int) -> list[Any]:
    """The codes in the order of registers, in memory, in so many parts of successive rows."""
    if parts == 1:
        return [faiss.IndexPQFastScan(codes)]
    rows = faiss.rev_swig_ptr(codes.codes.data(), codes.ntotal * codes.code_size).reshape(codes.ntotal, -1)

    def packed(part: np.ndarray) -> Any:
        index: Any = faiss.IndexPQ(codes.d, codes.pq.M, _BITS, faiss.METRIC_L2)
        index.pq, index.is_trained = codes.pq, True
        index.add_sa_codes(np.ascontiguousarray(part))
        return faiss.IndexPQFastScan(index)

    with ThreadPoolExecutor(parts) as threads:
        return list(threads.map(packed, np.array_split(rows, parts)))


def load(folder: Path, dim: int, rows: int, compression: Compression) -> Compressed:
    """Raises CorruptIndex unless both files are there, sound and of as many rows."""
    codes = _read(folder / CODES_FILE, faiss.IndexPQ, dim, rows)
    return Compressed(codes, _read(folder / INT8_FILE, faiss.IndexScalarQuantizer, dim, rows), compression.effort)


def tables_of(folder: Path, dim: int, rows: int) -> Tables:
    """What the files of a generation were made by. Raises CorruptIndex."""
    codes = _read(folder / CODES_FILE, faiss.IndexPQ, dim, rows)
    int8 = _read(folder / INT8_FILE, faiss.IndexScalarQuantizer, dim, rows)
    empty = faiss.IndexPQ(dim, codes.pq.M, _BITS, faiss.METRIC_L2)
    empty.pq, empty.is_trained = codes.pq, True
    bare = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2)
    bare.sq, bare.is_trained = int8.sq, True
    return Tables(empty, bare)


def _read(file: Path, kind: type, dim: int, rows: int) -> Any:
    """The index in `file`, mapped into memory."""
    try:
        faiss.set_deserialization_vector_byte_limit(file.stat().st_size + 1)
        index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
        if not isinstance(index, kind) or (index.d, index.ntotal) != (dim, rows):
            raise RuntimeError("another index")
        return index
    except (OSError, RuntimeError) as error:
        raise CorruptIndex(
            f"{file} cannot be read as compressed vectors. Rebuild the index: rebuild-index --full"
        ) from error
