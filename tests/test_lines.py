"""What one line of a page is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import lines
from tests.fakes import WORDS, pages, time_limit


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Thứ Sáu, 09/02/2018, 09:42 (GMT+7)", date(2018, 2, 9)),
        ("Thứ 7, 12/06/2021 | 06:42:58 [GMT +7] A A", date(2021, 6, 12)),
        ("12:11 | 26/11/2020", date(2020, 11, 26)),
        ("Ngày 5 Tháng 5 Năm 2021", date(2021, 5, 5)),
        ("Cập nhật lúc 7 giờ 30 phút, ngày 5-5-2021", date(2021, 5, 5)),
        ("2021-06-12T06:42:58+07:00", date(2021, 6, 12)),
        ("１２/０６/２０２１", date(2021, 6, 12)),
        ("31/02/2021", None),
        ("Ngày 5/5/2021, BCH Đảng bộ huyện có Nghị quyết số 03", None),
        ("Hải Hậu, ngày 12/06/2021", None),
        ("1.490.782", None),
        ("2020 - 2025", None),
    ],
)
def test_a_date_line_holds_a_date_and_little_else(line: str, expected: date | None) -> None:
    assert lines.date_in_line(line, WORDS) == expected


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_date_reads_the_same_however_it_is_written(day: date) -> None:
    d, m, y = day.day, day.month, day.year
    for written in (
        f"{d}/{m}/{y}",
        f"{d:02}-{m:02}-{y}",
        f"{d}.{m}.{y}",
        day.isoformat(),
        f"ngày {d} tháng {m} năm {y}",
        f"{d} Tháng {m}, năm {y}",
    ):
        assert lines.parse_date(f"đăng {written}.") == day


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Hầu Minh Lợi", "Hầu Minh Lợi"),
        ("M. An (Tổng hợp)", "M. An (Tổng hợp)"),
        ("Tác giả: Trúc Linh", "Trúc Linh"),
        ("Bài, ảnh: Hồng Chiến", "Hồng Chiến"),
        ("Hồng Chiến - Nguyễn Lượng", "Hồng Chiến - Nguyễn Lượng"),
        ("Liên kết website", None),
        ("UBND HĐND", None),
        ("Huyện Hải Hậu đã đạt chuẩn", None),
        ("Hải Hậu, Nam Định", None),
        ("Tên", None),
    ],
)
def test_a_byline_is_a_name_alone_or_after_a_label(line: str, name: str | None) -> None:
    assert lines.author_in_line(line, WORDS) == name


@pytest.mark.parametrize(
    ("line", "outlet"),
    [
        ("Theo Báo Nam Định", "Báo Nam Định"),
        ("(Theo TTXVN)", "TTXVN"),
        ("Nguồn: baolaocai.vn", "baolaocai.vn"),
        ("Theo kế hoạch của huyện", None),
        ("Theo đồng chí Trần Minh Hải, Bí thư Huyện ủy, huyện sẽ tiếp tục đổi mới.", None),
        ("Báo Nam Định", None),
    ],
)
def test_a_source_line_names_an_outlet_after_its_label(line: str, outlet: str | None) -> None:
    assert lines.source_in_line(line, WORDS) == outlet


@pytest.mark.parametrize(
    "line",
    [
        "leftcenterrightdel",
        "|",
        ".",
        "• Hôm nay: 679",
        "Trang chủ",
        "TRANG CHU",
        "https://a.vn/x",
        "Ý kiến ()",
        "A A",
        "12345",
        "⭐⭐",
    ],
)
def test_furniture_of_a_page_is_known(line: str) -> None:
    assert lines.is_furniture(line, WORDS)


@pytest.mark.parametrize("line", ["Nghiêng", "Hải Hậu", "Trang chủ của huyện", "Thị trấn", "Đổi mới"])
def test_words_of_an_article_are_no_furniture(line: str) -> None:
    assert not lines.is_furniture(line, WORDS)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Một cảnh ở xã. (Ảnh: TL)", True),
        ("Bí thư Chi bộ vận động hiến đất. Ảnh: Nguyễn Lượng", True),
        ("Ảnh hưởng lớn: không", False),
        ("Trong ảnh có ba người.", False),
    ],
)
def test_a_photo_credit_marks_a_caption(line: str, *, expected: bool) -> None:
    assert lines.is_credited_caption(line, WORDS) is expected


@pytest.mark.parametrize(
    ("line", "inner"),
    [
        ("\u00a0 Thường trực Huyện ủy  ", "Thường trực Huyện ủy"),
        ("## Tiêu đề", "Tiêu đề"),
        ("  • Đang online", "Đang online"),
        ("- * 1", "1"),
        ("#khong-phai-tieu-de", "#khong-phai-tieu-de"),
        ("![Bà con thôn](anh.jpg)", "Bà con thôn"),
        (" ![Bà con](a.jpg)\u00a0", "Bà con"),
        ("![Bà con](a.jpg) vui", "![Bà con](a.jpg) vui"),
        ("   ", ""),
        ("-", "-"),
    ],
)
def test_bullets_spaces_and_image_marks_are_not_text(line: str, inner: str) -> None:
    start, end = lines.inner_range(line)
    assert line[start:end] == inner


@given(pages | st.text())
def test_the_inner_part_lies_in_the_line(text: str) -> None:
    for line in text.split("\n"):
        start, end = lines.inner_range(line)
        assert 0 <= start <= end <= len(line)


@pytest.mark.parametrize(
    "line",
    [
        "đ" + " " * 200_000 + "đ",
        "![" * 100_000,
        "- " * 100_000,
        "(" * 200_000,
        "A" + " \u00a0" * 100_000 + "B",
        "1/" * 100_000,
    ],
)
def test_a_hostile_line_takes_linear_time(line: str) -> None:
    with time_limit(5):
        start, end = lines.inner_range(line)
        lines.author_in_line(line, WORDS)
        lines.source_in_line(line, WORDS)
        lines.is_furniture(line, WORDS)
        lines.is_credited_caption(line, WORDS)
        lines.speaks_of_days_before(line, date(2021, 6, 12))
        assert line[start:end].strip() == line[start:end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sáng 10/6 tại xã", True),
        ("ngày 12 tháng 6", True),
        ("hôm 1/6", False),
        ("ngày 31/12", False),
        ("không có ngày", False),
    ],
)
def test_an_article_speaks_of_days_shortly_before_its_date(text: str, *, expected: bool) -> None:
    assert lines.speaks_of_days_before(text, date(2021, 6, 12)) is expected


def test_the_turn_of_the_year_counts_as_shortly_before() -> None:
    assert lines.speaks_of_days_before("chiều 30/12", date(2021, 1, 3))
