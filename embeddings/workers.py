"""Errands run in processes of this machine, as many as the processors that may be used.

A worker is a program of its own, started with nothing of this one's: no fork of threads, no second import of whatever
was started as main. Requests and replies are frames on its standard input and output, a handful at a time. It sees the
end of its input and leaves when the parent is gone; its own session keeps Ctrl-C for the parent alone.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from embeddings.errands import Runner, handfuls
from embeddings.processors import processors
from embeddings.readers.apart import program
from embeddings.readers.frames import LENGTH, frame

_AHEAD = 3  # handfuls a worker: one that it works on, one that waits, one whose replies are being stored
_BYTES_AHEAD = 64 << 20  # of all requests that are not answered yet
_ATTEMPTS = 2  # of a request whose worker dies
_READY = b"ready"


def main(run: Callable[[Runner, bytes], bytes] = Runner.run) -> None:
    """A worker: an outfit, then handfuls of requests on standard input until it ends."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)  # what a library prints must not get among the replies
    with suppress(BrokenPipeError, EOFError), Runner(_received(requests)) as runner:
        _send(replies, [_READY])
        while True:
            _send(replies, [run(runner, request) for request in _handful(requests)])


class Workers:
    """Runs errands in `count` processes, which are started when they are needed. To be used with `with`.

    `command` starts another program that serves the same way.
    """

    def __init__(self, outfit: bytes, count: int | None = None, command: Sequence[str] | None = None) -> None:
        self._outfit = outfit
        self._command = program("embeddings.workers") if command is None else command
        self._count = count or processors()
        self._own = threading.local()
        self._all: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False
        self._runner: Runner | None = None
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="worker")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. What they were given is given up."""
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.kill()
        self._pool.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.close()
        if self._runner is not None:
            self._runner.close()

    def pids(self) -> list[int]:
        """Of the workers that run now."""
        with self._lock:
            return [worker.pid for worker in self._all if worker.lives()]

    def run(self, requests: Iterable[bytes]) -> Iterator[bytes | None]:
        """See errands.Runners."""
        ahead: deque[tuple[int, Future[list[bytes | None]]]] = deque()
        held = 0
        for handful in handfuls(requests):
            size = sum(map(len, handful))
            while ahead and (len(ahead) >= _AHEAD * self._count or held + size > _BYTES_AHEAD):
                done, future = ahead.popleft()
                held -= done
                yield from future.result()
            ahead.append((size, self._pool.submit(self._answered, handful)))
            held += size
        while ahead:
            yield from ahead.popleft()[1].result()

    # --- in a thread of the pool, one a worker ---

    def _answered(self, handful: list[bytes]) -> list[bytes | None]:
        asked = [request for request in handful if request]
        replies = iter(self._asked(asked) if asked else [])
        return [next(replies) if request else b"" for request in handful]

    def _asked(self, handful: list[bytes]) -> list[bytes | None]:
        """The replies. A worker that dies is replaced, and given what it had one by one: who is to blame is found."""
        for _ in range(1 if len(handful) > 1 else _ATTEMPTS):
            try:
                return list(self._worker().ask(handful))
            except _NotStarted:
                return [self._here(request) for request in handful]
            except _Died:
                continue
        if len(handful) == 1:
            return [None]
        return [reply for request in handful for reply in self._asked([request])]

    def _here(self, request: bytes) -> bytes | None:
        """Where no process can be started, this one does the work: slower, but it does."""
        with self._lock:
            if self._closed:
                return None
            if self._runner is None:
                self._runner = Runner(self._outfit)
        return self._runner.run(request)

    def _worker(self) -> _Worker:
        """This thread's. Raises _NotStarted."""
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None or not worker.lives():
            with self._lock:
                if self._closed:
                    raise _NotStarted
                worker = self._own.worker = _Worker(self._command, self._outfit)
                self._all.append(worker)
        return worker


class _Died(Exception):
    """The worker is no more."""


class _NotStarted(_Died):
    """There was none: it could not be started, or never said a word."""


class _Worker:
    def __init__(self, command: Sequence[str], outfit: bytes) -> None:
        """Raises _NotStarted."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise _NotStarted from error
        self._outfit: bytes | None = outfit
        self._dead = False
        self.pid = self._process.pid

    def ask(self, handful: list[bytes]) -> list[bytes]:
        """The replies, in order. Raises _Died."""
        requests, replies = self._process.stdin, self._process.stdout
        if requests is None or replies is None:
            raise _Died
        try:
            self._begin(requests, replies)
            _send(requests, handful)
            answers = _handful(replies)
            if len(answers) != len(handful):
                raise EOFError
        except (OSError, EOFError, ValueError) as error:
            self._dead = True
            self.kill()
            raise (_Died if self._outfit is None else _NotStarted) from error
        return answers

    def _begin(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        """Give a new worker its outfit, and wait until it has it."""
        if self._outfit is not None:
            requests.write(frame(self._outfit))
            requests.flush()
            if _handful(replies) != [_READY]:
                raise EOFError
            self._outfit = None

    def lives(self) -> bool:
        return not self._dead and self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Call it when no thread asks any more."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent yet cannot be any more
                    pipe.close()


# --- on the pipes ---


def _send(stream: IO[bytes], handful: list[bytes]) -> None:
    stream.write(LENGTH.pack(len(handful)))
    for part in handful:
        stream.write(frame(part))
    stream.flush()


def _handful(stream: IO[bytes]) -> list[bytes]:
    """Raises EOFError."""
    (count,) = LENGTH.unpack(_exactly(stream, LENGTH.size))
    return [_received(stream) for _ in range(count)]


def _received(stream: IO[bytes]) -> bytes:
    (length,) = LENGTH.unpack(_exactly(stream, LENGTH.size))
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
