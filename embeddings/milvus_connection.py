"""The connection to a Milvus server. The only module that imports pymilvus, and late.

Its client goes on trying a channel that broke with longer and longer pauses, up to two minutes, though the server may
be back. So a connection that broke is let go of, and the next call makes a new one, which fails at once or works.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from embeddings.errors import ServerProblem
from embeddings.milvus_problems import Unreachable, problem, too_old

if TYPE_CHECKING:
    from embeddings.settings import Index as IndexSection


class Connection:
    """Safe for several threads. Raises ServerProblem wherever the server cannot be reached, or refuses."""

    def __init__(self, settings: IndexSection) -> None:
        self.address = settings.milvus_uri
        self.seconds = settings.milvus_timeout_seconds
        self._token = settings.milvus_token
        self._lock = threading.Lock()
        self._open: Any = None
        self.milvus = _pymilvus()
        self.refusals = (self.milvus.MilvusException, *_of_grpc())
        with self.telling("tell its version"):
            version = str(self.client.get_server_version(timeout=self.seconds))
        if too_old(version):
            self.close()
            raise ServerProblem(
                f"The Milvus server at {self.address} is of version {version}, which has no BM25 function. "
                "Upgrade it to 2.5 or newer."
            )

    @property
    def client(self) -> Any:
        """A pymilvus.MilvusClient, connected now if it was not."""
        with self._lock:
            if self._open is None:
                try:
                    self._open = self.milvus.MilvusClient(
                        uri=self.address, token=self._token.get_secret_value(), timeout=self.seconds, dedicated=True
                    )
                except self.refusals as error:
                    raise self.problem(error, "connect") from error
            return self._open

    @contextmanager
    def telling(self, doing: str) -> Iterator[None]:
        try:
            yield
        except self.refusals as error:
            found = self.problem(error, doing)
            if isinstance(found, Unreachable):
                self.close()
            raise found from error
        except ValueError as error:  # gRPC's, where another thread has just let go of the connection
            if "closed channel" not in str(error):
                raise
            raise self.problem(error, doing) from error

    def problem(self, error: Exception, doing: str) -> ServerProblem:
        return problem(self.address, doing, getattr(error, "code", None), str(getattr(error, "message", "")) or error)

    def close(self) -> None:
        """Let go of the server; the next call comes back to it."""
        with self._lock:
            gone, self._open = self._open, None
        if gone is not None:
            with suppress(*self.refusals, ValueError):
                gone.close()


def _pymilvus() -> Any:
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read at the import; else gRPC writes into conversations
    try:
        import pymilvus
    except ImportError as error:
        raise ServerProblem(
            "index.backend is 'milvus', but its client is not installed. Install it: pip install "
            "'vietnamese-qa-bot[milvus]'"
        ) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)  # it logs each error with a traceback; we tell it
    return pymilvus


def _of_grpc() -> tuple[type[Exception], ...]:
    import grpc  # type: ignore[import-untyped]  # comes with pymilvus

    return grpc.RpcError, grpc.FutureTimeoutError
