"""Numbers, dates and names that a question asks for and does not hold itself."""

from __future__ import annotations

import pytest
from hypothesis import given

from qa_bot import kinds
from tests.fakes import WORDS, asked, pages


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
        ("Huyện nêu ba hạn chế: chậm, thiếu người, thiếu tiền.", "Những hạn chế nào được nêu?", True),
        ("Huyện nêu các hạn chế.", "Những hạn chế nào được nêu?", False),
        ("Huyện thuộc tỉnh Nam Định.", "Huyện thuộc tỉnh nào?", True),
        ("Huyện thuộc vùng Đồng bằng.", "Huyện thuộc tỉnh nào?", False),
        ("Ban hành Nghị quyết số 16-NQ/HU.", "Huyện ban hành nghị quyết số mấy?", True),
        ("Huyện ban hành nghị quyết mới.", "Huyện ban hành nghị quyết số mấy?", False),
        ("Đại hội lần thứ XVIII khai mạc.", "Đây là đại hội lần thứ mấy?", True),
    ],
)
def test_a_sentence_holds_the_kind_asked_for_or_not(sentence: str, question: str, held: bool) -> None:
    query = asked(question)
    assert kinds.holds(sentence, kinds.candidates(sentence, query, WORDS), query, WORDS) is held


def test_a_name_in_the_question_is_not_its_answer() -> None:
    query = asked("Dương Ngọc Khoa là ai?")
    assert kinds.names("Đồng chí Dương Ngọc Khoa phát biểu.", query, WORDS) == []


@pytest.mark.parametrize(
    ("sentence", "question", "found"),
    [
        ("Đại hội lần thứ XVIII họp ngày 5/8.", "Đây là đại hội lần thứ mấy?", ["XVIII"]),
        ("Đại hội lần thứ XVIII nối đại hội thứ 17.", "Sau đại hội lần thứ 17 là đại hội thứ mấy?", ["XVIII"]),
        ("Nghị quyết số 16-NQ/HU nối Nghị quyết 22-NQ/TW.", "Văn bản nào?", []),
        (
            "Nghị quyết số 16-NQ/HU nối Nghị quyết 22-NQ/TW.",
            "Huyện ban hành nghị quyết số mấy?",
            ["số 16-NQ/HU", "22-NQ/TW"],
        ),
        ("Huyện Hải Hậu, tỉnh Nam Định, gần Thái Bình.", "Hải Hậu ở tỉnh nào?", ["tỉnh Nam Định"]),
        ("Số 16, khóa 5, năm 2021, có 34 xã và 12 cây.", "Có bao nhiêu xã?", ["34", "12"]),
    ],
)
def test_only_what_is_of_the_kind_asked_for_may_be_the_answer(sentence: str, question: str, found: list[str]) -> None:
    assert [sentence[a:b] for a, b in kinds.candidates(sentence, asked(question), WORDS)] == found


@given(sentence=pages, question=pages)
def test_what_may_be_the_answer_stands_in_the_sentence(sentence: str, question: str) -> None:
    query = asked(question)
    assert all(0 <= a < b <= len(sentence) for a, b in kinds.candidates(sentence, query, WORDS))
