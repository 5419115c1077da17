"""Articles and passages come back from SQLite as they went in."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import storage_writing
from embeddings.chunking import chunk
from embeddings.errors import CorruptIndex, StorageError
from embeddings.metadata import context_of
from embeddings.records import Article, Context, Header, Passage
from embeddings.settings import Chunking
from embeddings.storage import Storage
from tests.fakes import PARAGRAPH, WORDS, pages, prepared

FULL = Article(
    "id0", 'a"b.txt', ("c.txt", "d.txt"), "https://a.vn", "Một", date(2021, 6, 12), "An", "Báo A", PARAGRAPH, "ab"
)
BARE = Article("id1", "e.txt", (), None, None, None, None, None, "Một câu.", "cd")
NOTHING = Context(None, None, None, None, None)


def contents(text: str) -> tuple[Article, Context, list[Passage]]:
    article, regions = prepared(text)
    return article, context_of(article, WORDS), chunk(article, regions, Chunking(), WORDS)


def test_articles_come_back_with_everything_and_with_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x?#%.sqlite"
    storage_writing.write(file, [(FULL, NOTHING), (BARE, NOTHING)], [])
    found = Storage(file)
    assert found.articles() == [FULL, BARE]
    assert (found.article_count, found.passage_count) == (2, 0)
    found.close()


def test_headers_are_newest_first_and_undated_ones_last(tmp_path: Path) -> None:
    older, same_day = replace(FULL, id="id2", published=date(2018, 1, 2)), replace(FULL, id="id3", title="Ba")
    storage_writing.write(tmp_path / "x.sqlite", [(article, NOTHING) for article in (BARE, older, FULL, same_day)], [])
    found = Storage(tmp_path / "x.sqlite")
    assert [header.row for header in found.headers] == [3, 2, 1, 0]
    assert found.headers[1] == Header(2, "id0", 'a"b.txt', "Một", date(2021, 6, 12), "An", "Báo A", 2)
    assert found.headers[3] == Header(0, "id1", "e.txt", None, None, None, None, 0)
    assert found.articles_at(header.row for header in found.headers) == [same_day, FULL, older, BARE]
    found.close()


@given(texts=st.lists(pages, min_size=1, max_size=4, unique=True))
def test_passages_come_back_in_the_order_asked_for(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    everything = [contents(text) for text in texts]
    passages = [
        (passage, article, context, row)
        for row, (article, context, parts) in enumerate(everything)
        for passage in parts
    ]
    file = tmp_path_factory.mktemp("s") / "passages.sqlite"
    storage_writing.write(
        file, [(article, context) for article, context, _ in everything], [passage for passage, _, _, _ in passages]
    )
    found = Storage(file)
    backwards = list(range(len(passages)))[::-1]
    assert found.passages(backwards) == passages[::-1]
    assert found.passages([]) == []
    starts = [sum(len(passage.sentences) for passage, *_ in passages[:row]) for row in range(len(passages) + 1)]
    assert found.first_sentences().tolist() == starts
    assert [everything[row][0].id for row in found.articles_of_passages] == [article.id for _, article, *_ in passages]
    for article, _, _ in everything:
        assert found.passages_of(article.id) == [
            row for row, (_, owner, *_) in enumerate(passages) if owner.id == article.id
        ]
    found.close()


def test_an_unknown_article_has_no_passages(tmp_path: Path) -> None:
    storage_writing.write(tmp_path / "x.sqlite", [(BARE, NOTHING)], [])
    found = Storage(tmp_path / "x.sqlite")
    assert found.passages_of("' OR 1=1 --") == []
    found.close()


def test_several_threads_read_at_once(tmp_path: Path) -> None:
    article, context, passages = contents("\n\n".join(PARAGRAPH.replace("xanh", f"số {n}") for n in range(20)))
    storage_writing.write(tmp_path / "x.sqlite", [(article, context)], passages)
    found = Storage(tmp_path / "x.sqlite")
    results: list[bool] = []

    def read() -> None:
        for _ in range(30):
            results.append([p for p, *_ in found.passages(range(len(passages)))] == passages)  # noqa: PERF401

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.close()
    assert results == [True] * 120


def test_reading_writes_nothing(tmp_path: Path) -> None:
    storage_writing.write(tmp_path / "x.sqlite", [(FULL, NOTHING)], [])
    before = (tmp_path / "x.sqlite").read_bytes()
    Storage(tmp_path / "x.sqlite").close()
    assert [path.name for path in tmp_path.iterdir()] == ["x.sqlite"]
    assert (tmp_path / "x.sqlite").read_bytes() == before


def test_a_file_that_exists_or_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    storage_writing.write(tmp_path / "x.sqlite", [(FULL, NOTHING)], [])
    with pytest.raises(StorageError, match=r"could not be written to .*already exists"):
        storage_writing.write(tmp_path / "x.sqlite", [(FULL, NOTHING)], [])
    with pytest.raises(StorageError, match=r"could not be written to .*unable to open"):
        storage_writing.write(tmp_path / "none" / "x.sqlite", [(FULL, NOTHING)], [])


@pytest.mark.parametrize("data", [b"", b"not a database, however long it may be" * 100])
def test_a_file_that_is_no_database_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(data)
    with pytest.raises(CorruptIndex, match=r"x\.sqlite cannot be read .*Rebuild the index"):
        Storage(tmp_path / "x.sqlite")
    with pytest.raises(CorruptIndex, match=r"none\.sqlite cannot be read"):
        Storage(tmp_path / "none.sqlite")


def test_the_file_is_opened_for_reading_only(tmp_path: Path) -> None:
    storage_writing.write(tmp_path / "x.sqlite", [(FULL, NOTHING)], [])
    connection = sqlite3.connect(f"{(tmp_path / 'x.sqlite').as_uri()}?mode=ro&immutable=1", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
