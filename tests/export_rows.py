"""Rows of exports for tests, and what is read of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from embeddings.readers import Hints, Reading, Unreadable
from embeddings.readers.exports import read
from embeddings.records import Kind

TEXT = "Xã Mỹ Thanh trồng 14.500 cây.\nCây sống 96,46%."


def found(data: bytes | str, extension: str, **fields: Sequence[str]) -> list[Reading | Unreadable]:
    named = {name: tuple(names) for name, names in fields.items()}
    return list(read(data.encode() if isinstance(data, str) else data, Hints(extension, fields=named)))


def articles(data: bytes | str, extension: str, **fields: Sequence[str]) -> list[Reading]:
    return [one for one in found(data, extension, **fields) if isinstance(one, Reading)]


def problems(data: bytes | str, extension: str) -> list[tuple[str, str]]:
    return [(one.part, one.reason) for one in found(data, extension) if isinstance(one, Unreadable)]


def lines(*rows: object) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def table(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue()


def parts(reading: Reading) -> list[tuple[Kind, str]]:
    return [(region.kind, reading.text[region.start : region.end]) for region in reading.regions or ()]


FULL = {
    "id": "a-1",
    "title": "Mỹ Thanh trồng cây",
    "abstract": "Xã trồng cây.",
    "text": TEXT,
    "published": "2026-06-12T23:30:00Z",
    "author": "Lê Thị Hạ",
    "source": "Báo Thử Nghiệm",
    "section": "Đời sống",
    "url": "https://bao.example/a-1",
    "captions": ["Ảnh: cây non"],
}
