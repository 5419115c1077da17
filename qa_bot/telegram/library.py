"""The articles' folder as admins change it: documents and links are added, articles removed so that they can come back.

A file appears whole or not at all: it is written under a hidden name that no reader takes for an article, flushed,
and then given its own name in a way that never replaces what is there. Killed at any moment, the folder holds the
articles of before, perhaps the new one, and perhaps such a hidden rest, which the next change sweeps away.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import secrets
import shutil
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from embeddings.articles import find_files, shown
from embeddings.console import one_line
from embeddings.errors import SourceError
from embeddings.fetching import Fetched
from embeddings.readers import READERS, Hints, Reading, read
from embeddings.settings import Articles
from embeddings.vietnamese import fold, visible
from qa_bot.errors import ArticleGone, LibraryError, UnknownFormat

NAME_BYTES = 120  # of a file that is added: short enough for every file system, and for a line on a phone
_MOST_NAME_BYTES = 255  # of any file, on every file system that we know
_NAMESAKES = 1000
_UNNAMED = "bai-viet"
_RESERVED = frozenset('<>:"|?*')  # not allowed in file names elsewhere; / and \ end a folder's name
_PART = re.compile(r"\.[0-9a-f]{16}\.part")
_STALE = 3600.0  # seconds after which a hidden rest belongs to nobody
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_MARKDOWN_TYPES = ("text/markdown", "text/x-markdown")
_LINK_TYPES = ("text/plain", *_MARKDOWN_TYPES)
_CHARSETS = ("utf-16", "utf-16le", "utf-16be", "windows-1258", "cp1258")  # besides UTF-8: what can hold Vietnamese
_BYTE_ORDER_MARK = "\ufeff"


class Library:
    """Every method blocks: call it in a thread. Raises LibraryError, and nothing else."""

    def __init__(self, settings: Articles, trash: Path) -> None:
        self._settings = settings
        self._trash = trash

    @property
    def home(self) -> Path:
        """Where documents are added: the first source that is a folder."""
        home = next((source for source in self._settings.source if os.path.isdir(source)), None)
        if home is None:
            raise LibraryError("None of articles.source is a folder that documents could go to. Name one there first.")
        return home

    def check(self, name: str, size: int | None) -> str:
        """The file name under which a document called `name` is stored, unless another has it. `size` in bytes.

        Raises LibraryError when it could not become an article. Names may be hostile.
        """
        stem, extension = _parts(name)
        if extension not in READERS:
            what = f"the format {extension[:16]}" if extension else "a file name without extension"
            raise UnknownFormat(f"{what} is not read. Send one of: {', '.join(READERS)}.")
        most = self._settings.max_megabytes
        if size is not None and size > int(most * 1_000_000):
            raise LibraryError(f"{size / 1e6:.1f} MB is more than articles.max_megabytes = {most:g}. Send it in parts.")
        kept = _named(stem, extension)
        if (pattern := self._ignoring(kept)) is not None:
            raise LibraryError(f"files called {pattern} are passed over (articles.ignore). Give it another name.")
        return kept

    def add(self, name: str, data: bytes) -> Path:
        """Store a document, and return where it lies; one that already lies there with these bytes stays as it is."""
        kept = self.check(name, len(data))
        _read(kept, data)
        home = self.home
        with _telling(home), _part(home) as part:
            for path in _candidates(home, kept, NAME_BYTES):
                if _holds(path, data):
                    return path
                if os.path.lexists(path):
                    continue
                if not part.exists():
                    with part.open("xb") as file:
                        file.write(data)
                        file.flush()
                        os.fsync(file.fileno())
                with suppress(FileExistsError):  # between two lines another took the name
                    _give_name(part, path)
                    _flush_folder(home)
                    return path
                if _holds(path, data):
                    return path
        raise LibraryError(f"there are too many files called {kept}. Give it another name.")

    def add_link(self, address: str, fetched: Fetched) -> Path:
        """Store what was fetched from `address` as Markdown whose front matter says where it came from.

        The text stays as it is: Markdown's reader takes nothing but the front matter away.
        """
        if fetched.media_type not in _LINK_TYPES:
            known = ", ".join(_LINK_TYPES[:2])
            raise LibraryError(
                f"{one_line(fetched.media_type)[:80]} is not read from links yet (known: {known}). "
                f"Send the text as a file: {', '.join(READERS)}."
            )
        host, last = _ends(fetched.address)
        stem, extension = _parts(last)
        if extension not in READERS:
            stem, extension = (stem + extension).lstrip("."), ""
        markdown = fetched.media_type in _MARKDOWN_TYPES or extension == ".md"
        text, front_matter, start = _read(
            ".md" if markdown else ".txt", _as_utf8(fetched.data, fetched.charset), one_line(address)[:100]
        )
        name = _named(stem or host, ".md")
        if self._ignoring(name):
            name = _named(f"{host} {stem}", ".md")  # README.md, most of all
        return self.add(name, with_address(text[start:], front_matter, fetched.address).encode())

    def remove(self, paths: Sequence[str]) -> list[tuple[str, str]]:
        """Move the files of an article, as `Article.path` and `also_at` name them, into the trash: all, or none.

        Returns where each was and where it is kept: what `restore` takes. Raises ArticleGone where one is not there.
        """
        known, named = self._known(), {os.path.abspath(source) for source in self._settings.source}
        files: dict[str, Path] = {}
        for path in paths:
            file = known.get(path) or known.get(os.path.abspath(path))
            if file is None:
                raise ArticleGone(f"{one_line(path)} is not among the articles any more. Rebuild the index: /rebuild")
            if os.path.abspath(file) in named:  # without it the next build would fail
                raise LibraryError(f"{one_line(path)} is itself named in articles.source. Take it out there.")
            files[os.path.abspath(file)] = file
        trash = self._trash.absolute()
        with _telling(trash):
            trash.mkdir(0o700, parents=True, exist_ok=True)
        kept = _move_all([(file, _kept_name(trash, file)) for file in files.values()])
        return [(shown(file), str(path)) for file, path in zip(files.values(), kept, strict=True)]

    def restore(self, pairs: Sequence[tuple[str, str]]) -> list[Path]:
        """Move files back to where they were: all, or none. Returns where they lie now.

        That is another name where something else has taken theirs. Raises ArticleGone where one is not kept any more.
        """
        trash = self._trash.resolve()
        moves: list[tuple[Path, Path]] = []
        for was, kept in pairs:
            original = Path(was)
            if not os.path.lexists(kept) or Path(kept).parent.resolve() != trash:
                raise ArticleGone(f"{one_line(was)} is not in the trash any more; it may be back already: /article")
            if not any(_lies_in(original, source) for source in self._settings.source):
                raise LibraryError(f"{one_line(was)} was in a folder that articles.source does not name any more.")
            moves.append((Path(kept), original))
        for _, original in moves:
            with _telling(original.parent):
                original.parent.mkdir(parents=True, exist_ok=True)
        return _move_all(moves)

    def _known(self) -> dict[str, Path]:
        """The files that the reader takes for articles, by the path that is shown and by the absolute one.

        Thus no link leads out, nothing is a device or a folder, and nothing outside the sources is touched.
        """
        try:
            files, _ = find_files(self._settings)
        except SourceError as error:
            raise LibraryError(str(error)) from error
        return {os.path.abspath(file): file for file in files} | {shown(file): file for file in files}

    def _ignoring(self, name: str) -> str | None:
        patterns = self._settings.ignore
        return next((p for p in patterns if fnmatch.fnmatchcase(name.casefold(), p.casefold())), None)


# --- names ---


def _parts(name: str) -> tuple[str, str]:
    """(stem, extension in lower case with its dot) of a name that anyone may have made up.

    NFC, in one line, without folders, leading dots, and characters that are invisible or mean something elsewhere.
    """
    last = re.split(r"[/\\]", name)[-1]
    line = " ".join(visible(last).split())
    kept = "".join(c for c in line if c not in _RESERVED and unicodedata.category(c)[0] != "C")
    stem, dot, extension = kept.rstrip(" .").rpartition(".")
    if not dot:
        stem, extension = extension, ""
    return unicodedata.normalize("NFC", stem.lstrip(" .-~").rstrip(" .")), f"{dot}{extension.strip().lower()}"


def _named(stem: str, extension: str, number: int = 1, most: int = NAME_BYTES) -> str:
    """A file name of at most `most` bytes of UTF-8; from the second file of a name on, it has a number."""
    end = f" ({number}){extension}" if number > 1 else extension
    cut = os.fsencode(stem or _UNNAMED)[: most - len(os.fsencode(end))]
    return cut.decode("utf-8", "ignore").rstrip(" .") + end


def _candidates(folder: Path, name: str, most: int) -> Iterator[Path]:
    """The name itself, then numbered ones."""
    yield folder / name
    stem, extension = os.path.splitext(name)
    for number in range(2, _NAMESAKES):
        yield folder / _named(stem, extension, number, most)


def _kept_name(trash: Path, file: Path) -> Path:
    """A name that no other file has and that no reader takes for an article, wherever the trash may lie."""
    name = _named(os.path.basename(shown(file)), "", most=160)
    return trash / f"{name}.{secrets.token_hex(8)}.removed"


def _ends(address: str) -> tuple[str, str]:
    """(host, last part of the path) of a web address."""
    parts = urlsplit(address)
    return parts.hostname or "", unquote(parts.path.rstrip("/").rsplit("/", 1)[-1])


def _lies_in(file: Path, folder: Path) -> bool:
    return os.path.isdir(folder) and file.parent.resolve().is_relative_to(folder.resolve())


# --- texts ---


def _read(name: str, data: bytes, of: str = "") -> tuple[str, dict[str, str], int]:
    """What the reader of such files makes of it. Raises LibraryError where it is no article."""
    extension = name[name.rindex(".") :]
    try:
        reading = next((found for found in read(data, Hints(extension)) if isinstance(found, Reading)), None)
    except ValueError as error:
        raise LibraryError(f"{of or name} cannot be read: {error}.") from error
    if reading is None:
        raise LibraryError(f"{of or name} holds no article.")
    return reading.text, reading.front_matter, reading.body_start


def _as_utf8(data: bytes, charset: str | None) -> bytes:
    """`data` in UTF-8, where it is so or the server says how else; unchanged where it is neither.

    Servers that know nothing better say ISO-8859-1, which cannot hold Vietnamese; that is not believed.
    """
    with suppress(UnicodeError):
        if b"\0" not in data and data.decode("utf-8"):
            return data
    if charset in _CHARSETS:
        with suppress(UnicodeError):
            return data.decode(charset).encode()
    return data


def with_address(body: str, front_matter: dict[str, str], address: str) -> str:
    """A Markdown file whose body is `body`; what its own front matter says is kept, but for its address."""
    stated = {name: value for name, value in front_matter.items() if fold(name).casefold() != "url"}
    head = yaml.safe_dump(
        {**stated, "url": address}, allow_unicode=True, sort_keys=False, default_style='"', width=sys.maxsize
    )
    return f"---\n{head}---\n{body.removeprefix(_BYTE_ORDER_MARK)}"


# --- files ---


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
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
def _part(folder: Path) -> Iterator[Path]:
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


def _holds(path: Path, data: bytes) -> bool:
    """Whether a plain file lies there with exactly these bytes."""
    return not path.is_symlink() and path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _give_name(file: Path, path: Path) -> None:
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


def _move_all(moves: Sequence[tuple[Path, Path]]) -> list[Path]:
    """Move files to places: where they lie now. Where one cannot be moved, all go back."""
    moved: list[tuple[Path, Path]] = []
    for file, place in moves:
        try:
            moved.append((file, _move(file, place)))
        except OSError as error:
            at_fault = Path(error.filename).parent if error.filename and not error.filename2 else place.parent
            told = [_problem(at_fault, error), *(_move_back(was, path) for was, path in reversed(moved))]
            raise LibraryError(" ".join(filter(None, told))) from error
    return [path for _, path in moved]


def _move_back(was: Path, path: Path) -> str:
    """What is to be said when that does not succeed either."""
    try:
        _move(path, was)
    except OSError:
        return f"{one_line(shown(was))} now lies at {one_line(shown(path))}."
    return ""


def _move(file: Path, wanted: Path) -> Path:
    """Move a file or link to `wanted`, or a numbered name there. It is never at neither place."""
    for place in _candidates(wanted.parent, wanted.name, _MOST_NAME_BYTES):
        if os.path.lexists(place):
            continue
        with suppress(FileExistsError):  # between two lines another took the name
            _give_name_anywhere(file, place)
            _flush_folder(place.parent)
            try:
                file.unlink(missing_ok=True)
            except OSError:
                place.unlink()
                raise
            _flush_folder(file.parent)
            return place
    raise FileExistsError(errno.EEXIST, "too many files of that name", str(wanted))


def _give_name_anywhere(file: Path, place: Path) -> None:
    """As `_give_name`; on another file system the file, or the link, is copied."""
    try:
        _give_name(file, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if file.is_symlink():
            place.symlink_to(file.readlink())
            return
        with _part(place.parent) as part:
            with file.open("rb") as source, part.open("xb") as target:
                shutil.copyfileobj(source, target)
                target.flush()
                os.fsync(target.fileno())
            shutil.copystat(file, part)
            _give_name(part, place)


def _flush_folder(folder: Path) -> None:
    """Have the disk keep the names in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
