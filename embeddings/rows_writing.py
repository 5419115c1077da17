"""Rows of one length, written one after another between a header and what follows them.

faiss.write_index loses data silently on a full disk and never flushes, so files that faiss reads are written here, in
the layout that faiss itself gives them; `generations` flushes and hashes them. A full disk is an OSError at the row
that has no room. What is kept of another file is copied as it lies there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

_CHUNK = 1 << 26  # bytes copied at once
_CANNOT_COPY = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


class RowsWriter:
    """Writes `file`: first the rows that are kept of another one, then new ones. Use it in a `with`."""

    def __init__(self, file: Path, header: Callable[[int], bytes], row_bytes: int, tail: bytes = b"") -> None:
        """`header`: of a file of so many rows; always of the same length, in the file that rows are kept of as well."""
        self._header, self._row_bytes, self._tail = header, row_bytes, tail
        self._rows = 0
        self._file: BinaryIO = file.open("xb")
        self._file.write(header(0))

    def keep(self, base: Path, ranges: Sequence[tuple[int, int]]) -> None:
        """Copy rows first to end (exclusive) of each range from the file `base`."""
        self._file.flush()
        begin = len(self._header(0))
        with base.open("rb") as source:
            for first, end in ranges:
                offset = begin + first * self._row_bytes
                left = (end - first) * self._row_bytes
                while left:
                    copied = _copy(source, offset, self._file, min(left, _CHUNK))
                    if not copied:
                        raise OSError(errno.EIO, f"{base} is shorter than it should be")
                    offset, left = offset + copied, left - copied
                self._rows += end - first

    def add_rows(self, data: bytes) -> None:
        """Append whole rows."""
        self._file.write(data)
        self._rows += len(data) // self._row_bytes

    def __len__(self) -> int:
        return self._rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.write(self._tail)
            self._file.seek(0)
            self._file.write(self._header(self._rows))
        self._file.close()


def _copy(source: BinaryIO, offset: int, target: BinaryIO, most: int) -> int:
    """Copy bytes to the end of `target`, inside the kernel where the file system can; how many there were."""
    try:
        copied = os.copy_file_range(source.fileno(), target.fileno(), most, offset)
    except OSError as error:
        if error.errno not in _CANNOT_COPY:
            raise
        source.seek(offset)
        copied = target.write(source.read(most))
        target.flush()
    return copied
