"""What a question is understood as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.records import Kind
from embeddings.vietnamese import fold
from qa_bot.records import Expected, Typing
from tests.fakes import asked, knowledge_over


@pytest.mark.parametrize(
    ("question", "typing"),
    [
        ("Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?", Typing.ACCENTED),
        ("dang bo huyen hai hau co bao nhieu dang vien", Typing.BARE),
        ("hai hau bn dan co bhyt", Typing.BARE),
        ("Who is the Party secretary of Meo Vac district?", Typing.FOREIGN),
        ("Hải Hậu district population", Typing.ACCENTED),
        ("Who is the secretary of Mèo Vạc?", Typing.FOREIGN),  # asks in English, of a name with diacritics
        ("huyeenj hair haauj cos bao nhieeu ddangr vieen", Typing.BARE),  # Telex, switched off
        ("ubnd huyen bao thang o dau", Typing.BARE),
    ],
)
def test_the_way_of_typing_is_seen(question: str, typing: Typing) -> None:
    assert asked(question).typing is typing


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
        ("Số đảng viên của Hải Hậu", Expected.NUMBER),
        ("Huyện ra nghị quyết nào?", Expected.DOCUMENT),
        ("Huyện ra những nghị quyết nào?", Expected.LIST),
        ("Hải Hậu thuộc tỉnh nào?", Expected.PLACE),
        ("Hội nghị họp ở đâu?", Expected.PLACE),
        ("3 rõ gồm những gì?", Expected.LIST),
        ("Huyện đã về đích chưa?", Expected.YES_NO),
    ],
)
def test_the_kind_of_answer_is_seen(question: str, expected: Expected) -> None:
    assert asked(question).expected is expected


def test_chat_words_and_abbreviations_are_written_out_and_what_was_typed_is_kept() -> None:
    query = asked("hải hậu bn người có bhyt")
    assert query.text == "Hải Hậu bao nhiêu người có bảo hiểm y tế"
    assert set(query.words.split()) > {"bn", "bhyt"}
    assert query.question == "hải hậu bn người có bhyt"
    assert [(s.was, s.now) for s in query.steps if s.kind == "written_out"] == [
        ("bhyt", "bảo hiểm y tế"),
        ("bn", "bao nhiêu"),
    ]


def test_a_bare_question_is_written_out_and_gets_its_diacritics_and_what_was_typed_is_kept() -> None:
    query = asked("hai hau bn nguoi co bhyt")
    assert query.text == "Hải Hậu bao nhiêu người có bảo hiểm y tế"
    assert set(query.words.split()) > {"hai", "hau", "nguoi", "bn", "bhyt"}
    assert [s.was for s in query.steps if s.kind == "restored"] == ["hai hau bn nguoi co bhyt"]


def test_another_language_is_neither_written_out_nor_restored() -> None:
    query = asked("Who is the TW secretary of dang bo Hai Hau?")
    assert query.typing is Typing.FOREIGN
    assert query.text == "Who is the TW secretary of dang bo Hải Hậu?"
    assert {step.kind for step in query.steps} <= {"translated", "expected"}


def test_what_a_short_form_means_is_asked_beside_it() -> None:
    assert asked("UBND nghĩa là gì?").text == "UBND (Ủy ban nhân dân) nghĩa là gì?"


def test_a_short_form_means_what_the_articles_define() -> None:
    own = knowledge_over(["Trạm bơm Ngòi Lao (TBNL) chạy tốt. Uống bia nóng (UBND) là dở."])
    assert asked("TBNL ở đâu?", (), own).text == "Trạm bơm Ngòi Lao ở đâu?"
    assert asked("UBND ở đâu?", (), own).text == "Ủy ban nhân dân ở đâu?"  # the file's own meaning goes first


def test_abbreviations_inside_a_documents_number_stay() -> None:
    assert "03-NQ/HU của Ban Thường vụ" in asked("Nghị quyết 03-NQ/HU của BTV nói gì?").text


def test_words_that_ask_are_dropped_with_their_diacritics_so_that_party_is_not_taken_for_now() -> None:
    query = asked("Đảng bộ đang có bao nhiêu đảng viên?")
    assert query.telling == ("dang", "bo", "vien")
    assert query.focus == {"dang", "vien"}


def test_the_thing_asked_for_stands_before_which_and_after_how_many() -> None:
    assert asked("Huyện theo phương châm nào?").focus == {"phuong", "cham"}
    assert "cay" in asked("Trồng bao nhiêu cây xanh?").focus


def test_what_is_counted_is_told_as_far_as_the_articles_count_it() -> None:
    own = knowledge_over(["Huyện có 25 chi bộ và 300 cây xanh. Huyện còn nhiều con suối."])
    assert asked("Huyện có bao nhiêu chi bộ?", (), own).counted == ("chi", "bo")
    assert asked("co bao nhieu cay bang", (), own).counted == ("cay",)
    assert asked("Huyện có bao nhiêu con suối?", (), own).counted == ()


@pytest.mark.parametrize(
    ("question", "heads", "calendar", "ordinal"),
    [
        ("Hải Hậu thuộc tỉnh nào?", ("tỉnh",), False, False),
        ("Đại hội họp năm nào?", (), True, False),
        ("dai hoi hop ngay nao", (), True, False),
        ("Đại hội họp khi nào?", (), False, False),
        ("Đây là đại hội lần thứ mấy?", (), False, True),
        ("day la dai hoi lan thu may", (), False, True),
        ("Có bao nhiêu đại hội?", (), False, False),
    ],
)
def test_a_kind_of_place_a_calendar_and_an_ordinal_are_seen(
    question: str, heads: tuple[str, ...], calendar: bool, ordinal: bool
) -> None:
    query = asked(question)
    assert (query.place_head, query.calendar, query.ordinal) == (heads, calendar, ordinal)


def test_an_ordinal_is_searched_for_in_both_numerals() -> None:
    query = asked("Đại hội lần thứ XVIII họp năm nào?")
    assert {"XVIII", "18"} <= set(query.words.split())
    assert "18" in query.telling


def test_the_office_asked_about_ends_where_its_body_does() -> None:
    office = asked("Bí thư Huyện ủy Mèo Vạc là ai?").office
    assert office is not None
    assert (office.title, office.words) == (("bi", "thu"), ("bi", "thu", "huyen", "uy"))
    assert asked("bi thu huyen uy meo vac la ai").office == office
    assert asked("Huyện Mèo Vạc có bao nhiêu bí thư?").office is None  # no person is asked for


def test_names_are_told_folded_each_once() -> None:
    assert asked("Hải Hậu, hai hau và Mèo Vạc khác nhau thế nào?").names == ("hai hau", "meo vac")


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
    assert asked(question).about is kind


@given(st.text(max_size=300))
def test_any_text_is_understood_and_nothing_invisible_is_left(text: str) -> None:
    query = asked(text, [text])
    assert query.question == text
    assert "\u200b" not in query.text
    assert query.focus <= set(query.telling)
    assert all(fold(unit) == unit for unit in query.telling)
