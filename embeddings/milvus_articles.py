"""The articles of one generation in Milvus, fetched as they are asked for; the latest are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count, islice
from typing import Any

from embeddings import milvus_layout as layout
from embeddings.errors import CorruptIndex
from embeddings.milvus_client import Server
from embeddings.milvus_rows import HEADER_FIELDS, Placed, Whole, placed, whole
from embeddings.records import Header
from embeddings.storage import newest_first

_AT_ONCE = 32
_PIECES_AT_ONCE = 256  # 17 MB
_HEADERS_AT_ONCE = 2_000
_KEPT = 512


class Articles:
    """Safe for several threads. Every method may raise ServerProblem or CorruptIndex."""

    def __init__(self, server: Server, number: int, articles: int) -> None:
        self._server, self._number, self._count = server, number, articles
        self._kept: OrderedDict[int, Whole] = OrderedDict()
        self._lock = threading.Lock()

    def in_order(self, rows: Iterable[int]) -> Iterator[Whole]:
        """The articles of these rows, in the order asked for."""
        waiting = iter(rows)
        while part := list(islice(waiting, _AT_ONCE)):
            found = self.whole(part)
            yield from (found[row] for row in part)

    def whole(self, rows: Iterable[int]) -> dict[int, Whole]:
        """The articles of these rows, fetched unless they were lately."""
        wanted = list(dict.fromkeys(rows))
        with self._lock:
            found = {row: self._kept[row] for row in wanted if row in self._kept}
        missing = [row for row in wanted if row not in found]
        for at in range(0, len(missing), _AT_ONCE):
            found.update(self._fetched(missing[at : at + _AT_ONCE]))
        with self._lock:
            for row in wanted:
                self._kept[row] = found[row]
                self._kept.move_to_end(row)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def _fetched(self, rows: Sequence[int]) -> dict[int, Whole]:
        of: dict[int, list[Mapping[str, Any]]] = {row: [] for row in rows}
        found = self._pieces(layout.among("article", rows))
        if len(found) == _PIECES_AT_ONCE:  # there may be more: long articles come one by one
            found = [piece for row in rows for piece in self._long(row)]
        for piece in found:
            of[int(piece["article"])].append(piece)
        try:
            return {row: whole(pieces) for row, pieces in of.items()}
        except (ValueError, KeyError, TypeError) as error:
            raise corrupt(self._server, self._number, "An article") from error

    def _pieces(self, where: str) -> list[dict[str, Any]]:
        return self._server.rows(layout.ARTICLES, self._number, where, HEADER_FIELDS, _PIECES_AT_ONCE)

    def _long(self, row: int) -> Iterator[dict[str, Any]]:
        """All pieces of one article."""
        for at in count(0, _PIECES_AT_ONCE):
            found = self._pieces(f"article == {row} and piece >= {at} and piece < {at + _PIECES_AT_ONCE}")
            yield from found
            if len(found) < _PIECES_AT_ONCE:
                return

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """All of them in order, without their texts: one pass, when it is first asked for."""
        found: dict[int, Placed] = {}
        for at in range(0, self._count, _HEADERS_AT_ONCE):
            where = f"piece == 0 and article >= {at} and article < {at + _HEADERS_AT_ONCE}"
            for row in self._server.rows(layout.ARTICLES, self._number, where, HEADER_FIELDS):
                found[int(row["article"])] = placed(int(row["article"]), str(row["content"]))
        if len(found) != self._count:
            raise corrupt(self._server, self._number, "The list of articles")
        return tuple(found[row] for row in sorted(found))

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """Newest first, as storage has them."""
        return tuple(sorted((of.header for of in self.placed), key=newest_first))


def corrupt(server: Server, number: int, what: str) -> CorruptIndex:
    return CorruptIndex(
        f"{what} of generation {number} on {server.address} is not what was published. Publish it again: "
        "rebuild-index --full"
    )
