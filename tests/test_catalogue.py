"""Which questions ask about the collection itself, and what they ask of it."""

from __future__ import annotations

import tomllib
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import lexicon
from embeddings.vietnamese import fold
from qa_bot.records import Catalogue
from qa_bot.understanding.catalogue import CatalogueWords, find_catalogue
from qa_bot.understanding.phrases import tokens
from tests.fakes import time_limit

if TYPE_CHECKING:
    from typing import Any

TABLE: dict[str, Any] = tomllib.loads(lexicon.shipped_file().read_text("utf-8"))["catalogue"]
WORDS = CatalogueWords.of(TABLE)

ABOUT = [
    ("Bài nào nói về Hải Hậu?", Catalogue("which", "Hải Hậu")),
    ('Những bài nào nhắc đến "cửa khẩu Hoành Mô"?', Catalogue("which", "cửa khẩu Hoành Mô")),
    ("Bài viết nào đề cập đến các hợp tác xã?", Catalogue("which", "hợp tác xã")),
    ("Những bài viết về xây dựng nông thôn mới", Catalogue("which", "xây dựng nông thôn mới")),
    ("Có bài nào về Mèo Vạc không ạ?", Catalogue("which", "Mèo Vạc")),
    ("Có bài nào về hàng không không?", Catalogue("which", "hàng không")),
    ("Cho mình hỏi, có bài nào nói về UBND xã không?", Catalogue("which", "UBND xã")),
    ("Hải Hậu được nhắc đến trong những bài nào?", Catalogue("which", "Hải Hậu")),
    ("Bài viết về hai huyện nào cùng nhắc đến hội chợ lần thứ III?", Catalogue("which", "hội chợ lần thứ III")),
    ("Danh sách bài viết", Catalogue("which", "")),
    ("Có những bài viết nào?", Catalogue("which", "")),
    ("Bài nào được đăng?", Catalogue("which", "")),
    ("Những bài mới nhất", Catalogue("which", "")),
    ("5 bài mới nhất", Catalogue("which", "")),
    ("Có bao nhiêu bài viết?", Catalogue("count", "")),
    ("Có tất cả bao nhiêu bài về Hải Hậu vậy?", Catalogue("count", "Hải Hậu")),
    ("Số bài viết về OCOP là bao nhiêu?", Catalogue("count", "OCOP")),
    ("OCOP xuất hiện trong bao nhiêu bài?", Catalogue("count", "OCOP")),
    ("Bài mới nhất là gì?", Catalogue("newest", "")),
    ("Bài viết mới nhất đăng ngày nào?", Catalogue("newest", "")),
    ("Bài mới nhất về Bình Liêu là bài nào?", Catalogue("newest", "Bình Liêu")),
    ("Bài về Bình Liêu mới nhất là bài nào?", Catalogue("newest", "Bình Liêu")),
    ("Bài cũ nhất", Catalogue("oldest", "")),
    ("Liệt kê các bài của tác giả Hồng Chiến", Catalogue("which", "", "Hồng Chiến")),
    ("Hồng Chiến viết những bài nào?", Catalogue("which", "", "Hồng Chiến")),
    ("Những bài Hồng Chiến viết", Catalogue("which", "", "Hồng Chiến")),
    ("Bài nào do Hồng Chiến viết?", Catalogue("which", "", "Hồng Chiến")),
    ("Bài nào của Hồng Chiến về Sông Lô?", Catalogue("which", "Sông Lô", "Hồng Chiến")),
    ("Tác giả Hồng Chiến có bao nhiêu bài?", Catalogue("count", "", "Hồng Chiến")),
]
BARE = [case for case in ABOUT if " do " not in case[0] and " vậy" not in case[0]]  # bare, they may be độ, vay …
ENGLISH = [
    ("Which articles mention Hai Hau?", Catalogue("which", "Hai Hau")),
    ("Are there any articles about OCOP?", Catalogue("which", "OCOP")),
    ("List all articles", Catalogue("which", "")),
    ("Which articles did Hong Chien write?", Catalogue("which", "", "Hong Chien")),
    ("How many articles are there?", Catalogue("count", "")),
    ("How many articles about health insurance?", Catalogue("count", "health insurance")),
    ("Latest article", Catalogue("newest", "")),
    ("What is the latest article about Binh Lieu?", Catalogue("newest", "Binh Lieu")),
]
OTHERS = [
    "Ai viết bài về Sông Lô?",
    "Bài về Sông Lô đăng ngày nào?",
    "Bài về Hải Hậu được đăng lại theo báo nào?",
    "Bài học nào được rút ra?",
    "Bài toán phát triển kinh tế nào được nói đến?",
    "Có tin nhắn nào không?",
    "Trong bài về Sông Lô, có bao nhiêu đảng viên?",
    "Tác giả bài về Sông Lô và bài về Bình Liêu là ai?",
    "Hội nghị có bao nhiêu bài phát biểu?",
    "Nghị quyết mới nhất là gì?",
    "Những bài viết về Hải Hậu nói gì?",
    "Ai viết những bài về Hải Hậu?",
    "Các bài của huyện Hải Hậu",
    "Bài nào không nói về Hải Hậu?",
    "Hải Hậu có bao nhiêu đảng viên?",
    "Who wrote the article about Song Lo?",
    "bài nào",
    "",
]


@pytest.mark.parametrize(("question", "asked"), ABOUT + ENGLISH)
def test_a_question_about_the_collection_is_seen(question: str, asked: Catalogue) -> None:
    assert find_catalogue(question, WORDS) == asked


@pytest.mark.parametrize(("question", "asked"), BARE)
def test_it_is_seen_without_diacritics(question: str, asked: Catalogue) -> None:
    author = fold(asked.author) if asked.author else None
    assert find_catalogue(fold(question), WORDS) == Catalogue(asked.asks, fold(asked.subject), author)


@pytest.mark.parametrize(("question", "asked"), ABOUT)
def test_decomposed_letters_and_capitals_change_nothing(question: str, asked: Catalogue) -> None:
    assert find_catalogue(unicodedata.normalize("NFD", question), WORDS) == asked
    found = find_catalogue(question.lower(), WORDS)
    assert found is not None
    assert (found.asks, found.subject) == (asked.asks, asked.subject.lower())


@pytest.mark.parametrize("question", OTHERS)
@pytest.mark.parametrize("typed", [str, fold])
def test_questions_on_what_articles_say_are_left_alone(question: str, typed: type[str]) -> None:
    assert find_catalogue(typed(question), WORDS) is None


def test_a_word_with_diacritics_is_not_taken_for_another_one() -> None:
    assert find_catalogue("Bãi nào nói về Hải Hậu?", WORDS) is None


def test_what_a_period_leaves_behind_does_no_harm() -> None:
    assert find_catalogue("Trong có bao nhiêu bài được đăng trong ?", WORDS) == Catalogue("count", "")
    assert find_catalogue("Bài nào về Hải Hậu đăng ?", WORDS) == Catalogue("which", "Hải Hậu")


_PIECES = st.sampled_from([
    "bài", "bai", "bài viết", "nào", "có", "không", "về", "nói về", "những", "bao nhiêu", "mới nhất", "tác giả", "của",
    "viết", "là", "Hải Hậu", "the", "article", "which", "18", "😀", "\u200b", "а", "?", ",", "“", "(",
])  # fmt: skip


@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=60).map(" ".join)))
def test_any_text_is_read_and_a_subject_is_made_of_its_words(text: str) -> None:
    found = find_catalogue(text, WORDS)
    if found is not None:
        asked = [token.unit for token in tokens(text)]
        assert {token.unit for token in tokens(found.subject)} <= set(asked)


@pytest.mark.parametrize("piece", ["bài nào về ", "the ", "có ", "bài ", "những các ", "x", "a b ", "về về "])
def test_a_long_text_takes_no_longer_than_reading_it(piece: str) -> None:
    with time_limit(2):
        for words in (12, 38, 4000):
            find_catalogue("bài " + piece * (words // len(piece.split())) + "nào", WORDS)
            find_catalogue("bài nào về " + piece * (words // len(piece.split())) + "nào gì", WORDS)


def test_a_missing_or_broken_list_is_named() -> None:
    with pytest.raises(KeyError, match="mentions"):
        CatalogueWords.of({name: value for name, value in TABLE.items() if name != "mentions"})
    with pytest.raises(TypeError, match="list of phrases"):
        CatalogueWords.of({**TABLE, "mentions": "về"})
    with pytest.raises(ValueError, match="mentions has a phrase without words"):
        CatalogueWords.of({**TABLE, "mentions": ["…"]})
