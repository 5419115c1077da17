"""A build in a process of its own, which can be halted or starved of disk at any step.

python tests/build_child.py SOURCE INDEX [--at STAGE STEP] [--file-limit BYTES] [--full]

At that step (or, for a limit, at the start) no file may grow beyond the limit; without a limit the build says
"halted" and waits until standard input ends.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from embeddings import pipeline
from embeddings.console import complain
from embeddings.errors import BotError
from tests.fakes import HashingEncoder, index_settings


class At:
    """Progress that does something at one step of one stage."""

    def __init__(self, stage: str, step: int, action: Callable[[], object]) -> None:
        self._moment = (stage, step)
        self._action = action
        self._now = ("", 0)

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002
        self._now = (name, 0)
        self._look()

    def advance(self, steps: int = 1) -> None:
        self._now = (self._now[0], self._now[1] + steps)
        self._look()

    def _look(self) -> None:
        if self._now == self._moment:
            self._action()


def halt() -> None:
    print("halted", flush=True)  # noqa: T201
    sys.stdin.read()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--at", nargs=2, metavar=("STAGE", "STEP"))
    parser.add_argument("--file-limit", type=int)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    limits = (options.file_limit, options.file_limit)

    def starve() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    action = halt if options.file_limit is None else starve
    if options.at is None and options.file_limit is not None:
        starve()
    stage, step = options.at or ("never", 0)
    progress = At(stage, int(step), action)
    try:
        report = pipeline.build(
            index_settings(options.source, options.index), HashingEncoder(), progress, full=options.full
        )
    except BotError as error:
        complain(f"{type(error).__name__}: {error}")
        return 1
    print(f"generation {report.generation}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
