"""Build the index of one size for benchmarks.scale: the real builder, with vectors that were made before.

    python -m benchmarks.scale_build BASE CORPUS

Prints one JSON line: what was built, the seconds of each stage, memory.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks import scale_base
from benchmarks.measuring import Failed, memory
from embeddings import pipeline
from embeddings.encoders import make_encoder
from embeddings.settings import Articles, IndexSettings
from embeddings.settings import Index as IndexSection


class Stages:
    """Seconds of each stage of a build; what comes before the first is "start"."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._name, self._since = "start", time.perf_counter()

    def stage(self, name: str, total: int) -> None:
        now = time.perf_counter()
        self.seconds[self._name] = round(self.seconds.get(self._name, 0.0) + now - self._since, 3)
        self._name, self._since = name, now
        print(f"{name}: {total}", file=sys.stderr, flush=True)

    def advance(self, steps: int = 1) -> None: ...


def main() -> None:
    base, corpus = scale_base.load(Path(sys.argv[1])), Path(sys.argv[2])
    if base is None:
        raise Failed(f"{sys.argv[1]} is not whole")
    settings = IndexSettings(articles=Articles(source=(corpus / "source",)), index=IndexSection(dir=corpus / "index"))
    encoder = scale_base.Prepared(base, corpus, make_encoder(settings.encoder))
    stages = Stages()
    report = pipeline.build(settings, encoder, stages)
    stages.stage("end", 0)
    encoder.close()
    print(json.dumps({
        "articles": report.articles, "passages": report.passages, "sentences": report.sentences,
        "build_seconds": round(report.seconds, 2), "stages": stages.seconds, "reused": report.reused,
        "unknown": encoder.unknown, "skipped": len(report.skipped), "index_mb": round(report.bytes / 1e6, 1),
        "build_peak_mb": memory()["peak_mb"],
    }))  # fmt: skip


if __name__ == "__main__":
    main()
