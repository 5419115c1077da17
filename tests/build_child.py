"""A build in a process of its own, which can be halted at any step, starved of disk or be another user.

python tests/build_child.py SOURCE INDEX [--halt STAGE STEP] [--file-limit BYTES] [--full]

At the halt it says "halted" and waits until standard input ends.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

from fakes import HashingEncoder, index_settings

from embeddings import pipeline
from embeddings.console import complain
from embeddings.errors import BotError


class Halting:
    """Progress that stops the build at one step of one stage."""

    def __init__(self, stage: str, step: int) -> None:
        self._halt = (stage, step)
        self._at = ("", 0)

    def stage(self, name: str, total: int) -> None:
        self._at = (name, 0)
        self._look()

    def advance(self, steps: int = 1) -> None:
        self._at = (self._at[0], self._at[1] + steps)
        self._look()

    def _look(self) -> None:
        if self._at == self._halt:
            print("halted", flush=True)
            sys.stdin.read()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--halt", nargs=2, default=("", "-1"))
    parser.add_argument("--file-limit", type=int)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    if options.file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (options.file_limit, options.file_limit))
    progress = Halting(options.halt[0], int(options.halt[1]))
    try:
        report = pipeline.build(
            index_settings(options.source, options.index), HashingEncoder(), progress, full=options.full
        )
    except BotError as error:
        complain(f"{type(error).__name__}: {error}")
        return 1
    print(f"generation {report.generation}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
