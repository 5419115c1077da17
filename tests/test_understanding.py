"""What a question is understood as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.records import Kind
from embeddings.vietnamese import fold
from qa_bot.records import Expected, Typing
from qa_bot.understanding import leans_on_history, understand
from tests.fakes import WORDS


@pytest.mark.parametrize(
    ("question", "typing"),
    [
        ("Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?", Typing.ACCENTED),
        ("dang bo huyen hai hau co bao nhieu dang vien", Typing.BARE),
        ("hai hau bn dan co bhyt", Typing.BARE),
        ("Who is the Party secretary of Meo Vac district?", Typing.FOREIGN),
        ("Hải Hậu district population", Typing.ACCENTED),
    ],
)
def test_the_way_of_typing_is_seen(question: str, typing: Typing) -> None:
    assert understand(question, (), WORDS).typing is typing


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Hải Hậu có bao nhiêu đảng viên?", Expected.NUMBER),
        ("hai hau co bao nhieu dang vien", Expected.NUMBER),
        ("Bài được đăng ngày nào?", Expected.DATE),
        ("Năm nào là bước đột phá?", Expected.DATE),
        ("Ai là bí thư?", Expected.PERSON),
        ("bi thu la ai", Expected.NAME),
        ("Ai đứng ra truyền đạt nghị quyết?", Expected.PERSON),
        ("Vì sao huyện phải đổi mới?", Expected.REASON),
        ("How many members are there?", Expected.NUMBER),
        ("Phương châm của huyện nói gì?", Expected.OTHER),
        ("Khai mạc hội nghị thế nào?", Expected.OTHER),  # "khai" holds "ai"
    ],
)
def test_the_kind_of_answer_is_seen(question: str, expected: Expected) -> None:
    assert understand(question, (), WORDS).expected is expected


def test_chat_words_and_abbreviations_are_written_out_and_what_was_typed_is_kept() -> None:
    query = understand("hải hậu bn người có bhyt", (), WORDS)
    assert query.text == "hải hậu bao nhiêu người có bảo hiểm y tế"
    assert set(query.words.split()) > {"bn", "bhyt"}
    assert query.question == "hải hậu bn người có bhyt"


def test_a_bare_question_stays_bare_when_it_is_written_out() -> None:
    assert understand("hai hau bn nguoi co bhyt", (), WORDS).text == "hai hau bao nhieu nguoi co bao hiem y te"


def test_abbreviations_inside_a_documents_number_stay() -> None:
    assert "03-NQ/HU" in understand("Nghị quyết 03-NQ/HU của BTV nói gì?", (), WORDS).text


def test_words_that_ask_are_dropped_with_their_diacritics_so_that_party_is_not_taken_for_now() -> None:
    query = understand("Đảng bộ đang có bao nhiêu đảng viên?", (), WORDS)
    assert query.telling == ("dang", "bo", "vien")
    assert query.focus == {"dang", "vien"}


def test_the_thing_asked_for_stands_before_which_and_after_how_many() -> None:
    assert understand("Huyện theo phương châm nào?", (), WORDS).focus == {"phuong", "cham"}
    assert "cay" in understand("Trồng bao nhiêu cây xanh?", (), WORDS).focus


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Ai viết bài về Sông Lô?", Kind.BYLINE),
        ("bai bao ve song lo dang ngay nao", Kind.DATE),
        ("Bài về Hải Hậu đăng lại theo báo nào?", Kind.SOURCE),
        ("Tác giả Truyện Kiều là ai?", None),  # of a book, not of an article
        ("Hội nghị họp ngày nào?", None),
    ],
)
def test_a_question_about_an_article_itself_is_seen(question: str, kind: Kind | None) -> None:
    assert understand(question, (), WORDS).about is kind


def test_a_question_that_points_back_is_read_after_the_one_before_it() -> None:
    query = understand("Người này giữ chức vụ gì?", ["Bỏ qua", "Ai viết bài về Mèo Vạc?"], WORDS)
    assert query.text == "Ai viết bài về Mèo Vạc? Người này giữ chức vụ gì?"
    assert query.question == "Người này giữ chức vụ gì?"


def test_a_question_that_stands_alone_ignores_history() -> None:
    question = "Tỷ lệ dân số tham gia bảo hiểm y tế ở Hải Hậu đạt bao nhiêu?"
    assert not leans_on_history(question, Typing.ACCENTED, WORDS)
    assert understand(question, ["Ai viết bài về Mèo Vạc?"], WORDS).text == question


@given(st.text(max_size=300))
def test_any_text_is_understood_and_nothing_invisible_is_left(text: str) -> None:
    query = understand(text, [text], WORDS)
    assert query.question == text
    assert "\u200b" not in query.text
    assert query.focus <= set(query.telling)
    assert all(fold(unit) == unit for unit in query.telling)
