"""Where the index of the settings is opened: in its folder, or on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings import generations
from embeddings.index import Index, open_index

if TYPE_CHECKING:
    from pathlib import Path

    from embeddings.generations import Manifest
    from embeddings.searching import SearchIndex, Source
    from embeddings.settings import Index as IndexSection


class Folder:
    """Generations in a folder; implements searching.Source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, fingerprint: str | None) -> SearchIndex:
        if fingerprint is not None:
            return open_index(self._folder, fingerprint)
        held = generations.open_newest(self._folder)
        try:
            return Index(held)
        except BaseException:
            held.hold.close()
            raise

    def newest(self) -> int | None:
        found = generations.numbers(self._folder)
        return found[0] if found else None

    def manifest(self) -> tuple[Manifest, str | None]:
        held = generations.open_newest(self._folder)
        with held.hold:
            return held.manifest, held.warning

    def close(self) -> None: ...


def source_of(settings: IndexSection) -> Source:
    """What the settings say; nothing is opened yet."""
    if settings.backend == "milvus":
        from embeddings.milvus_source import MilvusSource  # late: the folder's readers need none of it

        return MilvusSource(settings)
    return Folder(settings.dir)


def place_of(settings: IndexSection) -> str:
    """Where the index is, in words: for people."""
    if settings.backend == "milvus":
        return f"{settings.milvus_uri} ({settings.milvus_prefix})"
    return f"{settings.dir}"
