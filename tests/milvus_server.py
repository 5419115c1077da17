"""A Milvus Lite server as a process of its own on a free port of 127.0.0.1, ended by whoever started it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embeddings.settings import Articles, Index, IndexSettings

_PATIENCE = 60.0  # seconds for its start, on a busy machine
_LOG = "server.log"


@dataclass
class Lite:
    """Its address stays the same when it is stopped and started again over the same data."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = str(Path(sys.executable).with_name("milvus-lite"))
        command = [program, "server", "--host", "127.0.0.1", "--port", f"{self.port}"]
        with (self.folder / _LOG).open("ab") as log:
            self.process = subprocess.Popen([*command, "--data-dir", str(self.folder / "data")], stdout=log, stderr=log)
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / _LOG).read_text("utf-8", "replace"))
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running(folder: Path) -> Iterator[Lite]:
    """A server with its data in `folder`, until the block ends."""
    server = Lite(folder, free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def milvus_settings(source: Path, home: Path, uri: str, prefix: str = "qa_bot") -> IndexSettings:
    """Settings of a build in `home` that is published to the server."""
    index = Index(
        dir=home / "index", backend="milvus", milvus_uri=uri, milvus_prefix=prefix, milvus_cache_dir=home / "copies",
        milvus_timeout_seconds=30,
    )  # fmt: skip
    return IndexSettings(articles=Articles(source=(source,)), index=index)
