"""Questions from JSON lines."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.batch import Line, Row, read_rows
from qa_bot.errors import BatchError
from qa_bot.records import EVERYTHING, Filters

if TYPE_CHECKING:
    from pathlib import Path


def parsed(value: object) -> Row:
    return Line(1, json.dumps(value).encode()).parsed()


def test_a_row_keeps_its_id_whatever_that_is() -> None:
    assert parsed({"id": [1, "a"], "question": "ai?"}) == Row([1, "a"], "ai?", ())


def test_history_is_a_text_or_a_list_of_texts() -> None:
    assert parsed({"question": "còn xã?", "history": "ai?"}).history == ("ai?",)
    assert parsed({"question": "còn xã?", "history": ["ai?", "đâu?"]}).history == ("ai?", "đâu?")
    assert parsed({"question": "còn xã?", "history": None}).history == ()


def test_a_row_may_say_which_articles_answer_it() -> None:
    row = parsed({"question": "ai?", "from": 2020, "to": "6/2021", "in": "Sông Lô"})
    assert row.filters == Filters(date(2020, 1, 1), date(2021, 6, 30), "Sông Lô")
    assert parsed({"question": "ai?", "from": None}).filters == EVERYTHING


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not a JSON object"),
        (b"[1]", "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b'{"id": 1}', 'no "question"'),
        (b'{"question": 3}', 'no "question"'),
        (b'{"question": "a", "history": [1]}', "history"),
        (b'{"question": "a", "from": "x"}', "is no day"),
        (b'{"question": "a", "from": [2020]}', '"from" is not a text'),
        (b'{"question": "a", "in": true}', '"in" is not a text'),
        (b'{"question": "a", "from": 2021, "to": 2020}', "no article can lie"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(BatchError, match=reason):
        Line(7, content).parsed()


@given(st.binary(max_size=60))
def test_any_line_is_a_row_or_an_error_that_says_why(content: bytes) -> None:
    try:
        assert isinstance(Line(1, content).parsed(), Row)
    except BatchError as error:
        assert str(error)  # noqa: PT017 - either outcome is right, nothing else is


def test_lines_are_counted_as_an_editor_counts_them_and_blank_ones_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"question": "a"}\n\n  \n{"question": "b"}')
    with read_rows(str(file)) as rows:
        assert [(row.line, row.parsed().question) for row in rows] == [(1, "a"), (4, "b")]


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="cannot be read"), read_rows(str(tmp_path / "none.jsonl")):
        pass
