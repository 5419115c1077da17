"""What is known of people and what waits on the desk: kept, given back once, and forgotten when they say so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.telegram import desk, journal, people, threads
from qa_bot.telegram.desk import Upload
from qa_bot.telegram.people import Forgotten, Vote
from qa_bot.telegram.state import FILE, open_state
from qa_bot.telegram.threads import Snapshot
from tests.samples import answered

AN, BINH = 42, 43


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
    db: sqlite3.Connection, user_id: int | None, question: str = "Ai?", parent: int | None = None, message: int = 1
) -> int:
    return threads.record(
        db, chat_id=1, topic=None, user_id=user_id, question_message_id=None, message_ids=[message], parent=parent,
        snapshot=Snapshot.of(answered(question)), now=0.0,
    )  # fmt: skip


def upload(user_id: int, name: str = "tin.txt") -> Upload:
    return Upload("document", user_id, 1, "file-id", name, 1000)


def test_a_language_is_the_last_one_chosen_until_the_choice_is_taken_back(db: sqlite3.Connection) -> None:
    assert people.language(db, AN) is None
    people.set_language(db, AN, "vi")
    people.set_language(db, AN, "en")
    people.set_language(db, BINH, "vi")
    assert (people.language(db, AN), people.language(db, BINH)) == ("en", "vi")
    assert people.languages(db) == {AN: "en", BINH: "vi"}
    people.set_language(db, AN, None)
    people.set_language(db, AN, None)
    assert people.languages(db) == {BINH: "vi"}


def test_bans_are_a_set_of_people_and_chats(db: sqlite3.Connection) -> None:
    for banned in (AN, AN, -1001234567890):
        people.ban(db, banned, 0.0)
    assert people.bans(db) == {AN, -1001234567890}
    people.unban(db, AN)
    people.unban(db, BINH)
    assert people.bans(db) == {-1001234567890}


def test_the_last_vote_of_a_person_counts_and_can_be_taken_back(db: sqlite3.Connection) -> None:
    answer = ask(db, AN)
    assert people.vote(db, answer, AN, 1, 10.0)
    assert people.vote(db, answer, BINH, 1, 11.0)
    assert people.vote(db, answer, AN, -1, 12.0)
    assert people.votes(db) == [Vote(answer, AN, -1, 12.0), Vote(answer, BINH, 1, 11.0)]
    assert people.vote(db, answer, AN, 0, 13.0)
    assert people.votes(db) == [Vote(answer, BINH, 1, 11.0)]


def test_a_vote_on_an_answer_that_is_gone_is_not_kept(db: sqlite3.Connection) -> None:
    assert not people.vote(db, 99, AN, 1, 0.0)
    assert people.votes(db) == []


def test_forgetting_deletes_what_a_person_left_and_nothing_of_anyone_else(db: sqlite3.Connection) -> None:
    first = ask(db, AN, "một", message=1)
    second = ask(db, BINH, "hai", parent=first, message=2)
    third = ask(db, AN, "ba", parent=second, message=3)
    fourth = ask(db, BINH, "bốn", parent=third, message=4)
    nobody = ask(db, None, "năm", message=5)
    for answer in (first, second, nobody):
        for person in (AN, BINH):
            people.vote(db, answer, person, 1, 0.0)
    for person in (AN, BINH):
        people.set_language(db, person, "en")
        people.ban(db, person, 0.0)
    mine, other = desk.add_upload(db, upload(AN), 0.0), desk.add_upload(db, upload(BINH), 0.0)
    waiting = journal.receive(db, [{"update_id": 1, "message": {"from": {"id": AN}}}], 0.0)

    assert people.forget(db, AN) == Forgotten(answers=2, votes=3)

    assert [threads.get(db, answer) for answer in (first, third)] == [None, None]
    assert [threads.by_message(db, 1, message) for message in (1, 3)] == [None, None]
    assert threads.history(db, fourth) == ["bốn"]
    assert threads.history(db, second) == ["hai"]
    assert [(vote.answer_id, vote.user_id) for vote in people.votes(db)] == [(second, BINH), (nobody, BINH)]
    assert people.languages(db) == {BINH: "en"}
    assert people.bans(db) == {AN, BINH}
    assert desk.take_upload(db, mine) is None
    assert desk.take_upload(db, other) == upload(BINH)
    assert journal.unfinished(db) == waiting
    assert people.forget(db, AN) == Forgotten(answers=0, votes=0)


def test_what_is_forgotten_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    with closing(open_state(tmp_path)) as db:
        with db:
            for n in range(30):
                ask(db, AN, f"hidden-{n} " * 100)
                ask(db, BINH, f"shown-{n} " * 100)
        with db:
            people.forget(db, AN)
    held = (tmp_path / FILE).read_bytes()
    assert held.count(b"shown-") > 0
    assert held.count(b"hidden-") == 0


def test_notes_are_kept_until_they_are_deleted(tmp_path: Path) -> None:
    with closing(open_state(tmp_path)) as db, db:
        assert people.note(db, "webhook") is None
        people.set_note(db, "webhook", "một")
        people.set_note(db, "webhook", "hai")
    with closing(open_state(tmp_path)) as db:
        assert people.note(db, "webhook") == "hai"
        people.set_note(db, "webhook", None)
        assert people.note(db, "webhook") is None


def test_the_secret_is_made_once_and_for_one_folder(tmp_path: Path) -> None:
    secrets = []
    for folder in ("a", "a", "b"):
        with closing(open_state(tmp_path / folder)) as db, db:
            secrets += [people.secret(db), people.secret(db)]
    assert len(secrets[0]) == 32
    assert secrets == [secrets[0]] * 4 + [secrets[4]] * 2
    assert secrets[0] != secrets[4]


def test_an_example_has_one_id_and_its_text(db: sqlite3.Connection) -> None:
    ids = [desk.example_id(db, text) for text in ("Ai?", "Ở đâu?", "Ai?")]
    assert ids[0] == ids[2] != ids[1]
    assert [desk.example(db, number) for number in ids] == ["Ai?", "Ở đâu?", "Ai?"]
    assert desk.example(db, 99) is None


names = st.text(st.characters())  # half surrogates too: names of files that are no UTF-8


@given(
    kind=st.sampled_from(["document", "link"]), source=names, name=names, size=st.none() | st.integers(0, 2**40),
    files=st.lists(st.tuples(names, names), max_size=3),
)  # fmt: skip
def test_what_is_put_on_the_desk_is_taken_once_as_it_was(
    kind: str, source: str, name: str, size: int | None, files: list[tuple[str, str]], scratch: sqlite3.Connection
) -> None:
    sent = Upload("link" if kind == "link" else "document", AN, -100, source, name, size)
    number, removal = desk.add_upload(scratch, sent, 0.0), desk.add_removal(scratch, files, 0.0)
    assert [look(scratch, number) for look in (desk.upload, desk.take_upload, desk.take_upload)] == [sent, sent, None]
    assert [look(scratch, removal) for look in (desk.removal, desk.take_removal, desk.take_removal)] == [
        files,
        files,
        None,
    ]


def test_a_button_of_what_was_taken_never_means_something_else(db: sqlite3.Connection) -> None:
    old = desk.add_upload(db, upload(AN, "cũ.txt"), 0.0), desk.add_removal(db, [("a", "b")], 0.0)
    desk.take_upload(db, old[0])
    desk.take_removal(db, old[1])
    new = desk.add_upload(db, upload(AN, "mới.txt"), 0.0), desk.add_removal(db, [("c", "d")], 0.0)
    assert new[0] > old[0]
    assert new[1] > old[1]


def test_purging_forgets_what_is_older(db: sqlite3.Connection) -> None:
    answer = ask(db, AN)
    people.vote(db, answer, AN, 1, 10.0)
    people.vote(db, answer, BINH, 1, 20.0)
    uploads = [desk.add_upload(db, upload(AN), now) for now in (10.0, 20.0)]
    removals = [desk.add_removal(db, [("a", "b")], now) for now in (10.0, 20.0)]
    example = desk.example_id(db, "Ai?")
    people.ban(db, AN, 10.0)
    people.purge(db, before=20.0)
    desk.purge(db, before=20.0)
    assert people.votes(db) == [Vote(answer, BINH, 1, 20.0)]
    assert [desk.take_upload(db, number) for number in uploads] == [None, upload(AN)]
    assert [desk.take_removal(db, number) for number in removals] == [None, [("a", "b")]]
    assert desk.example(db, example) == "Ai?"
    assert people.bans(db) == {AN}


def test_a_group_that_moved_is_remembered_and_its_ban_moves_along(db: sqlite3.Connection) -> None:
    people.ban(db, -5, 1.0)
    people.moved(db, -5, -1005)
    people.moved(db, -6, -1006)
    assert people.moves(db) == {-5: -1005, -6: -1006}
    assert people.bans(db) == {-5, -1005}
