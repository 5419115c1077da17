"""How many processors this process may use."""

from __future__ import annotations

import os
from collections.abc import Mapping


def processors(environment: Mapping[str, str] = os.environ) -> int:
    """What the system lets it use; less where OMP_NUM_THREADS says so, as programs that share out a machine do."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    said = environment.get("OMP_NUM_THREADS", "")
    return max(1, min(allowed, int(said))) if said.isdecimal() else allowed
