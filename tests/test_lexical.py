"""Words of passages: Tantivy against ten lines of BM25."""

from __future__ import annotations

import math
import stat
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import lexical
from embeddings.errors import CorruptIndex, StorageError
from embeddings.lexical import FieldWeights, Lexical, terms
from embeddings.vietnamese import fold, syllables

ACCENTED, FOLDED = FieldWeights(1, 0, 0), FieldWeights(0, 1, 0)
PASSAGES = [
    ("Huyện Hải Hậu có 14.500 đảng viên", "Đổi mới ở Hải Hậu"),
    ("Huyện Sông Lô họp chi bộ", "Nghị quyết ở Sông Lô"),
    ("Mừng ngày hội của má", "Chuyện nhà"),
    ("Con ma trong nhà cũ", "Chuyện nhà"),
]
# Field lengths are stored in one byte, exactly up to 39 terms: 20 syllables and their 19 bigrams.
_documents = st.lists(
    st.lists(st.sampled_from(["ba", "bà", "bá", "ca", "cà", "da", "đa", "hà"]), min_size=1, max_size=20).map(" ".join),
    min_size=1,
    max_size=8,
)
_asked = st.sampled_from(["ba", "bà", "bá", "ca", "cà", "da", "đa", "hà", "xa"])
_questions = st.lists(_asked, min_size=1, max_size=6).map(" ".join)


def opened(passages: Sequence[tuple[str, str]], folder: Path) -> Lexical:
    lexical.build(folder, passages, 15)
    return Lexical(folder)


def bm25(question: list[str], documents: list[list[str]], k1: float = 1.2, b: float = 0.75) -> list[float]:
    """Robertson and Zaragoza (2009), with the idf that Lucene and Tantivy use."""
    mean = sum(map(len, documents)) / len(documents)
    scores = [0.0] * len(documents)
    for term, weight in Counter(question).items():
        holding = sum(term in document for document in documents)
        idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for row, document in enumerate(documents):
            count = document.count(term)
            scores[row] += weight * idf * count * (k1 + 1) / (count + k1 * (1 - b + b * len(document) / mean))
    return scores


@settings(max_examples=30)
@given(texts=_documents, question=_questions, folded=st.booleans())
def test_scores_are_those_of_ten_lines_of_bm25(
    *, texts: list[str], question: str, folded: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    expected = bm25(terms(question, folded=folded), [terms(text, folded=folded) for text in texts])
    index = opened([(text, "") for text in texts], tmp_path_factory.mktemp("lexical"))
    found = index.search(question, 10, FOLDED if folded else ACCENTED)
    assert dict(found) == pytest.approx({row: score for row, score in enumerate(expected) if score > 0}, rel=1e-4)
    assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))


def test_long_passages_keep_the_order_of_bm25(tmp_path: Path) -> None:
    texts = [" ".join(["huyện"] * (1 + n % 3) + [f"từ{'x' * k}" for k in range(30 * (n + 1))]) for n in range(8)]
    expected = bm25(terms("huyện", folded=False), [terms(text, folded=False) for text in texts])
    found = opened([(text, "") for text in texts], tmp_path).search("huyện", 8, ACCENTED)
    assert dict(found) == pytest.approx(dict(enumerate(expected)), rel=0.1)


def test_accents_count_in_one_field_and_not_in_the_other(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)
    assert [row for row, _ in index.search("má", 5, ACCENTED)] == [2]
    assert [row for row, _ in index.search("ma", 5, ACCENTED)] == [3]
    assert sorted(row for row, _ in index.search("mà", 5, FOLDED)) == [2, 3]
    assert [row for row, _ in index.search("hai hau", 5, FOLDED)] == [0]
    assert index.search("hai hau", 5, ACCENTED) == []


def test_only_a_word_that_no_passage_spells_so_is_looked_for_without_its_accents(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)
    weights = FieldWeights(1, 0, 0, unknown=0.5)
    assert index.search("má", 5, weights) == index.search("má", 5, ACCENTED)
    assert sorted(row for row, _ in index.search("mạ", 5, weights)) == [2, 3]
    half = {row: score / 2 for row, score in index.search("ma", 5, FOLDED)}
    assert dict(index.search("mạ", 5, weights)) == pytest.approx(half)


@pytest.mark.parametrize("weights", [ACCENTED, FOLDED, FieldWeights(0.5, 0.5, 0.5)])
def test_composed_and_decomposed_questions_find_the_same(weights: FieldWeights, tmp_path: Path) -> None:
    index = opened([(unicodedata.normalize("NFD", text), context) for text, context in PASSAGES], tmp_path)
    for question in ("Hải Hậu", "đảng viên", "14500", "uỷ họp chi bộ"):
        found = index.search(question, 5, weights)
        assert found
        assert index.search(unicodedata.normalize("NFD", question), 5, weights) == found


def test_a_field_that_weighs_twice_scores_twice(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)
    once, twice = index.search("huyện", 5, ACCENTED), index.search("huyện", 5, FieldWeights(2, 0, 0))
    assert dict(twice) == pytest.approx({row: 2 * score for row, score in once})


def test_the_context_is_searched_by_its_weight_alone(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)
    assert index.search("nghị quyết", 5, FieldWeights(1, 1, 0)) == []
    assert [row for row, _ in index.search("nghị quyết", 5, FieldWeights(1, 1, 0.5))] == [1]


@pytest.mark.parametrize("question", ["", "!?", "không khớp gì", '"a" AND (b OR', "x" * 100_000, "a " * 50_000, "\0"])
def test_any_question_is_a_bag_of_words(question: str, tmp_path: Path) -> None:
    assert opened(PASSAGES, tmp_path).search(question, 5, FieldWeights(1, 1, 1)) == []


def test_limits_hold(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)
    assert len(index) == 4
    assert len(index.search("huyện nhà", 1, ACCENTED)) == 1
    assert index.search("huyện", 0, ACCENTED) == []


def test_a_terms_document_frequency_is_over_passages(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)
    assert [index.document_frequency(term) for term in ("huyen", "ma", "hai_hau", "chuyen", "khong")] == [2, 2, 1, 2, 0]


def test_a_pair_of_neighbours_counts_as_much_as_is_set(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)

    def score(question: str, pairs: float) -> float:
        return index.search(question, 1, FieldWeights(1, 0, 0, pairs))[0][1]

    alone, one, two = (score("Hải Hậu", pairs) for pairs in (0, 1, 2))
    assert two - one == pytest.approx(one - alone, rel=1e-4)
    assert one > alone
    assert score("Hậu Hải", 0) == pytest.approx(score("Hậu Hải", 2))


def test_passages_that_hold_a_phrase_hold_its_words_and_their_pairs_in_one_field(tmp_path: Path) -> None:
    index = opened([*PASSAGES, ("Hậu vệ Hải ghi bàn", ""), ("Hải đến", "Hậu")], tmp_path)
    assert index.holding(["hai", "hau"], 9) == [0]
    assert index.holding(["song", "lo"], 9) == [1]  # in the text and in the context
    assert index.holding(["chuyen", "nha"], 9) == [2, 3]  # in the context alone
    assert index.holding(["dang", "vien"], 9) == [0]
    assert index.holding(["dang", "vien", "khong"], 9) == []
    assert index.holding(["nha"], 1) in ([2], [3])
    assert index.holding([], 9) == index.holding(["nha"], 0) == []


def test_words_apart_may_stand_in_text_and_context_and_one_of_each_choice_is_enough(tmp_path: Path) -> None:
    index = opened(PASSAGES, tmp_path)
    assert index.holding_each([["chuyen"], ["ma"]], 9) == [2, 3]
    assert index.holding_each([["chuyen"], ["cu", "hoi"]], 9) == [2, 3]
    assert index.holding_each([["chuyen"], ["cu"]], 9) == [3]
    assert index.holding_each([["chuyen"], ["khong"]], 9) == []
    assert index.holding_each([], 9) == index.holding_each([[]], 9) == []


@settings(max_examples=30)
@given(texts=_documents, phrase=st.lists(_asked, min_size=1, max_size=3))
def test_no_passage_with_a_phrase_is_missed(
    texts: list[str], phrase: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    units = syllables(fold(" ".join(phrase)))
    index = opened([(text, "") for text in texts], tmp_path_factory.mktemp("lexical"))
    found = index.holding(units, 10)
    assert {n for n, text in enumerate(texts) if f" {' '.join(units)} " in f" {fold(text)} "} <= set(found)
    assert all(set(units) <= set(fold(texts[row]).split()) for row in found)
    assert index.holding_each([[unit] for unit in units], 10) == [
        row for row, text in enumerate(texts) if set(units) <= set(fold(text).split())
    ]


def test_a_phrase_of_very_many_words_is_searched_by_its_beginning(tmp_path: Path) -> None:
    words = [f"tu{'x' * n}" for n in range(600)]
    index = opened([(" ".join(words), ""), *PASSAGES], tmp_path)
    assert index.holding(words, 9) == [0]
    assert index.holding_each([[word] for word in words], 9) == [0]


def test_a_word_of_a_megabyte_does_no_harm(tmp_path: Path) -> None:
    index = opened([("á" * 1_000_000, ""), *PASSAGES], tmp_path)
    assert [row for row, _ in index.search("Hải Hậu", 5, ACCENTED)] == [1]


def test_a_build_leaves_no_lock_and_opening_writes_nothing(tmp_path: Path) -> None:
    lexical.build(tmp_path, PASSAGES, 15)
    before = sorted(path.name for path in tmp_path.iterdir())
    assert not [name for name in before if name.endswith(".lock")]
    assert len(Lexical(tmp_path)) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    lexical.build(tmp_path, PASSAGES, 15)
    (tmp_path / "meta.json").write_text("{", "utf-8")
    with pytest.raises(CorruptIndex, match=r"cannot be opened .*Rebuild the index"):
        Lexical(tmp_path)
    with pytest.raises(CorruptIndex, match="cannot be opened"):
        Lexical(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert stat.S_ISREG((tmp_path / "file").stat().st_mode)
    with pytest.raises(StorageError, match=r"The lexical index could not be written to .*file"):
        lexical.build(tmp_path / "file", PASSAGES, 15)
