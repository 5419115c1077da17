"""Plain text, in Unicode or in what Vietnamese was written in before it."""

from __future__ import annotations

from collections.abc import Iterator

from embeddings import encodings
from embeddings.readers import Hints, Reading

_BYTE_ORDER_MARK = "\ufeff"


def read(data: bytes, hints: Hints) -> Iterator[Reading]:
    yield Reading(decode(data, hints.charset), {})


def decode(data: bytes, charset: str | None = None) -> str:
    """NFC text with \\n line ends; a byte order mark stays, so that offsets agree with the file read in its encoding.

    `charset` is what a server calls it, a hint. Text of today that holds an older encoding is repaired. Raises
    ValueError that says why the bytes are not a text.
    """
    text = encodings.decode(data, charset).text
    text = encodings.repaired(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip().strip(_BYTE_ORDER_MARK).strip():
        raise ValueError("empty")
    return text
