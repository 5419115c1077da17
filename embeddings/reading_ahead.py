"""Files are read ahead of the one that gathers them: by others, while it stores what they found.

What comes is the same as if each file were read when its turn comes, and in the same order.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from embeddings.articles import File, extension_of, shown
from embeddings.errands import Candidate, Runners, candidate, found_in, of_file, of_page
from embeddings.ledger import now
from embeddings.lexicon import Lexicon
from embeddings.readers import READERS
from embeddings.reading import Apart, Unread, bytes_of, hints_of, read_bytes, read_file
from embeddings.records import Page
from embeddings.settings import IndexSettings

Item = Candidate | Unread
_FEW, _LITTLE = 200, 4_000_000  # files, bytes: below both, starting processes takes longer than they save


@dataclass(frozen=True, slots=True)
class _Piece:
    """A step of the way through a file."""

    path: str
    began: int  # nanoseconds, when the reading of the file began
    request: bytes = b""  # to others …
    here: Iterable[Item] = ()  # … or what was, or will be, found here


def worthwhile(files: Sequence[File]) -> bool:
    """Whether there is enough to read for others to be of use."""
    return len(files) >= _FEW or sum(file.signature[0] for file in files) >= _LITTLE


def read_here(file: File, settings: IndexSettings, words: Lexicon, apart: Apart) -> Iterator[Item]:
    """What a file holds, read and prepared in this process as it is asked for."""
    return candidates(read_file(Path(file.path), settings, apart), settings, words)


class ReadAhead:
    """What `runners` find in `files`. `holds`: whether an article of that hash is stored already."""

    def __init__(
        self,
        files: Iterable[File],
        runners: Runners,
        settings: IndexSettings,
        words: Lexicon,
        apart: Apart,
        holds: Callable[[str], bool],
    ) -> None:
        self._settings = settings
        self._words = words
        self._apart = apart
        self._holds = holds
        self._sent: deque[_Piece] = deque()  # in the order of their replies
        self._replies = runners.run(self._requests(files))
        self._piece: tuple[_Piece, bytes | None] | None = None  # seen, and not yet asked for

    def of(self, path: str) -> tuple[int, Iterator[Item]]:
        """(when the reading of the file began, what it holds). To be called in the order of the files; some may be
        left out, and their rest."""
        while (piece := self._next()) is not None and piece[0].path != path:
            self._piece = None
        return now() if piece is None else piece[0].began, self._items(path)

    def _items(self, path: str) -> Iterator[Item]:
        while (piece := self._next()) is not None and piece[0].path == path:
            self._piece = None
            yield from found_in(piece[1]) if piece[0].request else piece[0].here

    def _next(self) -> tuple[_Piece, bytes | None] | None:
        if self._piece is None:
            for reply in self._replies:
                self._piece = self._sent.popleft(), reply
                break
        return self._piece

    def _requests(self, files: Iterable[File]) -> Iterator[bytes]:
        for file in files:
            for piece in self._pieces(file):
                self._sent.append(piece)
                yield piece.request

    def _pieces(self, file: File) -> Iterator[_Piece]:
        """At least one."""
        began, path = now(), Path(file.path)
        kind = READERS.get(extension_of(path.name))
        if kind is not None and kind.several:
            yield _Piece(file.path, began)
            for item in read_file(path, self._settings, self._apart):
                away = isinstance(item, Page) and not self._holds(item.sha256)
                if isinstance(item, Page) and away:
                    yield _Piece(file.path, began, request=of_page(item))
                else:
                    yield _Piece(file.path, began, here=candidates((item,), self._settings, self._words))
            return
        data = bytes_of(path, self._settings)
        if isinstance(data, Unread):
            yield _Piece(file.path, began, here=(data,))
        elif self._holds(hashlib.sha256(data).hexdigest()):  # it moved, most likely: nothing is to be prepared
            pages = read_bytes(shown(path), data, hints_of(path, self._settings), self._apart)
            yield _Piece(file.path, began, here=candidates(pages, self._settings, self._words))
        else:
            yield _Piece(file.path, began, request=of_file(shown(path), data, hints_of(path, self._settings)))


def candidates(items: Iterable[Page | Unread], settings: IndexSettings, words: Lexicon) -> Iterator[Item]:
    """Pages that are cleaned and prepared in this process as it is asked for."""
    for item in items:
        yield item if isinstance(item, Unread) else candidate(item, settings, words)
