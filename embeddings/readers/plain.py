"""Plain text: UTF-8, with or without a byte order mark."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from embeddings.readers import Hints, Reading

_BYTE_ORDER_MARK = "\ufeff"


def read(data: bytes, hints: Hints) -> Iterator[Reading]:  # noqa: ARG001 - a text needs none
    yield Reading(decode(data), {})


def decode(data: bytes) -> str:
    """NFC text with \\n line ends; a byte order mark stays, so that offsets agree with the file read as UTF-8.

    Raises ValueError that says why the bytes are not a text.
    """
    if b"\0" in data:
        raise ValueError("binary, or UTF-16 (it holds NUL bytes); save it as UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start}); save it as UTF-8") from error
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip().strip(_BYTE_ORDER_MARK).strip():
        raise ValueError("empty")
    return text
