"""txtai: one Embeddings database with `hybrid=True`: vectors in FAISS, BM25 with its Unicode tokenizer, texts.

Everything is as its documentation has it: the two are added with equal weights, the tokenizer is the one that a terms
index gets, `instructions` are the prefixes of E5.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contenders import common


class TxtaiHybrid:
    def build(self, model: Path, rows: Sequence[tuple[str, str]], index: Path) -> float:
        from txtai import Embeddings  # type: ignore[import-not-found]

        embeddings = Embeddings(
            path=str(model),
            hybrid=True,
            content=True,
            instructions={"query": common.QUERY, "data": common.PASSAGE},
        )
        embeddings.batchtransform(["a"])  # the model is loaded now
        started = time.perf_counter()
        embeddings.index([(name, text, None) for name, text in rows])
        embeddings.save(str(index))
        return time.perf_counter() - started

    def open(self, model: Path, index: Path) -> common.Search:  # noqa: ARG002 - the index names its model
        from txtai import Embeddings

        embeddings = Embeddings()
        embeddings.load(str(index))

        def search(question: str) -> list[tuple[str, str]]:
            return [(found["id"], found["text"]) for found in embeddings.search(question, common.TOP)]

        return search


if __name__ == "__main__":
    common.main(TxtaiHybrid())
