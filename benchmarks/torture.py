"""How an index survives what can happen to it: a table of what was tried, what came of it, what went wrong.

    python -m benchmarks.torture FOLDER [--only TRIAL] [--count N] [--seed N]

FOLDER is filled and emptied again; on a small tmpfs the disk really fills up. Without --count the long form runs:
2,000 kills, 5,000 mutations, 500 races of 8 builders and 50 readers; about an hour on two cores.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests import torture
from tests.torture import Tally, World

LONG = {
    "kills at operations": 1_500,
    "kills at moments": 400,
    "first builds": 100,
    "full disks": 300,
    "failing fsync": 200,
    "mutations": 5_000,
    "damaged caches": 200,
    "races": 500,
}


def trial(name: str, folder: Path, count: int, seed: int, *, long: bool) -> Tally:
    tally = Tally()
    if name == "first builds":
        torture.first_builds(folder, count, seed, tally)
        return tally
    world = World(folder, seed)
    runs: dict[str, Callable[[World, int, Tally], None]] = {
        "kills at operations": partial(torture.kills, operations=True),
        "kills at moments": partial(torture.kills, operations=False),
        "full disks": torture.full_disks,
        "failing fsync": torture.failing_syncs,
        "mutations": torture.mutations,
        "damaged caches": torture.damaged_caches,
        "races": partial(torture.races, builders=8, readers=50 if long else 10),
    }
    runs[name](world, count, tally)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=list(LONG))
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shown = Table("Trial", "Tried", "Survived", "Lost or wrong", "What came of it", "Seconds")
    bad = 0
    for name in [options.only] if options.only else LONG:
        folder = options.folder / name.replace(" ", "-")
        began = time.monotonic()
        tally = trial(name, folder, options.count or LONG[name], options.seed, long=options.count is None)
        shutil.rmtree(folder, ignore_errors=True)
        outcomes = ", ".join(f"{count} {what}" for what, count in tally.outcomes.most_common())
        slowest = f"; slowest {tally.slowest:.2f} s" if tally.slowest else ""
        seconds = f"{time.monotonic() - began:.0f}"
        lost = len(tally.wrong)
        shown.add_row(name, f"{tally.tried}", f"{tally.tried - lost}", f"{lost}", outcomes + slowest, seconds)
        bad += lost
        for line in tally.wrong[:10]:
            print(f"{name}: {line}", file=sys.stderr)
    Console(width=140).print(shown)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
