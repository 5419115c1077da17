"""What reaches a terminal: text without control characters, errors as one line."""

from __future__ import annotations

import sys
import unicodedata

_KEPT = "\n\t"
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """`text` without what could move a cursor, change colours, write a clipboard or reorder a line.

    Same length, so that offsets hold: each such character becomes U+FFFD, line breaks and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if _is_control(c) else c for c in text)


def _is_control(character: str) -> bool:
    if character in _KEPT:
        return False
    return (
        character in _REORDERING
        or unicodedata.category(character) in ("Cc", "Cs", "Co")
        or "\U000e0000" <= character <= "\U000e007f"
    )


def one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def complain(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(one_line(text) + "\n")
    sys.stderr.flush()
