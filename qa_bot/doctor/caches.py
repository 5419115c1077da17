"""What builds keep beside the index so that they need not do everything again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from embeddings import generations, pipeline
from embeddings.articles import shown
from embeddings.errors import IndexProblem
from qa_bot.doctor import databases
from qa_bot.doctor.findings import Finding, Message, shown_size, told
from qa_bot.settings import BotSettings


@dataclass(frozen=True, slots=True)
class Cache:
    """A SQLite file beside the index that a build makes anew where it is missing."""

    probe: str  # a query that only a file of ours answers
    kept: bool = False  # put aside, since what is in it may not be got again


CACHES = {
    pipeline.CACHE_FILE: Cache("SELECT key, checksum, vector FROM vectors LIMIT 1"),
    pipeline.LEDGER_FILE: Cache("SELECT path, signature, holds, checksum FROM files LIMIT 1"),
    pipeline.WEB_FILE: Cache("SELECT address, checked, stated, checksum, content FROM copies LIMIT 1", kept=True),
}

_VECTOR = 120  # bytes of a vector in the cache beside its numbers
_ROOM = 4  # times what the index needs; the cache begins anew by itself at 3 times, in a build that encodes something
_SPARE = 100_000_000  # bytes; a cache below that is never too large


def caches(settings: BotSettings) -> Iterator[Finding]:
    for name, cache in CACHES.items():
        file = settings.index.dir / name
        if os.path.lexists(file):
            yield _cache(file, cache)


def _cache(file: Path, cache: Cache) -> Finding:
    seen = databases.look(file, cache.probe)
    if seen.state == "damaged":
        what = told("doctor.caches.damaged", file=shown(file), problem=seen.reason)
        return Finding("caches", "notice", what, repair=partial(_put_aside if cache.kept else _drop, file))
    if seen.state == "unreadable":
        what = told("doctor.caches.unreadable", file=shown(file), problem=seen.reason)
        return Finding("caches", "notice", what, told("doctor.cure.unlock"))
    size = sum(map(_size, _files(file)))
    needed = _needed(file.parent) if file.name == pipeline.CACHE_FILE else None
    if needed is not None and size > _ROOM * needed + _SPARE:
        what = told("doctor.caches.large", file=shown(file), size=shown_size(size), needed=shown_size(needed))
        return Finding("caches", "notice", what, repair=partial(_drop, file))
    return Finding("caches", "good", told("doctor.caches.good", file=shown(file), size=shown_size(size)))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _needed(index_dir: Path) -> int | None:
    """Bytes of the vectors that the index holds; None when there is no manifest to tell."""
    for number in generations.numbers(index_dir):
        try:
            manifest = generations.read_manifest(generations.folder_of(index_dir, number))
        except IndexProblem:
            continue
        return manifest.sentences * (4 * manifest.dim + _VECTOR)
    return None


def _files(file: Path) -> list[Path]:
    return [file.with_name(file.name + suffix) for suffix in ("", "-wal", "-shm")]


def _drop(file: Path) -> Message:
    with generations.builder_lock(file.parent):
        for path in reversed(_files(file)):  # a log must not outlive its file, another would take it for its own
            path.unlink(missing_ok=True)
    return told("doctor.done.cache", file=shown(file))


def _put_aside(file: Path) -> Message:
    """As the build itself would: what was put aside before is replaced."""
    aside = file.with_name(f"{file.name}.damaged")
    with generations.builder_lock(file.parent):
        for path in _files(file)[1:]:
            path.unlink(missing_ok=True)
        file.replace(aside)
    return told("doctor.done.aside", file=shown(file), aside=shown(aside))
