"""Files in a folder of articles: names that fit, bytes that are whole before they are found, moves that go back."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from embeddings.articles import shown
from embeddings.console import one_line
from qa_bot.errors import LibraryError

NAME_BYTES = 120  # of a file that is added: short enough for every file system, and for a line on a phone
_MOST_NAME_BYTES = 255  # of any file, on every file system that we know
_NAMESAKES = 1000
_UNNAMED = "bai-viet"
_PART = re.compile(r"\.[0-9a-f]{16}\.part")
_STALE = 3600.0  # seconds after which a hidden rest belongs to nobody
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def named(stem: str, extension: str, number: int = 1, most: int = NAME_BYTES) -> str:
    """A file name of at most `most` bytes of UTF-8; from the second file of a name on, it has a number."""
    end = f" ({number}){extension}" if number > 1 else extension
    cut = os.fsencode(stem or _UNNAMED)[: most - len(os.fsencode(end))]
    return cut.decode("utf-8", "ignore").rstrip(" .") + end


def candidates(folder: Path, name: str, most: int) -> Iterator[Path]:
    """The name itself, then numbered ones."""
    yield folder / name
    stem, extension = os.path.splitext(name)
    for number in range(2, _NAMESAKES):
        yield folder / named(stem, extension, number, most)


@contextmanager
def telling(folder: Path) -> Iterator[None]:
    """Errors of the disk as LibraryError."""
    try:
        yield
    except OSError as error:
        raise LibraryError(_problem(folder, error)) from error


def _problem(folder: Path, error: OSError) -> str:
    where, why = one_line(shown(folder)), error.strerror or str(error)
    if error.errno in _FULL:
        return f"there is no room in {where} ({why}). Free some space."
    return f"{where} cannot be changed ({why}). Check that it is a folder which the bot may write to."


@contextmanager
def half_made(folder: Path) -> Iterator[Path]:
    """A hidden name for a file that is not whole yet, gone afterwards; what a killed process left is swept away."""
    for rest in folder.glob(".*.part"):
        with suppress(OSError):
            if _PART.fullmatch(rest.name) and time.time() - rest.lstat().st_mtime > _STALE:
                rest.unlink()
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def holds(path: Path, data: bytes) -> bool:
    """Whether a plain file lies there with exactly these bytes."""
    return not path.is_symlink() and path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def give_name(file: Path, path: Path) -> None:
    """Let `file` be found at `path` as well, or only there. Raises FileExistsError where something lies there."""
    try:
        os.link(file, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))  # FAT: claim the name, then replace that
        try:
            file.replace(path)
        except OSError:
            path.unlink()
            raise


def move_all(moves: Sequence[tuple[Path, Path]]) -> list[Path]:
    """Move files to places: where they lie now. Where one cannot be moved, all go back."""
    moved: list[tuple[Path, Path]] = []
    for file, place in moves:
        try:
            moved.append((file, move(file, place)))
        except OSError as error:
            at_fault = Path(error.filename).parent if error.filename and not error.filename2 else place.parent
            told = [_problem(at_fault, error), *(_move_back(was, path) for was, path in reversed(moved))]
            raise LibraryError(" ".join(filter(None, told))) from error
    return [path for _, path in moved]


def _move_back(was: Path, path: Path) -> str:
    """What is to be said when that does not succeed either."""
    try:
        move(path, was)
    except OSError:
        return f"{one_line(shown(was))} now lies at {one_line(shown(path))}."
    return ""


def move(file: Path, wanted: Path) -> Path:
    """Move a file or link to `wanted`, or a numbered name there. It is never at neither place."""
    for place in candidates(wanted.parent, wanted.name, _MOST_NAME_BYTES):
        if os.path.lexists(place):
            continue
        with suppress(FileExistsError):  # between two lines another took the name
            _give_name_anywhere(file, place)
            flush_folder(place.parent)
            try:
                file.unlink(missing_ok=True)
            except OSError:
                place.unlink()
                raise
            flush_folder(file.parent)
            return place
    raise FileExistsError(errno.EEXIST, "too many files of that name", str(wanted))


def _give_name_anywhere(file: Path, place: Path) -> None:
    """As `_give_name`; on another file system the file, or the link, is copied."""
    try:
        give_name(file, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if file.is_symlink():
            place.symlink_to(file.readlink())
            return
        with half_made(place.parent) as part:
            with file.open("rb") as source, part.open("xb") as target:
                shutil.copyfileobj(source, target)
                target.flush()
                os.fsync(target.fileno())
            shutil.copystat(file, part)
            give_name(part, place)


def flush_folder(folder: Path) -> None:
    """Have the disk keep the names in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
