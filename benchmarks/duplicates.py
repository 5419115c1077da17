"""Reprints among real articles: what sketches find of all there are, what they cost, what changes they survive.

    python -m benchmarks.duplicates DATA_FOLDER [ARTICLES]

DATA_FOLDER holds vietnews.jsonl.xz (22,643 articles; ARTICLES of them are read, all unless given). Prints Markdown
tables; two and a half minutes and 1.2 GB of memory for all. "Exact" compares every two articles' shingles.
"""

from __future__ import annotations

import json
import lzma
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path

import numpy as np
from scipy import sparse

from embeddings.duplicates import (
    PERMUTATIONS,
    SAME_STORY,
    Sketch,
    alike,
    bands,
    packed,
    same_story,
    shingles,
    sketch,
    stories,
)

Pair = tuple[int, int]
_ROWS = 500  # articles compared with all others at once
_SAMPLE = 400
_KEPT = 0.2  # Jaccard's coefficient of the pairs that are looked at


@dataclass(frozen=True, slots=True)
class Measured:
    """What two articles have in common, exactly."""

    jaccard: float
    contained: float  # of the shorter, in the longer
    ratio: float  # of the shorter to the longer

    @property
    def same(self) -> bool:
        cut = self.ratio >= SAME_STORY.half and self.contained >= SAME_STORY.contained
        return self.jaccard >= SAME_STORY.alike or cut


def read(folder: Path, most: int | None) -> list[str]:
    """The articles' texts, with headline and lead."""
    with lzma.open(folder / "vietnews.jsonl.xz", "rt", encoding="utf-8") as file:
        rows = (json.loads(line) for line in islice(file, most))
        return ["\n".join(row[part] for part in ("title", "abstract", "text") if row[part]) for row in rows]


def exact(hashes: Sequence[np.ndarray]) -> dict[Pair, Measured]:
    """All pairs with a coefficient of at least _KEPT, or where one is contained."""
    sizes = np.array([len(h) for h in hashes])
    rows = np.repeat(np.arange(len(hashes)), sizes)
    _, columns = np.unique(np.concatenate(hashes), return_inverse=True)
    held = sparse.csr_matrix((np.ones(len(rows), np.int32), (rows, columns)))
    found: dict[Pair, Measured] = {}
    for start in range(0, len(hashes), _ROWS):
        product = (held[start : start + _ROWS] @ held.T).tocoo()
        a, b, shared = product.row + start, product.col, product.data
        a, b, shared = (values[a < b] for values in (a, b, shared))
        shorter, longer = np.minimum(sizes[a], sizes[b]), np.maximum(sizes[a], sizes[b])
        measures = np.stack([shared / (sizes[a] + sizes[b] - shared), shared / shorter, shorter / longer], 1)
        for n in np.flatnonzero((measures[:, 0] >= _KEPT) | (measures[:, 1] >= SAME_STORY.contained)):
            found[int(a[n]), int(b[n])] = Measured(*map(float, measures[n]))
    return found


def candidates(keys: Sequence[Sequence[int]]) -> set[Pair]:
    """The pairs that share a band."""
    sharing: dict[int, list[int]] = {}
    for number, own in enumerate(keys):
        for key in own:
            sharing.setdefault(key, []).append(number)
    return {pair for numbers in sharing.values() for pair in combinations(numbers, 2)}


def show_cost(texts: Sequence[str], sketches: Sequence[Sketch], keys: Sequence[Sequence[int]]) -> None:
    usual = [text for text in texts if 1500 < len(text) < 2500][:1000]
    started = time.perf_counter()
    for text in usual:
        sketch(text)
    made = (time.perf_counter() - started) / len(usual) * 1000
    started = time.perf_counter()
    for of in sketches[:1000]:
        bands(of.signature)
    banded = time.perf_counter() - started
    table = sqlite3.connect(":memory:")
    table.execute("CREATE TABLE bands (key INTEGER, article INTEGER, PRIMARY KEY (key, article)) WITHOUT ROWID")
    table.executemany("INSERT INTO bands VALUES (?, ?)", ((key, n) for n, own in enumerate(keys) for key in own))
    (pages,), (size,) = table.execute("PRAGMA page_count").fetchone(), table.execute("PRAGMA page_size").fetchone()
    print("| cost | |\n| --- | --- |")
    print(f"| sketch of {np.mean([len(t) for t in usual]):.0f} characters | {made:.2f} ms |")
    print(f"| its bands | {banded:.2f} ms |")
    print(f"| sketch on disk | {len(packed(sketches[0]))} bytes |")
    print(f"| bands in SQLite | {pages * size / len(keys):.0f} bytes an article |")


def show_found(pairs: dict[Pair, Measured], near: set[Pair], sketches: Sequence[Sketch], texts: Sequence[str]) -> None:
    told = Counter(stories(dict(enumerate(sketches))).values())
    print("\n| in real articles | |\n| --- | --- |")
    print(f"| articles | {len(sketches)} |")
    print(f"| pairs that share a band | {len(near)} |")
    found = {pair for pair in near if same_story(sketches[pair[0]], sketches[pair[1]])}
    same = {pair for pair, measured in pairs.items() if measured.same}
    print(f"| the same story, by sketches | {len(found)} |")
    print(f"| … exactly | {len(same)}, of which letter by letter {sum(texts[a] == texts[b] for a, b in same)} |")
    print(f"| … found of those | {len(found & same) / max(1, len(same)):.1%} |")
    print(f"| stories of several articles; the largest | {sum(n > 1 for n in told.values())}; {max(told.values())} |")
    print("\n| Jaccard | pairs | share a band |\n| --- | --- | --- |")
    for low in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        high = {0.6: 0.8, 0.8: 1.1}.get(low, low + 0.1)
        inside = [pair for pair, measured in pairs.items() if low <= measured.jaccard < high]
        print(f"| {low:.1f} to {min(high, 1):.1f} | {len(inside)} | {sum(p in near for p in inside)} |")


def changes(texts: Sequence[str], r: random.Random) -> Iterator[tuple[str, Callable[[str], str]]]:
    """What is done to an article that is printed again."""
    words = [word for text in texts[:300] for word in text.split()]

    def without(text: str, share: float) -> str:
        parts = text.split("\n")
        gone = max(1, round(len(parts) * share))
        at = r.randrange(len(parts) - gone + 1)
        return "\n".join(parts[:at] + parts[at + gone :])

    def replaced(text: str, share: float) -> str:
        return " ".join(r.choice(words) if r.random() < share else word for word in text.split())

    def headed(text: str) -> str:
        return f"{r.choice(texts).partition(chr(10))[0]}\n{text.partition(chr(10))[2]}\nTheo Lan Chi"

    def around(text: str, times: float) -> str:
        other = ""
        while len(other) < (times - 1) * len(text):
            other += "\n" + r.choice(texts)
        return text + other[: int((times - 1) * len(text))]

    yield "another headline and byline", headed
    yield "a fifth of the sentences cut", lambda text: without(text, 0.2)
    yield "two fifths cut", lambda text: without(text, 0.4)
    yield "sentences in another order", lambda text: "\n".join(r.sample(text.split("\n"), text.count("\n") + 1))
    yield "3 % of words changed", lambda text: replaced(text, 0.03)
    yield "5 % of words changed", lambda text: replaced(text, 0.05)
    yield "10 % of words changed", lambda text: replaced(text, 0.10)
    yield "headline, a fifth, 3 %", lambda text: replaced(without(headed(text), 0.2), 0.03)
    yield "in an article 1.5 times as long", lambda text: around(text, 1.5)
    yield "in one 3 times as long", lambda text: around(text, 3)


def show_changed(texts: Sequence[str]) -> None:
    r = random.Random(7)  # noqa: S311 - a fixed choice is wanted
    sample = r.sample([text for text in texts if len(text) > 800], min(_SAMPLE, len(texts) // 4))
    print("\n| printed again with | Jaccard, exact | estimate is off by | share a band | the same story |")
    print("| --- | --- | --- | --- | --- |")
    for name, change in changes(texts, r):
        coefficients, errors, near, same = [], [], 0, 0
        for text in sample:
            again = change(text)
            one, other = sketch(text), sketch(again)
            coefficient = len(np.intersect1d(a := shingles(text), b := shingles(again))) / len(np.union1d(a, b))
            coefficients.append(coefficient)
            errors.append(alike(one.signature, other.signature) - coefficient)
            met = not set(bands(one.signature)).isdisjoint(bands(other.signature))
            near += met
            same += met and same_story(one, other)
        shares = f"{near / len(sample):.1%} | {same / len(sample):.1%}"
        print(f"| {name} | {np.mean(coefficients):.2f} | {np.std(errors):.3f} | {shares} |")
    print(f"\nExpected error at 0.5: {(0.25 / PERMUTATIONS) ** 0.5:.3f}")


def main() -> None:
    texts = read(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
    sketches = [sketch(text) for text in texts]
    keys = [bands(of.signature) for of in sketches]
    show_cost(texts, sketches, keys)
    show_found(exact([shingles(text) for text in texts]), candidates(keys), sketches, texts)
    show_changed(texts)


if __name__ == "__main__":
    main()
