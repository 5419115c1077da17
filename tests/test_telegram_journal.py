"""Received updates: each is kept once, in order, until it is dealt with; then its text is gone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.telegram import journal
from qa_bot.telegram.journal import Received
from qa_bot.telegram.state import FILE, StateThread, open_state

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def update(update_id: int, text: str = "Bao nhiêu cây xanh?") -> dict[str, Any]:
    return {"update_id": update_id, "message": {"message_id": 5, "chat": {"id": -100}, "text": text}}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_state(tmp_path)) as connection:
        yield connection


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """For many examples: each begins by rolling the one before it back."""
    with closing(open_state(tmp_path_factory.mktemp("scratch"))) as connection:
        yield connection


def kept(found: list[Received | None]) -> list[Received]:
    return [item for item in found if item is not None]


def test_what_is_received_is_kept_in_the_order_of_arrival_whatever_ids_and_clocks_say(db: sqlite3.Connection) -> None:
    first = kept(journal.receive(db, [update(900), update(7), update(901)], now=5000.0))
    second = kept(journal.receive(db, [update(3)], now=10.0))
    assert [item.update_id for item in first + second] == [900, 7, 901, 3]
    assert [item.seq for item in first + second] == sorted({item.seq for item in first + second})
    assert journal.unfinished(db) == first + second
    assert journal.waiting(db) == 4


def test_an_update_that_comes_again_is_a_duplicate_before_and_after_it_is_finished(db: sqlite3.Connection) -> None:
    (item,) = kept(journal.receive(db, [update(7)], 0.0))
    assert journal.receive(db, [update(7)] * 10, 1.0) == [None] * 10
    journal.finish(db, [item.seq])
    backwards = dict(reversed(update(7).items()))
    assert journal.receive(db, [update(7), backwards], 2.0) == [None, None]
    assert journal.unfinished(db) == []


def test_the_same_update_twice_in_one_batch_is_kept_once(db: sqlite3.Connection) -> None:
    found = journal.receive(db, [update(7), update(8), update(7)], 0.0)
    assert [item and item.update_id for item in found] == [7, 8, None]


def test_an_id_that_begins_anew_with_other_content_is_no_duplicate(db: sqlite3.Connection) -> None:
    (old,) = kept(journal.receive(db, [update(7, "một")], 0.0))
    journal.finish(db, [old.seq])
    (new,) = kept(journal.receive(db, [update(7, "hai")], 1.0))
    assert new.seq > old.seq
    assert json.loads(new.payload)["message"]["text"] == "hai"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"message": {"text": "không số"}},
        {"update_id": "7"},
        {"update_id": 7.0},
        {"update_id": None},
        {"update_id": True},
        {"update_id": [7]},
        {"update_id": 2**63},
        {"update_id": -(2**63)},
        {"update_id": 10**400},
    ],
    ids=lambda raw: str(raw)[:40],
)
def test_an_update_without_a_usable_id_is_kept_all_the_same(raw: dict[str, Any], db: sqlite3.Connection) -> None:
    (item,) = kept(journal.receive(db, [raw], 0.0))
    assert item.update_id == 0
    assert json.loads(item.payload) == raw
    assert journal.receive(db, [raw], 0.0) == [None]
    assert len(kept(journal.receive(db, [{"another": 1}], 0.0))) == 1


@given(raws=st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=6))
def test_whatever_json_is_received_comes_back_as_it_was(
    raws: list[dict[str, Any]], scratch: sqlite3.Connection
) -> None:
    scratch.rollback()
    found = kept(journal.receive(scratch, raws, 0.0))
    assert journal.unfinished(scratch) == found
    canonical = list(dict.fromkeys(json.dumps(raw, sort_keys=True) for raw in raws))
    assert [json.dumps(json.loads(item.payload), sort_keys=True) for item in found] == canonical


def test_half_a_surrogate_pair_is_kept_too(db: sqlite3.Connection) -> None:
    raw = json.loads(r'{"update_id": 1, "message": {"text": "\ud83c?"}}')
    (item,) = kept(journal.receive(db, [raw], 0.0))
    assert json.loads(item.payload) == raw


def test_attempts_parts_and_refusals_are_remembered_until_the_end(db: sqlite3.Connection) -> None:
    one, two = kept(journal.receive(db, [update(1), update(2)], 0.0))
    assert [journal.begin(db, one.seq) for _ in range(3)] == [1, 2, 3]
    for message_id in (502, 501, 700):
        journal.sent_part(db, one.seq, message_id)
    journal.refuse(db, [two.seq])
    assert journal.unfinished(db) == [
        Received(one.seq, 1, one.payload, 3, False, (502, 501, 700)),
        Received(two.seq, 2, two.payload, 0, True),
    ]
    journal.finish(db, [one.seq, two.seq])
    assert journal.unfinished(db) == []
    assert journal.waiting(db) == 0
    assert db.execute("SELECT count(*) FROM parts").fetchone() == (0,)


def test_what_is_said_of_an_update_that_is_not_there_changes_nothing(db: sqlite3.Connection) -> None:
    assert journal.begin(db, 99) == 0
    journal.sent_part(db, 99, 1)
    journal.refuse(db, [99])
    journal.finish(db, [99])
    journal.finish(db, [])
    assert db.execute("SELECT count(*) FROM parts").fetchone() == (0,)


def test_a_finished_update_leaves_no_word_of_its_text_in_the_file(tmp_path: Path) -> None:
    with closing(open_state(tmp_path)) as db:
        with db:
            items = kept(journal.receive(db, [update(n, f"secret-{n} " * 400) for n in range(20)], 0.0))
        with db:
            journal.finish(db, [item.seq for item in items[1:]])
    held = (tmp_path / FILE).read_bytes()
    assert b"secret-0 " in held
    assert [n for n in range(1, 20) if f"secret-{n} ".encode() in held] == []


def test_purging_forgets_what_was_finished_long_ago_and_nothing_else(db: sqlite3.Connection) -> None:
    old, waiting = kept(journal.receive(db, [update(1), update(2)], 10.0))
    (new,) = kept(journal.receive(db, [update(3)], 20.0))
    journal.finish(db, [old.seq, new.seq])
    journal.purge(db, before=20.0)
    assert journal.unfinished(db) == [waiting]
    found = journal.receive(db, [update(1), update(2), update(3)], 40.0)
    assert [item and item.update_id for item in found] == [1, None, None]


def test_numbers_are_not_given_twice_even_when_everything_was_purged(db: sqlite3.Connection) -> None:
    (old,) = kept(journal.receive(db, [update(1)], 10.0))
    journal.finish(db, [old.seq])
    journal.purge(db, before=20.0)
    (new,) = kept(journal.receive(db, [update(1)], 30.0))
    assert new.seq > old.seq


def test_a_hundred_updates_are_on_disk_in_a_moment(tmp_path: Path) -> None:
    batches = [[update(100 * k + n, "Bao nhiêu cây xanh? " * 20) for n in range(100)] for k in range(9)]

    def write_down(batch: list[dict[str, Any]]) -> Callable[[sqlite3.Connection], list[Received | None]]:
        return lambda db: journal.receive(db, batch, 0.0)

    async def story() -> list[float]:
        seconds = []
        with closing(StateThread(tmp_path)) as state:
            for batch in batches:
                started = time.perf_counter()
                found = await state.run(write_down(batch))
                seconds.append(time.perf_counter() - started)
                assert len(kept(found)) == 100
        return seconds

    assert statistics.median(asyncio.run(story())) < 0.1  # about 0.003 on a quiet machine
