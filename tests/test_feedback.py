"""Votes become rows for eval: what was liked is gold, what was disliked is not, and nobody is named."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from qa_bot.cli import main
from qa_bot.errors import StateError
from qa_bot.evaluation import read_gold
from qa_bot.feedback import read
from qa_bot.telegram import people, threads
from qa_bot.telegram.state import FILE, open_state
from qa_bot.telegram.threads import Snapshot
from tests.samples import MARKET_CITATION, RIVER_CITATION, RIVER_PASSAGE, RIVER_QUOTE, answer, answered, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa_bot.records import Answer

AN, BINH, CHI = 420042, 430043, 440044
Row = dict[str, object]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The database of a bot that is running."""
    with closing(open_state(tmp_path)) as connection:
        yield connection


def sent(db: sqlite3.Connection, given: Answer, *votes: int, parent: int | None = None) -> int:
    """An answer that An asked for, and the votes of An, Bình and Chi."""
    with db:
        stored = threads.record(
            db, chat_id=AN, topic=None, user_id=AN, question_message_id=1, message_ids=[2], parent=parent,
            snapshot=Snapshot.of(given), now=0.0,
        )  # fmt: skip
        for user, value in zip((AN, BINH, CHI), votes, strict=False):
            people.vote(db, stored, user, value, 1.0)
    return stored


def test_a_liked_answer_is_gold(db: sqlite3.Connection, tmp_path: Path) -> None:
    stored = sent(db, answered("Huyện trồng bao nhiêu cây?"), 1, 1, -1)
    assert read(tmp_path) == [
        {
            "id": stored,
            "question": "Huyện trồng bao nhiêu cây?",
            "history": [],
            "kind": "liked",
            "vote": 1,
            "article": ["song-lo.txt"],
            "evidence": [RIVER_QUOTE],
            "accept": [],
            "answer": "Huyện đã trồng 14.500 cây xanh dọc bờ sông [1].",
        }
    ]


def test_a_liked_refusal_says_that_the_articles_do_not_answer(db: sqlite3.Connection, tmp_path: Path) -> None:
    sent(db, refused("Giá vàng hôm nay?"), 1)
    (row,) = read(tmp_path)
    assert (row["kind"], row["article"], row["evidence"]) == ("liked", None, [])


def test_what_was_disliked_is_kept_apart(db: sqlite3.Connection, tmp_path: Path) -> None:
    sent(db, answered("a"), -1, -1)
    sent(db, refused("b"), -1)
    kinds = [(row["kind"], row["vote"], row["article"]) for row in read(tmp_path)]
    assert kinds == [("disliked", -2, ["song-lo.txt"]), ("disliked_refusal", -1, None)]


def test_answers_without_votes_and_with_as_many_up_as_down_say_nothing(db: sqlite3.Connection, tmp_path: Path) -> None:
    sent(db, answered("a"))
    sent(db, answered("b"), 1, -1)
    assert read(tmp_path) == []


def test_a_question_comes_with_the_earlier_ones_that_it_was_understood_with(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    parent = None
    for number in range(6):
        parent = sent(db, answered(f"câu {number}"), *([1] if number in (0, 5) else []), parent=parent)
    assert [row["history"] for row in read(tmp_path)] == [[], ["câu 1", "câu 2", "câu 3", "câu 4"]]


def test_several_quotes_of_one_article_name_it_once(db: sqlite3.Connection, tmp_path: Path) -> None:
    given = answer("a", [RIVER_PASSAGE], text="x", citations=[RIVER_CITATION, MARKET_CITATION, RIVER_CITATION])
    sent(db, given, 1)
    (row,) = read(tmp_path)
    assert row["article"] == ["song-lo.txt", "cho-phien.txt"]


def test_what_was_forgotten_is_no_longer_told(db: sqlite3.Connection, tmp_path: Path) -> None:
    sent(db, answered("a"), 1, 1)
    with db:
        people.forget(db, AN)
    assert read(tmp_path) == []


def printed(capsys: pytest.CaptureFixture[str]) -> list[Row]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("QA_BOT_STATE_DIR", str(folder))
    return main(["feedback", *arguments])


def test_the_command_prints_what_eval_reads_while_the_bot_runs(
    db: sqlite3.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(db, answered("a \ud800 \x1b[2J"), 1)
    db.execute("BEGIN IMMEDIATE")  # the bot is writing right now
    assert run(tmp_path, monkeypatch) == 0
    db.rollback()
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert not any(str(person) in out for person in (AN, BINH, CHI))
    gold = tmp_path / "gold.jsonl"
    assert run(tmp_path, monkeypatch, "--out", str(gold)) == 0
    assert capsys.readouterr().out == ""
    assert gold.read_text("utf-8") == out
    assert gold.stat().st_mode & 0o777 == 0o600
    (row,) = read_gold(gold)
    assert (row.article, row.evidence, row.vote) == (["song-lo.txt"], [RIVER_QUOTE], 1)


def test_a_bot_that_is_stopped_can_be_read_too_and_nothing_is_changed(tmp_path: Path) -> None:
    with closing(open_state(tmp_path)) as db:
        sent(db, answered("a"), 1)
    before = (tmp_path / FILE).read_bytes()
    assert len(read(tmp_path)) == 1
    assert (tmp_path / FILE).read_bytes() == before


def test_a_folder_with_marks_of_an_address_in_its_name_is_just_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a?mode=rw#b c%20ế"
    with closing(open_state(folder)) as db:
        sent(db, answered("a"), 1)
    assert len(read(folder)) == 1


def test_where_there_is_no_database_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path / "none", monkeypatch) == 1
    error = capsys.readouterr().err
    assert "There are no votes yet" in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_database_of_the_bot_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StateError, match=r"telegram\.sqlite cannot be read \((?:no such table|file is not)") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_written_is_one_line(
    db: sqlite3.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(db, answered("a"), 1)
    assert run(tmp_path, monkeypatch, "--out", os.fspath(tmp_path / "no" / "file")) == 1
    assert "cannot be written (No such file" in capsys.readouterr().err
