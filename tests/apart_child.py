"""A child process as `Apart` starts it, which also has readers that do what bad ones do: hang, eat memory, crash."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from embeddings.readers import Hints, Reading, Unreadable
from embeddings.readers.child import main


def _read(data: bytes, hints: Hints) -> Iterable[Reading | Unreadable]:
    """The extension says which reader, or what to do."""
    word = hints.extension.removeprefix(".")
    if word in ("pdf", "docx", "epub", "plain"):
        readings: Iterable[Reading | Unreadable] = import_module(f"embeddings.readers.{word}").read(data, hints)
        return readings
    return _BAD[word](data)


def _hang(data: bytes) -> Iterable[Reading]:
    time.sleep(3600)
    return []


def _spin(data: bytes) -> Iterable[Reading]:
    while True:
        pass


def _eat(data: bytes) -> Iterable[Reading]:
    kept = []
    while True:
        kept.append(bytearray(1 << 24))


def _crash(data: bytes) -> Iterable[Reading]:
    ctypes.string_at(0)
    return []


def _bug(data: bytes) -> Iterable[Reading]:
    raise KeyError("a bug of the reader")


def _leave(data: bytes) -> Iterable[Reading]:
    os._exit(3)


def _write(data: bytes) -> Iterable[Reading]:
    Path(data.decode()).write_text("planted")
    return []


def _chat(data: bytes) -> Iterable[Reading]:
    sys.stdout.write("a library says something")
    os.write(1, b"\0" * 64)
    return [Reading("đã đọc\n", {})]


def _boast(data: bytes) -> Iterable[Reading]:
    return [Reading("a" * 70_000_000, {})]


def _lie(data: bytes) -> Iterable[Reading]:
    """Offsets that lie outside of the text."""
    return [Reading("ngắn", {}, pages=(0, 99))]


def _say(data: bytes) -> Iterable[Reading | Unreadable]:
    """What the child sees of the world."""
    world = {"pid": os.getpid(), "cwd": os.getcwd(), "environment": ",".join(sorted(os.environ))}
    said = {name: str(value) for name, value in world.items()}
    return [Reading("tôi\n", {**said, "modules": ",".join(sorted(sys.modules))}), Unreadable("2", "không đọc được")]


_BAD = {
    "hang": _hang,
    "spin": _spin,
    "eat": _eat,
    "crash": _crash,
    "bug": _bug,
    "leave": _leave,
    "write": _write,
    "chat": _chat,
    "boast": _boast,
    "lie": _lie,
    "say": _say,
}

if __name__ == "__main__":
    main(_read)
