"""No network but loopback, no settings from the environment but where the models lie, one unpacked model for all."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from embeddings import bundled_model
from embeddings.settings import default_cache_dir
from tests import milvus_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CACHE_VARIABLE = "QA_BOT_ENCODER_CACHE_DIR"
os.environ["HF_HUB_OFFLINE"] = "1"  # read when the library is imported; child processes inherit it
for _name in [name for name in os.environ if name.startswith("QA_BOT_") and name != _CACHE_VARIABLE]:
    del os.environ[_name]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a run in the background; its children would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    if address[0] in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return False


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if not _is_loopback(address):
            raise OSError(f"tests use no network, but this one connects to {address!r}")
        return connect(self, address)

    return guarded


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """The cache folder with the bundled model in it, unpacked by the first run and kept for the next ones."""
    folder = Path(os.environ.get(_CACHE_VARIABLE) or default_cache_dir())
    bundled_model.ensure(folder)
    return folder


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[milvus_server.Lite]:
    """A Milvus Lite server for all tests; each takes a prefix of its own."""
    with milvus_server.running(tmp_path_factory.mktemp("milvus")) as server:
        yield server
