"""What large files looked like to the file system when they were hashed and found right.

With it, opening an index does not hash gigabytes each time.

A stamp holds device, inode, size and both times of a file, and the hash that it had. Whoever writes to a file, or puts
another in its place, changes one of them. What a stamp cannot see is a disk that gives other bytes than it was given;
for this there is `rebuild-index --verify`, and a build hashes whatever it goes on from. Stamps are never the only copy
of anything: without them, files are hashed.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

FILE, UNFINISHED = "stamps.json", ".stamps.json-*"
LARGE = 32_000_000  # bytes; smaller files are hashed whenever they are opened
_SETTLED = (
    100_000_000  # nanoseconds that a file must have been left alone: clocks of file systems tick every 10 ms or less
)
_MOST = 64  # stamps

Stamp = tuple[int, int, int, int, int, str]
"""Device, inode, bytes, times of the last change of content and of status (ns), SHA-256."""


def stamp_of(path: Path, sha256: str) -> Stamp:
    """Raises OSError."""
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, sha256


def settled(stamp: Stamp) -> bool:
    """Whether a write from now on would change the stamp."""
    return time.time_ns() - stamp[4] > _SETTLED


def read(index_dir: Path) -> frozenset[Stamp]:
    """The stamps that there are; those of a damaged file are none."""
    try:
        rows = json.loads((index_dir / FILE).read_bytes())
        return frozenset((int(a), int(b), int(c), int(d), int(e), str(f)) for a, b, c, d, e, f in rows)
    except (OSError, ValueError, TypeError, RecursionError):
        return frozenset()


def add(index_dir: Path, new: list[Stamp]) -> None:
    """Keep these too, the newest ones longest. Where that cannot be, it costs the next reader time and nothing else."""
    if not new:
        return
    kept = sorted(read(index_dir) | set(new), key=lambda stamp: -stamp[4])[:_MOST]
    with suppress(OSError):
        handle, name = tempfile.mkstemp(prefix=UNFINISHED[:-1], dir=index_dir)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(kept, file)
            os.replace(name, index_dir / FILE)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
