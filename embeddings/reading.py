"""What a file holds: its bytes, given to the reader of its format, as pages; or why it holds none.

A file that changes while it is read is read again. What a stranger may have made to hurt is parsed in a child process.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from embeddings.articles import LINKS, extension_of, shown
from embeddings.console import one_line
from embeddings.readers import READERS, Hints, Reading, Unreadable, plain, read
from embeddings.readers.apart import Passing
from embeddings.records import Page
from embeddings.settings import Articles, IndexSettings
from embeddings.web import WebPage
from embeddings.web_lists import addresses_in

_READ_ATTEMPTS = 3
_EXTENSIONS = {  # of what servers say
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/epub+zip": ".epub",
    "application/json": ".json",
    "text/csv": ".csv",
}


@dataclass(frozen=True, slots=True)
class Unread:
    """What is no article, and why."""

    part: str  # of the file; "" for all of it
    reason: str
    lasting: bool = True  # whether the same bytes would be refused again


class Apart(Protocol):
    """Reads a stranger's bytes where they can do no harm."""

    def read(self, data: bytes, hints: Hints) -> list[Reading | Unreadable]:
        """Raises ValueError with a reason that a person understands."""
        ...


class InProcess:
    """Reads them here: for formats whose parsers cannot be hurt."""

    def read(self, data: bytes, hints: Hints) -> list[Reading | Unreadable]:
        return list(read(data, hints))


def read_file(path: Path, settings: IndexSettings, apart: Apart) -> Iterator[Page | Unread]:
    """The articles of a file one after the other, and what of it is none."""
    data = bytes_of(path, settings)
    if isinstance(data, Unread):
        yield data
    else:
        yield from read_bytes(shown(path), data, hints_of(path, settings), apart)


def bytes_of(path: Path, settings: IndexSettings) -> bytes | Unread:
    """What is in a file, or why that is not known."""
    try:
        return _bytes(path, settings.articles, extension_of(path.name))
    except OSError as error:
        return Unread("", f"cannot be read ({error.strerror or error})", lasting=False)
    except _Changing as error:
        return Unread("", str(error), lasting=False)
    except ValueError as error:
        return Unread("", str(error))


def hints_of(path: Path, settings: IndexSettings) -> Hints:
    return Hints(extension_of(path.name), fields=settings.exports.names())


def read_bytes(name: str, data: bytes, hints: Hints, apart: Apart) -> Iterator[Page | Unread]:
    """The articles in `data`, of a file that is shown as `name`, one after the other, and what of it is none."""
    try:
        yield from pages_of(name, data, hints, apart)
    except Passing as error:
        yield Unread("", str(error), lasting=False)
    except ValueError as error:
        yield Unread("", str(error))


def links_in(path: Path, settings: IndexSettings) -> tuple[list[str], list[Unread]]:
    """The addresses in a file that has one a line, and which of its lines are none."""
    try:
        addresses, wrong = addresses_in(plain.decode(_bytes(path, settings.articles, LINKS)))
    except OSError as error:
        return [], [Unread("", f"cannot be read ({error.strerror or error})", lasting=False)]
    except (ValueError, _Changing) as error:
        return [], [Unread("", str(error))]
    return addresses, [Unread(f"{line}", reason) for line, reason in wrong]


def pages_fetched(page: WebPage, apart: Apart) -> Iterator[Page | Unread]:
    """The articles of a document from the web, by what its server says it is, else by its address."""
    extension = _EXTENSIONS.get(page.media_type) or extension_of(urlsplit(page.final).path)
    if extension not in READERS:
        yield Unread("", f"{one_line(page.media_type)} is not read")
        return
    yield from read_bytes(page.address, page.data, Hints(extension, page.final, page.charset), apart)


def pages_of(name: str, data: bytes, hints: Hints, apart: Apart) -> Iterator[Page | Unread]:
    """The articles in `data`, of a file that is shown as `name`. Raises ValueError when it holds none at all."""
    sha256 = hashlib.sha256(data).hexdigest()
    kind = READERS.get(hints.extension)
    for reading in apart.read(data, hints) if kind is not None and kind.apart else read(data, hints):
        if isinstance(reading, Unreadable):
            yield Unread(reading.part, reading.reason)
            continue
        yield Page(
            path=path_of(name, reading.part),
            text=reading.text,
            sha256=content_hash(reading) if reading.part else sha256,
            front_matter=reading.front_matter,
            body_start=reading.body_start,
            regions=reading.regions,
            pages=reading.pages,
        )


def path_of(name: str, part: str) -> str:
    return f"{name}#{part}" if part else name


def content_hash(reading: Reading) -> str:
    """Of an article that shares its file with others: it stays the same when its neighbours change."""
    stated = json.dumps(reading.front_matter, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{stated}\0{reading.text}".encode("utf-8", "replace")).hexdigest()


class _Changing(Exception):
    pass


def _bytes(path: Path, settings: Articles, extension: str) -> bytes:
    """The file's bytes; read again when its size or time changed meanwhile."""
    kind = READERS.get(extension)
    name = "max_export_megabytes" if kind is not None and kind.several else "max_megabytes"
    megabytes = getattr(settings, name)
    most = int(megabytes * 1_000_000)
    for _ in range(_READ_ATTEMPTS):
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > most:
                raise ValueError(f"{before.st_size / 1e6:.0f} MB, more than articles.{name} = {megabytes:g}")
            data = file.read(most + 1)
            after = os.fstat(file.fileno())
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and len(data) == after.st_size:
            return data
    raise _Changing("it changes while it is read; try again when it is finished")
