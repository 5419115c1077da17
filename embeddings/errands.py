"""Reading and preparing as errands that can be run anywhere: a request is bytes, and so is the reply.

A request holds the file's own bytes, since who runs it may not see the folder; or, of a file with many articles, one
page. Whoever runs errands is told once, in `outfit`, what they need beside that: settings and word lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from embeddings import lexicon
from embeddings.preparing import Prepared, as_json, from_json, prepare, restored, stated, title_of
from embeddings.readers import Hints
from embeddings.readers.apart import Apart
from embeddings.readers.frames import LENGTH, frame, packed_hints, unpacked_hints
from embeddings.reading import Unread, read_bytes
from embeddings.records import Kind, Page, Region
from embeddings.settings import IndexSettings

_AT_ONCE, _BYTES_AT_ONCE = 32, 1 << 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that was read. What else is known of it is found out when it is asked for."""

    path: str
    sha256: str
    title: Callable[[], str | None]
    prepared: Callable[[], Prepared | None]  # None where there is no text of an article


class Runners(Protocol):
    """Others who run errands: processes of this machine, or other machines."""

    def run(self, requests: Iterable[bytes]) -> Iterator[bytes | None]:
        """The replies, in the order of the requests; None where whoever ran it died, again and again.

        Requests are taken as they are needed: no more of them are held than keep all runners busy. b"" is answered
        with b"" and runs nowhere.
        """
        ...


def candidate(page: Page, settings: IndexSettings, words: lexicon.Lexicon) -> Candidate:
    """A page that is cleaned and prepared here, when that is asked for."""
    return Candidate(
        page.path, page.sha256, partial(title_of, page, words), partial(prepare, page, settings.chunking, words)
    )


def outfit(settings: IndexSettings, words: lexicon.Lexicon) -> bytes:
    """What errands need beside their requests."""
    return as_json({"settings": settings.model_dump(mode="json", include=_NEEDED), "words": words.tables})


# Of all settings what reading and preparing go by; the bot's, with its secrets, stay where they are.
_NEEDED = {"articles", "exports", "readers", "chunking"}


def of_file(name: str, data: bytes, hints: Hints) -> bytes:
    """The request to read the bytes of a file that is shown as `name`, and to prepare its articles."""
    return frame(as_json({"name": name})) + frame(packed_hints(hints)) + data


def of_page(page: Page) -> bytes:
    """The request to prepare a page."""
    regions = None if page.regions is None else [[r.kind.value, r.start, r.end] for r in page.regions]
    return frame(as_json({"page": {**asdict(page), "regions": regions}}))


def handfuls(requests: Iterable[bytes]) -> Iterator[list[bytes]]:
    """What one runner is given together: so many that it seldom waits, so few that none has much left at the end."""
    return batches(requests, len, _AT_ONCE, _BYTES_AT_ONCE)


def batches(items: Iterable[T], size: Callable[[T], int], most: int, room: int) -> Iterator[list[T]]:
    """`items` in order, at most `most` together, and of `room` in all unless one alone is larger. Taken as needed."""
    batch: list[T] = []
    held = 0
    for item in items:
        if batch and (len(batch) >= most or held + size(item) > room):
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += size(item)
    if batch:
        yield batch


class Runner:
    """Runs errands in this process. To be used with `with`: strangers' formats are read in a child process of it."""

    def __init__(self, outfit: bytes) -> None:
        """Raises ValueError when `outfit` is that of another version."""
        given = from_json(outfit)
        self._settings = IndexSettings.model_validate(given["settings"])
        self._words = lexicon.of(given["words"])
        self._apart = Apart(self._settings.readers.seconds, self._settings.readers.megabytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._apart.close()

    def run(self, request: bytes) -> bytes:
        """The reply. Whatever goes wrong is told in it: an article that cannot be prepared is no reason to stop."""
        try:
            return as_json([self._told(item) for item in self._items(request)])
        except Exception as error:  # noqa: BLE001 - the build goes on without this file, which is listed
            return as_json([asdict(broken(f"{type(error).__name__}: {error}"))])

    def _items(self, request: bytes) -> Iterator[Page | Unread]:
        header, rest = _frame(request)
        values = from_json(header)
        if "page" in values:
            return iter((_page(values["page"]),))
        hints, data = _frame(rest)
        return read_bytes(values["name"], data, unpacked_hints(hints), self._apart)

    def _told(self, item: Page | Unread) -> dict[str, Any]:
        if isinstance(item, Unread):
            return asdict(item)
        prepared = prepare(item, self._settings.chunking, self._words)
        return {
            "path": item.path,
            "sha256": item.sha256,
            "title": prepared.article.title if prepared else title_of(item, self._words),
            "prepared": stated(prepared) if prepared else None,
        }


def found_in(reply: bytes | None) -> list[Candidate | Unread]:
    """What a file held, in order."""
    if reply is None:
        return [broken("the process that read it died")]
    return [_found(values) for values in from_json(reply)]


def broken(how: str) -> Unread:
    return Unread("", f"breaks its reader ({how}); save it anew in its own program", lasting=False)


def _found(values: dict[str, Any]) -> Candidate | Unread:
    if "reason" in values:
        return Unread(**values)
    title, prepared = values["title"], values["prepared"]
    return Candidate(
        values["path"], values["sha256"], lambda: title, lambda: None if prepared is None else restored(prepared)
    )


def _page(values: dict[str, Any]) -> Page:
    regions = values["regions"]
    return Page(
        **{
            **values,
            "regions": None if regions is None else tuple(Region(Kind(kind), a, b) for kind, a, b in regions),
            "pages": tuple(values["pages"]),
        }
    )


def _frame(data: bytes) -> tuple[bytes, bytes]:
    """The frame with which `data` begins, and what follows it."""
    (length,) = LENGTH.unpack_from(data)
    return data[LENGTH.size : LENGTH.size + length], data[LENGTH.size + length :]
