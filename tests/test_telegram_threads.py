"""Answers that were sent: found by what people can point at, as they were, and chained into conversations."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.records import Citation, Reason, Step
from qa_bot.telegram import desk, journal, people, threads
from qa_bot.telegram.state import open_state
from qa_bot.telegram.threads import Snapshot, Stored
from tests.samples import HOSTILE_TITLE, MARKET_CITATION, RIVER_CITATION, answered, refused

CHAT, TOPIC, USER = -100, 9, 42

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("🌳👩‍🌾\u202e\0ềế"))
numbers = st.floats(allow_nan=False)
whole = st.integers(0, 2**31)
maybe = st.none() | texts
citations = st.builds(
    Citation, n=whole, article_id=texts, path=texts, url=maybe, title=maybe, published=st.none() | st.dates(),
    author=maybe, source=maybe, quote=texts, start=whole, end=whole, passage_row=whole,
    marks=st.lists(st.tuples(whole, whole), max_size=3).map(tuple), also_in=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip
snapshots = st.builds(
    Snapshot, question=texts, understood_as=texts, status=st.sampled_from(["answered", "not_found"]), text=texts,
    confidence=numbers, sources=st.lists(citations, max_size=3).map(tuple),
    reasons=st.lists(st.builds(Reason, texts, numbers, numbers), max_size=3).map(tuple),
    ranked=st.lists(st.tuples(texts, numbers, numbers, numbers), max_size=3).map(tuple),
    steps=st.lists(st.builds(Step, texts, texts, texts), max_size=3).map(tuple), unclear=st.booleans(),
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_state(tmp_path)) as connection:
        yield connection


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """For many examples: each begins by rolling the one before it back."""
    with closing(open_state(tmp_path_factory.mktemp("scratch"))) as connection:
        yield connection


def ask(
    db: sqlite3.Connection,
    question: str = "Bao nhiêu cây xanh?",
    *,
    chat_id: int = CHAT,
    topic: int | None = TOPIC,
    user_id: int | None = USER,
    asked_in: int | None = None,
    messages: Sequence[int] = (),
    parent: int | None = None,
    now: float = 1000.0,
) -> int:
    return threads.record(
        db, chat_id=chat_id, topic=topic, user_id=user_id, question_message_id=asked_in, message_ids=messages,
        parent=parent, snapshot=Snapshot.of(answered(question)), now=now,
    )  # fmt: skip


def id_of(stored: Stored | None) -> int | None:
    return stored.id if stored else None


def rowless(snapshot: Snapshot) -> Snapshot:
    """Without the rows of passages, which mean something to one generation only."""
    sources = tuple(dataclasses.replace(source, passage_row=-1) for source in snapshot.sources)
    return dataclasses.replace(snapshot, sources=sources)


@given(snapshot=snapshots)
def test_a_snapshot_comes_back_as_it_was(snapshot: Snapshot) -> None:
    assert Snapshot.from_json(snapshot.to_json()) == rowless(snapshot)


def test_a_snapshot_of_an_answer_holds_what_was_cited_and_how_it_came_about() -> None:
    answer = answered("Bao nhiêu cây xanh?", "bao nhiêu cây xanh sông Lô")
    snapshot = Snapshot.of(answer)
    assert snapshot.sources == (RIVER_CITATION,)
    assert (snapshot.question, snapshot.understood_as) == ("Bao nhiêu cây xanh?", "bao nhiêu cây xanh sông Lô")
    assert (snapshot.status, snapshot.text, snapshot.confidence) == ("answered", answer.text, answer.confidence)
    assert snapshot.reasons == answer.reasons
    assert snapshot.ranked == (("Sông Lô thêm cây xanh", 0.85, 7.25, 0.9), (HOSTILE_TITLE, 0.84, 6.25, 0.8))


def test_a_snapshot_of_no_answer_numbers_what_is_nearest_from_one() -> None:
    snapshot = Snapshot.of(refused("Ai?"))
    assert [(source.n, source.quote) for source in snapshot.sources] == [
        (1, MARKET_CITATION.quote),
        (2, RIVER_CITATION.quote),
    ]
    assert snapshot.text == ""


def test_an_article_without_a_title_is_ranked_under_its_file_name() -> None:
    answer = answered("Ai?")
    first = answer.ranked[0]
    untitled = dataclasses.replace(first.stored.article, title=None)
    ranked = dataclasses.replace(first, stored=dataclasses.replace(first.stored, article=untitled))
    assert Snapshot.of(dataclasses.replace(answer, ranked=(ranked,))).ranked[0][0] == "song-lo.txt"


def test_an_answer_is_found_by_its_id_by_each_of_its_messages_and_by_its_question(db: sqlite3.Connection) -> None:
    parent = ask(db, "Ở đâu?")
    answer = ask(db, asked_in=55, messages=[71, 70, 90], parent=parent, now=1234.5)
    ask(db, chat_id=CHAT - 1, asked_in=55, messages=[71])
    expected = Stored(
        answer,
        CHAT,
        TOPIC,
        USER,
        55,
        (71, 70, 90),
        parent,
        1234.5,
        rowless(Snapshot.of(answered("Bao nhiêu cây xanh?"))),
    )
    assert threads.get(db, answer) == expected
    assert [threads.by_message(db, CHAT, message) for message in (70, 71, 90)] == [expected] * 3
    assert threads.by_question(db, CHAT, 55) == expected
    assert threads.get(db, 999) is None
    assert threads.by_message(db, CHAT, 55) is None
    assert threads.by_question(db, CHAT, 71) is None


def test_ids_are_reserved_once_and_never_given_again(db: sqlite3.Connection) -> None:
    reserved = [threads.reserve(db) for _ in range(3)]
    first = ask(db)
    assert threads.record(
        db, id=reserved[1], chat_id=CHAT, topic=None, user_id=None, question_message_id=None, message_ids=[],
        parent=None, snapshot=Snapshot.of(answered("Ai?")), now=0.0,
    ) == reserved[1]  # fmt: skip
    threads.purge(db, before=1e12)
    later = [threads.reserve(db), ask(db)]
    assert len({*reserved, first, *later}) == 6
    assert threads.get(db, reserved[0]) is None


def test_the_latest_answer_is_per_chat_topic_and_person(db: sqlite3.Connection) -> None:
    ids = {
        (chat, topic, user): ask(db, chat_id=chat, topic=topic, user_id=user)
        for chat in (1, 2)
        for topic in (None, 0, 9)
        for user in (None, 42, 43)
        for _ in range(2)
    }
    for place, answer in ids.items():
        assert id_of(threads.latest(db, *place, since=0.0)) == answer
    assert threads.latest(db, 3, None, 42, 0.0) is None


def test_the_latest_answer_is_the_newest_since_then_even_when_the_clock_jumped_back(db: sqlite3.Connection) -> None:
    first, second, third = (ask(db, now=now) for now in (2000.0, 3000.0, 1000.0))
    assert id_of(threads.latest(db, CHAT, TOPIC, USER, 1000.0)) == third
    assert id_of(threads.latest(db, CHAT, TOPIC, USER, 1000.5)) == second
    assert id_of(threads.latest(db, CHAT, TOPIC, USER, 3000.5)) is None
    assert first < second < third


def test_replacing_changes_what_is_said_and_where_and_nothing_else(db: sqlite3.Connection) -> None:
    parent = ask(db)
    answer = ask(db, "một", asked_in=5, messages=[10, 11], parent=parent, now=7.0)
    child = ask(db, "con", parent=answer)
    people.vote(db, answer, USER, 1, 0.0)
    before = threads.get(db, answer)
    threads.replace(db, answer, message_ids=[11, 12, 13], snapshot=Snapshot.of(refused("hai")))
    assert before is not None
    assert threads.get(db, answer) == dataclasses.replace(
        before, message_ids=(11, 12, 13), snapshot=rowless(Snapshot.of(refused("hai")))
    )
    assert [id_of(threads.by_message(db, CHAT, message)) for message in (10, 11, 12, 13)] == [None, *[answer] * 3]
    assert threads.history(db, child)[-2:] == ["hai", "con"]


def test_replacing_what_was_forgotten_is_nothing(db: sqlite3.Connection) -> None:
    answer = ask(db, messages=[10])
    people.forget(db, USER)
    threads.replace(db, answer, message_ids=[10], snapshot=Snapshot.of(answered("hai")))
    assert threads.get(db, answer) is None
    assert threads.by_message(db, CHAT, 10) is None


@given(parents=st.lists(st.integers(0, 12), max_size=12), limit=st.integers(0, 14))
def test_history_is_the_last_questions_on_the_way_from_the_first(
    parents: list[int], limit: int, scratch: sqlite3.Connection
) -> None:
    scratch.rollback()
    ways: dict[int, list[str]] = {}
    for number, parent in enumerate(parents, start=1):
        answer = ask(scratch, f"câu {number}", parent=parent)
        ways[answer] = [*ways.get(parent, []), f"câu {number}"]  # a parent that is not there, or itself, is none
    for answer, way in ways.items():
        assert threads.history(scratch, answer, limit) == (way[-limit:] if limit else [])
    assert threads.history(scratch, 99) == []


def test_history_ends_even_in_a_circle(db: sqlite3.Connection) -> None:
    first = ask(db, "một")
    second = ask(db, "hai", parent=first)
    db.execute("UPDATE answers SET parent = ? WHERE id = ?", [second, first])
    assert threads.history(db, second) == ["một", "hai"] * 2


def test_an_answer_whose_parent_was_forgotten_meanwhile_is_stored_without(db: sqlite3.Connection) -> None:
    parent = ask(db, "một")
    people.forget(db, USER)
    answer = ask(db, "hai", parent=parent)
    assert threads.history(db, answer) == ["hai"]


def test_purging_forgets_what_is_older_and_what_follows_it_works_on(db: sqlite3.Connection) -> None:
    old = ask(db, "một", messages=[1], now=10.0)
    edge = ask(db, "hai", messages=[2], parent=old, now=20.0)
    new = ask(db, "ba", messages=[3], parent=edge, now=30.0)
    for answer in (old, new):
        people.vote(db, answer, 7, 1, 25.0)
    threads.purge(db, before=20.0)
    assert [id_of(threads.by_message(db, CHAT, message)) for message in (1, 2, 3)] == [None, edge, new]
    assert threads.history(db, new) == ["hai", "ba"]
    assert [vote.answer_id for vote in people.votes(db)] == [new]
    kept = threads.get(db, edge)
    assert kept is not None
    assert kept.parent is None


def test_everything_is_there_after_closing_and_opening_again(tmp_path: Path) -> None:
    with closing(open_state(tmp_path)) as db, db:
        answer = ask(db, messages=[1, 2])
        before = threads.get(db, answer)
    with closing(open_state(tmp_path)) as db:
        assert threads.get(db, answer) == before
        assert threads.reserve(db) == answer + 1


def test_no_look_up_reads_a_whole_table_and_every_index_serves_one(db: sqlite3.Connection) -> None:
    answer = ask(db, messages=[1], asked_in=2)
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    threads.by_message(db, CHAT, 1)
    threads.by_question(db, CHAT, 2)
    threads.latest(db, CHAT, TOPIC, USER, 0.0)
    threads.history(db, answer)
    threads.replace(db, answer, message_ids=[1], snapshot=Snapshot.of(answered("hai")))
    people.vote(db, answer, USER, 1, 0.0)
    people.vote(db, answer, USER, 0, 0.0)
    people.language(db, USER)
    people.forget(db, USER)
    (item,) = journal.receive(db, [{"update_id": 1}], 0.0)
    assert item is not None
    journal.begin(db, item.seq)
    journal.sent_part(db, item.seq, 1)
    journal.unfinished(db)
    journal.waiting(db)
    journal.finish(db, [item.seq])
    desk.example(db, desk.example_id(db, "Ai?"))
    desk.take_upload(db, 1)
    desk.take_removal(db, 1)
    for room in (journal, threads, people, desk):
        room.purge(db, 0.0)
    db.set_trace_callback(None)
    plans = {
        str(step[3])
        for statement in statements
        if not statement.startswith(("BEGIN", "--"))
        for step in db.execute(f"EXPLAIN QUERY PLAN {statement}")
    }
    scans = {plan for plan in plans if plan.startswith("SCAN") and "updates_unfinished" not in plan}
    assert scans <= {"SCAN chain", "SCAN answer_ids", "SCAN parts"}  # a few rows, one, and those of what is unfinished
    assert any("answers_by_asker (chat_id=? AND topic=? AND user_id=?" in plan for plan in plans)
    assert any("answers_by_question (chat_id=? AND question_message_id=?" in plan for plan in plans)
    indices = db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    assert [name for (name,) in indices if not any(name in plan for plan in plans)] == []


def test_dates_without_and_with_a_day_come_back(db: sqlite3.Connection) -> None:
    for published in (None, date(1999, 12, 31)):
        citation = dataclasses.replace(RIVER_CITATION, published=published)
        snapshot = Snapshot.of(dataclasses.replace(answered("Khi nào?"), citations=(citation,)))
        threads.replace(db, answer := ask(db), message_ids=[], snapshot=snapshot)
        stored = threads.get(db, answer)
        assert stored is not None
        assert stored.snapshot.sources[0].published == published
