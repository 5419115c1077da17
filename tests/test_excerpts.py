"""Which words are marked as the answer, and what is said of a long sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.excerpts import excerpt, marks, said
from tests.fakes import WORDS, asked, pages


def marked(sentence: str, question: str) -> list[str]:
    query = asked(question)
    return [sentence[a:b] for a, b in marks(sentence, query, frozenset(query.telling), WORDS)]


@pytest.mark.parametrize(
    ("sentence", "question", "words"),
    [
        ("Đảng bộ có 25 chi bộ, 167 tổ và 2.400 đảng viên.", "Đảng bộ có bao nhiêu đảng viên?", "2.400 đảng viên"),
        ("Đảng bộ có 25 chi bộ, 167 tổ và 2.400 đảng viên.", "dang bo co bao nhieu to?", "167 tổ"),
        ("Tỷ lệ dân số tham gia đạt 96,46%.", "Bao nhiêu phần trăm dân số tham gia?", "96,46%"),
        ("Thứ Sáu, 09/02/2018, 09:42", "Bài đăng ngày nào?", "09/02/2018"),
        ("Nghị quyết ban hành ngày 5 tháng 5 năm 2021.", "Nghị quyết ban hành khi nào?", "ngày 5 tháng 5 năm 2021"),
        ("Đồng chí Dương Ngọc Khoa, Trưởng ban, cho biết.", "Ai là Trưởng ban?", "Dương Ngọc Khoa"),
        ("Xã dự họp để chỉ rõ những nhầm lẫn.", "Xã dự họp để làm gì?", "để chỉ rõ những nhầm lẫn"),
    ],
)
def test_the_words_that_answer_are_marked(sentence: str, question: str, words: str) -> None:
    assert any(words in part or part in words for part in marked(sentence, question))
    assert words in marked(sentence, question)


def test_a_number_that_the_question_holds_is_not_its_answer() -> None:
    assert marked("Năm 2021 huyện trồng 500 cây.", "Năm 2021 huyện trồng bao nhiêu cây?") == ["500 cây"]


def test_a_short_sentence_is_said_whole() -> None:
    assert excerpt("Có 90 tổ chức.", 100, frozenset(), ()) == "Có 90 tổ chức."


def test_of_a_long_sentence_the_clauses_with_the_answer_are_said() -> None:
    filler = ", ".join(["phần mở đầu không liên quan gì"] * 8)
    sentence = f"{filler}, huyện có 2.400 đảng viên sinh hoạt, {filler}."
    at = sentence.index("2.400")
    text = excerpt(sentence, 120, frozenset({"dang", "vien", "huyen"}), [(at, at + 5)])
    assert "2.400 đảng viên" in text
    assert text.startswith("…")
    assert text.endswith("…")


@given(sentence=pages, limit=st.integers(40, 200), question=pages)
def test_an_excerpt_holds_only_words_of_its_sentence_and_fits(sentence: str, limit: int, question: str) -> None:
    query = asked(question)
    found = marks(sentence, query, frozenset(query.telling), WORDS)
    assert all(0 <= a < b <= len(sentence) for a, b in found)
    text = excerpt(sentence, limit, frozenset(query.telling), found)
    assert len(text.replace(" – ", "\n")) <= limit + 2
    for part in text.strip("…").split(" – "):
        assert part.strip(" …") in " ".join(sentence.split()) or " – " in said(sentence)


def test_line_breaks_are_said_as_dashes() -> None:
    assert said("Hầu Minh Lợi\n\nBí thư Huyện ủy") == "Hầu Minh Lợi – Bí thư Huyện ủy"
