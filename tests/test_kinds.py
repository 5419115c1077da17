"""Numbers, dates and names that a question asks for and does not hold itself."""

from __future__ import annotations

import pytest

from qa_bot import kinds
from qa_bot.understanding import understand
from tests.fakes import WORDS


@pytest.mark.parametrize(
    ("sentence", "question", "held"),
    [
        ("Huyện có 2.400 đảng viên.", "Huyện có bao nhiêu đảng viên?", True),
        ("Huyện có hai mươi đảng viên.", "Huyện có bao nhiêu đảng viên?", True),
        ("Huyện có nhiều đảng viên.", "Huyện có bao nhiêu đảng viên?", False),
        ("Năm 2021, huyện có nhiều đảng viên.", "Năm 2021, huyện có bao nhiêu đảng viên?", False),
        ("Bài đăng ngày 12/06/2021.", "Bài đăng ngày nào?", True),
        ("Chợ họp vào sáng chủ nhật.", "Chợ họp ngày nào?", True),
        ("Huyện tổ chức sáng 10/6.", "Huyện tổ chức khi nào?", True),
        ("Bài được đăng ở báo.", "Bài đăng ngày nào?", False),
        ("Đồng chí Dương Ngọc Khoa cho biết.", "Trưởng ban là ai?", True),
        ("Tesla sinh ra ở Serbia.", "Ai là nhà phát minh?", True),
        ("Bí thư Huyện ủy phổ biến nghị quyết.", "Bí thư Huyện ủy tên là gì?", False),
        ("Ở xã, Bí thư Đảng ủy phổ biến nghị quyết.", "Ai phổ biến nghị quyết?", True),
        ("Xã họp để chỉ rõ nhầm lẫn.", "Vì sao xã họp?", True),
        ("Xã họp hằng tháng.", "Vì sao xã họp?", False),
        ("Xã họp hằng tháng.", "Xã làm gì hằng tháng?", True),
    ],
)
def test_a_sentence_holds_the_kind_asked_for_or_not(sentence: str, question: str, held: bool) -> None:
    query = understand(question, (), WORDS)
    assert kinds.holds(sentence, query, WORDS) is held


def test_a_name_in_the_question_is_not_its_answer() -> None:
    query = understand("Dương Ngọc Khoa là ai?", (), WORDS)
    assert kinds.names("Đồng chí Dương Ngọc Khoa phát biểu.", query, WORDS) == []
