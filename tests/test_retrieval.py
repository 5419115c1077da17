"""How dense and lexical scores become one ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.index import open_index
from embeddings.pipeline import build
from qa_bot.retrieval import Retriever, fuse
from qa_bot.settings import Retrieval
from qa_bot.understanding import understand
from tests.fakes import WORDS, HashingEncoder, index_settings, write_articles

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize("question", ["Huyện Mèo Vạc trồng bao nhiêu cây?", "huyen meo vac trong bao nhieu cay"])
def test_the_district_asked_about_comes_first_with_and_without_diacritics(tmp_path: Path, question: str) -> None:
    encoder = HashingEncoder()
    settings = index_settings(write_articles(tmp_path / "articles", 5), tmp_path / "index")
    build(settings, encoder)
    index = open_index(tmp_path / "index", encoder.fingerprint)
    query = understand(question, (), WORDS)
    ranked = Retriever(index, Retrieval()).search(query, encoder.encode_queries([query.text])[0], 3)
    assert "Mèo Vạc" in (ranked[0].stored.article.title or "")
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)
    assert all(
        item.stored.article.text[item.stored.passage.start : item.stored.passage.end] == item.stored.passage.text
        for item in ranked
    )
    index.close()
