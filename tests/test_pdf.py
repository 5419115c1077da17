"""PDF files made by real programs, and by hand where no program makes them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embeddings.readers import Hints, Reading
from embeddings.readers.hyphens import joined
from embeddings.readers.pdf import read
from embeddings.records import Kind
from tests import pdf_bytes
from tests.readings import DOCUMENTS, assert_reason, assert_sound, paragraphs, shown

FILES = sorted(DOCUMENTS.glob("*.pdf"))
HELVETICA = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>"


def reading_of(data: bytes) -> Reading:
    (reading,) = read(data, Hints(".pdf"))
    assert_sound(reading)
    return reading


def document(name: str) -> Reading:
    return reading_of((DOCUMENTS / f"{name}.pdf").read_bytes())


def test_one_column_gives_its_paragraphs_in_order() -> None:
    found = shown(document("one-column"))
    assert [kind for kind, _ in found] == [Kind.TITLE, Kind.DATE, *[Kind.BODY] * 7, Kind.BYLINE]
    assert found[4] == (Kind.BODY, "Từ một trận lũ")
    assert found[2][1].startswith("Mười một năm nay, rừng đầu nguồn")
    assert found[2][1].endswith("cả 86 hộ cùng góp tiền và cùng chia phiên đi tuần.")
    assert found[-1][1] == "Hà Văn Sung"


def test_the_date_line_and_the_signature_say_when_and_who() -> None:
    assert document("one-column").front_matter == {
        "title": "Bến Lâm giữ rừng đầu nguồn bằng quỹ của thôn",
        "published": "2022-03-09",
        "author": "Hà Văn Sung",
    }


def test_a_paragraph_runs_on_over_the_page_and_the_page_begins_inside_it() -> None:
    reading = document("one-column")
    first, second = reading.pages
    assert first == 0
    before, after = reading.text[second - 60 : second], reading.text[second : second + 60]
    assert "\n" not in before + after
    assert before.endswith(" ")
    assert (before + after).count("gấp đôi giai đoạn 2011-2015") == 1


def test_running_heads_feet_and_page_numbers_are_left_out() -> None:
    assert "Bản tin xã" not in document("one-column").text
    assert "Trang" not in document("one-column").text
    assert not re.search("Tạp chí Núi và Suối|Số 14", document("two-columns").text)


def test_two_columns_are_read_one_after_the_other() -> None:
    found = paragraphs(document("two-columns"))
    assert [text.split(" ", 3)[:3] for text in found] == [
        ["Chè", "Bến", "Lâm"],
        ["Sáng", "14/5,", "Hợp"],
        ["Phát", "triển", "kinh"],
        ["Hợp", "tác", "xã"],
        ["Ông", "Vàng", "A"],
        ["Đoàn", "chuyên", "gia"],
        ["Từ", "tiền", "bán"],
        ["Chủ", "tịch", "xã"],
        ["Buổi", "ký", "kết"],
    ]
    assert all(text.endswith((".", "”")) for text in found[1:])


def test_a_hyphen_at_a_lines_end_goes_where_it_only_divides_the_word() -> None:
    text = document("two-columns").text
    assert "internet, các lớp marketing và photoshop" in text
    assert "142.000 đồng một ki-lô-gam" in text
    assert "giai đoạn 2021-2024" in text


def test_three_columns_with_headlines_across_are_read_article_by_article() -> None:
    found = shown(document("three-columns"))
    assert found[0] == (Kind.BODY, "NẮNG KHE SẶT")  # set with wide spaces between its letters
    assert found[1] == (Kind.DATE, "Thứ Sáu, 18/11/2022")
    assert found[2] == (Kind.TITLE, "Trường mới của thôn xa nhất huyện đón 74 học trò")
    assert found[3][1].startswith("Hôm qua, điểm trường Khe Sặt mở cửa sau chín tháng")  # an initial over three lines
    assert found[3][1].endswith("dựng từ năm 1998.")
    assert [text for kind, text in found if kind is Kind.CAPTION] == [
        "Các em lớp ba trong giờ tập đọc đầu tiên ở phòng học mới. Ảnh: Mùa A Dế"
    ]
    texts = [text for _, text in found]
    second = texts.index("Chợ phiên Vĩnh Trà dời về bãi sông từ tháng sau")
    assert texts[second - 1].startswith("Con đường lên bản")
    assert [text.split(",")[0] for text in texts[second + 1 :]] == [
        "Từ phiên ngày 4/12",
        "Ban quản lý chợ miễn tiền chỗ ngồi sáu tháng cho người bán rau tự trồng. Hàng ăn phải dùng nước máy "
        "và tự thu gom rác trước bốn giờ chiều mỗi phiên.",
        "Nền chợ cũ trở thành sân chơi. Xã đã trồng 45 cây sấu và đặt hàng thợ làng Khe Sặt làm hai cầu trượt "
        "bằng gỗ lim cho trẻ nhỏ.",
    ]


def test_rows_of_a_table_stay_rows_and_an_official_letter_has_its_subject_as_title() -> None:
    reading = document("letter")
    assert "Thôn Bến Lâm | 46 ha\nThôn Khe Sặt | 39 ha\nCác thôn khác | 33 ha\n" in reading.text
    assert reading.front_matter == {
        "title": "Kết quả trồng rừng sáu tháng đầu năm 2023",
        "published": "2023-07-05",
        "author": "Hoàng Thị Sen",
    }
    assert "1. Diện tích trồng mới đạt 118 héc-ta, bằng 104% kế hoạch." in paragraphs(reading)


@pytest.mark.parametrize("name", ["one-column", "two-columns", "three-columns", "letter"])
def test_what_a_program_wrote_about_the_file_is_neither_title_nor_date(name: str) -> None:
    reading = document(name)
    assert not {"untitled", "Mau bao cao 2017", "Microsoft Word"} & set(reading.front_matter.values())
    assert not reading.front_matter.get("published", "2022").startswith("2026")  # when the file was made


def test_an_encrypted_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^encrypted; open it with its password"):
        document("encrypted")


def test_pictures_of_pages_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pictures of pages and no text; run OCR"):
        document("scanned")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n%%EOF", b"<html>", (DOCUMENTS / "scanned.pdf").read_bytes()[:300]])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a PDF that can be read"):
        reading_of(data)


def test_a_page_without_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="no text"):
        reading_of(pdf_bytes.lines([], HELVETICA))


def test_letters_without_names_are_refused() -> None:
    with pytest.raises(ValueError, match="fonts do not say which letters"):
        reading_of(pdf_bytes.lines([b"\0\1\0\2\0\3\0\4\0\5" * 8], pdf_bytes.nameless_font()))


def test_a_text_of_which_many_letters_have_no_name_is_refused_rather_than_read_with_holes() -> None:
    """As where a font lacks the letters of Vietnamese."""
    font = (
        b"<</Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Half /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts "
        b"[<</Type /Font /Subtype /CIDFontType2 /BaseFont /AAAAAA+Half /DW 500 /CIDSystemInfo "
        b"<</Registry (Adobe) /Ordering (Identity) /Supplement 0>>>>]>>"
    )
    names = b"".join(b"<%04x> <%04x>\n" % (code, code) for code in range(0x61, 0x6B))
    table = b"1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n10 beginbfchar\n" + names + b"endbfchar\n"
    known, unknown = b"".join(b"\0" + bytes([code]) for code in b"abcdefghij"), b"\1\2\1\3"
    assert (
        reading_of(pdf_bytes.lines([known * 4], font, more=[pdf_bytes.stream(table)])).text == "abcdefghij" * 4 + "\n"
    )
    with pytest.raises(ValueError, match="fonts do not say which letters"):
        reading_of(pdf_bytes.lines([(known + unknown) * 4], font, more=[pdf_bytes.stream(table)]))


def test_tcvn3_fonts_come_out_as_vietnamese() -> None:
    """The letter ư is code 173, which PDF's own encoding shows as a hyphen; a real hyphen stays one."""
    font = pdf_bytes.old_font(".VnTime", {ord("-"): 333, 0xAD: 560})
    said = (
        "Đảng ủy xã hướng dẫn bà con trồng rừng - giữ nước",
        "Từ năm 2019 đến nay, rừng đầu nguồn được bảo vệ tốt hơn.",
    )
    text = reading_of(pdf_bytes.lines([pdf_bytes.tcvn3(line) for line in said], font)).text
    assert "xã hướng dẫn bà con trồng rừng - giữ nước" in text
    assert "rừng đầu nguồn được bảo vệ tốt hơn." in text


def test_spaces_come_from_the_room_between_letters() -> None:
    """Room made by moving counts, a space that takes none does not, nor does the kerning of a word."""
    shown_text = b"BT /F1 12 Tf 60 700 Td [(Xin)-300(ch)20(a)-40(o) -280 (b)30(an)] TJ ET"
    assert reading_of(pdf_bytes.page(pdf_bytes.stream(shown_text), HELVETICA)).text == "Xin chao ban\n"
    no_room = b"BT /F1 12 Tf 60 700 Td [(thon)( )278(g) ( tin)] TJ ET"
    assert reading_of(pdf_bytes.page(pdf_bytes.stream(no_room), HELVETICA)).text == "thong tin\n"


def test_text_that_is_printed_twice_to_be_bold_is_read_once() -> None:
    twice = b"BT /F1 12 Tf 60 700 Td (Thong bao) Tj 0.3 0 Td (Thong bao) Tj ET"
    assert reading_of(pdf_bytes.page(pdf_bytes.stream(twice), HELVETICA)).text == "Thong bao\n"


@pytest.mark.parametrize("matrix", [b"1 0 0 1 60 700", b"0 1 -1 0 300 100", b"-1 0 0 -1 500 400", b"0 -1 1 0 300 700"])
def test_a_page_is_read_whichever_way_it_is_turned(matrix: bytes) -> None:
    content = b"BT /F1 12 Tf 15 TL %s Tm (Dong thu nhat) Tj T* (Dong thu hai) Tj ET" % matrix
    assert reading_of(pdf_bytes.page(pdf_bytes.stream(content), HELVETICA)).text.split("\n") == [
        "Dong thu nhat Dong thu hai",
        "",
    ]


def test_a_watermark_across_the_page_is_left_out() -> None:
    content = b"BT /F1 12 Tf 60 700 Td (Van ban nay) Tj ET BT /F1 60 Tf .7 .7 -.7 .7 100 200 Tm (BAN NHAP) Tj ET"
    assert reading_of(pdf_bytes.page(pdf_bytes.stream(content), HELVETICA)).text == "Van ban nay\n"


def test_ligatures_are_letters() -> None:
    font = (
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding "
        b"<</Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [1 /fi /ffl]>>>>"
    )
    assert reading_of(pdf_bytes.lines([b"of\1ce wa\2e \1nal"], font)).text == "office waffle final\n"


def test_pages_without_text_begin_where_the_next_one_does() -> None:
    reading = reading_of(pdf_bytes.pages([b"", b"Trang hai day", b"", b"Trang bon day", b""]))
    second, fourth = reading.text.index("Trang hai"), reading.text.index("Trang bon")
    assert reading.pages == (second, second, fourth, fourth, len(reading.text))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("nhờ inter-", "net", "nhờ internet"),
        ("nhờ market\u2010", "ing", "nhờ marketing"),
        ("thương\u00ad", "mại", "thươngmại"),
        ("kinh tế -", "xã hội", "kinh tế - xã hội"),
        ("kinh tế-", "xã hội", "kinh tế-xã hội"),
        ("KT-", "XH", "KT-XH"),
        ("2017-", "2020", "2017-2020"),
        ("In-đô-", "nê-xi-a", "In-đô-nê-xi-a"),
        ("Covid-", "19", "Covid-19"),
        ("xã Nghĩa", "Sơn", "xã Nghĩa Sơn"),
        ("phát tri-", "ển", "phát triển"),
    ],
)
def test_lines_are_joined_as_their_writer_meant(before: str, after: str, expected: str) -> None:
    assert "".join([*joined(before, after, frozenset()), after]) == expected


def test_what_the_text_writes_elsewhere_decides_about_a_hyphen() -> None:
    assert joined("gửi e-", "mail", {"e-mail"}) == ("gửi e-", "")
    assert joined("gửi e-", "mail", {"email"}) == ("gửi e", "")


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_joining_lines_takes_away_a_hyphen_at_most(before: str, after: str) -> None:
    kept, joint = joined(before, after, frozenset())
    assert joint in ("", " ")
    assert before.startswith(kept)
    assert set(before[len(kept) :]) <= set("-\u2010\u00ad")


@settings(max_examples=120)
@given(
    file=st.sampled_from(FILES),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=30),
    kept=st.floats(0.2, 1),
)
@example(file=FILES[0], changes=[(0.0, 0)], kept=1.0)
def test_damaged_files_are_refused_or_give_sound_readings(
    file: object, changes: list[tuple[float, int]], kept: float
) -> None:
    data = bytearray((DOCUMENTS / str(file)).read_bytes())
    for place, byte in changes:
        data[int(place * len(data))] = byte
    try:
        found = list(read(bytes(data[: int(kept * len(data))]), Hints(".pdf")))
    except ValueError as refused:
        assert_reason(refused)
        return
    for reading in found:
        assert_sound(reading)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(-50, 650), st.integers(-50, 900), st.integers(1, 60), st.text("abcđ .-|1", max_size=20))
    )
)
def test_text_anywhere_on_a_page_is_read_once(drawn: list[tuple[int, int, int, str]]) -> None:
    parts = [
        b"BT /F1 %d Tf %d %d Td (%s) Tj ET" % (size, x, y, text.encode("latin-1", "replace"))
        for x, y, size, text in drawn
    ]
    try:
        reading = reading_of(pdf_bytes.page(pdf_bytes.stream(b" ".join(parts)), HELVETICA))
    except ValueError:
        return
    letters = sum(len(re.findall("[a-c]", text)) for *_, text in drawn)
    assert len(re.findall("[a-c]", reading.text)) <= letters
    assert all(a <= b for a, b in pairwise(reading.pages))
