"""From files to articles: one module a format, one registry.

Each module has `read(data, hints) -> Iterator[Reading | Unreadable]`: a file's bytes in, its articles out, and of many
in one file which are none. It raises ValueError with a reason that a person understands when it holds none at all.
Modules are imported when first needed: some bring much along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from embeddings.records import Region


@dataclass(frozen=True, slots=True)
class Reading:
    """One article as its file has it. `text` is NFC with \\n line ends, and what every offset points into."""

    text: str
    front_matter: dict[str, str]  # what the file says of it: title, date, author, source, section, url
    body_start: int = 0  # where the front matter ends
    regions: tuple[Region, ...] | None = None  # what each range is, where the format says so; None: cleaning finds out
    pages: tuple[int, ...] = ()  # where each printed page begins in `text`
    part: str = ""  # which article of the file it is, where the file holds several


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One of a file's many that is no article; the rest is read nevertheless."""

    part: str  # as Reading.part would be
    reason: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a file beside its bytes."""

    extension: str = ""  # lower case, with its dot
    address: str | None = None  # on the web, where it was fetched
    charset: str | None = None  # as the server names it
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of an export: our name -> names there


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one kind are read."""

    module: str  # of this package
    apart: bool = False  # a stranger's bytes may hurt its parser: a child process runs it, with limits
    several: bool = False  # a file holds many articles, and may be large


_EXPORTS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv")
READERS: Mapping[str, Format] = {
    ".txt": Format("plain"),
    ".md": Format("markdown"),
    ".html": Format("html", apart=True),
    ".htm": Format("html", apart=True),
    ".xhtml": Format("html", apart=True),
    ".pdf": Format("pdf", apart=True),
    ".docx": Format("docx", apart=True),
    ".epub": Format("epub", apart=True),
    **{f"{name}{packed}": Format("exports", several=True) for name in _EXPORTS for packed in ("", ".gz", ".xz")},
    ".rss": Format("feed", apart=True, several=True),
    ".atom": Format("feed", apart=True, several=True),
    ".xml": Format("feed", apart=True, several=True),
}
"""By file name extension, lower case."""
_OTHER_NAMES = (".htm", ".xhtml", ".ndjson", ".tsv", ".atom")
KNOWN = ", ".join(name for name in READERS if name.count(".") == 1 and name not in _OTHER_NAMES)
"""The extensions as people are told of them; other names of the same, and what is packed, go without saying."""


def read(data: bytes, hints: Hints) -> Iterator[Reading | Unreadable]:
    """The articles of a file, in this process; what has no known extension is read as plain text. Raises ValueError."""
    module = import_module(f"{__name__}.{READERS.get(hints.extension, READERS['.txt']).module}")
    readings: Iterator[Reading | Unreadable] = module.read(data, hints)
    return readings
