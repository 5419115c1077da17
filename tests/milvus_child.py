"""A build for Milvus in a process of its own, which can be halted at any step.

python tests/milvus_child.py SOURCE INDEX URI CACHE [--at STAGE STEP] [--prefix NAME]

From that step on it says "halted" and waits until standard input ends.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embeddings import pipeline
from embeddings.console import complain
from embeddings.errors import BotError
from tests.build_child import halt
from tests.fakes import HashingEncoder
from tests.milvus_server import milvus_settings


class Halting:
    """Progress that halts once, when a stage has made so many steps or more: some come together."""

    def __init__(self, stage: str, step: int) -> None:
        self._stage, self._step = stage, step
        self._now, self._done = "", 0

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002
        self._now, self._done = name, 0
        self.advance(0)

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        if self._now == self._stage and self._done >= self._step:
            self._stage = ""
            halt()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("uri")
    parser.add_argument("--at", nargs=2, metavar=("STAGE", "STEP"), default=("never", "0"))
    parser.add_argument("--prefix", default="qa_bot")
    options = parser.parse_args()
    settings = milvus_settings(options.source, options.home, options.uri, options.prefix)
    stage, step = options.at
    try:
        report = pipeline.build(settings, HashingEncoder(), Halting(stage, int(step)))
    except BotError as error:
        complain(f"{type(error).__name__}: {error}")
        return 1
    print(f"generation {report.generation}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
