"""The same question gives the same answer from a folder and from Milvus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from benchmarks.milvus import measure, said, settings_for
from embeddings import pipeline
from embeddings.vietnamese import fold
from qa_bot.assembly import make_bot, make_encoder
from qa_bot.bot import Bot
from qa_bot.records import Filters
from tests.fakes import SEEDS, SHARED, HashingEncoder
from tests.milvus_server import Lite, running

QUESTIONS = (
    "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?",
    "Ai viết bài về Sông Lô?",
    "Phương châm 3 rõ ở Bình Liêu gồm những gì?",
    "Bí thư Huyện ủy Mèo Vạc là ai?",
    "Tỷ lệ dân số tham gia bảo hiểm y tế ở Hải Hậu?",
    "Bài nào nói về xây dựng nông thôn mới?",
    "Có bao nhiêu bài nhắc đến chi bộ?",
    "Bài mới nhất nói về gì?",
    "So sánh số đảng viên ở Hải Hậu và Bình Liêu",
    "Thời tiết Hà Nội hôm nay?",
    "Who is the Party secretary of Meo Vac district?",
)
LENGTHS = 0.06  # Tantivy keeps a field's length in one byte, which rounds it by up to an eighth; Milvus keeps it whole
ASKED = 40
FILTERS = (Filters(title="binh lieu"), Filters(title="đảng bộ huy"), Filters(first=date(2020, 1, 1)))


@pytest.fixture(scope="module")
def bots(milvus: Lite, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bot, Bot]]:
    """Over seeds/, with the model that ships: from its folder, and from Milvus."""
    folder, remote = settings_for(SEEDS, tmp_path_factory.mktemp("parity"), milvus.uri)
    encoder = make_encoder(folder)
    pipeline.build(remote, encoder)
    with closing(make_bot(folder, encoder)) as first, closing(make_bot(remote, encoder)) as second:
        yield first, second


@pytest.mark.parametrize("question", [*QUESTIONS, *map(fold, QUESTIONS[:5])])
def test_answers_are_the_same(question: str, bots: tuple[Bot, Bot]) -> None:
    folder, milvus = (bot.ask(question) for bot in bots)
    assert said(milvus) == said(folder)
    assert milvus.confidence == pytest.approx(folder.confidence, abs=0.01)
    assert [found.stored for found in milvus.ranked[:1]] == [found.stored for found in folder.ranked[:1]]
    expected = {found.stored.row: found for found in folder.ranked}
    for found in milvus.ranked:  # those that score nearly alike may change places
        if found.stored.row in expected:
            assert found.stored == expected[found.stored.row].stored
            assert found.dense == pytest.approx(expected[found.stored.row].dense, abs=1e-5)
            assert found.lexical == pytest.approx(expected[found.stored.row].lexical, rel=LENGTHS)


@pytest.mark.parametrize("wanted", FILTERS)
def test_answers_of_some_articles_are_the_same(wanted: Filters, bots: tuple[Bot, Bot]) -> None:
    for question in QUESTIONS[:6]:
        folder, milvus = (bot.ask(question, filters=wanted) for bot in bots)
        assert said(milvus) == said(folder), question


def test_a_follow_up_is_understood_alike(bots: tuple[Bot, Bot]) -> None:
    folder, milvus = (bot.ask("Còn ở Bình Liêu?", [QUESTIONS[0]]) for bot in bots)
    assert milvus.understood_as == folder.understood_as
    assert said(milvus) == said(folder)


def test_recall_on_public_questions_is_the_same_but_for_one_question(tmp_path: Path) -> None:
    """A sample, and an encoder of words alone; benchmarks/milvus.py measures all with the model that ships."""
    data = SHARED / "data"
    if not (data / "xquad.vi.json").is_file():
        pytest.skip(f"{data}/xquad.vi.json is not here")
    with running(tmp_path) as server:
        figures = measure(data, ASKED, tmp_path, server.uri, HashingEncoder())
    assert set(figures) == {"accented", "bare"}
    for found in figures.values():
        assert abs(found.recall_milvus - found.recall_folder) < 1.5 / ASKED  # one question
        assert found.same_first > 1 - 2.5 / ASKED
        assert found.same_answer > 1 - 1.5 / ASKED
