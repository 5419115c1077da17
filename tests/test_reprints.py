"""Stories of stored articles: what comes and goes leaves the others together, and new ones find their own."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import reprints
from embeddings.duplicates import sketch, stories
from tests.reprinted import paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SKETCHES = {n: sketch(paragraphs(first, first + 10)) for n, first in enumerate((0, 1, 2, 4, 0, 20, 21, 40))}


@pytest.fixture
def stored() -> sqlite3.Connection:
    return opened()


def opened() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE articles (number INTEGER PRIMARY KEY, story INTEGER NOT NULL)")
    connection.executescript(reprints.SCHEMA)
    return connection


def add(connection: sqlite3.Connection, drawn: Mapping[int, int]) -> None:
    for number, of in drawn.items():
        connection.execute("INSERT INTO articles VALUES (?, ?)", (number, number))
        reprints.keep(connection, number, SKETCHES[of])
    reprints.tell(connection, drawn)


def remove(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    gone = list(numbers)
    connection.executemany("DELETE FROM articles WHERE number = ?", ((number,) for number in gone))
    reprints.forget(connection, gone)


def told(connection: sqlite3.Connection) -> dict[int, int]:
    return dict(connection.execute("SELECT number, story FROM articles"))


def groups(found: Mapping[int, int]) -> set[frozenset[int]]:
    return {frozenset(n for n, of in found.items() if of == story) for story in found.values()}


drawn = st.dictionaries(st.integers(0, 99), st.sampled_from(sorted(SKETCHES)), max_size=10)


@given(drawn)
def test_stories_are_what_they_are_of_all_at_once(articles: Mapping[int, int]) -> None:
    connection = opened()
    for number in sorted(articles):
        add(connection, {number: articles[number]})
    assert told(connection) == stories({number: SKETCHES[n] for number, n in articles.items()})


@given(drawn, st.sets(st.integers(0, 99)))
def test_who_stays_keeps_its_company_and_its_story_is_one_of_them(articles: Mapping[int, int], gone: set[int]) -> None:
    connection = opened()
    add(connection, articles)
    before = groups(told(connection))
    remove(connection, [number for number in articles if number in gone])
    after = told(connection)
    assert groups(after) == {group - gone for group in before if group - gone}
    assert all(story == min(n for n in after if after[n] == story) for story in after.values())
    firsts = {first for (first,) in connection.execute("SELECT first FROM bands")}
    assert firsts == set(after.values())
    assert {n for (n,) in connection.execute("SELECT article FROM sketches")} == set(after)


def test_a_new_article_finds_the_story_whose_first_article_is_gone(stored: sqlite3.Connection) -> None:
    add(stored, {1: 0, 2: 4, 3: 7})
    remove(stored, [1])
    add(stored, {4: 1})
    assert told(stored) == {2: 2, 3: 3, 4: 2}


def test_what_was_never_sketched_is_forgotten_too(stored: sqlite3.Connection) -> None:
    reprints.forget(stored, [5])
    assert told(stored) == {}
