"""A worker that dies of one kind of request: python -m tests.workers_child"""

from __future__ import annotations

import os

from embeddings.errands import Runner
from embeddings.workers import main

POISON = b"POISON"


def run(runner: Runner, request: bytes) -> bytes:
    if POISON in request:
        os._exit(7)
    return runner.run(request)


if __name__ == "__main__":
    main(run)
