"""A Ray cluster of two nodes on this machine, each a process tree of its own, for tests.

Its addresses are loopback's. Ray listens on all interfaces all the same, and runs whatever it is sent: so every request
needs a token, which only the test knows. `ray stop` would end every Ray of the machine; here what was started is ended,
by process id.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_HEAD, _NODE = "127.0.0.3", "127.0.0.2"  # 127.0.0.1 Ray takes for "this machine", and looks up its outer address
_STARTED = "Ray runtime started"
_STORE = 100_000_000  # bytes
_START_SECONDS, _END_SECONDS = 60.0, 3.0


class Cluster:
    """Started by `cluster()`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._client_port = _free_ports(2)
        self._roots: dict[str, subprocess.Popen[bytes]] = {}
        self.address = f"{_HEAD}:{self._port}"
        self.environment = {
            **os.environ,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
        }

    def start(self) -> None:
        here = (f"--node-ip-address={_HEAD}", f"--port={self._port}", f"--ray-client-server-port={self._client_port}")
        self._start("head", ("--head", *here, "--include-dashboard=false", f"--temp-dir={self._folder}"))
        self.start_node()

    def start_node(self) -> None:
        """The second node; again, after it was killed."""
        self._start("node", (f"--address={self.address}", f"--node-ip-address={_NODE}"))

    def _start(self, name: str, arguments: tuple[str, ...]) -> None:
        log = self._folder / f"{name}.log"
        with log.open("wb") as out:
            self._roots[name] = subprocess.Popen(
                [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1",
                 f"--object-store-memory={_STORE}", "--disable-usage-stats", *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.environment, start_new_session=True,
            )  # fmt: skip
        root = self._roots[name]
        wait_for(lambda: _STARTED in _read(log) or root.poll() is not None, _START_SECONDS, f"the start of the {name}")
        if root.poll() is not None:
            raise RuntimeError(f"The {name} did not start:\n{_read(log)}")

    def workers(self, name: str, doing: str) -> list[int]:
        """Processes of one node that carry this in their title, as Ray gives it."""
        return [pid for pid in descendants(self._roots[name].pid) if doing in title(pid)]

    def kill_node(self) -> None:
        """The second node, at once and without a word, as a machine that loses its power."""
        root = self._roots.pop("node")
        _end(_identified([root.pid, *descendants(root.pid)]))
        root.wait()

    def stop(self) -> None:
        roots = [root.pid for root in self._roots.values()]
        everything = _identified([*roots, *(pid for root in roots for pid in descendants(root))])
        for root in self._roots.values():
            root.send_signal(signal.SIGTERM)
        for root in self._roots.values():
            with suppress(subprocess.TimeoutExpired):
                root.wait(_END_SECONDS)
        _end(everything)
        for root in self._roots.values():
            root.wait()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Two nodes of one processor each. Its folder has a short name: Unix sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="qr", dir="/tmp"))
    made = Cluster(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(happened: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    """Processes that this one started, and those that they did."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found, known = [], [pid]
    while known:
        children = parents.get(known.pop(), [])
        found += children
        known += children
    return found


def title(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""


def _identified(pids: list[int]) -> dict[int, str]:
    """{process id: when it began}: an id alone may be another process's by tomorrow."""
    return {pid: began for pid in pids if (began := _began(pid))}


def _began(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def _end(processes: dict[int, str]) -> None:
    for pid, began in processes.items():
        if _began(pid) == began:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _read(log: Path) -> str:
    return log.read_text("utf-8", "replace")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((_HEAD, 0))
        return [probe.getsockname()[1] for probe in probes]
