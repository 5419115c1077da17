"""Which files are articles: walks folders, reads what can be read, says why the rest was not.

Nothing outside the folder is followed, nothing that is not a plain file is opened, and a file that changes
while it is read is read again.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from embeddings.errors import SourceError
from embeddings.readers import READERS, Hints, Reading, read
from embeddings.records import Page, Skipped
from embeddings.settings import Articles

_READ_ATTEMPTS = 3


def find_files(settings: Articles) -> tuple[list[Path], list[Skipped]]:
    """Every file below the sources that may be an article, sorted, and what was passed over and why.

    Raises SourceError when a source does not exist or cannot be listed.
    """
    files: dict[str, Path] = {}  # by absolute path: sources may overlap
    skipped: list[Skipped] = []
    for source in settings.source:
        for path, reason in sorted(_walk(source, settings.ignore)):
            if reason is None:
                files.setdefault(os.path.abspath(path), path)
            else:
                skipped.append(Skipped(shown(path), reason))
    return list(files.values()), skipped


def _walk(source: Path, ignore: Sequence[str]) -> Iterator[tuple[Path, str | None]]:
    """(path, None) for each file to read, (path, reason) for each that is skipped."""
    if os.path.isfile(source):
        yield source, None
        return
    if not os.path.isdir(source):
        raise SourceError(
            f"The articles folder {str(source)!r} does not exist. "
            "Name a folder or file with --source, or set articles.source."
        )
    try:
        os.scandir(source).close()
    except OSError as error:
        raise SourceError(f"The articles folder {str(source)!r} cannot be listed ({error.strerror}).") from error
    root = source.resolve()
    problems: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=problems.append):
        folders[:] = sorted(name for name in folders if not _ignored(name, ignore))
        for name in list(folders):
            if (path := Path(folder, name)).is_symlink():
                folders.remove(name)
                yield path, "a link to a folder; name that folder with --source instead"
        for name in names:
            if not _ignored(name, ignore):
                path = Path(folder, name)
                yield path, _obstacle(path, root)
    for problem in problems:
        yield Path(problem.filename), f"cannot be listed ({problem.strerror})"


def _ignored(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def _obstacle(path: Path, root: Path) -> str | None:
    """Why this directory entry is not opened, or None."""
    try:
        if path.is_symlink() and not path.resolve(strict=True).is_relative_to(root):
            return "a link that leads out of the folder"
        if not stat.S_ISREG(path.stat().st_mode):
            return "not a plain file"
    except (OSError, RuntimeError):
        return "a link that leads nowhere" if os.path.islink(path) else "cannot be read"
    if path.suffix.lower() not in READERS:
        suffix = _valid(path.suffix.lower()) or "without extension"
        return f"format {suffix} is not read (known: {', '.join(READERS)})"
    return None


def read_pages(path: Path, settings: Articles) -> tuple[list[Page], list[Skipped]]:
    """The articles of a file, and what of it is none and why."""
    name = shown(path)
    try:
        data = _bytes(path, int(settings.max_megabytes * 1_000_000))
        return _pages(name, data, Hints(path.suffix.lower())), []
    except OSError as error:
        return [], [Skipped(name, f"cannot be read ({error.strerror or error})")]
    except ValueError as error:
        return [], [Skipped(name, str(error))]


def _pages(name: str, data: bytes, hints: Hints) -> list[Page]:
    sha256 = hashlib.sha256(data).hexdigest()
    return [
        Page(
            path=f"{name}#{reading.part}" if reading.part else name,
            text=reading.text,
            sha256=content_hash(reading) if reading.part else sha256,
            front_matter=reading.front_matter,
            body_start=reading.body_start,
            regions=reading.regions,
            pages=reading.pages,
        )
        for reading in read(data, hints)
    ]


def content_hash(reading: Reading) -> str:
    """Of an article that shares its file with others: it stays the same when its neighbours change."""
    stated = json.dumps(reading.front_matter, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{stated}\0{reading.text}".encode("utf-8", "replace")).hexdigest()


def _bytes(path: Path, most: int) -> bytes:
    """The file's bytes; read again when its size or time changed meanwhile."""
    for _ in range(_READ_ATTEMPTS):
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > most:
                raise ValueError(f"{before.st_size / 1e6:.0f} MB, more than articles.max_megabytes = {most / 1e6:g}")
            data = file.read(most + 1)
            after = os.fstat(file.fileno())
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and len(data) == after.st_size:
            return data
    raise ValueError("it changes while it is read; try again when it is finished")


def shown(path: Path) -> str:
    """The path as it is stored and shown: relative to the working folder where it lies below, always valid text."""
    absolute = Path(os.path.abspath(path))
    text = os.path.relpath(absolute) if absolute.is_relative_to(Path.cwd()) else str(absolute)
    return _valid(text)


def _valid(name: str) -> str:
    """A file's name as text that can be stored: bytes that are not UTF-8 are spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def merge_identical(pages: Sequence[Page]) -> tuple[list[Page], dict[str, tuple[str, ...]]]:
    """One page for each content, and the other paths of each, by hash."""
    first: dict[str, Page] = {}
    others: dict[str, tuple[str, ...]] = {}
    for page in pages:
        if first.setdefault(page.sha256, page) is not page:
            others[page.sha256] = (*others.get(page.sha256, ()), page.path)
    return list(first.values()), others
