"""Generations in Milvus, as readers and the builder come to them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.errors import NoIndex, ServerProblem, StaleIndex
from embeddings.milvus_client import Server
from embeddings.milvus_index import MilvusIndex
from embeddings.settings import default_cache_dir

if TYPE_CHECKING:
    from embeddings.generations import Manifest
    from embeddings.settings import Index as IndexSection


def cache_of(settings: IndexSection) -> Path:
    return settings.milvus_cache_dir or default_cache_dir() / "milvus"


class MilvusSource:
    """Implements searching.Source; one connection for all generations, made when it is first needed."""

    def __init__(self, settings: IndexSection) -> None:
        self._settings = settings
        self._server: Server | None = None
        self._connecting = threading.Lock()

    @property
    def server(self) -> Server:
        with self._connecting:
            if self._server is None:
                self._server = Server(self._settings)
            return self._server

    def open(self, fingerprint: str | None) -> MilvusIndex:
        number = self.server.serving()
        if number is None:
            raise NoIndex(
                f"There is no index {self._settings.milvus_prefix} on {self._settings.milvus_uri} yet. Build it: "
                "rebuild-index"
            )
        index = MilvusIndex(self.server, number, cache_of(self._settings))
        if fingerprint is not None and index.manifest.fingerprint != fingerprint:
            index.close()
            raise StaleIndex(
                f"The index on {self._settings.milvus_uri} was built with {index.manifest.fingerprint!r}, but the "
                f"configured model is {fingerprint!r}. Rebuild it: rebuild-index"
            )
        return index

    def newest(self) -> int | None:
        try:
            return self.server.serving()
        except ServerProblem:  # whoever asks a question then is told
            return None

    def manifest(self) -> tuple[Manifest, str | None]:
        index = self.open(None)
        index.close()
        return index.manifest, index.warning

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
