"""Which files may hold articles: walks folders, and says why the rest was passed over.

Nothing outside the folder is followed, and nothing is opened.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from embeddings.errors import SourceError
from embeddings.ledger import Signature, signature
from embeddings.readers import READERS
from embeddings.records import Skipped
from embeddings.settings import Articles


@dataclass(frozen=True, slots=True)
class File:
    """A file that may hold articles, and what tells whether it changed."""

    path: Path
    signature: Signature


def find_files(settings: Articles) -> tuple[list[Path], list[Skipped]]:
    """`survey` without what tells whether a file changed."""
    files, skipped = survey(settings)
    return [file.path for file in files], skipped


def survey(settings: Articles) -> tuple[list[File], list[Skipped]]:
    """Every file below the sources that may hold articles, sorted, and what was passed over and why.

    Raises SourceError when a source does not exist or cannot be listed.
    """
    files: dict[str, File] = {}  # by absolute path: sources may overlap
    skipped: list[Skipped] = []
    for source in settings.source:
        for path, found in sorted(_walk(source, settings.ignore), key=lambda item: item[0]):
            if isinstance(found, str):
                skipped.append(Skipped(shown(Path(path)), found))
            else:
                files.setdefault(os.path.abspath(path), File(Path(path), signature(found)))
    return list(files.values()), skipped


_Found = os.stat_result | str
"""What is known of a plain file, or why another thing is skipped."""


def _walk(source: Path, ignore: Sequence[str]) -> Iterator[tuple[str, _Found]]:
    if os.path.isfile(source):
        yield str(source), os.stat(source)
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
    ignored = [re.compile(fnmatch.translate(pattern.casefold())) for pattern in ignore]
    yield from _below(str(source), source.resolve(), ignored)


def _below(folder: str, root: Path, ignored: Sequence[re.Pattern[str]]) -> Iterator[tuple[str, _Found]]:
    folders = [folder]
    while folders:
        current = folders.pop()
        try:
            with os.scandir(current) as found:
                entries = list(found)
        except OSError as error:
            yield current, f"cannot be listed ({error.strerror})"
            continue
        for entry in entries:
            if any(pattern.match(entry.name.casefold()) for pattern in ignored):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                yield entry.path, "a link to a folder; name that folder with --source instead"
            else:
                yield entry.path, _status(entry, root)


def _status(entry: os.DirEntry[str], root: Path) -> _Found:
    """What is known of this directory entry, or why it is not opened."""
    try:
        if entry.is_symlink() and not Path(entry.path).resolve(strict=True).is_relative_to(root):
            return "a link that leads out of the folder"
        status = entry.stat()
    except (OSError, RuntimeError):
        return "a link that leads nowhere" if os.path.islink(entry.path) else "cannot be read"
    if not stat.S_ISREG(status.st_mode):
        return "not a plain file"
    extension = extension_of(entry.name)
    if extension not in READERS:
        suffix = valid_name(extension) or "without extension"
        return f"format {suffix} is not read (known: {', '.join(READERS)})"
    return status


def extension_of(name: str) -> str:
    """By which a file is read: ".md", and ".jsonl.xz" of a packed one."""
    suffixes = PurePath(name).suffixes
    last = "".join(suffixes[-2:]).lower()
    return last if last in READERS else (suffixes[-1].lower() if suffixes else "")


def shown(path: Path) -> str:
    """The path as it is stored and shown: relative to the working folder where it lies below, always valid text."""
    absolute = Path(os.path.abspath(path))
    text = os.path.relpath(absolute) if absolute.is_relative_to(Path.cwd()) else str(absolute)
    return valid_name(text)


def valid_name(name: str) -> str:
    """A file's name as text that can be stored: bytes that are not UTF-8 are spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
