"""Which files may hold articles: walks folders, and says why the rest was passed over.

Nothing outside the folder is followed, and nothing is opened.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import SourceError
from embeddings.ledger import Signature, signature
from embeddings.readers import KNOWN, READERS
from embeddings.records import Skipped
from embeddings.settings import Articles

LINKS = ".urls"
"""The extension of files that hold no article, and name addresses of some."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that may hold articles, and what tells whether it changed."""

    path: str
    signature: Signature


def find_files(settings: Articles) -> tuple[list[Path], list[Skipped]]:
    """`survey` without what tells whether a file changed."""
    files, skipped = survey(settings)
    return [Path(file.path) for file in files], skipped


def survey(settings: Articles) -> tuple[list[File], list[Skipped]]:
    """Every file below the sources that may hold articles, sorted, and what was passed over and why.

    Raises SourceError when a source does not exist or cannot be listed.
    """
    files: dict[str, File] = {}  # by absolute path: sources may overlap
    skipped: list[Skipped] = []
    for source in settings.source:
        for path, found in sorted(_walk(source, settings.ignore), key=lambda item: item[0]):
            if isinstance(found, str):
                skipped.append(Skipped(shown(path), found))
            else:
                files.setdefault(os.path.abspath(path), File(path, signature(found)))
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
    yield from _below(str(source), source.resolve(), ignoring(ignore))


def ignoring(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a file or folder of that name is passed over."""
    compiled = [re.compile(fnmatch.translate(pattern.casefold())) for pattern in patterns]
    return lambda name: any(pattern.match(name.casefold()) for pattern in compiled)


def _below(folder: str, root: Path, ignored: Callable[[str], bool]) -> Iterator[tuple[str, _Found]]:
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
            if ignored(entry.name):
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
    if extension not in READERS and extension != LINKS:
        suffix = valid_name(extension) or "without extension"
        return f"format {suffix} is not read (known: {KNOWN})"
    return status


def extension_of(name: str) -> str:
    """By which a file is read: ".md", and ".jsonl.xz" of a packed one."""
    stem, last = os.path.splitext(name.lower())
    packed = os.path.splitext(stem)[1] + last
    return packed if packed in READERS else last


def shown(path: Path | str) -> str:
    """The path as it is stored and shown: relative to the working folder where it lies below, always valid text."""
    absolute, here = os.path.abspath(path), os.path.join(os.getcwd(), "")
    return valid_name(absolute.removeprefix(here) if absolute != here.rstrip(os.sep) else os.curdir)


def valid_name(name: str) -> str:
    """A file's name as text that can be stored: bytes that are not UTF-8 are spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
