"""The rows of exports in JSON: one value that is or holds a list, or one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from embeddings.readers.fields import Columns, bare, named
from embeddings.readers.unpacking import byte_problem

_HALF = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")

Row = Mapping[str, object]

_DEEPEST = 4  # objects around the list of articles
_MAX_LINE = 64_000_000  # characters
_LONGEST_NUMBER = 25  # digits; a longer one is a name rather than a count


class SeveralValues(ValueError):
    """One value ends and another begins, as in JSON lines."""


def rows_of_lines(file: TextIO) -> Iterator[Row | str]:
    """The object of each line that is not blank, or why it is none."""
    line_number = 0
    while line := file.readline(_MAX_LINE):
        line_number += 1
        if len(line) == _MAX_LINE and not line.endswith("\n"):
            raise ValueError(f"line {line_number} is longer than {_MAX_LINE / 1e6:g} million characters")
        if not line.strip():
            continue
        row = _object(line)
        yield f"{row} (line {line_number})" if isinstance(row, str) else row


def _object(line: str) -> Row | str:
    try:
        return byte_problem(line) or row_or_reason(parsed(line.rstrip()))
    except ValueError as error:
        return str(error)


def row_or_reason(value: object) -> Row | str:
    return value if isinstance(value, dict) else f"not an object but {_kind(value)}"


def parsed(text: str) -> object:
    """The value that `text` spells. Raises ValueError with a reason, whatever is wrong."""
    try:
        value = json.loads(text, parse_int=_integer)
        return _valid(value) if "\\u" in text and _HALF.search(text) else value
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}" if "\n" in text.strip() else f"character {error.colno}"
        problem = SeveralValues if error.msg == "Extra data" else ValueError
        raise problem(f"not valid JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _valid(value: object) -> object:
    """`value` without the half characters and NULs that escapes can spell."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", " ")
    if isinstance(value, list):
        return [_valid(inner) for inner in value]
    if isinstance(value, dict):
        return {_valid(key): _valid(inner) for key, inner in value.items()}
    return value


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


def articles_in(value: object, columns: Columns) -> Row | Sequence[object]:
    """The one article that `value` is, or the list of those that it holds. Raises ValueError when it is neither."""
    if isinstance(value, list):
        if not value:
            raise ValueError("an empty list")
        return value
    if not isinstance(value, dict):
        raise ValueError(f"no list of articles but {_kind(value)}")
    if _has_own_text(value, columns):
        return value
    best = max(_lists(value), key=lambda rows: sum(_has_text(row, columns) for row in rows), default=None)
    if best is not None and any(_has_text(row, columns) for row in best):
        return best
    if _has_text(value, columns):
        return value
    raise ValueError(f"no list of articles, and no text of one (its fields: {named(value)})")


def _lists(value: Row) -> Iterator[Sequence[Row]]:
    """What may be the list of articles: each list of objects around here, and each object of objects."""
    level: list[Row] = [value]
    for _ in range(_DEEPEST):
        for holder in level:
            for inner in holder.values():
                if isinstance(inner, list) and any(isinstance(row, dict) for row in inner):
                    yield inner
            if rows := [_with_id(key, inner) for key, inner in holder.items() if isinstance(inner, dict)]:
                yield rows
        level = [inner for holder in level for inner in holder.values() if isinstance(inner, dict)]


def _with_id(key: str, row: Row) -> Row:
    """{"a1": {...}} names its articles by their keys."""
    return row if any(bare(name) == "id" for name in row) else {"id": key, **row}


def _has_own_text(row: Row, columns: Columns) -> bool:
    """Whether a text stands in the object itself, not in objects below."""
    paths = columns.of(tuple(row))["text"]
    return any(len(path) == 1 and _is_text(row[path[0]]) for path in paths)


def _is_text(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, str) for item in value)
    return isinstance(value, str) and bool(value.strip())


def _has_text(row: object, columns: Columns) -> bool:
    return isinstance(row, dict) and bool(columns.values(row, "text") or columns.values(row, "abstract"))
