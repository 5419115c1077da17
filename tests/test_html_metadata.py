"""What saved pages say of their articles: every page of tests/pages, and the rules one by one."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from embeddings.readers import Hints, Reading, html
from embeddings.readers.html_dates import Clues, Label, Place, Shown, published, shown_in
from embeddings.readers.html_people import authors, credit_in, origin_at_end, outlet
from tests.fakes import WORDS

PAGES = Path(__file__).parent / "pages"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((PAGES / "expected.toml").read_text("utf-8"))
FACTS = ("title", "published", "author", "source", "section", "url")


def article(name: str) -> Reading:
    (reading,) = html.read((PAGES / f"{name}.html").read_bytes(), Hints(".html", EXPECTED[name].get("address")))
    return reading


@pytest.mark.parametrize("name", EXPECTED)
def test_the_facts_of_a_page_are_those_that_a_careful_reader_finds(name: str) -> None:
    expected = {fact: EXPECTED[name][fact] for fact in FACTS if fact in EXPECTED[name]}
    assert article(name).front_matter == expected


def test_nearly_all_facts_are_right_and_none_is_invented() -> None:
    found = {name: article(name).front_matter for name in EXPECTED}
    right = sum(found[name].get(fact) == EXPECTED[name].get(fact) for name in EXPECTED for fact in FACTS)
    invented = [
        (name, fact)
        for name in EXPECTED
        for fact in FACTS
        if found[name].get(fact, EXPECTED[name].get(fact)) != EXPECTED[name].get(fact)
    ]
    assert invented == []
    assert right / (len(EXPECTED) * len(FACTS)) >= 0.95


def page(head: str = "", above: str = "", below: str = "", tail: str = "") -> dict[str, str]:
    """The facts of an article with these parts of a page around it."""
    text = (
        f"<html><head>{head}</head><body><div class=page><h1>Xã Hòa Lạc mở lại chợ phiên vùng cao</h1>{above}"
        "<p>Sau hai năm tạm dừng, chợ phiên xã Hòa Lạc họp lại với hơn ba trăm gian hàng của bà con các bản.</p>"
        "<p>Người dân mang đến chợ nông sản, thổ cẩm và những món ăn mà khách phương xa vẫn thường hỏi mua.</p>"
        f"{below}</div>{tail}</body></html>"
    )
    (reading,) = html.read(text.encode(), Hints(".html"))
    return reading.front_matter


def json_ld(**fields: str) -> str:
    values = ",".join(f'"{name}":{value}' for name, value in fields.items())
    return f'<script type="application/ld+json">{{"@type":"NewsArticle",{values}}}</script>'


# --- dates ---


@pytest.mark.parametrize(
    ("line", "day", "label"),
    [
        ("Thứ Sáu, 09/02/2018, 09:42 (GMT+7)", date(2018, 2, 9), Label.NONE),
        ("Thứ 7, 12/06/2021 | 06:42:58 [GMT +7] A A", date(2021, 6, 12), Label.NONE),
        ("Cập nhật lúc 09:42, Thứ Sáu, 09/02/2018 (GMT+7)", date(2018, 2, 9), Label.UPDATED),
        ("Ngày đăng: 12/06/2021 06:42 - Lượt xem: 1.234", date(2021, 6, 12), Label.PUBLISHED),
        ("Tháng Sáu 12, 2021", date(2021, 6, 12), Label.NONE),
        ("12 Tháng Mười Một, 2021", date(2021, 11, 12), Label.NONE),
        ("12 Th6, 2021", date(2021, 6, 12), Label.NONE),
        ("Thứ bảy, 12 Tháng 6 2021 06:42", date(2021, 6, 12), Label.NONE),
        ("June 12, 2021", date(2021, 6, 12), Label.NONE),
        ("Nguyễn Văn An - 12/06/2021 06:42", date(2021, 6, 12), Label.NONE),
        ("09h42' ngày 09/02/2018", date(2018, 2, 9), Label.NONE),
    ],
)
def test_date_lines_are_read_as_vietnamese_pages_write_them(line: str, day: date, label: Label) -> None:
    assert [(shown.day, shown.label) for shown in shown_in((line,), WORDS)] == [(day, label)]


@pytest.mark.parametrize(
    "line",
    [
        "Ngày ban hành: 12/06/2021",
        "Từ 12/06/2021 đến 15/06/2021",
        "Sáng 12/6/2021, huyện tổ chức hội nghị",
        "31/02/2021",
        "12/06",
        "",
        "Lượt xem: 1.234",
    ],
)
def test_lines_that_only_mention_a_day_are_no_date_lines(line: str) -> None:
    assert shown_in((line,), WORDS) == []


def test_a_label_in_an_element_of_its_own_belongs_to_the_date_after_it() -> None:
    (shown,) = shown_in(("Cập nhật: 12/06/2021 Nguyễn An", "Cập nhật:", "12/06/2021", "Nguyễn An"), WORDS)
    assert (shown.day, shown.label) == (date(2021, 6, 12), Label.UPDATED)


def day_of(**clues: Any) -> date | None:
    return published(Clues(**clues))


def seen(day: date, label: Label = Label.NONE, place: Place = Place.HEAD) -> Shown:
    return Shown(day, str(day), label, place)


JUNE_12, JUNE_13, JULY_1 = date(2021, 6, 12), date(2021, 6, 13), date(2021, 7, 1)


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("2021-06-11T18:30:00Z", JUNE_12),
        ("2021-06-12T00:10:00+07:00", JUNE_12),
        ("2021-06-12", JUNE_12),
        ("2021-06-12 23:59:00", JUNE_12),
        ("12/06/2021 06:42", JUNE_12),
        ("Sat, 12 Jun 2021 06:42:00 +0700", JUNE_12),
        ("6/25/2021 6:42:00 AM", date(2021, 6, 25)),
        ("6/12/2021 6:42:00 AM", None),  # June or December
        ("1989-06-12", None),
        ("0001-01-01T00:00:00", None),
        ("hôm qua", None),
    ],
)
def test_statements_for_machines_are_read_in_vietnams_time(stated: str, day: date | None) -> None:
    assert day_of(published=[stated]) == day


def test_a_visible_date_tells_which_reading_of_a_statement_is_right() -> None:
    assert (
        day_of(published=["2021-06-12T23:30:00Z"], shown=[seen(JUNE_12)]) == JUNE_12
    )  # a clock that only claims to be UTC
    assert day_of(published=["6/12/2021 6:42:00 AM"], shown=[seen(JUNE_12)]) == JUNE_12
    assert day_of(published=["7/1/2021 6:42:00 AM"], addresses=["https://a.example/2021/07/01/x"]) == JULY_1


def test_statements_that_differ_need_a_witness() -> None:
    both = ["2021-06-12", "2021-07-01"]
    assert day_of(published=both) is None
    assert day_of(published=both, shown=[seen(JULY_1)]) == JULY_1
    assert day_of(published=both, addresses=["https://a.example/x-20210612093000123.htm"]) == JUNE_12
    assert day_of(published=["2021-06-12"], shown=[seen(JULY_1)]) is None


def test_a_change_is_no_publication() -> None:
    assert day_of(published=["2021-06-12"], modified=["2021-07-01"], shown=[seen(JULY_1)]) == JUNE_12
    assert day_of(modified=["2021-07-01"]) is None
    assert day_of(shown=[seen(JULY_1, Label.UPDATED), seen(JUNE_12)]) == JUNE_12
    assert day_of(shown=[seen(JULY_1, Label.UPDATED)]) == JULY_1  # the only date there is
    assert day_of(shown=[seen(JULY_1, Label.UPDATED)], addresses=["https://a.example/2021/06/12/x"]) == JUNE_12


def test_no_article_appears_after_its_page_was_saved_or_last_changed() -> None:
    assert day_of(published=["2031-06-12"], shown=[seen(JULY_1, place=Place.CLOCK)]) is None
    assert day_of(published=["2031-06-12"], modified=["2021-07-01"]) is None


def test_a_sites_clock_is_no_date_of_an_article() -> None:
    assert day_of(shown=[seen(JULY_1, place=Place.CLOCK)]) is None
    assert day_of(shown=[seen(JULY_1, place=Place.ABOVE)], body="Ngày 2/5/2019, huyện họp.") is None
    assert day_of(shown=[seen(JULY_1, place=Place.ABOVE)], body="Sáng 30/6, huyện họp.") == JULY_1


def test_a_day_in_the_address_counts_when_there_is_no_other() -> None:
    assert day_of(addresses=["https://a.example/2021/06/12/x.html"]) == JUNE_12
    assert day_of(addresses=["https://a.example/x-20210612093000123.htm"]) == JUNE_12
    assert day_of(addresses=["https://a.example/x-20211399.htm", "https://a.example/tin-1234567890.htm"]) is None


def test_the_order_of_trust_in_whole_pages() -> None:
    stated = '<meta property="article:published_time" content="2021-06-12T08:00:00+07:00">'
    assert page(head=stated, above="<p class=date>Thứ Bảy, 12/06/2021</p>")["published"] == "2021-06-12"
    assert page(above="<time datetime='2021-06-12'>2 năm trước</time>")["published"] == "2021-06-12"
    assert "published" not in page(tail="<div class=footer>© 2021. Cập nhật ngày 01/07/2021</div>")
    assert "published" not in page(tail="<ul><li><a href=x>Tin khác của huyện nhà</a> <i>(12/06/2021)</i></li></ul>")


def test_broken_json_still_says_the_one_day_it_names() -> None:
    broken = json_ld(headline='"Chợ "Lạc""', datePublished='"2021-06-12"')
    assert page(head=broken)["published"] == "2021-06-12"


# --- people and outlets ---


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("Hầu Minh Lợi", ("Hầu Minh Lợi",)),
        ("Bài, ảnh: Nguyễn Văn An", ("Nguyễn Văn An",)),
        ("Bài: Nguyễn An - Ảnh: Trần Bình", ("Nguyễn An",)),
        ("Bài: Minh An. Ảnh: Đức Bình", ("Minh An",)),
        ("Tin, ảnh: Lan Hương, Đức Minh", ("Lan Hương", "Đức Minh")),
        ("M. An (Tổng hợp)", ("M. An",)),
        ("NGUYỄN VĂN AN", ("Nguyễn Văn An",)),
        ("Tác giả: Hương", ("Hương",)),
        ("TS. Nguyễn Văn Bình", ("Nguyễn Văn Bình",)),
        ("Được viết bởi Đoàn Thị Nhung", ("Đoàn Thị Nhung",)),
        ("Ghi chép của Lê Đình Chỉnh", ("Lê Đình Chỉnh",)),
        ("Trường Giang", ("Trường Giang",)),
        ("PV", ()),
        ("Nhóm PV", ()),
        ("BAN BIÊN TẬP", ()),
        ("Posted by admin", ()),
    ],
)
def test_a_signature_names_people_only(line: str, people: tuple[str, ...]) -> None:
    credit = credit_in(line, WORDS, expected=True)
    assert credit is not None
    assert credit.people == people


@pytest.mark.parametrize(
    "line",
    [
        "Ban Tuyên giáo Huyện ủy",
        "Ảnh: Trần Bình",
        "Trung tâm Văn hóa",
        "Văn Hóa - Xã Hội",
        "Theo Nghị quyết số 5",
        "",
        "Đọc tiếp",
    ],
)
def test_other_lines_credit_nobody(line: str) -> None:
    assert credit_in(line, WORDS, expected=True) is None


@pytest.mark.parametrize("line", ["Hà Nội", "Thời Sự", "Minh Hà", "Xây Dựng Đảng"])
def test_two_capitalised_words_are_a_name_only_where_one_is_expected(line: str) -> None:
    assert credit_in(line, WORDS, expected=False) is None


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("Theo Báo Hà Sơn", "Báo Hà Sơn"),
        ("(Theo TTXVN)", "TTXVN"),
        ("Nguồn tin: Báo Hà Sơn", "Báo Hà Sơn"),
        ("Nguồn: https://www.baohason.example/tin.htm", "baohason.example"),
        ("Theo Nguyễn An/Báo Hà Sơn", "Báo Hà Sơn"),
        ("Nguyễn An (Theo Báo Hà Sơn)", "Báo Hà Sơn"),
        ("Nguồn: Internet", None),
    ],
)
def test_an_origin_is_an_outlet(line: str, origin: str | None) -> None:
    credit = credit_in(line, WORDS, expected=True)
    assert credit is not None
    assert credit.outlet == origin


def test_an_origin_in_brackets_at_the_end_of_the_text_counts() -> None:
    assert origin_at_end("Huyện sẽ tiếp tục nhân rộng mô hình./. (Theo Báo Hà Sơn)") == "Báo Hà Sơn"
    assert origin_at_end("Ông nói (theo lời kể) rằng chợ đông.") is None


def test_authors_need_agreement() -> None:
    assert authors(["Minh Lợi"], [], ["Hầu Minh Lợi"], WORDS) == ("Hầu Minh Lợi",)
    assert authors(["Trần An"], [], ["Lê Bình"], WORDS) == ()
    assert authors(["Trần An"], [], ["Báo Hà Sơn", "System Account"], WORDS) == ("Trần An",)
    assert authors([], [], ["Trần An", "Lê Bình"], WORDS) == ("Trần An", "Lê Bình")


def test_outlets_need_agreement() -> None:
    assert outlet(None, ["baohason.example", "Báo Hà Sơn"], None, []) == "Báo Hà Sơn"
    assert outlet(None, ["Bao Ha Son", "Báo Hà Sơn"], None, []) == "Báo Hà Sơn"
    assert outlet(None, ["Báo Hà Sơn", "Công ty Số Hóa An Phát"], None, []) is None
    assert outlet(None, ["Công ty An Phát", "Báo Hà Sơn"], "Báo Hà Sơn", []) == "Báo Hà Sơn"
    assert outlet("Báo Biển Xanh", ["Báo Hà Sơn"], None, []) == "Báo Biển Xanh"
    assert outlet(None, ["Trang chủ"], None, []) is None
    assert outlet(None, [], "Sở Văn hóa Hà Sơn", ["Trang chủ", "Sở Văn hóa Hà Sơn"]) == "Sở Văn hóa Hà Sơn"
    assert outlet(None, [], "Chính trị", ["Trang chủ"]) is None


def test_a_place_under_the_text_is_no_author() -> None:
    assert "author" not in page(below="<p>Chợ họp vào sáng chủ nhật ở huyện Hòa Lạc.</p><p>Hòa Lạc</p>")


def test_organisations_in_json_are_no_authors() -> None:
    assert "author" not in page(head=json_ld(author='{"@type":"Organization","name":"Trần Văn An"}'))
    assert page(head=json_ld(author='{"@type":"Person","name":"Trần Văn An"}'))["author"] == "Trần Văn An"


# --- titles, sections, addresses ---


def test_an_outlet_is_cut_from_a_title_only_when_the_page_confirms_it() -> None:
    assert (
        page(head="<title>Xã Hòa Lạc mở lại chợ phiên vùng cao | Báo Hà Sơn</title>")["title"]
        == "Xã Hòa Lạc mở lại chợ phiên vùng cao"
    )
    lines = "<p>Chợ phiên họp lại với ba trăm gian hàng của bà con các bản trong xã và khách phương xa.</p>" * 1
    (reading,) = html.read(
        f"<title>Chợ phiên - nơi hẹn hò | Tin hay</title><body><div>{lines}</div>".encode(), Hints(".html")
    )
    assert reading.front_matter["title"] == "Chợ phiên - nơi hẹn hò | Tin hay"


def test_a_section_has_the_name_that_people_see() -> None:
    path = '<ul class="breadcrumb"><li><a href="/">Trang chủ</a></li><li><a href="/x">Xây dựng Đảng</a></li></ul>'
    slug = '<meta property="article:section" content="xay-dung-dang">'
    assert page(head=slug, above=path)["section"] == "Xây dựng Đảng"
    assert "section" not in page(head='<meta property="article:section" content="Kinh tế">', above=path)
    assert "section" not in page(head=slug)


@pytest.mark.parametrize(
    ("links", "fetched", "url"),
    [
        ('<link rel=canonical href="/a/b.html">', None, None),
        ('<link rel=canonical href="/a/b.html">', "https://x.example/c?d=1", "https://x.example/a/b.html"),
        ('<link rel=canonical href="https://x.example/">', "https://x.example/c#top", "https://x.example/c"),
        (
            '<link rel=canonical href="https://x.example/"><meta property="og:url" content="https://x.example/a">',
            None,
            "https://x.example/a",
        ),
        ('<link rel=canonical href="javascript:void(0)">', None, None),
        ('<link rel=canonical href="ftp://x.example/a">', None, None),
        ('<link rel=canonical href="https://[x/a">', None, None),
        ("<!-- saved from url=(0025)https://x.example/a/b.htm -->", None, "https://x.example/a/b.htm"),
        ("", "https://x.example/a", "https://x.example/a"),
        ("", "file:///tmp/a.html", None),
    ],
)
def test_an_address_is_whole_and_leads_to_the_article(links: str, fetched: str | None, url: str | None) -> None:
    text = "<p>Sau hai năm tạm dừng, chợ phiên xã Hòa Lạc họp lại với hơn ba trăm gian hàng của bà con các bản.</p>" * 2
    (reading,) = html.read(
        f"{links}<body><h1>Chợ phiên họp lại sau hai năm</h1>{text}".encode(), Hints(".html", fetched)
    )
    assert reading.front_matter.get("url") == url
