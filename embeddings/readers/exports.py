"""Articles out of the exports of other systems: JSON, JSON lines, CSV and TSV, packed with gzip or xz or not.

Fields are known by their names in English and Vietnamese (`DEFAULT_FIELDS`), or as the settings say. A row that is no
article does not stop the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from embeddings.readers import Hints, Reading, Unreadable, export_csv, export_json
from embeddings.readers.export_json import Row
from embeddings.readers.fields import DEFAULT_FIELDS, Columns, Parts, reading
from embeddings.readers.unpacking import lines_of, text_of

__all__ = ["DEFAULT_FIELDS", "read"]

_LINES = frozenset({".jsonl", ".ndjson"})
_TABLES = frozenset({".csv", ".tsv"})
_HEAD = 100_000  # characters
_PACKED = (".gz", ".xz")


def read(data: bytes, hints: Hints) -> Iterator[Reading | Unreadable]:
    """Each row as an article, called by its own id where it has a short one of its own, else by its number from 1."""
    columns = Columns(hints.fields)
    extension = hints.extension
    for packed in _PACKED:
        extension = extension.removesuffix(packed)
    if extension in _TABLES:
        return _articles(export_csv.rows(lines_of(data, hints.charset), columns, extension), columns)
    if extension in _LINES and not _is_list(data, hints):
        return _articles(export_json.rows_of_lines(lines_of(data, hints.charset)), columns)
    return _of_value(data, hints, columns)


def _is_list(data: bytes, hints: Hints) -> bool:
    """Whether what is called JSON lines is one list over several lines."""
    first, ended, _ = lines_of(data, hints.charset).read(_HEAD).lstrip().partition("\n")
    return first.startswith("[") and bool(ended) and not first.rstrip().endswith("]")


def _of_value(data: bytes, hints: Hints, columns: Columns) -> Iterator[Reading | Unreadable]:
    try:
        value = export_json.parsed(text_of(data, hints.charset))
    except export_json.SeveralValues:
        yield from _articles(export_json.rows_of_lines(lines_of(data, hints.charset)), columns)
        return
    found = export_json.articles_in(value, columns)
    if isinstance(found, Mapping):
        yield reading(found, columns, "")
    else:
        yield from _articles(map(export_json.row_or_reason, found), columns)


def _articles(rows: Iterator[Row | str], columns: Columns) -> Iterator[Reading | Unreadable]:
    """Rows, or why there is none, as articles."""
    parts = Parts()
    part = None
    for number, row in enumerate(rows, 1):
        part = parts.name(number, "" if isinstance(row, str) else columns.value(row, "id"))
        try:
            yield Unreadable(part, row) if isinstance(row, str) else reading(row, columns, part)
        except ValueError as error:
            yield Unreadable(part, str(error))
    if part is None:
        raise ValueError("no rows")
