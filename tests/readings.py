"""What every reading promises, and how tests look at one."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embeddings.readers import Reading
    from embeddings.records import Kind

DOCUMENTS = Path(__file__).parent / "documents"


def assert_sound(reading: Reading) -> None:
    """NFC, lines without control characters, regions in order and inside the text, pages likewise."""
    text = reading.text
    assert unicodedata.is_normalized("NFC", text)
    assert not [
        character for character in text if unicodedata.category(character) in ("Cc", "Cs") and character != "\n"
    ]
    assert all(text[region.start : region.end].strip() for region in reading.regions or ())
    edges = [0, *(edge for region in reading.regions or () for edge in (region.start, region.end)), len(text)]
    assert all(a <= b for a, b in pairwise(edges))
    assert all(a <= b for a, b in pairwise([0, *reading.pages, len(text)]))


def assert_reason(refused: ValueError) -> None:
    """Words that we wrote, not those of a library."""
    assert re.match(r"(?:not an? |damaged |encrypted; |protected by |an old |its |it )", str(refused)), refused


def shown(reading: Reading) -> list[tuple[Kind, str]]:
    """Each region with its text."""
    return [(region.kind, reading.text[region.start : region.end]) for region in reading.regions or ()]


def paragraphs(reading: Reading) -> list[str]:
    return [text for _, text in shown(reading)]
