"""What was taken out of the index while its file stays where it is: a list that every build follows.

    index/removed.json     which articles, by what they held and by where they were

Nobody's files are touched. An article stays out while its content is the same, wherever that moves, and while its
place is the same, whatever is edited there: both are followed, and what was seen is added to the list. The list is
written whole, with a checksum; one that cannot be read is an error and never an empty list, since then everything on
it would silently come back.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from embeddings import generations
from embeddings.errors import StorageError
from embeddings.vietnamese import fold, syllables

FILE = "removed.json"
REASON = "removed with qa-bot articles --remove; take it back: qa-bot articles --restore"
_VERSION = 1  # raise it when the file changes its meaning
_ID = 16  # characters of an article's hash that are its id
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_BY_NUMBER = re.compile(r"#\d+(?:-\d+)*$")  # what an export's row without an id of its own is called, among others


@dataclass(frozen=True, slots=True)
class Removed:
    """One article that stays out of the index."""

    id: str  # of the article
    path: str  # as it was shown
    title: str | None
    at: str  # when; ISO 8601, UTC
    ids: tuple[str, ...] = ()  # what it became when it was edited
    places: tuple[str, ...] = ()  # absolute paths: where it was, and where else it was seen since


def removed(id: str, path: str, title: str | None, at: str, also_at: Iterable[str] = ()) -> Removed:  # noqa: A002 - as above
    """The record of an article that lies at `path`, and at the paths `also_at`, as shown in this working folder."""
    return Removed(id, path, title, at, places=tuple(dict.fromkeys(map(absolute, (path, *also_at)))))


class Removals:
    """The list in `index_dir`. `hides` reads it once, and remembers what it sees; make a new one for each build."""

    def __init__(self, index_dir: Path) -> None:
        self._dir = index_dir
        self._file = index_dir / FILE
        self._records: list[Removed] | None = None
        self._by_id: dict[str, int] = {}
        self._by_place: dict[str, int] = {}
        self._learnt = False

    def load(self) -> list[Removed]:
        """Those on the list, oldest first. Raises StorageError when it cannot be read as it was written."""
        return _read(self._file)

    def add(self, records: Iterable[Removed]) -> list[Removed]:
        """Put them on the list; those that were not on it yet. Raises StorageError, IndexBusy."""
        with generations.builder_lock(self._dir):
            kept = self.load()
            new = {record.id: record for record in records}
            for record in kept:
                new.pop(record.id, None)
            if new:
                _write(self._file, [*kept, *new.values()])
        self._records = None
        return list(new.values())

    def drop(self, records: Iterable[Removed]) -> list[Removed]:
        """Take them off the list; those that were on it, as they stood there. Raises StorageError, IndexBusy."""
        ids = {record.id for record in records}
        with generations.builder_lock(self._dir):
            kept = self.load()
            dropped = [record for record in kept if record.id in ids]
            if dropped:
                _write(self._file, [record for record in kept if record.id not in ids])
        self._records = None
        return dropped

    def hides(self, sha256: str, path: str, title: Callable[[], str | None] | None = None) -> bool:
        """Whether the article that holds this and lies at `path`, as it is shown, stays out. Raises StorageError.

        `sha256`: of the article, or its id. `title` tells what it is called and is asked only where that matters: a
        place that goes by a number may hold another article today, and an edited article is followed further only
        while it is called the same.
        """
        records = self._loaded()
        if not records:
            return False
        id_, place = sha256[:_ID], absolute(path)
        at = self._by_id.get(id_)
        if at is not None:
            if place not in records[at].places:
                self._learn(at, replace(records[at], places=_seen(records[at].places, place)))
            return True
        at = self._by_place.get(place, self._by_place.get(path))
        if at is None:
            return False
        same = title is not None and _same(title(), records[at].title)
        if same:
            self._learn(at, replace(records[at], ids=(*records[at].ids, id_)))
        return same or not _BY_NUMBER.search(place)

    def keep(self) -> None:
        """Write what `hides` learnt, so that it is known next time. Whoever calls holds the builder's lock.

        Raises StorageError.
        """
        if self._learnt and self._records is not None:
            _write(self._file, self._records)
            self._learnt = False

    def _loaded(self) -> list[Removed]:
        if self._records is None:
            self._records, self._by_id, self._by_place = self.load(), {}, {}
            self._learnt = False
            for at, record in enumerate(self._records):
                self._note(at, record)
        return self._records

    def _learn(self, at: int, record: Removed) -> None:
        if self._records is not None:
            self._records[at] = record
            self._note(at, record)
            self._learnt = True

    def _note(self, at: int, record: Removed) -> None:
        for id_ in (record.id, *record.ids):
            self._by_id.setdefault(id_, at)
        for place in (record.path, *record.places):
            self._by_place[place] = at  # whose it was last


def _seen(places: tuple[str, ...], place: str) -> tuple[str, ...]:
    """`places` and `place`. Of numbers only the last one counts: rows go to others with every new export."""
    if not _BY_NUMBER.search(place):
        return (*places, place)
    return (*(other for other in places if not _BY_NUMBER.search(other)), place)


def absolute(path: str) -> str:
    """A shown path from wherever one works; an address on the web is one already."""
    return path if _ADDRESS.match(path) else os.path.join(os.getcwd(), path)


def _same(title: str | None, other: str | None) -> bool:
    words = syllables(fold(title or ""))
    return bool(words) and words == syllables(fold(other or ""))


# --- the file ---


def _read(file: Path) -> list[Removed]:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            f"The list of removed articles {file} cannot be read ({error.strerror}). Check its permissions."
        ) from error
    try:
        document = json.loads(data)
        version, body = document["version"], document["removed"]
        if version == _VERSION and document["sha256"] == _digest(body):
            return _records(body)
        reason = "it is damaged" if version == _VERSION else f"its version is {version}, this program reads {_VERSION}"
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = "it is damaged"
    raise StorageError(
        f"The list of removed articles {file} cannot be used ({reason}). Put a sound copy of it there, or move it "
        "away: then what was removed comes back with the next build."
    )


def _records(body: Any) -> list[Removed]:
    """Raises TypeError, KeyError."""
    if not isinstance(body, list):
        raise TypeError
    records = [Removed(**{**values, "ids": tuple(values["ids"]), "places": tuple(values["places"])}) for values in body]
    for record in records:
        texts = (record.id, record.path, record.at, record.title or "", *record.ids, *record.places)
        if not all(isinstance(text, str) for text in texts):
            raise TypeError
    return records


def _write(file: Path, records: Sequence[Removed]) -> None:
    """The old list or the new one, whatever happens meanwhile. Only the one builder writes, so one name will do."""
    body = [asdict(record) for record in records]
    document = {"version": _VERSION, "sha256": _digest(body), "removed": body}
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as out:
            out.write(json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass"))
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, file)
        _sync(file.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StorageError(
            f"The list of removed articles {file} cannot be written ({error.strerror}). "
            "Free some space or check the disk; the list stays as it was."
        ) from error


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
