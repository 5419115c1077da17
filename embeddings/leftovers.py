"""Folders of links that readers make in the temporary folder (lexical), and what killed readers left of them.

A reader holds a lock on its folder as long as it lives, so whether a folder is anybody's is asked of the lock: a
process's number could be given again, and is another one inside a container.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from embeddings.layout import LEXICAL_FOLDER

_ANY = "qa-bot-"  # what earlier versions called theirs
_OURS = f"{_ANY}links-"
_ATTEMPTS = 10  # a thread of Tantivy's may lay its lock into the folder while that is being removed
_BEGINNING = 60.0  # seconds; an empty folder younger than that may be one that a reader has made and not locked yet


def link_folder() -> tuple[Path, Callable[[], None]]:
    """A new folder, held for this process, and what removes it. Raises OSError."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_OURS))
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue  # another reader swept it away before it was held
        with suppress(OSError):  # where folders cannot be locked, nobody can sweep them away either
            fcntl.flock(handle, fcntl.LOCK_SH)
        if _is_at(folder, handle):
            return folder, partial(_remove, folder, handle)
        os.close(handle)


def _is_at(folder: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.lstat(folder), os.fstat(handle))
    except FileNotFoundError:
        return False


def _remove(folder: Path, handle: int) -> None:
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
    os.close(handle)


def abandoned() -> list[Path]:
    """Folders of links in the temporary folder that no living reader holds."""
    found = []
    for folder in _candidates():
        with _unheld(folder) as handle:
            if handle is not None:
                found.append(folder)
    return found


def sweep() -> int:
    """Remove what `abandoned` finds; how many there were. Nothing but links is deleted."""
    swept = 0
    for folder in _candidates():
        with _unheld(folder) as handle, suppress(OSError):
            if handle is not None:
                for name in os.listdir(handle):
                    os.unlink(name, dir_fd=handle)
                folder.rmdir()
                swept += 1
    return swept


def _candidates() -> list[Path]:
    try:
        with os.scandir(tempfile.gettempdir()) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.name.startswith(_ANY))
    except OSError:
        return []


@contextmanager
def _unheld(folder: Path) -> Iterator[int | None]:
    """The folder, open and locked, if it is one of ours that nobody holds."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield None
        return
    try:
        yield handle if _is_unheld(folder.name, handle) else None
    finally:
        os.close(handle)


def _is_unheld(name: str, handle: int) -> bool:
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid():
            return False
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        names = os.listdir(handle)
        if not names:
            return name.startswith(_OURS) and time.time() - status.st_mtime > _BEGINNING
        return all(_is_link(entry, handle) for entry in names)
    except OSError:
        return False


def _is_link(name: str, handle: int) -> bool:
    """Whether it is a link into a lexical index, or the lock that Tantivy lays beside them."""
    if stat.S_ISLNK(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode):
        return Path(os.readlink(name, dir_fd=handle)).parent.name == LEXICAL_FOLDER
    return name.startswith(".tantivy-") and name.endswith(".lock")
