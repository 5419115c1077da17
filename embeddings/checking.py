"""Whether the generations on disk are what was written, and whether what they hold belongs together.

`look_at_all` asks what a reader asks when it opens one. `verify_all` reads every row of it besides. Both hold what they
look at, as readers do, so that builds may publish and prune meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Literal

import numpy as np

from embeddings import generations, layout
from embeddings.errors import BotError, CorruptIndex, StaleIndex
from embeddings.index import Index
from embeddings.lexical import Lexical
from embeddings.pipeline import Progress, Silent
from embeddings.records import Article, Passage
from embeddings.storage import Storage

_PASSAGES_AT_ONCE = 500
_NUMBERS_AT_ONCE = 10_000
_VECTORS_AT_ONCE = 10_000
_COMPRESSED = 0.1  # so far a vector may lie from its row of 8-bit numbers; of the bundled model 0.005 and less
_UNIT = 1e-3  # a vector's length may differ so much from 1; rounding to 32 bits changes it by less than 1e-6
_FAULTS = (BotError, OSError, sqlite3.Error, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)
"""What reading rows raises that nobody would have written: SQLite, JSON, dates, kinds, faiss, tantivy."""

Fault = Literal["stale", "damaged", "wrong"]
"""Of another format; not the bytes that were written; these bytes, but what they say does not belong together."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One generation, as it was found. Without a manifest that can be read, counts are 0 and `created` is empty."""

    number: int
    created: str  # ISO 8601, UTC
    articles: int
    passages: int
    bytes: int  # on disk
    problem: str | None = None  # which file, and what is the matter with it
    fault: Fault | None = None


def cure(checked: list[Checked]) -> str | None:
    """The command that puts right what is wrong with the newest generation, or makes the first one."""
    if checked and checked[0].fault is None:
        return None
    # A build goes on from a generation whose files are what was written, so that only --full leaves it behind.
    return "rebuild-index --full" if checked and checked[0].fault == "wrong" else "rebuild-index"


def look_at_all(index_dir: Path) -> list[Checked]:
    """Every generation, newest first: each file against the manifest, then opened as a reader would."""
    return _check_all(index_dir, Silent(), _opened)


def verify_all(index_dir: Path, progress: Progress | None = None) -> list[Checked]:
    """Every generation, newest first: `look_at_all`, and every passage, word number and vector. A step is a passage."""
    return _check_all(index_dir, progress or Silent(), _read_through)


_Look = Callable[[Path, generations.Manifest, IO[bytes], Progress], None]
"""Raises one of _FAULTS when the generation is not as it should be."""


def _check_all(index_dir: Path, progress: Progress, look: _Look) -> list[Checked]:
    with ExitStack() as stack:
        holds = _hold_all(index_dir, stack)
        manifests = {number: _manifest(generations.folder_of(index_dir, number)) for number in holds}
        progress.stage("check", sum(manifest.passages for manifest in manifests.values() if manifest))
        checked = []
        for number, hold in holds.items():
            steps = _Steps(progress)
            item = _checked(generations.folder_of(index_dir, number), number, hold, manifests[number], look, steps)
            steps.finish(item.passages)
            if hold is not None or number in generations.numbers(index_dir):  # else deleted while it was looked at
                checked.append(item)
    return checked


def _hold_all(index_dir: Path, stack: ExitStack) -> dict[int, IO[bytes] | None]:
    """The generations of one moment, newest first, kept from deletion; None for what has no manifest to hold it by."""
    while True:
        found = generations.numbers(index_dir)
        with ExitStack() as holding:
            holds = {number: _hold(generations.folder_of(index_dir, number), holding) for number in found}
            if generations.numbers(index_dir) == found:
                stack.enter_context(holding.pop_all())
                return holds


def _hold(folder: Path, stack: ExitStack) -> IO[bytes] | None:
    try:
        hold = stack.enter_context((folder / generations.MANIFEST).open("rb"))
        fcntl.flock(hold, fcntl.LOCK_SH)
    except OSError:
        return None
    return hold


def _manifest(folder: Path) -> generations.Manifest | None:
    try:
        return generations.read_manifest(folder)
    except (CorruptIndex, StaleIndex):
        return None


def _checked(
    folder: Path,
    number: int,
    hold: IO[bytes] | None,
    manifest: generations.Manifest | None,
    look: _Look,
    progress: Progress,
) -> Checked:
    size = size_of(folder)
    if manifest is None:
        found = Checked(number, "", 0, 0, size)
    else:
        found = Checked(number, manifest.created, manifest.articles, manifest.passages, size)
    try:
        verified = generations.verify(folder)
    except StaleIndex as error:
        return replace(found, problem=str(error), fault="stale")
    except CorruptIndex as error:
        return replace(found, problem=str(error), fault="damaged")
    if hold is None:
        return replace(found, problem=f"{generations.MANIFEST} cannot be locked", fault="damaged")
    try:
        look(folder, verified, hold, progress)
    except _FAULTS as error:
        return replace(found, problem=str(error) or type(error).__name__, fault="wrong")
    return found


def size_of(folder: Path) -> int:
    """Bytes of all files below `folder`."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_size
    return total


class _Steps:
    """Tells how far one generation is, so that a step is told once, whatever goes wrong in between."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0

    def stage(self, name: str, total: int) -> None:
        self._progress.stage(name, total)

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        self._progress.advance(steps)

    def finish(self, steps: int) -> None:
        if steps > self._done:
            self._progress.advance(steps - self._done)


# --- as a reader opens it ---


@contextmanager
def _open(folder: Path, manifest: generations.Manifest, hold: IO[bytes]) -> Iterator[Index]:
    with (
        os.fdopen(os.dup(hold.fileno()), "rb") as own,  # an index closes what it holds
        closing(Index(generations.Held(folder, manifest, own, None))) as index,
    ):
        yield index


def _opened(folder: Path, manifest: generations.Manifest, hold: IO[bytes], _: Progress) -> None:
    with _open(folder, manifest, hold):
        pass


# --- every row of it ---


def _read_through(folder: Path, manifest: generations.Manifest, hold: IO[bytes], progress: Progress) -> None:
    with _open(folder, manifest, hold) as index:
        for name in (layout.STORAGE_FILE, layout.VOCABULARY_FILE):
            _check_database(folder / name)
        with closing(Storage(folder / layout.STORAGE_FILE)) as stored:
            _check_passages(stored, progress)
            _check_numbers(stored, Lexical(folder / layout.LEXICAL_FOLDER))
        _check_vectors(index)


def _check_database(file: Path) -> None:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise CorruptIndex(f"{file.name}: {' '.join(str(found).split())}")


def _check_passages(stored: Storage, progress: Progress) -> None:
    if not stored.rows_agree():
        raise CorruptIndex(f"{layout.ROWS_FILE} does not list what {layout.STORAGE_FILE} holds")
    counts = np.diff(stored.first_sentences())
    for rows in _ranges(stored.passage_count, _PASSAGES_AT_ONCE):
        for row, (passage, article, _, _) in zip(rows, _read(stored, rows), strict=True):
            problem = _passage_problem(passage, article, int(counts[row]))
            if problem is not None:
                raise CorruptIndex(f"{layout.STORAGE_FILE}: passage {row} ({article.path}) {problem}")
        progress.advance(len(rows))


def _read(stored: Storage, rows: range) -> list[tuple[Passage, Article, object, int]]:
    try:
        return [*stored.passages(rows)]
    except _FAULTS as error:
        raise CorruptIndex(
            f"{layout.STORAGE_FILE}: passages {rows[0]} to {rows[-1]} cannot be read ({error})"
        ) from error


def _passage_problem(passage: Passage, article: Article, sentences: int) -> str | None:
    start, end = passage.start, passage.end
    if not 0 <= start < end <= len(article.text) or article.text[start:end] != passage.text:
        return "is not a slice of its article"
    if any(not start <= span.start <= span.end <= end for span in passage.sentences):
        return "has a sentence outside itself"
    if any(later.start < earlier.end for earlier, later in pairwise(passage.sentences)):
        return "has sentences out of order"
    if len(passage.sentences) != sentences:
        return f"has {len(passage.sentences)} sentences and counts {sentences}"
    return None


def _check_numbers(stored: Storage, words: Lexical) -> None:
    """How many documents there are is known; so when each passage has one, no other is left."""
    for rows in _ranges(stored.passage_count, _NUMBERS_AT_ONCE):
        numbers = stored.passage_numbers[rows.start : rows.stop].tolist()
        if words.numbers(numbers[0], numbers[-1]) != numbers:
            raise CorruptIndex(
                f"{layout.LEXICAL_FOLDER}: not one document for each of passages {rows[0]} to {rows[-1]}"
            )


def _check_vectors(index: Index) -> None:
    for rows in _ranges(len(index), _VECTORS_AT_ONCE):
        lengths = np.linalg.norm(index.vectors_at(rows), axis=1)
        wrong = np.flatnonzero(~(np.abs(lengths - 1) <= _UNIT))  # a comparison with NaN is never true
        if len(wrong):
            raise CorruptIndex(
                f"{layout.VECTORS_FILE}: vector {rows[int(wrong[0])]} has length {lengths[wrong[0]]:.3g}, not 1"
            )
        apart = np.flatnonzero(~(index.compression_error(rows) <= _COMPRESSED))
        if len(apart):
            raise CorruptIndex(f"{layout.INT8_FILE}: row {rows[int(apart[0])]} is not that of {layout.VECTORS_FILE}")


def _ranges(count: int, size: int) -> Iterator[range]:
    return (range(at, min(at + size, count)) for at in range(0, count, size))
