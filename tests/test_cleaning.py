"""Which lines of a page are the article."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embeddings.cleaning import clean
from embeddings.records import Kind, Page
from tests.fakes import PARAGRAPH, WORDS, page_of, pages, time_limit

OTHER = PARAGRAPH.replace("cây xanh", "cột đèn").replace("trồng", "dựng")
PAGE = f"""Trang chủ
Thứ Bảy, 02/11/2024 12:35 (GMT +7)
Huyện Hải Hậu trồng cây gây rừng
Thứ 7, 12/06/2021 | 06:42:58 [GMT +7] A A
{PARAGRAPH}
Người dân xã Hải Phú trồng cây đầu Xuân. (Ảnh: TL)
{OTHER}
Trúc Linh
Theo Báo Nam Định
Tin liên quan
Huyện khác cũng trồng cây xanh rất nhiều
  • Hôm nay: 679
"""


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(r.kind, text[r.start : r.end]) for r in clean(page_of(text), WORDS)]


def texts_of(kind: Kind, text: str) -> list[str]:
    return [part for found, part in kinds(text) if found is kind]


def test_each_line_of_a_news_page_gets_its_kind() -> None:
    assert [kind.value for kind, _ in kinds(PAGE)] == [
        "boilerplate", "boilerplate", "title", "date", "body", "caption", "body", "byline", "source",
        "boilerplate", "boilerplate", "boilerplate",
    ]  # fmt: skip


def test_the_clock_above_the_headline_is_not_the_articles_date() -> None:
    assert texts_of(Kind.DATE, PAGE) == ["Thứ 7, 12/06/2021 | 06:42:58 [GMT +7] A A"]
    without = PAGE.replace("Thứ 7, 12/06/2021 | 06:42:58 [GMT +7] A A\n", "")
    assert texts_of(Kind.DATE, without) == []


def test_a_date_above_the_headline_counts_when_the_text_speaks_of_the_days_before() -> None:
    spoken = f"02/11/2024\nHuyện Hải Hậu trồng cây gây rừng\nSáng 1/11, {PARAGRAPH}\n"
    assert texts_of(Kind.DATE, spoken) == ["02/11/2024"]


def test_a_caption_printed_twice_stands_once() -> None:
    caption = "Bà con thôn Tát Ngà mừng ngày hội của thôn mình"
    text = f"Huyện Hải Hậu trồng cây gây rừng\n{PARAGRAPH}\n{caption}\n{caption}\n{OTHER}\n"
    assert texts_of(Kind.CAPTION, text) == [caption]
    assert texts_of(Kind.REPEATED, text) == [caption]


def test_a_lead_that_the_first_paragraph_repeats_is_not_indexed_twice() -> None:
    lead = PARAGRAPH.partition(". ")[0] + "."
    assert texts_of(Kind.REPEATED, f"Huyện Hải Hậu trồng cây gây rừng\n{lead}\n{PARAGRAPH}\n") == [lead]


def test_a_line_that_differs_in_one_word_is_no_repetition() -> None:
    assert texts_of(Kind.REPEATED, f"{PARAGRAPH}\n{OTHER}\n") == []


def test_name_and_office_under_an_article_are_one_byline() -> None:
    text = f"{PARAGRAPH}\n\nHầu Minh Lợi\n\nBí thư Huyện ủy Mèo Vạc\n\n.\n"
    assert texts_of(Kind.BYLINE, text) == ["Hầu Minh Lợi\n\nBí thư Huyện ủy Mèo Vạc"]


def test_a_headline_alone_is_what_there_is_to_say() -> None:
    assert kinds("Huyện Hải Hậu trồng cây gây rừng\n") == [(Kind.BODY, "Huyện Hải Hậu trồng cây gây rừng")]


def test_front_matter_lies_in_no_region() -> None:
    text = f"---\ntitle: Một bài\n---\n{PARAGRAPH}\n"
    page = Page("bai.md", text, "0" * 64, {"title": "Một bài"}, text.index(PARAGRAPH))
    assert [text[r.start : r.end] for r in clean(page, WORDS)] == [PARAGRAPH]


@given(pages | st.text(max_size=80))
def test_regions_are_in_order_apart_and_hold_every_word(text: str) -> None:
    regions = clean(page_of(text), WORDS)
    borders = [position for region in regions for position in (region.start, region.end)]
    assert borders == sorted(borders)
    assert all(region.start < region.end for region in regions)
    inside = {i for region in regions for i in range(region.start, region.end)}
    assert not any(c.isalnum() for i, c in enumerate(text) if i not in inside and not _in_image(text, i))


def _in_image(text: str, at: int) -> bool:
    """Addresses of markdown images are left out on purpose."""
    return "![" in text[text.rfind("\n", 0, at) + 1 : at]


def test_a_file_of_twenty_thousand_lines_takes_seconds() -> None:
    text = "\n".join(
        f"Việc thứ {n} của huyện trong năm qua là việc số {n * 7} mà xã đã làm xong." for n in range(20_000)
    )
    with time_limit(12):
        assert len(kinds(text)) == 20_000
