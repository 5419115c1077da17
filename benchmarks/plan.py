"""A plan on paper for more passages than this project has measured: every figure reckoned from stated assumptions.

    python -m benchmarks.plan [--sentences 2.65] [--tokens-per-second 4200] [--write]

Prints Markdown tables; --write: puts them between their marks in docs/performance.md.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import measuring
from benchmarks.tables import markdown, marked

SIZES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_DIM = 384
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Measured on the news of benchmarks.scale unless it says otherwise."""

    sentences: float = 2.65  # a passage
    tokens: float = 37.0  # a sentence, prefix included
    tokens_per_second: float = 4_200.0  # of one core, in int8: half of what issue and docs ask of two
    text_bytes: float = 430.0  # a passage: 63.5 MB of bodies in 148,820
    words_bytes: float = 1_740.0  # a passage: lexical index, SQLite with the texts, vocabulary (864 MB less vectors)
    core_hour: float = 0.05  # US dollars; assumed, November 2026: no price list was asked
    memory_hour: float = 0.006  # US dollars a GB; likewise
    disk_month: float = 0.10  # US dollars a GB of SSD; likewise
    node_gb: float = 64.0  # memory of one machine of a cluster
    filled: float = 0.7  # of it by data; the rest is for queries, growth and the system
    replicas: int = 2  # of everything that is searched in a cluster
    night: float = 12.0  # hours that encoding may take


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """Bytes of one vector in memory, and on the disk."""

    name: str
    memory: float
    disk: float


_FLAT = 4 * _DIM
_LINKS = 2 * 16 * 4 * 1.1  # HNSW with M = 16: 32 neighbours of 4 bytes in the lowest layer, a tenth more above
INDEXES = (
    VectorIndex("exact, float32", _FLAT, _FLAT),
    VectorIndex("HNSW over 8-bit numbers (M = 16)", _DIM + _LINKS, _DIM + _LINKS),
    VectorIndex("IVF over 8-bit numbers", _DIM + 8, _DIM + 8),
    VectorIndex("IVF with one bit a number, refined from 8-bit on disk", _DIM / 8 + 8 + 8, _DIM / 8 + 16 + _DIM),
    VectorIndex("on disk (DiskANN), an eighth of float32 in memory", _FLAT / 8, 1.5 * _FLAT),
)
ALONE, SHARED = INDEXES[3], INDEXES[1]  # what one machine would hold, what a cluster's nodes would


def encoding_core_hours(passages: int, given: Assumptions) -> float:
    return passages * given.sentences * given.tokens / given.tokens_per_second / 3600


def gigabytes(passages: int, index: VectorIndex, given: Assumptions) -> tuple[float, float]:
    """(memory, disk) of the vectors alone."""
    vectors = passages * given.sentences
    return vectors * index.memory / _GB, vectors * index.disk / _GB


def nodes(passages: int, index: VectorIndex, given: Assumptions) -> int:
    """Machines of a cluster that hold vectors and words in memory, each part so many times."""
    memory = gigabytes(passages, index, given)[0] + passages * given.words_bytes / _GB
    return math.ceil(given.replicas * memory / (given.node_gb * given.filled))


def _memory_table(sizes: Sequence[int], given: Assumptions) -> str:
    rows = []
    for index in INDEXES:
        pairs = (gigabytes(size, index, given) for size in sizes)
        rows.append([index.name, f"{index.memory:,.0f}", *(f"{_short(a)} / {_short(b)}" for a, b in pairs)])
    return markdown(["vectors, memory / disk in GB", "bytes in memory", *(_count(size) for size in sizes)], rows)


def _work_table(sizes: Sequence[int], given: Assumptions) -> str:
    hours = [encoding_core_hours(size, given) for size in sizes]
    cluster = [nodes(size, SHARED, given) for size in sizes]
    monthly = 730 * given.node_gb * given.memory_hour  # hours of a month; memory is what is paid for
    disks = [gigabytes(size, INDEXES[0], given)[1] + size * given.words_bytes / _GB for size in sizes]
    rows = [
        ["sentences", *(_count(size * given.sentences) for size in sizes)],
        ["text, GB", *(_short(size * given.text_bytes / _GB) for size in sizes)],
        ["encoding, core hours", *(f"{value:,.0f}" for value in hours)],
        ["… on 2 cores", *(_days(value / 2) for value in hours)],
        [f"… cores for a night of {given.night:.0f} hours", *(f"{math.ceil(v / given.night):,}" for v in hours)],
        ["… cost, US dollars", *(f"{value * given.core_hour:,.1f}" for value in hours)],
        ["words and texts, GB", *(_short(size * given.words_bytes / _GB) for size in sizes)],
        ["one machine: memory for vectors, GB", *(_short(gigabytes(size, ALONE, given)[0]) for size in sizes)],
        ["one machine: disk with float32 vectors, GB", *(_short(value) for value in disks)],
        [f"Milvus: nodes of {given.node_gb:.0f} GB, {given.replicas} replicas", *(f"{n:,}" for n in cluster)],
        ["… their cost a month, US dollars", *(f"{n * monthly:,.0f}" for n in cluster)],
        ["float32 vectors and texts kept, a month, US dollars", *(f"{v * given.disk_month:,.0f}" for v in disks)],
    ]
    return markdown(["", *(_count(size) for size in sizes)], rows)


def plan(given: Assumptions, sizes: Sequence[int] = SIZES) -> str:
    words = (
        f"Reckoned with {given.sentences:g} sentences a passage, {given.tokens:g} tokens a sentence, "
        f"{given.tokens_per_second:,.0f} tokens/s a core, {given.words_bytes:,.0f} bytes a passage for words, texts, "
        f"{given.core_hour:g} dollars a core hour, {given.memory_hour:g} dollars a GB of memory and hour, "
        f"{given.disk_month:g} dollars a GB of SSD and month (assumed prices, November 2026), nodes filled to "
        f"{given.filled:.0%}."
    )
    return f"{_work_table(sizes, given)}\n\n{_memory_table(sizes, given)}\n\n{words}"


def _count(value: float) -> str:
    for limit, name in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {name}"
    return f"{value:.0f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _days(hours: float) -> str:
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:,.0f} days"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Assumptions()
    parser.add_argument("--sentences", type=float, default=usual.sentences, help="a passage (default: 2.65)")
    parser.add_argument("--tokens-per-second", type=float, default=usual.tokens_per_second, help="of one core")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    text = plan(Assumptions(sentences=options.sentences, tokens_per_second=options.tokens_per_second))
    if options.write:
        document = measuring.ROOT / "docs" / "performance.md"
        document.write_text(marked(document.read_text("utf-8"), "plan", text), encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
