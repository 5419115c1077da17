"""The text of an export that may be packed (gzip, xz), a stretch at a time, and never more than a limit."""

from __future__ import annotations

import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from embeddings.encodings import decode

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_UNPACKED = 2_000_000_000  # bytes
_MAX_WHOLE = 250_000_000  # bytes; of what is not read a line at a time
_LZMA_MEMORY = 256 << 20  # bytes; the highest preset of xz takes 65 MB
_STRETCH = 1 << 20  # bytes
_HEAD = 4096  # bytes
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\0"


def is_packed(data: bytes) -> bool:
    return data.startswith((_GZIP, _XZ))


def unpacked(data: bytes, most: int) -> bytes:
    """All of it. Raises ValueError where it is damaged, or holds more than `most` bytes."""
    return _stream(data, most).read()


def text_of(data: bytes, charset: str | None = None) -> str:
    """All of an export's text. Raises ValueError."""
    text = decode(unpacked(data, _MAX_WHOLE), charset).text.removeprefix("\ufeff")
    if not text.strip():
        raise ValueError("empty")
    return text


def lines_of(data: bytes, charset: str | None = None, most: int = MAX_UNPACKED) -> TextIO:
    """An export's text to be read by lines, their ends as they are. Bytes that are not UTF-8 come as half characters.

    Only what is in another encoding is decoded as a whole. Raises ValueError, while it is read as well.
    """
    if not data.strip():
        raise ValueError("empty")
    sample = _stream(data, most).read(_STRETCH) if is_packed(data) else data
    if not _is_utf_8(sample):
        try:
            return io.StringIO(text_of(data, charset), newline="")
        except ValueError:
            if b"\0" in sample[:_HEAD] or not _mostly_utf_8(sample.split(b"\n")):
                raise
    return io.TextIOWrapper(_stream(data, most), "utf-8-sig", "surrogateescape", newline="")


def byte_problem(text: str) -> str | None:
    """Why a piece of what `lines_of` gives is no text, or None."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not UTF-8"
    return "it holds NUL bytes" if "\0" in text else None


def _is_utf_8(data: bytes) -> bool:
    """Whether it is UTF-8 but for some broken lines, however it ends. NUL bytes in its head are those of UTF-16."""
    if b"\0" in data[:_HEAD]:
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), _STRETCH):
            decoder.decode(data[at : at + _STRETCH])
    except UnicodeDecodeError:
        return _mostly_utf_8([line for line in data.split(b"\n") if not line.isascii()])
    return True


def _mostly_utf_8(lines: list[bytes]) -> bool:
    return sum(map(_decodes, lines)) > len(lines) / 2


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _stream(data: bytes, most: int) -> io.BufferedReader:
    if data.startswith(_XZ):
        return io.BufferedReader(_Stretches(_xz(data), most), _STRETCH)
    if data.startswith(_GZIP):
        return io.BufferedReader(_Stretches(_gzip(data), most), _STRETCH)
    return io.BufferedReader(_Stretches(iter([data]), most), _STRETCH)


def _gzip(data: bytes) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while stretch := file.read(_STRETCH):
                yield stretch
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError("damaged, or not whole (gzip); fetch it again") from error


def _xz(data: bytes) -> Iterator[bytes]:
    """Streams of xz may follow each other, padded with zeros."""
    try:
        while data:
            unpacking = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)
            yield unpacking.decompress(data, _STRETCH)
            while not unpacking.eof:
                stretch = unpacking.decompress(b"", _STRETCH)
                if not stretch and unpacking.needs_input:
                    raise ValueError("not whole (xz); fetch it again")
                yield stretch
            data = unpacking.unused_data.lstrip(b"\0")
    except lzma.LZMAError as error:
        raise ValueError(f"damaged, or not for reading here (xz: {error})") from error


class _Stretches(io.RawIOBase):
    """Bytes that come in stretches, as a file; at most so many."""

    def __init__(self, stretches: Iterator[bytes], most: int) -> None:
        self._stretches = stretches
        self._most = most
        self._given = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while not self._rest:
            stretch = next(self._stretches, None)
            if stretch is None:
                return 0
            self._rest = memoryview(stretch)
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._given += count
        if self._given > self._most:
            raise ValueError(f"holds more than {self._most / 1e6:g} MB when unpacked; split it")
        return count
