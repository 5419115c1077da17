"""The articles' folder as admins change it: documents and links are added, articles removed so that they can come back.

A file appears whole or not at all: it is written under a hidden name that no reader takes for an article, flushed,
and then given its own name in a way that never replaces what is there. Killed at any moment, the folder holds the
articles of before, perhaps the new one, and perhaps such a hidden rest, which the next change sweeps away.
"""

from __future__ import annotations

import fnmatch
import os
import re
import secrets
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from embeddings.articles import extension_of, find_files, shown
from embeddings.console import one_line
from embeddings.errors import SourceError
from embeddings.fetching import Fetched
from embeddings.readers import KNOWN, READERS, Hints, Reading, read
from embeddings.readers.apart import Apart
from embeddings.settings import Articles, Readers
from embeddings.vietnamese import fold, visible
from qa_bot.errors import ArticleGone, LibraryError, UnknownFormat
from qa_bot.telegram.folder import (
    NAME_BYTES,
    candidates,
    flush_folder,
    give_name,
    half_made,
    holds,
    move_all,
    named,
    telling,
)

_RESERVED = frozenset('<>:"|?*')  # not allowed in file names elsewhere; / and \ end a folder's name
_MARKDOWN_TYPES = ("text/markdown", "text/x-markdown")
_LINK_TYPES = ("text/plain", *_MARKDOWN_TYPES)
_CHARSETS = ("utf-16", "utf-16le", "utf-16be", "windows-1258", "cp1258")  # besides UTF-8: what can hold Vietnamese
_WHOLE_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/epub+zip": ".epub",
}
_LOOKED_AT = 100  # articles of an export, to see whether there is any
_BYTE_ORDER_MARK = "\ufeff"


class Library:
    """Every method blocks: call it in a thread. Raises LibraryError, and nothing else."""

    def __init__(self, settings: Articles, trash: Path, readers: Readers | None = None) -> None:
        self._settings = settings
        self._trash = trash
        self._readers = readers or Readers()

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
            raise UnknownFormat(f"{what} is not read. Send one of: {KNOWN}.")
        most = self._settings.max_megabytes
        if size is not None and size > int(most * 1_000_000):
            raise LibraryError(f"{size / 1e6:.1f} MB is more than articles.max_megabytes = {most:g}. Send it in parts.")
        kept = named(stem, extension)
        if (pattern := self._ignoring(kept)) is not None:
            raise LibraryError(f"files called {pattern} are passed over (articles.ignore). Give it another name.")
        return kept

    def add(self, name: str, data: bytes) -> Path:
        """Store a document, and return where it lies; one that already lies there with these bytes stays as it is."""
        kept = self.check(name, len(data))
        self._read(kept, data)
        home = self.home
        with telling(home), half_made(home) as part:
            for path in candidates(home, kept, NAME_BYTES):
                if holds(path, data):
                    return path
                if os.path.lexists(path):
                    continue
                if not part.exists():
                    with part.open("xb") as file:
                        file.write(data)
                        file.flush()
                        os.fsync(file.fileno())
                with suppress(FileExistsError):  # between two lines another took the name
                    give_name(part, path)
                    flush_folder(home)
                    return path
                if holds(path, data):
                    return path
        raise LibraryError(f"there are too many files called {kept}. Give it another name.")

    def add_link(self, address: str, fetched: Fetched) -> Path:
        """Store what was fetched from `address`.

        A text becomes Markdown whose front matter says where it came from: its reader takes nothing but that away. A
        web page stays as it is below a line that says so, the one that browsers write into pages that they save.
        """
        if fetched.media_type in _WHOLE_TYPES:
            return self._add_whole(address, fetched, _WHOLE_TYPES[fetched.media_type])
        if fetched.media_type not in _LINK_TYPES:
            known = ", ".join([*_LINK_TYPES[:2], *_WHOLE_TYPES])
            raise LibraryError(
                f"{one_line(fetched.media_type)[:80]} is not read from links (known: {known}). "
                f"Send the text as a file: {KNOWN}."
            )
        host, last = _ends(fetched.address)
        stem, extension = _parts(last)
        if extension not in READERS:
            stem, extension = (stem + extension).lstrip("."), ""
        markdown = fetched.media_type in _MARKDOWN_TYPES or extension == ".md"
        text, front_matter, start = self._read(
            ".md" if markdown else ".txt", _as_utf8(fetched.data, fetched.charset), one_line(address)[:100]
        )
        name = named(stem or host, ".md")
        if self._ignoring(name):
            name = named(f"{host} {stem}", ".md")  # README.md, most of all
        return self.add(name, with_address(text[start:], front_matter, fetched.address).encode())

    def _add_whole(self, address: str, fetched: Fetched, extension: str) -> Path:
        data = fetched.data
        if extension == ".html":
            mark = f"<!-- saved from url=({len(fetched.address):04}){fetched.address} -->\n"
            data = _BYTE_ORDER_MARK.encode() + mark.encode() + _as_utf8(data, fetched.charset)
        self._read(extension, data, one_line(address)[:100])
        host, last = _ends(fetched.address)
        stem, _ = _parts(last)
        return self.add(named(stem or host, extension), data)

    def _read(self, name: str, data: bytes, of: str = "") -> tuple[str, dict[str, str], int]:
        """What the reader of such files makes of it. Raises LibraryError where it is no article."""
        extension = extension_of(name) or name
        try:
            if READERS[extension].apart:
                with Apart(self._readers.seconds, self._readers.megabytes) as apart:
                    found = apart.read(data, Hints(extension))
            else:
                found = list(islice(read(data, Hints(extension)), _LOOKED_AT))
        except ValueError as error:
            raise LibraryError(f"{of or name} cannot be read: {error}.") from error
        readings = [item for item in found if isinstance(item, Reading)]
        if not readings:
            raise LibraryError(f"{of or name} holds no article.")
        return readings[0].text, readings[0].front_matter, readings[0].body_start

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
        with telling(trash):
            trash.mkdir(0o700, parents=True, exist_ok=True)
        kept = move_all([(file, _kept_name(trash, file)) for file in files.values()])
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
            with telling(original.parent):
                original.parent.mkdir(parents=True, exist_ok=True)
        return move_all(moves)

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


def _kept_name(trash: Path, file: Path) -> Path:
    """A name that no other file has and that no reader takes for an article, wherever the trash may lie."""
    name = named(os.path.basename(shown(file)), "", most=160)
    return trash / f"{name}.{secrets.token_hex(8)}.removed"


def _ends(address: str) -> tuple[str, str]:
    """(host, last part of the path) of a web address."""
    parts = urlsplit(address)
    return parts.hostname or "", unquote(parts.path.rstrip("/").rsplit("/", 1)[-1])


def _lies_in(file: Path, folder: Path) -> bool:
    return os.path.isdir(folder) and file.parent.resolve().is_relative_to(folder.resolve())


# --- texts ---


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
