"""Where sentences end in Vietnamese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.sentences import split_sentences
from tests.fakes import WORDS, pages, time_limit


def split(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text, 0, len(text), WORDS.abbreviations)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Huyện có 14.500 đảng viên.", "Tỷ lệ là 96,46%.", "34/34 xã đạt chuẩn."],
        ["TP. Hà Nội có TS. Nguyễn Văn A và PGS.TS. Trần Bình.", "Hết."],
        ["Bài của M. An viết.", "Ông A. B. Chi nói."],
        ["“Tốt lắm!” ông nói.", "Rồi về."],
        ["Ông nói: “Xong rồi.”", "Mọi người vỗ tay."],
        ["du lịch cộng đồng, biên giới... nông sản.", "Xong."],
        ["Triển khai nội dung…", "Năm 2021, dịch bệnh kéo dài."],
        ["giàu đẹp, văn minh./.", "M. An (Tổng hợp)"],
        ["Bao nhiêu?", "Không rõ!", "ok."],
        ["Xem (khóa X).", "Sau đó"],
        ["Một dòng không chấm", "Dòng hai"],
    ],
)
def test_text_splits_where_a_reader_would(sentences: list[str]) -> None:
    joiner = "\n" if sentences[0] == "Một dòng không chấm" else " "
    assert split(joiner.join(sentences)) == sentences


@given(pages | st.text(max_size=60), st.data())
def test_sentences_are_trimmed_in_order_and_hold_everything_but_white_space(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    spans = split_sentences(text, start, end, WORDS.abbreviations)
    borders = [position for span in spans for position in span]
    assert borders == sorted(borders)
    assert all(start <= a < b <= end and text[a:b] == text[a:b].strip() for a, b in spans)
    inside = {i for a, b in spans for i in range(a, b)}
    assert all(text[i].isspace() for i in range(start, end) if i not in inside)


@given(pages)
def test_a_line_break_ends_every_sentence(text: str) -> None:
    assert not any("\n" in sentence for sentence in split(text))


@pytest.mark.parametrize("unit", [".", "…", "?!", '."', "./.", ". ", "A. ", "a"])
def test_half_a_megabyte_of_marks_takes_no_longer_than_one_of_letters(unit: str) -> None:
    text = unit * (500_000 // len(unit)) + "đ"
    with time_limit(15):
        assert split(text)[-1].endswith("đ")


def test_a_roman_ordinal_before_a_point_ends_its_sentence_and_an_initial_does_not() -> None:
    text = "Theo Nghị quyết khóa X. Đại hội họp ở Hà Nội. Ông M. An dự."
    spans = split_sentences(text, 0, len(text))
    assert [text[a:b] for a, b in spans] == ["Theo Nghị quyết khóa X.", "Đại hội họp ở Hà Nội.", "Ông M. An dự."]
