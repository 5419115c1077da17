"""What a sentence, where it stands, holds of what is asked: over a small index, one question each."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest

from embeddings.index import Index, open_index
from embeddings.pipeline import build
from embeddings.records import Kind
from qa_bot.confidence import models, requirements
from qa_bot.evidence import Candidate, Features, candidates, of_article
from qa_bot.records import Query, Typing
from qa_bot.retrieval import Retriever
from qa_bot.settings import Retrieval
from qa_bot.understanding import asking_words, knowledge_of
from tests.fakes import WORDS, HashingEncoder, asked, index_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARTICLES = {
    "hai-hau.txt": """Huyện Hải Hậu đổi mới

26/11/2020

Đảng bộ huyện Hải Hậu có 25 chi bộ và 300 cán bộ. Năm 2018, toàn huyện trồng 500 cây xanh.
Bí thư Huyện ủy là ông Trần Văn Nam. Chủ tịch Hội đồng nhân dân là bà Lê Thị Hoa.
Mỗi thôn nhận chăm sóc một đoạn bờ. Huyện thuộc tỉnh Nam Định. Nghị quyết số 16-NQ/HU được ban hành.
Có 700 hộ ở hai bên con đường mới được nhận giống từ các chi bộ. Tỷ lệ hộ có nước sạch đạt 96,46%.
Người dân của Mèo Vạc cũng đến học cách trồng cây.

Hồng Chiến
""",
    "meo-vac.txt": """Huyện Mèo Vạc làm đường

Đảng bộ huyện Mèo Vạc có 40 chi bộ. Huyện Mèo Vạc làm đường vào các bản, người dân đi chợ gần hơn trước nhiều.
""",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("evidence")
    (folder / "articles").mkdir()
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(text, "utf-8")
    build(index_settings(folder / "articles", folder / "index"), HashingEncoder())
    opened = open_index(folder / "index", HashingEncoder().fingerprint)
    yield opened
    opened.close()


def query_of(question: str, index: Index) -> Query:
    return asked(question, (), knowledge_of(index, WORDS, asking_words(WORDS)))


def weighed(question: str | Query, index: Index) -> list[Candidate]:
    query = query_of(question, index) if isinstance(question, str) else question
    vector = HashingEncoder().encode_queries([query.text])[0]
    return candidates(query, vector, Retriever(index, Retrieval()).search(query, vector, 9), index, WORDS)


def features(question: str | Query, begins: str, index: Index) -> Features:
    """Of the sentence that begins so."""
    (found,) = {c.text: c.features for c in weighed(question, index) if c.text.startswith(begins)}.values()
    return found


def test_every_sentence_of_the_passages_is_weighed_and_every_feature_is_a_share(index: Index) -> None:
    found = weighed("Đảng bộ huyện Hải Hậu có bao nhiêu chi bộ?", index)
    texts = [candidate.text for candidate in found]
    assert "Huyện thuộc tỉnh Nam Định." in texts
    assert len(texts) == len(set(texts))
    for candidate in found:
        for field in fields(Features):
            most = 10 if field.name == "words" else 1
            assert -1 <= getattr(candidate.features, field.name) <= most + 1e-6, field.name
        assert len(candidate.features.vector()) == len(fields(Features))


@pytest.mark.parametrize(
    ("question", "begins", "feature", "value"),
    [
        ("Huyện Hải Hậu có bao nhiêu chi bộ?", "Đảng bộ huyện Hải", "unit", 1),
        ("Huyện Hải Hậu có bao nhiêu chi bộ?", "Năm 2018", "unit", 0),  # 500 counts trees
        ("Huyện Hải Hậu có bao nhiêu chi bộ?", "Mỗi thôn", "unit", 0),
        ("Huyện Hải Hậu có bao nhiêu chi bộ?", "Có 700", "unit", 0.5),  # it is there, but far from the number
        ("Huyện Hải Hậu có bao nhiêu con trâu?", "Năm 2018", "unit", 1),  # no article counts any
        ("Huyện Hải Hậu có bao nhiêu chi bộ?", "Huyện thuộc", "lacks_number", 1),
        ("Huyện Hải Hậu có bao nhiêu chi bộ?", "Đảng bộ huyện Hải", "lacks_number", 0),
        ("Hải Hậu trồng cây năm nào?", "Năm 2018", "lacks_date", 0),
        ("Hải Hậu trồng cây năm nào?", "Mỗi thôn", "lacks_date", 1),
        ("Hải Hậu trồng cây khi nào?", "Mỗi thôn", "lacks_date", 0),  # an event may answer
        ("Bí thư Huyện ủy Hải Hậu là ai?", "Bí thư", "lacks_name", 0),
        ("Bí thư Huyện ủy Hải Hậu là ai?", "Mỗi thôn", "lacks_name", 1),
        ("Hải Hậu thuộc tỉnh nào?", "Huyện thuộc", "lacks_place", 0),
        ("Hải Hậu thuộc tỉnh nào?", "Mỗi thôn", "lacks_place", 1),
        ("Hải Hậu ra nghị quyết số mấy?", "Nghị quyết", "lacks_document", 0),
        ("Hải Hậu ra nghị quyết số mấy?", "Mỗi thôn", "lacks_document", 1),
        ("Bí thư Huyện ủy Hải Hậu là ai?", "Bí thư", "office", 1),
        ("Bí thư Huyện ủy Hải Hậu là ai?", "Mỗi thôn", "office", 0),
        ("Chủ tịch Hội đồng nhân dân Hải Hậu là ai?", "Bí thư Huyện ủy", "office", 0),
        ("Chủ tịch HĐND Hải Hậu là ai?", "Chủ tịch", "office", 1),
        ("Hải Hậu trồng gì?", "Mỗi thôn", "office", 1),
        ("Mèo Vạc có bao nhiêu chi bộ?", "Đảng bộ huyện Hải", "elsewhere", 1),
        ("Mèo Vạc có bao nhiêu chi bộ?", "Đảng bộ huyện Mèo", "elsewhere", 0),
        ("Mèo Vạc có bao nhiêu chi bộ?", "Người dân của", "elsewhere", 0),  # it names the place
        ("Giao Thủy có bao nhiêu chi bộ?", "Đảng bộ huyện Hải", "elsewhere", 0),  # no article is about it
        ("Hải Hậu và Mèo Vạc có gì?", "Năm 2018", "elsewhere", 0),
        ("Năm 2018 Hải Hậu trồng gì?", "Năm 2018", "other_time", 0),
        ("Năm 2020 Hải Hậu trồng gì?", "Năm 2018", "other_time", 0),  # the article is of 2020
        ("Năm 2015 Hải Hậu trồng gì?", "Năm 2018", "other_time", 1),
        ("Năm 2015 Mèo Vạc làm gì?", "Đảng bộ huyện Mèo", "other_time", 1),  # and this one of no year
        ("Hải Hậu trồng gì?", "Năm 2018", "other_time", 0),
        ("Năm 2018 Hải Hậu trồng 500 cây gì?", "Năm 2018", "numbers", 1),
        ("Năm 2018 Hải Hậu trồng 600 cây gì?", "Năm 2018", "numbers", 0.5),
        ("Hải Hậu trồng gì?", "Năm 2018", "numbers", 1),
        ("Ở Hải Hậu, Trần Văn Nam làm gì?", "Bí thư", "subject", 1),
        ("Ở Hải Hậu, Phan Văn Nam làm gì?", "Bí thư", "subject", 0.5),
        ("Huyện có bao nhiêu chi bộ?", "Đảng bộ huyện Hải", "focus", 1),
        ("Huyện có bao nhiêu chi bộ?", "Huyện thuộc", "focus", 0),
    ],
)
def test_a_sentence_has_what_the_question_needs_or_lacks_it(
    question: str, begins: str, feature: str, value: float, index: Index
) -> None:
    assert getattr(features(question, begins, index), feature) == value


def test_a_percentage_is_counted_in_words(index: Index) -> None:
    query = replace(query_of("Bao nhiêu phần trăm số hộ có nước sạch?", index), counted=("phan", "tram"))
    assert features(query, "Tỷ lệ hộ", index).unit == 1
    assert features(query, "Đảng bộ huyện Hải", index).unit == 0


def test_the_words_of_neighbours_and_heading_count_near_and_only_its_own_in_the_sentence(index: Index) -> None:
    found = features("Mỗi thôn Hải Hậu chăm sóc bờ, thuộc Nam Định?", "Mỗi thôn", index)
    assert found.in_sentence < found.near <= found.in_passage == 1


def test_a_passage_leads_by_as_much_as_it_is_better_than_every_other(index: Index) -> None:
    found = weighed("Đảng bộ huyện Hải Hậu có bao nhiêu chi bộ?", index)
    scores = sorted({candidate.ranked.stored.row: candidate.ranked.score for candidate in found}.values())[::-1]
    for candidate in found:
        others = scores[1] if candidate.ranked.score == scores[0] else scores[0]
        assert candidate.features.passage_lead == pytest.approx(candidate.ranked.score - others)
        assert candidate.features.passage_gap == pytest.approx(scores[0] - candidate.ranked.score)


def test_a_question_typed_without_diacritics_is_weighed_alike(index: Index) -> None:
    typed, bare = (
        features(question, "Đảng bộ huyện Hải", index)
        for question in ("Đảng bộ huyện Hải Hậu có bao nhiêu chi bộ?", "dang bo huyen hai hau co bao nhieu chi bo?")
    )
    assert (typed.in_sentence, typed.near, typed.unit, typed.numbers, typed.kind, typed.subject) == (
        bare.in_sentence, bare.near, bare.unit, bare.numbers, bare.kind, bare.subject,
    )  # fmt: skip


def test_a_byline_is_weighed_by_the_passage_that_found_its_article(index: Index) -> None:
    query = query_of("Ai viết bài về Hải Hậu?", index)
    vector = HashingEncoder().encode_queries([query.text])[0]
    ranked = Retriever(index, Retrieval()).search(query, vector, 5)
    (found,) = of_article(query, Kind.BYLINE, ranked, index, WORDS)
    assert found.text == "Hồng Chiến"
    assert (found.features.kind, found.features.lacks_name, found.features.elsewhere) == (1, 0, 0)
    assert found.features.dense == ranked[0].dense
    assert of_article(query, Kind.BYLINE, [], index, WORDS) == []


HOLDS_ALL = {field.name: 0.0 if field.name.startswith("lacks_") else 1.0 for field in fields(Features)}
HOLDS_ALL |= {"other_time": 0.0, "other_document": 0.0, "elsewhere": 0.0}


@pytest.mark.parametrize(
    "lacking",
    [
        {"lacks_number": 1}, {"lacks_date": 1}, {"lacks_name": 1}, {"lacks_place": 1}, {"lacks_document": 1},
        {"elsewhere": 1}, {"other_time": 1}, {"other_document": 1}, {"office": 0.5}, {"unit": 0}, {"in_passage": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_an_answer_must_hold_and_does_not_makes_it_less_likely(lacking: dict[str, float]) -> None:
    whole, less = Features(**HOLDS_ALL), Features(**{**HOLDS_ALL, **lacking})
    assert requirements(whole) == 1
    assert 0 <= requirements(less) <= 0.5
    for typing in Typing:
        model = models()[typing]
        assert 0 <= model.probability(less) <= model.probability(whole) <= 1
        assert "requirements" in [reason.name for reason in model.reasons(less)]
        assert "requirements" not in [reason.name for reason in model.reasons(whole)]


def test_a_passage_without_a_word_of_the_question_answers_nothing() -> None:
    model = models()[Typing.ACCENTED]
    assert model.probability(Features(**{**HOLDS_ALL, "in_passage": 0.0})) == 0
    assert requirements(Features(**{**HOLDS_ALL, "lacks_number": 1.0})) > 0
