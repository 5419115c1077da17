"""The rows of exports in CSV: comma, semicolon, tab or bar between fields, quoted line breaks, a header row."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TextIO

from embeddings.readers.fields import Columns, named
from embeddings.readers.unpacking import byte_problem

Row = Mapping[str, object]

_DELIMITERS = ",;\t|"
MAX_FIELD = 16_000_000  # characters; csv's own limit is 131,072
_MAX_LINE = 64_000_000  # characters
_MOST_READ_AGAIN = 200_000_000  # characters, after quotes that open and never close
_EXCEL = re.compile(r'\ufeff?"?sep=(.)"?\s*')


def rows(file: TextIO, columns: Columns, extension: str) -> Iterator[Row | str]:
    """Each row that is not blank by its column names, or why it is none. Raises ValueError without a usable header."""
    csv.field_size_limit(MAX_FIELD)  # one setting for the whole process; nothing else here reads CSV
    source = _Lines(file)
    delimiter = _delimiter(source, columns, extension)
    found = _record(csv.reader(source, delimiter=delimiter))
    header = found if isinstance(found, list) else []
    if not any(columns.of(tuple(header))[name] for name in ("text", "abstract")):
        raise ValueError(
            f"no column of its header row is known as an article's text (columns: {named(header)}); "
            "say which one it is in [exports]"
        )
    for found in _records(source, delimiter):
        if isinstance(found, str):
            yield found
        elif any(map(str.strip, found)):
            yield _row(header, found)


def _row(header: Sequence[str], found: Sequence[str]) -> Row | str:
    if problem := next(filter(None, map(byte_problem, found)), None):
        return problem
    if any(map(str.strip, found[len(header) :])):
        return f"{len(found)} fields, where the header row names {len(header)}"
    row: dict[str, object] = {}
    for name, value in zip_longest(header, found[: len(header)], fillvalue=""):
        row[name] = row.get(name) or value
    return row


class _Lines:
    """The lines of a file, of which those of the present record can be had again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self.number = 0  # of the line given last, from 1
        self.ended = False  # whether a line was asked for and there was none

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(_MAX_LINE)
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        if len(line) == _MAX_LINE and line[-1] not in "\r\n":
            raise ValueError(f"line {self.number} is longer than {_MAX_LINE / 1e6:g} million characters")
        self._record.append(line)
        return line

    def begin_record(self) -> None:
        self._record.clear()

    def alone(self) -> str | None:
        """The record's line where it has only one."""
        return self._record[0] if len(self._record) == 1 and not self.ended else None

    def take_back(self, keep: int) -> int:
        """All lines of the record but the first `keep` are still to come; how many characters they have."""
        again = self._record[keep:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)
        self.ended = False
        self.begin_record()
        return sum(map(len, again))


def _delimiter(source: _Lines, columns: Columns, extension: str) -> str:
    """The one by which the header row has the most names that are known, and then the most at all."""
    stated = _EXCEL.fullmatch(next(source, ""))
    if stated is not None:
        return stated[1]
    source.take_back(0)
    likeliest = "\t" if extension == ".tsv" else ","
    scores = {}
    for delimiter in sorted(_DELIMITERS, key=lambda one: one != likeliest):
        header = _record(csv.reader(source, delimiter=delimiter))
        source.take_back(0)
        known = columns.of(tuple(header)) if isinstance(header, list) else {}
        scores[delimiter] = (sum(map(bool, known.values())), len(header or ()))
    return max(scores, key=lambda one: scores[one])


def _records(source: _Lines, delimiter: str) -> Iterator[list[str] | str]:
    """The fields of each record, or why it has none; after a quote that never closes, the next line is read anew."""
    read_again = 0
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.begin_record()
        began = source.number + 1
        found = _record(reader)
        if found is None:
            return
        if isinstance(found, str) and (loose := source.alone()):
            found = _record(csv.reader([loose], delimiter=delimiter))  # quotes within a text that are not doubled
            reader = csv.reader(source, delimiter=delimiter, strict=True)
        if isinstance(found, list):
            yield found
        else:
            yield f"{found} (line {began})"
            if (read_again := read_again + source.take_back(1)) > _MOST_READ_AGAIN:
                raise ValueError(f"too many quotes that never close; read up to line {began}")
            reader = csv.reader(source, delimiter=delimiter, strict=True)


def _record(reader: Iterator[list[str]]) -> list[str] | str | None:
    """The next record, why it is none, or None at the end."""
    try:
        return next(reader, None)
    except csv.Error as error:
        return (
            "a field of more than 16 million characters" if "limit" in str(error) else "a quote opens and never closes"
        )
