"""What builds keep beside the index so that they need not do everything again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from embeddings import generations, pipeline
from embeddings.articles import shown
from embeddings.errors import IndexProblem
from qa_bot.doctor import databases
from qa_bot.doctor.findings import Finding, Message, shown_size, told
from qa_bot.settings import BotSettings

CACHES = {
    pipeline.CACHE_FILE: "SELECT key, checksum, vector FROM vectors LIMIT 1",
    pipeline.LEDGER_FILE: "SELECT path, signature, holds, checksum FROM files LIMIT 1",
}
"""SQLite files that the next build makes anew where they are missing, and a query that each of them answers."""

_VECTOR = 120  # bytes of a vector in the cache beside its numbers
_ROOM = 4  # times what the index needs; the cache begins anew by itself at 3 times, in a build that encodes something
_SPARE = 100_000_000  # bytes; a cache below that is never too large


def caches(settings: BotSettings) -> Iterator[Finding]:
    for name, probe in CACHES.items():
        file = settings.index.dir / name
        if os.path.lexists(file):
            yield _cache(file, probe)


def _cache(file: Path, probe: str) -> Finding:
    seen = databases.look(file, probe)
    if seen.state == "damaged":
        what = told("doctor.caches.damaged", file=shown(file), problem=seen.reason)
        return Finding("caches", "notice", what, repair=partial(_drop, file))
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
