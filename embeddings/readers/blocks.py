"""One text out of the blocks of a structured document: paragraphs, captions, headings, each known for what it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from embeddings.records import Kind, Region


def composed(blocks: Iterable[tuple[Kind, str]]) -> tuple[str, tuple[Region, ...]]:
    """NFC text with one block a line, and the range of each; empty blocks are left out, spaces run together."""
    lines: list[str] = []
    regions: list[Region] = []
    at = 0
    for kind, block in blocks:
        composed_block = unicodedata.normalize("NFC", block)
        plain = "  " not in composed_block and composed_block.isprintable()  # the usual case: nothing to run together
        line = composed_block.strip() if plain else " ".join(composed_block.split())
        if line:
            regions.append(Region(kind, at, at + len(line)))
            lines.append(line)
            at += len(line) + 1
    return "".join(f"{line}\n" for line in lines), tuple(regions)
