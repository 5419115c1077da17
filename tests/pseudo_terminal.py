"""A program in a pseudo-terminal, and what a person would see on its screen."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING, Self

import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

_DEADLINE = 30.0  # seconds; only a failing test waits so long
_ROWS = 150  # so that nothing scrolls away


class _Screen(pyte.Screen):
    """A screen that answers when it is asked where its cursor is."""

    def __init__(self, columns: int, reply: Callable[[bytes], object]) -> None:
        super().__init__(columns, _ROWS)
        self._reply = reply

    def write_process_input(self, data: str) -> None:
        self._reply(data.encode())


class PseudoTerminal:
    """Runs `command` until the `with` block ends. `output` is every byte it wrote."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], columns: int) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
        self._screen = _Screen(columns, self.send)
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""
        self._process = subprocess.Popen(
            command, env=dict(environment), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def send(self, data: bytes) -> None:
        os.write(self._ours, data)

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    def text(self) -> str:
        """What the screen shows, its lines joined by single spaces."""
        return " ".join(" ".join(self.lines()).split())

    def wait_for(self, text: str, times: int = 1) -> None:
        """Until the screen shows `text` so many times. A failure shows the screen."""
        until = time.monotonic() + _DEADLINE
        while self.text().count(text) < times:
            if not self._read(until):
                raise AssertionError(f"waited for {text!r}; the screen shows:\n" + "\n".join(self.lines()).rstrip())

    def exit_code(self) -> int:
        """Once the program ended by itself and all it wrote was read."""
        until = time.monotonic() + _DEADLINE
        while self._read(until):
            pass
        return self._process.wait(timeout=max(0.1, until - time.monotonic()))

    def _read(self, until: float) -> bool:
        """Take in what the program wrote next; False at its end, or when `until` has passed."""
        if not select.select([self._ours], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # on Linux, how the other end says that nobody holds it any more
            return False
        self.output += data
        self._stream.feed(data)
        return bool(data)
