"""What an article says of itself; what it does not say stays unknown."""

from __future__ import annotations

from datetime import date

import pytest

from embeddings.cleaning import clean
from embeddings.metadata import context_of, describe, place_of
from embeddings.records import Article
from tests.fakes import PARAGRAPH, WORDS, page_of

PAGE = f"Huyện Hải Hậu trồng cây gây rừng\nThứ 7, 12/06/2021\n{PARAGRAPH}\nTrúc Linh\nTheo Báo Nam Định\n"


def described(text: str, front_matter: dict[str, str] | None = None) -> Article:
    page = page_of(text, front_matter)
    return describe(page, clean(page, WORDS), WORDS)


def test_title_date_author_and_source_come_from_their_lines() -> None:
    article = described(PAGE)
    assert article.title == "Huyện Hải Hậu trồng cây gây rừng"
    assert (article.published, article.author, article.source) == (date(2021, 6, 12), "Trúc Linh", "Báo Nam Định")
    assert (article.url, article.also_at, article.text) == (None, (), PAGE)


def test_what_a_page_does_not_say_is_none() -> None:
    article = described(PARAGRAPH)
    assert (article.title, article.published, article.author, article.source) == (None, None, None, None)


@pytest.mark.parametrize("line", ["Ngày 12 Tháng 6 Năm 2021", "12-6-2021", "2021-06-12 06:42"])
def test_a_date_line_is_read_however_it_is_written(line: str) -> None:
    assert described(PAGE.replace("Thứ 7, 12/06/2021", line)).published == date(2021, 6, 12)


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (("title", "date", "author", "source", "url"), ("Một", "2020-01-02", "An", "Báo A", "https://a.vn/1")),
        (("Tiêu đề", "Ngày đăng", "Tác_giả", "NGUỒN", "link"), ("Một", "2/1/2020", "An", "Báo A", "https://a.vn/1")),
    ],
)
def test_front_matter_wins_in_either_language(names: tuple[str, ...], values: tuple[str, ...]) -> None:
    article = described(PAGE, dict(zip(names, values, strict=True)))
    assert (article.title, article.published, article.author) == ("Một", date(2020, 1, 2), "An")
    assert (article.source, article.url) == ("Báo A", "https://a.vn/1")


def test_a_date_that_cannot_be_read_is_unknown_rather_than_wrong() -> None:
    assert described(PAGE, {"date": "hôm qua"}).published is None
    assert described(PAGE, {"date": "31/02/2021"}).published is None


def test_an_article_keeps_its_id_when_it_moves() -> None:
    page = page_of(PAGE)
    moved = page_of(PAGE, path="noi/khac.txt")
    assert describe(page, clean(page, WORDS), WORDS).id == describe(moved, clean(moved, WORDS), WORDS).id
    assert described(PAGE + " thêm").id != described(PAGE).id


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Huyện ủy Mèo Vạc họp. Đảng bộ huyện Mèo Vạc bàn.", "Mèo Vạc"),
        ("Huyện Đông Anh và huyện Đông Anh.", "Đông Anh"),
        ("huyện Mỹ Đức, huyện Mỹ Đức, huyện Ứng Hòa", "Mỹ Đức"),
        ("thị xã Ứng Hòa; THỊ XÃ Ứng Hòa", "Ứng Hòa"),
        ("tỉnh Lào Cai một lần", None),
        ("huyện có, huyện có, huyện có", None),
    ],
)
def test_the_place_is_the_one_named_most_and_more_than_once(text: str, place: str | None) -> None:
    assert place_of(text, WORDS) == place


def test_the_context_is_what_is_said_of_the_article() -> None:
    context = context_of(described(PAGE), WORDS)
    assert (context.title, context.published, context.author) == (
        "Huyện Hải Hậu trồng cây gây rừng",
        date(2021, 6, 12),
        "Trúc Linh",
    )
    assert (context.source, context.place) == ("Báo Nam Định", "Hải Hậu")
