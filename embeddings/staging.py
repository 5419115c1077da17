"""Where a generation is built: one builder at a time, in a folder that nobody reads and that is gone afterwards."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embeddings import stamps
from embeddings.errors import IndexBusy, StorageError

BUILDING = "building-"
LOCK = "lock"


@contextmanager
def builder_lock(index_dir: Path) -> Iterator[None]:
    """Be the only builder. Raises IndexBusy that names the other one."""
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        file = (index_dir / LOCK).open("a+")
    except OSError as error:
        raise StorageError(
            f"The index folder {index_dir} cannot be written ({error.strerror}). Choose another: --index"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise IndexBusy(
                f"Another build of {index_dir} is running (process {holder}). Wait for it to end."
            ) from error
        try:
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), b"%d\n" % os.getpid())
        except OSError as error:
            raise StorageError(_disk_problem(index_dir, error)) from error
        for leftover in index_dir.glob(f"{BUILDING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for unfinished in index_dir.glob(stamps.UNFINISHED):
            unfinished.unlink(missing_ok=True)
        yield


@contextmanager
def staging(index_dir: Path) -> Iterator[Path]:
    """A folder to build in, gone afterwards unless it was published. Foreign disk errors become StorageError."""
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=BUILDING, dir=index_dir))
        folder.chmod(0o755)
        yield folder
    except OSError as error:
        raise StorageError(_disk_problem(index_dir, error)) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _disk_problem(folder: Path, error: OSError) -> str:
    cure = "Free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Check the disk and its permissions"
    return (
        f"The index could not be written to {folder} ({error.strerror or error}). {cure}; the old index still serves."
    )
