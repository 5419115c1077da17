"""When vectors are compressed, from what the tables are learnt, and how well they find what exact search finds.

What is decided here is decided by counts and a seeded sample, so that the same rows give the same files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from embeddings import layout, vectors
from embeddings.vectors_compressed import (
    CompressedWriter,
    Compression,
    Tables,
    can_compress,
    tables_of,
    train,
)

FLOOR = 0.98  # recall@10 against exact search, below which more candidates are looked at
EFFORTS = (2.0, 4.0, 8.0, 16.0, 32.0)
_SAMPLE = 20_000  # rows that tables are learnt from; k-means looks at 256 for each of 16 values, so more bring nothing
_OUTGROWN = 4  # times as many rows as the tables were made for: they are learnt anew
_MEASURE_AGAIN = 0.1  # of the rows came or went since
_QUERIES = 64
_MOVED = 0.8  # of the way between two other rows that a query lies from its own
_AT_ONCE = 16_384  # rows held in memory
_DEEP = 400
_ROUNDING = 1e-5  # of a score, between one product and another
_SEED = 7


class Steps(Protocol):
    """Who wants to know how many rows are done."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, steps: int = 1) -> None: ...


@dataclass(frozen=True, slots=True)
class Before:
    """The generation that a build goes on from."""

    folder: Path
    rows: int
    kept: list[tuple[int, int]]  # ranges of its rows that stay, in order: the first ones of the new generation
    compression: Compression | None


def compress(
    folder: Path, dim: int, rows: int, before: Before | None, exact_up_to: int, progress: Steps
) -> Compression | None:
    """Write the compressed form of the vectors in `folder`, where there are more than `exact_up_to`.

    None when search stays exact: too few rows, or such as no table serves.
    """
    if rows <= exact_up_to or not can_compress(rows):
        return None
    found: Compression | None = None
    if before is not None and before.compression is not None and rows <= _OUTGROWN * before.compression.trained_on:
        found = _go_on(folder, dim, rows, before, before.compression, progress)
    if found is None:
        progress.stage("compress", rows)
        tables = train(_sample(folder, rows), rows)
        _write(folder, dim, (0, rows), tables, None, progress)
        found = _measured(folder, dim, rows, Compression(tables.kind, rows, 0, EFFORTS[0], 0.0, 0.0, 0))
    if found is None:
        _forget(folder)
    return found


def _go_on(
    folder: Path, dim: int, rows: int, before: Before, compression: Compression, progress: Steps
) -> Compression | None:
    """With the tables that there are. None, and no files, where they serve no more."""
    kept = sum(end - first for first, end in before.kept)
    progress.stage("compress", rows - kept)
    _write(folder, dim, (kept, rows), tables_of(before.folder, dim, before.rows), before, progress)
    changed = compression.changed + (before.rows - kept) + (rows - kept)
    if changed <= _MEASURE_AGAIN * rows:
        return replace(compression, changed=changed)
    found = _measured(folder, dim, rows, replace(compression, changed=0, effort=EFFORTS[0]))
    if found is None:
        _forget(folder)
    return found


def _write(
    folder: Path, dim: int, new: tuple[int, int], tables: Tables, before: Before | None, progress: Steps
) -> None:
    with CompressedWriter(folder, tables) as writer:
        if before is not None:
            writer.keep(before.folder, before.kept)
        for _, part in _parts(folder, dim, *new):
            writer.add(part)
            progress.advance(len(part))


def _forget(folder: Path) -> None:
    for name in (layout.CODES_FILE, layout.INT8_FILE):
        (folder / name).unlink()


def _parts(folder: Path, dim: int, first: int, end: int) -> Iterator[tuple[int, np.ndarray]]:
    """(row of the first, rows) of all of them, a few at a time."""
    for at in range(first, end, _AT_ONCE):
        yield at, vectors.read_rows(folder / layout.VECTORS_FILE, dim, at, min(at + _AT_ONCE, end))


def _some(folder: Path, rows: np.ndarray) -> np.ndarray:
    """These rows, in their order."""
    return vectors.load(folder / layout.VECTORS_FILE).rows(rows)


def _sample(folder: Path, rows: int) -> np.ndarray:
    chosen = np.random.default_rng(_SEED).choice(rows, min(rows, _SAMPLE), replace=False)
    return _some(folder, np.sort(chosen))


# --- how much is found ---


def _measured(folder: Path, dim: int, rows: int, compression: Compression) -> Compression | None:
    """With the least effort that keeps the floor, and what was found by it; None where none does."""
    queries = _queries(folder, rows)
    truth = nearest_scores(folder, dim, rows, queries, min(rows, _DEEP))
    for effort in EFFORTS:
        stored = vectors.load(folder / layout.VECTORS_FILE, replace(compression, effort=effort))
        at_10, deep = (_mean_recall(stored, queries, truth[:, :depth]) for depth in (10, _DEEP))
        if at_10 >= FLOOR:
            return replace(
                compression,
                effort=effort,
                recall_at_10=round(at_10, 4),
                recall_at_400=round(deep, 4),
                queries=len(queries),
            )
    return None


def _queries(folder: Path, rows: int) -> np.ndarray:
    """Stored rows, each moved along the difference of two others: as far from anything stored as questions are."""
    chosen = np.random.default_rng(_SEED + 1).integers(rows, size=(3, _QUERIES))
    own, there, here = (_some(folder, part) for part in chosen)
    moved = own + _MOVED * (there - here)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def _mean_recall(stored: vectors.Vectors, queries: np.ndarray, truth: np.ndarray) -> float:
    found = (stored.search(query, truth.shape[1])[1] for query in queries)
    return float(np.mean([recall(stored, *each) for each in zip(queries, found, truth, strict=True)]))


def nearest_scores(folder: Path, dim: int, rows: int, queries: np.ndarray, depth: int) -> np.ndarray:
    """Scores of the `depth` nearest to each query, best first, by one pass through the file: (queries, depth)."""
    best = np.full((len(queries), depth), -np.inf, np.float32)
    for _, part in _parts(folder, dim, 0, rows):
        scores = np.concatenate([best, queries @ part.T], axis=1)
        best = np.partition(scores, -depth, axis=1)[:, -depth:]
    return -np.sort(-best, axis=1)


def recall(stored: vectors.Vectors, query: np.ndarray, found: np.ndarray, scores: np.ndarray) -> float:
    """The share of the nearest, whose `scores` are given, that is among the `found` rows.

    Counted by score, since of rows that are equal (reprints, formulas) any will do.
    """
    at_least = scores[-1] - _ROUNDING
    return float(min(1.0, np.count_nonzero(stored.rows(found[: len(scores)]) @ query >= at_least) / len(scores)))
