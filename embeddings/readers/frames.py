"""What passes between a reader's child process and its parent: frames of a length and as many bytes.

A request is a frame of JSON (what is known of the file) and one of the file's bytes; a reply is a frame of JSON: the
readings, or the reason why there are none. No pickle: what comes from the child is checked as any stranger's text.
"""

from __future__ import annotations

import json
import struct
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from embeddings.readers import Hints, Reading, Unreadable
from embeddings.records import Kind, Region

LENGTH = struct.Struct("!Q")
MAX_REPLY = 64 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file has no readings."""

    reason: str
    spent: bool = False  # the child may be damaged: another one should read on, and may do better


def frame(payload: bytes) -> bytes:
    return LENGTH.pack(len(payload)) + payload


def packed_hints(hints: Hints) -> bytes:
    stated = {"extension": hints.extension, "address": hints.address, "charset": hints.charset}
    fields = {name: list(names) for name, names in hints.fields.items()}
    return json.dumps({**stated, "fields": fields}).encode()


def unpacked_hints(payload: bytes) -> Hints:
    stated = json.loads(payload)
    fields = {name: tuple(names) for name, names in stated.pop("fields").items()}
    return Hints(**stated, fields=fields)


def packed_readings(readings: Iterable[Reading | Unreadable]) -> bytes:
    """Raises ValueError where they are more than fits into a reply."""
    found: list[dict[str, Any]] = []
    size = 0
    for reading in readings:
        if isinstance(reading, Unreadable):
            found.append({"unreadable": reading.part, "reason": reading.reason})
            continue
        size += len(reading.text.encode("utf-8", "replace"))
        if size > MAX_REPLY:
            raise ValueError(too_large())
        found.append({
            "text": reading.text,
            "front_matter": reading.front_matter,
            "body_start": reading.body_start,
            "regions": None if reading.regions is None else [[r.kind.value, r.start, r.end] for r in reading.regions],
            "pages": reading.pages,
            "part": reading.part,
        })  # fmt: skip
    payload = json.dumps({"readings": found}, ensure_ascii=False).encode()
    if len(payload) > MAX_REPLY:
        raise ValueError(too_large())
    return payload


def packed_refusal(refusal: Refusal) -> bytes:
    return json.dumps({"reason": refusal.reason, "spent": refusal.spent}).encode()


def too_large() -> str:
    return f"its text is larger than {MAX_REPLY >> 20} MB; split it"


def unpacked_reply(payload: bytes) -> list[Reading | Unreadable] | Refusal:
    """Raises TypeError, ValueError or LookupError when it is no such reply."""
    reply = json.loads(payload)
    if "reason" in reply:
        return Refusal(_text(reply["reason"]), bool(reply["spent"]))
    return [
        Unreadable(_text(stated["unreadable"]), _text(stated["reason"]))
        if "unreadable" in stated
        else _reading(**stated)
        for stated in reply["readings"]
    ]


def _reading(
    *,
    text: Any,
    front_matter: Any,
    body_start: Any,
    regions: Any,
    pages: Any,
    part: Any,
) -> Reading:
    """One article, checked to be what `Reading` promises. What the child says is trusted in nothing."""
    found = Reading(
        text=_text(text),
        front_matter={_text(name): _text(value) for name, value in dict(front_matter).items()},
        body_start=int(body_start),
        regions=None if regions is None else tuple(Region(Kind(kind), int(a), int(b)) for kind, a, b in regions),
        pages=tuple(map(int, pages)),
        part=_text(part),
    )
    if not unicodedata.is_normalized("NFC", found.text):
        raise ValueError("a text that is not NFC")
    edges = [0, *(edge for region in found.regions or () for edge in (region.start, region.end)), len(found.text)]
    places = [0, *found.pages, len(found.text)]
    if any(a > b for at in (edges, places, [0, found.body_start, len(found.text)]) for a, b in pairwise(at)):
        raise ValueError("offsets outside the text or out of order")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text expected, not {type(value).__name__}")
    value.encode()  # half characters, which no file can hold, raise ValueError
    return value
