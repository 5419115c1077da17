"""One text out of the blocks of a structured document: paragraphs, captions, headings, each known for what it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from embeddings.records import Kind, Region

_SPACES = re.compile(r"\s+")


def composed(blocks: Iterable[tuple[Kind, str]]) -> tuple[str, tuple[Region, ...]]:
    """NFC text with one block a line, and the range of each; empty blocks are left out, spaces run together."""
    text = ""
    regions = []
    for kind, block in blocks:
        line = _SPACES.sub(" ", unicodedata.normalize("NFC", block)).strip()
        if line:
            regions.append(Region(kind, len(text), len(text) + len(line)))
            text += line + "\n"
    return text, tuple(regions)
