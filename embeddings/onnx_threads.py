"""How many threads encode fastest on this machine: measured once, not guessed.

Two threads of one core share its units for products, so as many threads as there are processors may be slower than
half of them; on another machine half of them leaves half of it idle. What was measured is written beside the model,
with what it depends on; without that file it is measured anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

_FILE = "threads.json"
_ROUNDS = 3
_WORTH = 1.05  # times as fast: fewer threads than processors only for more than noise


def candidates(processors: int) -> list[int]:
    """As many as there are processors, and half as many where two may share a core."""
    return [processors, processors // 2] if processors > 2 else [processors]


def chosen(folder: Path, processors: int, version: str, seconds: Callable[[int], float]) -> int:
    """Threads for the model in `folder`. `seconds` measures a fixed piece of work on so many threads.

    `version`: of what runs the model; another one is measured anew.
    """
    tried = candidates(processors)
    if len(tried) == 1:
        return processors
    circumstances = {"processors": processors, "version": version}
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads((folder / _FILE).read_text("utf-8"))
        if known["circumstances"] == circumstances and known["threads"] in tried:
            return int(known["threads"])
    threads = quickest(tried, seconds)
    with suppress(OSError):  # a folder that cannot be written costs a second at the next build
        (folder / _FILE).write_text(json.dumps({"circumstances": circumstances, "threads": threads}), "utf-8")
    return threads


def quickest(tried: Sequence[int], seconds: Callable[[int], float]) -> int:
    """The first of `tried`, or another that is clearly faster; measured in turns, the best of each counts."""
    best = dict.fromkeys(tried, float("inf"))
    for _ in range(_ROUNDS):
        for threads in tried:
            best[threads] = min(best[threads], seconds(threads))
    fastest = min(tried, key=lambda threads: best[threads])
    return fastest if best[tried[0]] >= _WORTH * best[fastest] else tried[0]


def clocked(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
