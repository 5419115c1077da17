"""The quick form of benchmarks/torture.py: an index survives kills, full disks, damage and races."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import ROOT

TRIALS = {
    "kills at operations": 40,
    "kills at moments": 15,
    "first builds": 10,
    "full disks": 25,
    "failing fsync": 15,
    "mutations": 150,
    "damaged caches": 12,
    "races": 3,
}


@pytest.mark.parametrize("trial", TRIALS)
def test_nothing_is_lost_and_nothing_wrong_is_served(trial: str, tmp_path: Path) -> None:
    """In a process of its own: it forks, and whoever runs the tests has threads."""
    count = str(TRIALS[trial])
    options = [str(tmp_path), "--only", trial, "--count", count, "--seed", "7"]
    command = [sys.executable, "-m", "benchmarks.torture", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert count in done.stdout
