"""Generations of an index on disk: immutable folders, each published whole or not at all.

    index/
      generations/000007/    manifest.json, passages.sqlite, vectors.faiss, lexical/…
      building-…/            a build under way; never read
      lock                   held by the one builder
      vector-cache.sqlite    see vector_cache
      stamps.json            see stamps

A build writes beside the generations, flushes every file, writes the manifest last (size and SHA-256 of each
file, and of itself), and renames the folder into `generations/`: the one step that publishes. A reader opens the
newest generation that passes its own manifest, else the one before it, and says so. Nothing is pickled.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from embeddings import stamps
from embeddings.errors import CorruptIndex, IndexProblem, NoIndex, StaleIndex
from embeddings.staging import BUILDING
from embeddings.staging import builder_lock as builder_lock
from embeddings.staging import staging as staging

FORMAT = 4  # raise it when a generation's files change their meaning
MANIFEST = "manifest.json"
_AT_ONCE = 4  # files hashed at the same time; hashing lets other threads run
_GENERATIONS = "generations"


@dataclass(frozen=True, slots=True)
class FileRecord:
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds, how it was made, and how each of its files must look."""

    format: int
    number: int
    created: str  # ISO 8601, UTC
    fingerprint: str  # of the encoder
    dim: int
    articles: int
    passages: int
    sentences: int
    forgotten: int  # documents taken from the lexical index since it was begun anew; they weigh on its scores a little
    recipe: str  # of all that decides what the index holds but the articles: another recipe, nothing is reused
    settings: dict[str, Any]
    skipped: list[list[str]]  # [path, reason]
    files: dict[str, FileRecord]
    vectors: dict[str, Any] = field(default_factory=dict)  # vectors_compressed.Compression; empty: search is exact


def seal(folder: Path) -> dict[str, FileRecord]:
    """Flush every file of `folder` to disk and read each back for its size and hash."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        records = dict(zip((p.relative_to(folder).as_posix() for p in files), threads.map(_sealed, files), strict=True))
    for sub in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
        _sync_folder(sub)
    return records


def _sealed(path: Path) -> FileRecord:
    with path.open("rb+") as file:
        os.fchmod(file.fileno(), 0o644)  # some libraries write for the owner's eyes only
        os.fsync(file.fileno())
    return _record(path)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    body = asdict(manifest)
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump({"sha256": _digest(body), "manifest": body}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(folder)


def publish(folder: Path, index_dir: Path, number: int) -> Path:
    """The atomic step: the finished folder becomes generation `number`."""
    home = index_dir / _GENERATIONS
    home.mkdir(exist_ok=True)
    target = home / f"{number:06}"
    os.rename(folder, target)
    _sync_folder(home)
    _sync_folder(index_dir)
    return target


def numbers(index_dir: Path) -> list[int]:
    """Numbers of the generations there are, newest first, sound or not."""
    try:
        names = [p.name for p in (index_dir / _GENERATIONS).iterdir()]
    except OSError:
        return []
    return sorted((int(name) for name in names if name.isdecimal()), reverse=True)


def folder_of(index_dir: Path, number: int) -> Path:
    return index_dir / _GENERATIONS / f"{number:06}"


@dataclass(frozen=True, slots=True)
class Held:
    """A verified generation, kept from deletion while `hold` is open."""

    folder: Path
    manifest: Manifest
    hold: IO[bytes]
    warning: str | None  # set when a newer generation had to be passed over


def open_newest(index_dir: Path, *, hashing: bool = False) -> Held:
    """The newest generation that verifies; large files are hashed if nobody did since they were written, or `hashing`.

    Raises NoIndex when there is none, CorruptIndex when none is sound, StaleIndex when all are of another format.
    """
    while True:
        found = numbers(index_dir)
        try:
            held = _open_first(index_dir, found, hashing=hashing)
        except IndexProblem:
            if numbers(index_dir) == found:
                raise
            continue  # a build published and pruned meanwhile: what was missing is not damaged, look again
        if held.warning is None or numbers(index_dir) == found:
            return held
        held.hold.close()


def _open_first(index_dir: Path, found: list[int], *, hashing: bool) -> Held:
    if not found:
        raise NoIndex(f"There is no index in {index_dir} yet. Build it: rebuild-index")
    problems = []
    known = frozenset[stamps.Stamp]() if hashing else stamps.read(index_dir)
    for number in found:
        folder = folder_of(index_dir, number)
        try:
            hold = (folder / MANIFEST).open("rb")
        except OSError as error:
            problems.append(f"{MANIFEST}: {error.strerror}")
            continue
        try:
            fcntl.flock(hold, fcntl.LOCK_SH)
            manifest, hashed = _verified(folder, known)
        except (CorruptIndex, StaleIndex) as error:
            hold.close()
            problems.append(str(error))
            continue
        stamps.add(index_dir, [stamp for stamp in hashed if stamp not in known])
        warning = None
        if problems:
            warning = (
                f"Generation {found[0]} of {index_dir} is damaged ({problems[0]}); "
                f"generation {number} answers instead. Repair it: rebuild-index --full"
            )
        return Held(folder, manifest, hold, warning)
    kind = StaleIndex if all("format" in problem for problem in problems) else CorruptIndex
    raise kind(f"No generation in {index_dir} can be used ({problems[0]}). Rebuild it: rebuild-index --full")


def verify(folder: Path) -> Manifest:
    """The manifest of a generation whose every file is as the manifest says. Raises CorruptIndex, StaleIndex."""
    return _verified(folder, frozenset())[0]


def _verified(folder: Path, known: frozenset[stamps.Stamp]) -> tuple[Manifest, list[stamps.Stamp]]:
    """The manifest, and stamps of the large files that were hashed: those without a known one. Raises as verify."""
    manifest = read_manifest(folder)

    def check(item: tuple[str, FileRecord]) -> stamps.Stamp | None:
        name, record = item
        try:
            stamp = stamps.stamp_of(folder / name, record.sha256)
            large = record.size >= stamps.LARGE
            if large and stamp in known and stamp[2] == record.size:
                return None
            sound = stamp[2] == record.size and _record(folder / name) == record
            left_alone = large and stamps.settled(stamp) and stamps.stamp_of(folder / name, record.sha256) == stamp
        except OSError as error:
            raise CorruptIndex(f"{name}: {error.strerror}") from error
        if not sound:
            raise CorruptIndex(f"{name} is not what was written")
        return stamp if left_alone else None

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return manifest, [stamp for stamp in threads.map(check, manifest.files.items()) if stamp is not None]


def stamp(index_dir: Path, manifest: Manifest) -> None:
    """Tell readers that the large files of a generation that was published just now are what was written."""
    folder = folder_of(index_dir, manifest.number)
    large = {name: record for name, record in manifest.files.items() if record.size >= stamps.LARGE}
    with suppress(OSError):
        found = [stamps.stamp_of(folder / name, record.sha256) for name, record in large.items()]
        stamps.add(index_dir, [stamp for stamp in found if stamps.settled(stamp)])


def read_manifest(folder: Path) -> Manifest:
    """Raises CorruptIndex, StaleIndex."""
    return manifest_in(folder / MANIFEST)


def manifest_in(file: Path) -> Manifest:
    try:
        document = json.loads(file.read_bytes())
        body = document["manifest"]
        if document["sha256"] != _digest(body):
            raise CorruptIndex(f"{MANIFEST} is not what was written")
        if body["format"] != FORMAT:
            raise StaleIndex(f"its format is {body['format']}, this program reads {FORMAT}")
        files = {name: FileRecord(**record) for name, record in body.pop("files").items()}
        return Manifest(**body, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptIndex(f"{MANIFEST} cannot be read") from error


def prune(index_dir: Path, keep: int, sound: Collection[int] = ()) -> None:
    """Delete all but the newest `keep` generations that nobody reads; damaged ones among them do not count.

    Those of the numbers `sound` were verified just now.
    """
    kept = 0
    for number in numbers(index_dir):
        folder = folder_of(index_dir, number)
        if kept >= keep:
            _delete_unless_held(folder)
            continue
        try:
            if number not in sound:
                verify(folder)
            kept += 1
        except (CorruptIndex, StaleIndex):
            continue


def _delete_unless_held(folder: Path) -> None:
    """A reader that comes while the lock is held waits, and then finds the folder gone."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete(folder)
    except FileNotFoundError:
        _delete(folder)
    except OSError:
        return


def _delete(folder: Path) -> None:
    aside = folder.parent.parent / f"{BUILDING}old-{folder.name}"  # gone from sight in one step, then deleted
    try:
        os.rename(folder, aside)
    except OSError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def _record(path: Path) -> FileRecord:
    with path.open("rb") as file:
        return FileRecord(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
