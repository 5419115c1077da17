"""Keeping up with folders: a build whenever files come, change or go. The only module that imports watchfiles.

The folders are watched before the first build looks at them again, so that no change falls between the two; changes
that happen during a build lead to the next one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import watchfiles

from embeddings.articles import ignoring
from embeddings.errors import BotError, IndexBusy, StorageError
from embeddings.pipeline import Report
from embeddings.settings import IndexSettings

_QUIET = 300  # milliseconds without a change before a build begins …
_AT_MOST = 3_000  # … and how long it waits where changes do not end
_LOOK_AGAIN = 1_000  # milliseconds between two looks at whether the folders are still the same ones
_RETRY = 5.0  # seconds after which a build is tried again that another one, or the disk, stood in the way of


def follow(
    settings: IndexSettings,
    build: Callable[[], Report],
    told: Callable[[Report | BotError], None],
    stop: threading.Event | None = None,
) -> None:
    """Build after every change, until `stop` is set or Ctrl-C, and at first, for what changed before.

    `told` hears of all builds but those that find nothing new.
    """
    stop = stop or threading.Event()
    due = _Due()
    hour = settings.web.refresh_hours * 3600 if settings.web.addresses else 0.0
    while not stop.is_set():
        due.at(0.0)  # whatever happened before the folders were watched
        for changed in _changes(settings, stop):
            if changed or due.now() or (hour and due.since_last() > hour):
                _attempt(build, told, due)


class _Due:
    """When the next build is due although nothing changes."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._last = time.monotonic()

    def at(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def now(self) -> bool:
        return self._at is not None and time.monotonic() >= self._at

    def since_last(self) -> float:
        return time.monotonic() - self._last

    def done(self) -> None:
        self._at, self._last = None, time.monotonic()


def _attempt(build: Callable[[], Report], told: Callable[[Report | BotError], None], due: _Due) -> None:
    due.done()
    try:
        report = build()
    except BotError as error:
        told(error)
        if isinstance(error, IndexBusy | StorageError):
            due.at(_RETRY)
        return
    if not report.unchanged:
        told(report)


def _changes(settings: IndexSettings, stop: threading.Event) -> Iterator[bool]:
    """Whether files changed, every second or sooner, as long as the folders are the same ones."""
    folders = sorted({_folder(source) for source in settings.articles.source})
    there = [folder for folder in folders if folder.is_dir()]
    before = _identities(folders)
    if not there:
        stop.wait(_LOOK_AGAIN / 1000)
        yield False
        return
    changes = watchfiles.watch(
        *there,
        watch_filter=_Relevant(settings),
        debounce=_AT_MOST,
        step=_QUIET,
        rust_timeout=_LOOK_AGAIN,
        yield_on_timeout=True,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    for changed in changes:
        yield bool(changed)
        if _identities(folders) != before:
            return  # one was removed, or another put in its place: what is watched is not what is read


def _folder(source: Path) -> Path:
    return source.parent if source.is_file() else source


def _identities(folders: Sequence[Path]) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for folder in folders:
        try:
            status = os.stat(folder)
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return found


class _Relevant:
    """Not the index itself where it lies below a source, and nothing that the settings pass over."""

    def __init__(self, settings: IndexSettings) -> None:
        self._ignored = ignoring(settings.articles.ignore)
        self._index = f"{settings.index.dir.resolve()}{os.sep}"
        self._roots = [str(source.resolve()) for source in settings.articles.source]

    def __call__(self, _: watchfiles.Change, path: str) -> bool:
        if path.startswith(self._index):
            return False
        root = next((root for root in self._roots if path.startswith(root)), "")
        return not any(self._ignored(part) for part in Path(path[len(root) :].lstrip(os.sep)).parts)
