"""Files that travel in Milvus: compressed, cut into pieces, with their hashes; and a reader's copies of them.

A reader keeps a copy by its hash, so that it fetches a vocabulary once and several readers on a machine share it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from embeddings import milvus_layout as layout
from embeddings.errors import StaleIndex, StorageError
from embeddings.milvus_articles import corrupt
from embeddings.milvus_client import Server

FORMAT = 1  # raise it when what lies in Milvus changes its meaning
CONTENTS = "contents.json"
_PIECE = layout.MOST_BYTES // 4 * 3  # bytes that base64 makes a full piece of
_AT_ONCE = 64  # pieces in one request: 4 MB
_KEPT = 8  # copies of files, the latest


@dataclass(frozen=True, slots=True)
class Packed:
    """One file among the pieces: its keys are first to first + pieces."""

    first: int
    pieces: int
    size: int  # bytes, as it is on disk
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What the files of a generation are, and what they were published from."""

    source: str  # SHA-256 of the manifest that the builder has
    vectors: str  # kind of index
    nlist: int
    files: Mapping[str, Packed]


def rows_of(files: Mapping[str, Path], source: str, vectors: layout.VectorIndex) -> Iterator[dict[str, object]]:
    """Rows of the collection of files; that of the contents, which has key 0, comes last: with it all is there."""
    key, packed = 1, dict[str, Packed]()
    for name, path in files.items():
        data = path.read_bytes()
        squeezed = zlib.compress(data)
        cut = [squeezed[at : at + _PIECE] for at in range(0, len(squeezed), _PIECE)]
        packed[name] = Packed(key, len(cut), len(data), hashlib.sha256(data).hexdigest())
        for number, piece in enumerate(cut, key):
            yield _row(number, name, base64.b64encode(piece).decode())
        key += len(cut)
    contents = Contents(source, vectors.kind, int(str(vectors.build.get("nlist", 0))), packed)
    body = json.dumps({"format": FORMAT, "contents": asdict(contents)}, sort_keys=True)
    yield _row(0, CONTENTS, json.dumps({"sha256": _digest(body), "body": body}))


def _row(key: int, name: str, content: str) -> dict[str, object]:
    return {"key": key, "name": name, "content": content, "nothing": list(layout.NO_VECTOR)}


def contents_of(server: Server, number: int) -> Contents:
    """Raises CorruptIndex, StaleIndex, ServerProblem."""
    rows = server.rows(layout.FILES, number, "key == 0", ["content"], 1)
    try:
        document = json.loads(rows[0]["content"])
        if document["sha256"] != _digest(document["body"]):
            raise ValueError
        body = json.loads(document["body"])
        if body["format"] != FORMAT:
            raise StaleIndex(
                f"Generation {number} on {server.address} has format {body['format']}, this program reads {FORMAT}. "
                "Publish it again with this one: rebuild-index"
            )
        contents = body["contents"]
        files = {name: Packed(**packed) for name, packed in contents.pop("files").items()}
        return Contents(**contents, files=files)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise corrupt(server, number, CONTENTS) from error


def copy_of(server: Server, number: int, name: str, contents: Contents, cache: Path) -> Path:
    """The file as a copy in the folder `cache`, fetched unless it is there.

    Raises CorruptIndex, StorageError, ServerProblem.
    """
    packed = contents.files.get(name)
    if packed is None:
        raise corrupt(server, number, name)
    copy = cache / f"{packed.sha256}-{name}"
    try:
        if _is_whole(copy, packed):
            os.utime(copy)
            return copy
        data = _fetched(server, number, name, packed)
        cache.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=cache)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, copy)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _forget_old(cache, name)
    except OSError as error:
        raise StorageError(
            f"The copy of {name} could not be kept in {cache} ({error.strerror}). Choose another folder: "
            "index.milvus_cache_dir"
        ) from error
    return copy


def _is_whole(copy: Path, packed: Packed) -> bool:
    if not copy.is_file() or copy.stat().st_size != packed.size:
        return False
    with copy.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == packed.sha256


def _fetched(server: Server, number: int, name: str, packed: Packed) -> bytes:
    found: dict[int, str] = {}
    end = packed.first + packed.pieces
    for at in range(packed.first, end, _AT_ONCE):
        where = f"key >= {at} and key < {min(at + _AT_ONCE, end)}"
        for row in server.rows(layout.FILES, number, where, ["key", "content"], _AT_ONCE):
            found[int(row["key"])] = str(row["content"])
    try:
        squeezed = b"".join(base64.b64decode(found[key]) for key in range(packed.first, end))
        data = zlib.decompress(squeezed)
    except (KeyError, ValueError, zlib.error) as error:
        raise corrupt(server, number, name) from error
    if hashlib.sha256(data).hexdigest() != packed.sha256:
        raise corrupt(server, number, name)
    return data


def _forget_old(cache: Path, name: str) -> None:
    """Delete copies of `name` that were not used lately; whoever has one open goes on reading it."""
    copies = []
    for path in cache.glob(f"*-{name}"):
        with suppress(OSError):
            copies.append((path.stat().st_mtime, path))
    for _, path in sorted(copies, reverse=True)[_KEPT:]:
        path.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
