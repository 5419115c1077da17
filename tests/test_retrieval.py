"""How dense and lexical scores become one ranking."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.index import Index, open_index
from embeddings.pipeline import build
from qa_bot.records import EVERYTHING, Filters, Ranked
from qa_bot.retrieval import Retriever, fuse
from qa_bot.settings import Retrieval
from qa_bot.understanding import asking_words, knowledge_of
from tests.fakes import WORDS, HashingEncoder, asked, index_settings, write_articles

if TYPE_CHECKING:
    from collections.abc import Iterator

_scores = st.dictionaries(st.integers(0, 30), st.floats(0, 1, width=32), min_size=1, max_size=30)


@given(dense=_scores, lexical=_scores, share=st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1(dense: dict[int, float], lexical: dict[int, float], share: float) -> None:
    fused = fuse(dense, lexical, share)
    assert fused.keys() == dense.keys()
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


@given(dense=_scores, lexical=_scores, scale=st.floats(0.1, 10), shift=st.floats(-1, 1))
def test_fusion_does_not_care_about_a_models_scale(
    dense: dict[int, float], lexical: dict[int, float], scale: float, shift: float
) -> None:
    moved = {row: scale * score + shift for row, score in dense.items()}
    spread = max(dense.values()) - min(dense.values())
    if 0 < spread < 1e-6:
        return  # too near to each other to survive being moved
    longer = {row: scale * score for row, score in lexical.items()}
    assert fuse(moved, longer, 0.5) == pytest.approx(fuse(dense, lexical, 0.5), abs=1e-6)


@given(dense=_scores, lexical=_scores)
def test_the_best_of_both_comes_first(dense: dict[int, float], lexical: dict[int, float]) -> None:
    both = max(dense, key=lambda row: dense[row])
    lexical = {**lexical, both: max(lexical.values()) + 1}
    fused = fuse(dense, lexical, 0.5)
    assert fused[both] == max(fused.values())


def test_no_candidates_give_no_scores() -> None:
    assert fuse({}, {}, 0.5) == {}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Over five articles that tell the same of five districts; the second one is of 2021, the third of 2018."""
    folder = write_articles(tmp_path / "articles", 5)
    for number, day in ((1, "12/06/2021"), (2, "09/02/2018")):
        file = folder / f"bai-{number}.txt"
        title, text = file.read_text("utf-8").split("\n\n", 1)
        file.write_text(f"{title}\n\n{day}\n\n{text}", "utf-8")
    build(index_settings(folder, tmp_path / "index"), HashingEncoder())
    opened = open_index(tmp_path / "index", HashingEncoder().fingerprint)
    yield opened
    opened.close()


def search(
    index: Index, question: str, top: int, wanted: Filters = EVERYTHING, settings: Retrieval | None = None
) -> list[Ranked]:
    query = asked(question, (), knowledge_of(index, WORDS, asking_words(WORDS)))
    vector = HashingEncoder().encode_queries([query.text])[0]
    return Retriever(index, settings or Retrieval()).search(query, vector, top, wanted)


@pytest.mark.parametrize("question", ["Huyện Mèo Vạc trồng bao nhiêu cây?", "huyen meo vac trong bao nhieu cay"])
def test_the_district_asked_about_comes_first_with_and_without_diacritics(index: Index, question: str) -> None:
    ranked = search(index, question, 3)
    assert "Mèo Vạc" in (ranked[0].stored.article.title or "")
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)
    assert all(
        item.stored.article.text[item.stored.passage.start : item.stored.passage.end] == item.stored.passage.text
        for item in ranked
    )


def test_with_and_without_filters_the_same_passages_rank_alike(index: Index) -> None:
    """A title that all have filters nothing: the same passages, in the same order."""
    everywhere = search(index, "Mèo Vạc trồng bao nhiêu cây?", 50)
    within = search(index, "Mèo Vạc trồng bao nhiêu cây?", 50, Filters(title="trồng cây"))
    assert len(everywhere) == index.passage_count
    assert [item.stored.row for item in within] == [item.stored.row for item in everywhere]
    assert [item.score for item in within] == pytest.approx([item.score for item in everywhere])


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Filters(title="bình liêu"), {"bai-2.txt"}),
        (Filters(first=date(2020, 1, 1)), {"bai-1.txt"}),
        (Filters(last=date(2021, 6, 12)), {"bai-1.txt", "bai-2.txt"}),
        (Filters(first=date(2022, 1, 1)), set()),
    ],
)
def test_only_wanted_articles_are_ranked_however_well_others_match(
    wanted: Filters, names: set[str], index: Index
) -> None:
    ranked = search(index, "Huyện Sông Lô trồng bao nhiêu cây?", 50, wanted)
    assert {Path(item.stored.article.path).name for item in ranked} == names
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)


def test_pairs_of_neighbours_count_as_much_as_is_set(index: Index) -> None:
    question = "Lô Sông Vạc Mèo"  # the words of two districts, in no order that an article has
    none, some = (search(index, question, 50, settings=Retrieval(pair_weight=weight)) for weight in (0, 1))
    assert {item.stored.row: item.lexical for item in none} == {item.stored.row: item.lexical for item in some}
    straight = [search(index, "Sông Lô", 1, settings=Retrieval(pair_weight=weight))[0] for weight in (0, 0.5, 1)]
    assert straight[0].lexical < straight[1].lexical < straight[2].lexical
