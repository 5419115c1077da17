"""Documents set in fonts of the time before Unicode: their text is in the font's own encoding, which its name tells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from embeddings.repairing import repaired

WIDE_HYPHEN = "\ue0ad"
"""A hyphen as wide as a letter. Nothing else has this character of the private use area.

The letter ư of TCVN3 is code 173, which PDF's own encoding shows as a hyphen: only its width tells that it is none.
"""

_FAMILY = re.compile(r"(?:[A-Z]{6}\+)?(?:(\.?vn)|(vni|vps))", re.IGNORECASE)
_CAPITALS = re.compile(r"(?:[A-Z]{6}\+)?\.Vn\w*H\b", re.IGNORECASE)  # of TCVN3: their small letters show capitals


def in_unicode(pieces: Sequence[tuple[str, str]]) -> list[str]:
    """The text of each piece, given as (font, text): what is in an old encoding converted, the rest as it is.

    Pieces in fonts of one family are judged together: a headline alone is too short to tell.
    """
    families: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for at, (font, _) in enumerate(pieces):
        match = _FAMILY.match(font)
        families[match.groups() if match is not None else ()].append(at)
    found = [text for _, text in pieces]
    for group in families.values():
        given = [pieces[at][1].replace(WIDE_HYPHEN, "\u00ad").replace("\n", " ") for at in group]
        for at, before, after in zip(group, given, repaired("\n".join(given)).split("\n"), strict=True):
            font, text = pieces[at]
            if after == before:
                found[at] = text.replace(WIDE_HYPHEN, "-")
            else:
                found[at] = after.upper() if _CAPITALS.match(font) else after
    return found
