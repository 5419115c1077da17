"""An index in Milvus answers what the same index in its folder answers: method by method, over a real server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from embeddings import pipeline
from embeddings.errors import NoIndex, StaleIndex
from embeddings.index import Index, open_index
from embeddings.lexical import FieldWeights
from embeddings.milvus_index import MilvusIndex
from embeddings.milvus_source import MilvusSource
from embeddings.records import Kind
from embeddings.selection import EVERYTHING, Selection
from embeddings.vietnamese import fold
from tests.fakes import HashingEncoder, write_articles
from tests.milvus_server import Lite, milvus_settings

ENCODER = HashingEncoder()
WEIGHTS = FieldWeights(accented=0.7, folded=0.3, context=0.3, pairs=0.25)
QUESTIONS = (
    "Huyện Mèo Vạc trồng bao nhiêu cây?",
    "huyen song lo trong 14.500 cay xanh nam 2021",
    "96,46% số cây sống qua mùa khô ở Bình Liêu",
    "Ai viết bài về Bảo Thắng?",
    "không có chữ nào xyzzy",
    "",
)
LONG = "Chợ phiên họp từ sáng sớm, người bán kẻ mua đứng kín hai bên bờ suối; hàng bày trên lá, trên nong. " * 700
"""70,000 characters, more bytes than one field takes."""


def articles(folder: Path) -> Path:
    """Seven articles: five alike but for their districts, a long one, and one with dates, quotes and signs."""
    write_articles(folder, 5)
    for number, day in ((1, "12/06/2021"), (2, "09/02/2018")):
        file = folder / f"bai-{number}.txt"
        title, text = file.read_text("utf-8").split("\n\n", 1)
        file.write_text(f"{title}\n\n{day}\n\n{text}", "utf-8")
    (folder / "dai.txt").write_text(f"Chợ phiên vùng cao\n\n{LONG}\n", "utf-8")
    (folder / 'la "ngoac" % _.txt').write_text(
        'Chuyện “ngoặc kép” và dấu _ ở Lạng Sơn\n\nÔng nói: "Tăng 12,5% so với 3.5 năm trước", rồi cười.\n'
        "Giá vàng 1.234.567 đồng, tỷ lệ 0,75; TUV_HU là tên tắt.\n\nTheo Hầu Minh Lợi\n",
        "utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def both(milvus: Lite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Index, MilvusIndex]]:
    home = tmp_path_factory.mktemp("both")
    settings = milvus_settings(articles(home / "articles"), home, milvus.uri, "both")
    pipeline.build(settings, ENCODER)
    with (
        closing(open_index(settings.index.dir, ENCODER.fingerprint)) as local,
        closing(MilvusSource(settings.index)) as source,
        closing(source.open(ENCODER.fingerprint)) as remote,
    ):
        yield local, remote


def vector(question: str) -> np.ndarray:
    return np.asarray(ENCODER.encode_queries([question])[0])


def same(found: dict[int, float], expected: dict[int, float]) -> None:
    assert found.keys() == expected.keys()
    assert [found[row] for row in expected] == pytest.approx(list(expected.values()), rel=1e-5, abs=1e-6)


def test_it_holds_the_same_articles_and_passages(both: tuple[Index, MilvusIndex]) -> None:
    local, remote = both
    rows = range(local.passage_count)
    assert remote.passage_count == local.passage_count
    assert remote.articles() == local.articles()
    assert list(remote.headers()) == list(local.headers())
    assert remote.passages(rows) == local.passages(rows)
    assert remote.passages([3, 1, 3]) == local.passages([3, 1, 3])
    assert remote.by_article([5, 0, 1]) == local.by_article([5, 0, 1])
    assert remote.by_article(rows) == local.by_article(rows)
    assert remote.places == local.places
    assert remote.articles_at([2, 0]) == local.articles_at([2, 0])
    assert remote.passages([]) == []


def test_a_text_longer_than_a_field_comes_back_whole(both: tuple[Index, MilvusIndex]) -> None:
    _, remote = both
    (found,) = (article for article in remote.articles() if article.title == "Chợ phiên vùng cao")
    assert len(found.text.encode()) > 65_535
    assert found.text.endswith(LONG.strip() + "\n") or LONG.strip() in found.text


def test_passages_of_an_article_and_what_follows_one_are_the_same(both: tuple[Index, MilvusIndex]) -> None:
    local, remote = both
    for header in local.headers():
        for kind in (None, Kind.BODY, Kind.BYLINE):
            assert remote.passages_of(header.id, kind) == local.passages_of(header.id, kind)
    for row in range(0, local.passage_count, 3):
        assert remote.following(row, 2) == local.following(row, 2)
    assert remote.passages_of('no such "id"') == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_dense_scores_are_the_same(question: str, both: tuple[Index, MilvusIndex]) -> None:
    local, remote = both
    query = vector(question)
    rows = list(range(local.passage_count))
    same(remote.dense_search(query, 400), local.dense_search(query, 400))
    assert len(remote.dense_search(query, 3)) >= 3
    assert remote.best_sentence_scores(query, rows) == pytest.approx(local.best_sentence_scores(query, rows), abs=1e-6)
    for found, expected in zip(remote.sentence_scores(query, rows), local.sentence_scores(query, rows), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert remote.best_sentence_scores(query, []) == []
    assert remote.sentence_scores(query, []) == []


@pytest.mark.parametrize("typed", [str, fold])
@pytest.mark.parametrize("question", QUESTIONS)
def test_words_score_as_in_tantivy(question: str, typed: type[str], both: tuple[Index, MilvusIndex]) -> None:
    """To a hundredth: Tantivy keeps a field's length in one byte, Milvus as it is."""
    local, remote = both
    for weights in (WEIGHTS, FieldWeights(1, 0, 0), FieldWeights(0, 1, 1, 0), FieldWeights(0.5, 0.5, 0.2, 0.6)):
        found = remote.lexical_search(typed(question), 400, weights)
        expected = local.lexical_search(typed(question), 400, weights)
        assert found.keys() == expected.keys()
        assert [found[row] for row in expected] == pytest.approx(list(expected.values()), rel=0.03, abs=0.01)
        assert list(found.values()) == sorted(found.values(), reverse=True)


def test_a_search_for_few_sums_all_fields_of_those_that_it_brings(both: tuple[Index, MilvusIndex]) -> None:
    """A list of one field that was cut off is completed for what other fields brought."""
    _, remote = both
    every = remote.lexical_search("Huyện Mèo Vạc trồng cây", 400, WEIGHTS)
    for limit in (1, 2, 3):
        few = remote.lexical_search("Huyện Mèo Vạc trồng cây", limit, WEIGHTS)
        assert len(few) == limit
        assert [every[row] for row in few] == pytest.approx(list(few.values()))


SELECTIONS = (
    Selection(words=("binh", "lieu")),
    Selection(words=("bin",)),
    Selection(words=("vac", "m")),
    Selection(words=("cho", "phien")),
    Selection(first=date(2020, 1, 1)),
    Selection(last=date(2021, 6, 12)),
    Selection(first=date(2021, 6, 12), last=date(2021, 6, 12), words=("me",)),
    Selection(first=date(2022, 1, 1)),
    Selection(words=("khong", "co")),
    Selection(words=("ngoac",)),
)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_selections_leave_the_same(selection: Selection, both: tuple[Index, MilvusIndex]) -> None:
    local, remote = both
    query = vector(QUESTIONS[0])
    same(remote.dense_search(query, 400, selection), local.dense_search(query, 400, selection))
    found = remote.lexical_search(QUESTIONS[0], 400, WEIGHTS, selection)
    expected = local.lexical_search(QUESTIONS[0], 400, WEIGHTS, selection)
    assert found.keys() == expected.keys()
    assert [found[row] for row in expected] == pytest.approx(list(expected.values()), rel=0.03, abs=0.01)
    assert len(remote.dense_search(query, 1, selection)) <= 1


HELD = (["hai", "hau"], ["trong", "cay"], ["cay", "trong"], ["14500"], ["96,46"], ["3.5"], ["12,5"], ["huyen"], ["tuv"])


@pytest.mark.parametrize("units", [*HELD, [], ["96"], ["46"], ["khong", "co", "dau"]])
def test_the_same_passages_hold_words_in_a_row(units: Sequence[str], both: tuple[Index, MilvusIndex]) -> None:
    local, remote = both
    assert remote.holding(units, 10_000) == local.holding(units, 10_000)
    assert len(remote.holding(units, 1)) <= 1


@pytest.mark.parametrize(
    "choices", [[["meo"], ["vac"]], [["meo", "song"], ["lo", "vac"]], [["xyzzy"], ["cay"]], [], [["12,5", "96,46"]]]
)
def test_the_same_passages_hold_one_word_of_each_choice(
    choices: Sequence[Sequence[str]], both: tuple[Index, MilvusIndex]
) -> None:
    local, remote = both
    assert remote.holding_each(choices, 10_000) == local.holding_each(choices, 10_000)


def test_words_are_as_frequent(both: tuple[Index, MilvusIndex]) -> None:
    local, remote = both
    for unit in ("huyen", "cay", "14500", "96,46", "3.5", "xyzzy", "meo", "minh", "cho"):
        assert remote.document_frequency(unit) == local.document_frequency(unit), unit


def test_the_vocabulary_is_a_copy(both: tuple[Index, MilvusIndex]) -> None:
    local, remote = both
    assert remote.vocabulary.total == local.vocabulary.total
    assert remote.vocabulary.forms(["huyen", "cay"]) == local.vocabulary.forms(["huyen", "cay"])


def test_another_model_is_refused_with_both_names(
    both: tuple[Index, MilvusIndex], milvus: Lite, tmp_path: Path
) -> None:
    settings = milvus_settings(tmp_path, tmp_path, milvus.uri, "both")
    with closing(MilvusSource(settings.index)) as source, pytest.raises(StaleIndex, match=r"hashing@256.*'other@8'"):
        source.open("other@8")


def test_a_server_without_our_index_says_so(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(tmp_path, tmp_path, milvus.uri, "nobody")
    with closing(MilvusSource(settings.index)) as source:
        assert source.newest() is None
        with pytest.raises(NoIndex, match=r"There is no index nobody on http://127.0.0.1:\d+ yet\. Build it"):
            source.open(None)


def test_everything_is_a_selection_of_all(both: tuple[Index, MilvusIndex]) -> None:
    _, remote = both
    query = vector(QUESTIONS[1])
    assert remote.dense_search(query, 400, EVERYTHING) == remote.dense_search(query, 400, Selection())
