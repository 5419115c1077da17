"""A build for Milvus in a process of its own, which can be halted at any step.

python tests/milvus_child.py SOURCE INDEX URI CACHE [--at STAGE STEP] [--prefix NAME]

At that step it says "halted" and waits until standard input ends.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embeddings import pipeline
from embeddings.console import complain
from embeddings.errors import BotError
from tests.build_child import At, halt
from tests.fakes import HashingEncoder
from tests.milvus_server import milvus_settings


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
        report = pipeline.build(settings, HashingEncoder(), At(stage, int(step), halt))
    except BotError as error:
        complain(f"{type(error).__name__}: {error}")
        return 1
    print(f"generation {report.generation}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
