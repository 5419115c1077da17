"""What a search over many vectors costs and finds: exact, compressed as a build does it, and what else faiss has.

    python -m benchmarks.vectors REAL.npy QUESTIONS.npy [--rows 400000 1000000] [--folder DIR] [--rivals]

REAL.npy: unit vectors of real sentences (n, dim) float32; QUESTIONS.npy: of real questions or headlines. More rows are
made of copies: each moved along the difference of two others, with a little noise, until its cosine with its original
is 0.9 to 0.97. Prints one line a measurement: milliseconds by the clock and by the processor (where other programs run,
compare the latter), recall against exact search, bytes a vector, seconds to make, memory. --rivals: HNSW, IVF and
RaBitQ too, which need everything in memory.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from embeddings import layout, vectors, vectors_training
from embeddings.pipeline import Silent

_faiss: Any = faiss
AT_ONCE = 50_000  # rows made or added at once
SAMPLE = 40_000
DEPTHS = (10, 400, 1600)
CANDIDATES = 4000
Search = Callable[[np.ndarray], np.ndarray]
"""A question's candidates, best first."""


def grown(real: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    """The real vectors, then copies that were moved, in parts."""
    yield np.asarray(real[:rows])
    chance = np.random.default_rng(1)
    for at in range(len(real), rows, AT_ONCE):
        count = min(AT_ONCE, rows - at)
        own, there, here = (real[chance.integers(len(real), size=count)] for _ in range(3))
        way = there - here
        way += 0.35 * way.std() * chance.standard_normal(way.shape, dtype=np.float32)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        cosine = chance.uniform(0.9, 0.97, size=(count, 1)).astype(np.float32)
        moved = own + np.sqrt(1 / cosine**2 - 1) * way
        yield moved / np.linalg.norm(moved, axis=1, keepdims=True)


def told(name: str, stored: vectors.Vectors, search: Search, questions: np.ndarray, truth: np.ndarray) -> None:
    clock, processor, found = [], [], []
    for question in questions:
        started, worked = time.perf_counter(), time.process_time()
        found.append(search(question))
        clock.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.process_time() - worked))
    recalls = [
        np.mean([vectors_training.recall(stored, *of) for of in zip(questions, found, truth[:, :k], strict=True)])
        for k in DEPTHS
    ]
    print(
        f"{name}: clock p50 {np.median(clock):.1f} p95 {np.percentile(clock, 95):.1f} ms, "
        f"processor {np.mean(processor):.1f} ms, recall "
        + ", ".join(f"@{k} {recall:.4f}" for k, recall in zip(DEPTHS, recalls, strict=True)),
        flush=True,
    )


def memory() -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) / 1000 for line in lines if line.startswith("Rss")}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return f"own {values['RssAnon']:.0f} MB, mapped {values['RssFile']:.0f} MB, peak {peak:.0f} MB"


def ours(folder: Path, dim: int, rows: int, questions: np.ndarray, truth: np.ndarray) -> None:
    started, worked = time.perf_counter(), time.process_time()
    made = vectors_training.compress(folder, dim, rows, None, 0, Silent())
    print(
        f"{rows} made in {time.perf_counter() - started:.0f} s, processor {time.process_time() - worked:.0f} s: {made}"
    )
    size = sum((folder / name).stat().st_size for name in (layout.CODES_FILE, layout.INT8_FILE))
    print(f"{rows} bytes a vector: {size / rows:.0f} beside {4 * dim}; while it was made: {memory()}")
    started = time.perf_counter()
    stored = vectors.load(folder / layout.VECTORS_FILE, made)
    print(f"{rows} opened in {time.perf_counter() - started:.2f} s: {memory()}")
    told(f"{rows} compressed, 1600", stored, lambda q: stored.search(q, 1600)[1], questions, truth)
    told(f"{rows} compressed, 10", stored, lambda q: stored.search(q, 10)[1], questions, truth)
    print(f"{rows} after the questions: {memory()}")


def rivals(folder: Path, dim: int, rows: int, questions: np.ndarray, truth: np.ndarray) -> None:
    """Candidates of other kinds of index, as they order them: no second look."""
    chosen = np.sort(np.random.default_rng(0).choice(rows, min(rows, SAMPLE), replace=False))
    exact = vectors.load(folder / layout.VECTORS_FILE)
    sample = exact.rows(chosen)
    lists = 1 << int(np.log2(np.sqrt(rows)))
    coarse = faiss.IndexFlatL2(dim)
    metric = faiss.METRIC_L2
    sq8, in_16 = faiss.ScalarQuantizer.QT_8bit, [16, 8, 4]
    kinds: dict[str, tuple[Any, list[Any]]] = {
        "RaBitQ fast scan": (_faiss.IndexRaBitQFastScan(dim, metric), [None]),
        f"PQ{dim // 2}x4 fast scan": (_faiss.IndexPQFastScan(dim, dim // 2, 4, metric), [None]),
        f"PQ{dim // 3}x4 fast scan": (_faiss.IndexPQFastScan(dim, dim // 3, 4, metric), [None]),
        "IVF SQ8": (_faiss.IndexIVFScalarQuantizer(coarse, dim, lists, sq8, metric), in_16),
        "IVF RaBitQ fast scan": (_faiss.IndexIVFRaBitQFastScan(coarse, dim, lists, metric), in_16),
        f"IVF PQ{dim // 2}x4 fast scan": (_faiss.IndexIVFPQFastScan(coarse, dim, lists, dim // 2, 4, metric), in_16),
        "HNSW32 SQ8": (_faiss.IndexHNSWSQ(dim, sq8, 32, metric), [400, 1600]),
    }  # fmt: skip
    for name, (index, settings) in kinds.items():
        worked = time.process_time()
        index.train(sample)
        for at in range(0, rows, AT_ONCE):
            index.add(vectors.read_rows(folder / layout.VECTORS_FILE, dim, at, min(at + AT_ONCE, rows)))
        size = len(faiss.serialize_index(index)) / rows
        print(f"{rows} {name}: processor {time.process_time() - worked:.0f} s to make, {size:.0f} bytes a vector")
        for setting in settings:
            label, parameters = name, None
            if name.startswith("HNSW"):
                label, parameters = f"{name}, ef {setting}", _faiss.SearchParametersHNSW(efSearch=setting)
            elif setting is not None:
                kind = _faiss.IVFRaBitQSearchParameters if "RaBitQ" in name else _faiss.SearchParametersIVF
                label, parameters = f"{name}, 1/{setting} of {lists} lists", kind(nprobe=lists // setting)

            def search(question: np.ndarray, index: Any = index, parameters: Any = parameters) -> np.ndarray:
                _, found = index.search(question[None, :], CANDIDATES, params=parameters)
                return np.asarray(found[0])

            told(f"{rows} {label}", exact, search, questions, truth)
        del index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("real", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[400_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="where files are made: six bytes a number")
    parser.add_argument("--rivals", action="store_true")
    options = parser.parse_args()
    real = np.load(options.real, mmap_mode="r")
    questions = np.load(options.questions)[:200]
    for rows in options.rows:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            folder, dim = Path(name), real.shape[1]
            with vectors.VectorsWriter(folder / layout.VECTORS_FILE, dim) as writer:
                for part in grown(real, rows):
                    writer.add(part)
            truth = vectors_training.nearest_scores(folder, dim, rows, questions, min(rows, DEPTHS[-1]))
            exact = vectors.load(folder / layout.VECTORS_FILE)
            told(f"{rows} exact", exact, lambda q, exact=exact: exact.search(q, 1600)[1], questions[:20], truth[:20])  # type: ignore[misc]
            del exact
            ours(folder, dim, rows, questions, truth)
            if options.rivals:
                rivals(folder, dim, rows, questions, truth)


if __name__ == "__main__":
    main()
