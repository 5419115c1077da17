"""Formats whose parsers a stranger's bytes may hurt are read in a child process, with limits on time and memory.

The child is started when first needed and serves many files. It is replaced when it dies, takes too long, or has served
its number. It knows nothing of the parent: no environment, no open files, another working folder, and its own session,
so that Ctrl-C reaches the parent alone. It sees the end of its input and leaves when the parent is gone.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from embeddings.readers import Hints, Reading, Unreadable
from embeddings.readers.frames import LENGTH, MAX_REPLY, Refusal, frame, packed_hints, too_large, unpacked_reply

_FILES = 200  # that one child reads; then a new one begins, with what the old one leaked given back
_STRETCH = 1 << 16  # bytes
_GLANCE = 0.2  # seconds between looks whether all is to end
_MOST_OF_IT = 0.5  # of the memory allowed
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes, of getrusage(2)
_PASSED_ON = ("HOME", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")  # by which Python finds its libraries; no secrets
_ROOT = Path(__file__).resolve().parents[2]
_START = """\
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
spec = PathFinder.find_spec("embeddings", [sys.argv[1]])
package = sys.modules["embeddings"] = module_from_spec(spec)
spec.loader.exec_module(package)
import_module(sys.argv[2]).main()
"""
"""Finds this package where it lies without a search through that folder: no file beside it can pass for a library."""


def program(module: str) -> list[str]:
    """The command that runs `main` of one of our modules in a process of its own, whatever was started as main here."""
    return [sys.executable, "-P", "-B", "-c", _START, str(_ROOT), module]


class Passing(ValueError):
    """Why a file was not read this time: the same bytes may be readable on a machine that has less to do."""


class _Died(ValueError):
    """Why a file was not read: the child ended in the middle of it, or is of no more use."""


class Apart:
    """Reads files in a child process: at most `seconds` each, `megabytes` beyond what Python itself takes.

    To be used with `with`. Threads may share it; it reads one file at a time. `command` starts another child that
    serves the same way; the two limits are added to its arguments.
    """

    def __init__(
        self,
        seconds: float = 20.0,
        megabytes: int = 1024,
        files: int = _FILES,
        command: Sequence[str] | None = None,
    ) -> None:
        self.seconds = seconds
        self.megabytes = megabytes
        self.files = files
        own = program("embeddings.readers.child") if command is None else command
        self._command = [*own, f"{seconds:g}", f"{megabytes}"]
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0  # files that the child has read
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child. A file that another thread is reading is given up."""
        self._closed = True
        with self._lock:
            self._end()

    def read(self, data: bytes, hints: Hints) -> list[Reading | Unreadable]:
        """The articles of a file. Raises ValueError with the reason when there are none; see also `Passing`."""
        with self._lock:
            deadline = time.monotonic() + self.seconds
            if self._served:
                try:
                    return self._read(data, hints, deadline)
                except _Died:
                    pass  # what earlier files left behind in the child may be to blame: a fresh one tries
            return self._read(data, hints, deadline)

    def _read(self, data: bytes, hints: Hints, deadline: float) -> list[Reading | Unreadable]:
        """Raises ValueError with the reason."""
        try:
            reply = self._asked(data, hints, deadline)
        except BaseException:
            self._end()  # who knows what it would reply to the next request
            raise
        self._served += 1
        if isinstance(reply, Refusal) and reply.spent:
            self._end()
            raise _Died(reply.reason)
        if self._served >= self.files:
            self._end()
        if isinstance(reply, Refusal):
            raise ValueError(reply.reason)
        return reply

    def _asked(self, data: bytes, hints: Hints, deadline: float) -> list[Reading | Unreadable] | Refusal:
        child = self._started()
        requests, replies = (pipe.fileno() for pipe in (child.stdin, child.stdout) if pipe is not None)
        try:
            self._send(requests, frame(packed_hints(hints)) + LENGTH.pack(len(data)), deadline)
            self._send(requests, data, deadline)
            (length,) = LENGTH.unpack(self._received(replies, LENGTH.size, deadline))
            if length > MAX_REPLY:
                raise _Died(too_large())
            payload = self._received(replies, length, deadline)
        except (BrokenPipeError, EOFError):
            raise self._cause(child) from None
        try:
            return unpacked_reply(payload)
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError):
            raise _Died(_broken("a malformed reply")) from None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise Passing("not read, since the program is ending")
        if self._child is None:
            environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            try:
                self._child = subprocess.Popen(  # noqa: S603 - our own command
                    self._command,
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise Passing(f"its reader cannot be started ({error.strerror})") from error
            self._served = 0
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
        return self._child

    def _send(self, descriptor: int, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            self._wait(descriptor, select.POLLOUT, deadline)
            rest = rest[os.write(descriptor, rest[:_STRETCH]) :]

    def _received(self, descriptor: int, length: int, deadline: float) -> bytes:
        received = bytearray()
        while len(received) < length:
            self._wait(descriptor, select.POLLIN, deadline)
            stretch = os.read(descriptor, min(_STRETCH, length - len(received)))
            if not stretch:
                raise EOFError
            received += stretch
        return bytes(received)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        """Until the pipe is ready, or broken."""
        poll = select.poll()
        poll.register(descriptor, event)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._late()
            if self._closed:
                raise Passing("not read, since the program is ending")
            if poll.poll(1000 * min(left, _GLANCE)):
                return

    def _cause(self, child: subprocess.Popen[bytes]) -> ValueError:
        """Why the child ended. A parser written in C that gets no more memory crashes: most of it was in use then."""
        found = _ended(child.pid)
        if found is None:
            return _Died(_broken("it closed its pipe"))
        child.returncode, used = found
        if child.returncode == -signal.SIGXCPU:
            return self._late()
        if child.returncode < 0 and used > max(_own_peak(), _MOST_OF_IT * (self.megabytes << 20)):
            return _Died(f"needs more than {self.megabytes} MB to read; split it into smaller files")
        return _Died(
            _broken(f"signal {-child.returncode}" if child.returncode < 0 else f"exit status {child.returncode}")
        )

    def _late(self) -> Passing:
        return Passing(f"took longer than {self.seconds:g} s to read; split it into smaller files")

    def _end(self) -> None:
        """Nothing in the child is worth a farewell."""
        if self._child is not None:
            child, self._child = self._child, None
            self._served = 0
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()


def _own_peak() -> int:
    """Bytes of memory that this process had at most: on Linux, its children inherit the figure."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def _ended(pid: int) -> tuple[int, int] | None:
    """(exit code, bytes of memory at most) of a child that has just ended; None where it has not."""
    deadline = time.monotonic() + _GLANCE
    while time.monotonic() < deadline:
        try:
            found, status, used = os.wait4(pid, os.WNOHANG)
        except ChildProcessError:  # a program that ignores SIGCHLD has no news of its children
            return None
        if found:
            return os.waitstatus_to_exitcode(status), used.ru_maxrss * _RSS_UNIT
        time.sleep(0.002)
    return None


def _broken(how: str) -> str:
    return f"breaks its reader ({how}); save it anew in its own program"
