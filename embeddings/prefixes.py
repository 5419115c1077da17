"""What a model wants to read before a question and before a passage."""

from __future__ import annotations

import re
from typing import NamedTuple

from embeddings.settings import Encoder as EncoderSettings


class Prefixes(NamedTuple):
    query: str
    passage: str


PRESETS = {
    "e5": Prefixes("query: ", "passage: "),  # model card of intfloat/multilingual-e5-*
    "bge-m3": Prefixes("", ""),  # BAAI/bge-m3 and its Vietnamese descendants take texts as they are
    "plain": Prefixes("", ""),
}
_FAMILIES = (("e5", "e5"), ("bge-m3", "bge-m3"), ("aiteamvn", "bge-m3"), ("vietnamese-bi-encoder", "plain"))


def prefixes(settings: EncoderSettings) -> Prefixes:
    """What goes before a question and before a passage: as set, else as the model's family wants it."""
    name = settings.model.casefold()
    family: str = settings.preset
    if family == "auto":
        known = (preset for part, preset in _FAMILIES if re.search(rf"(?<![a-z0-9]){part}(?![a-z0-9])", name))
        family = "e5" if name == "bundled" else next(known, "plain")
    preset = PRESETS[family]
    return Prefixes(
        preset.query if settings.query_prefix is None else settings.query_prefix,
        preset.passage if settings.passage_prefix is None else settings.passage_prefix,
    )
