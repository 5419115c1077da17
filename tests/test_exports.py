"""Rows of exports become articles, whatever their fields are called."""

from __future__ import annotations

import gzip
import json
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.readers.exports import DEFAULT_FIELDS
from embeddings.records import Kind
from tests.export_rows import FULL, articles, lines, parts, table


def test_a_row_becomes_an_article_with_lines_that_can_be_cited() -> None:
    (article,) = articles(lines(FULL), ".jsonl")
    assert parts(article) == [
        (Kind.TITLE, "Mỹ Thanh trồng cây"),
        (Kind.DATE, "Ngày đăng: 13/06/2026"),  # half past six in the morning, in Vietnam
        (Kind.BODY, "Xã trồng cây."),
        (Kind.BODY, "Xã Mỹ Thanh trồng 14.500 cây."),
        (Kind.BODY, "Cây sống 96,46%."),
        (Kind.CAPTION, "Ảnh: cây non"),
        (Kind.BYLINE, "Tác giả: Lê Thị Hạ"),
        (Kind.SOURCE, "Nguồn: Báo Thử Nghiệm"),
    ]
    assert article.part == "a-1"
    assert article.front_matter == {
        "title": "Mỹ Thanh trồng cây", "published": "2026-06-13", "author": "Lê Thị Hạ", "source": "Báo Thử Nghiệm",
        "section": "Đời sống", "url": "https://bao.example/a-1",
    }  # fmt: skip


@pytest.mark.parametrize("pack", ["", ".gz", ".xz"])
@pytest.mark.parametrize(
    ("data", "extension"),
    [
        (lines(FULL), ".jsonl"),
        (lines(FULL), ".ndjson"),
        (lines(FULL), ".json"),
        (json.dumps([FULL]), ".json"),
        (json.dumps({"data": {"items": [FULL]}}), ".json"),
        (json.dumps([FULL], indent=1), ".jsonl"),
        (table([list(FULL), [str(v) if isinstance(v, str) else v[0] for v in FULL.values()]]), ".csv"),
        (table([list(FULL), [str(v) if isinstance(v, str) else v[0] for v in FULL.values()]], "\t"), ".tsv"),
    ],
)
def test_every_form_gives_the_same_article_packed_or_not(data: str, extension: str, pack: str) -> None:
    packed = {"": data.encode(), ".gz": gzip.compress(data.encode()), ".xz": lzma.compress(data.encode())}[pack]
    (expected,) = articles(lines(FULL), ".jsonl")
    (article,) = articles(packed, extension + pack)
    assert (article.text, article.front_matter) == (expected.text, expected.front_matter)


# --- which field is which ---


@pytest.mark.parametrize(
    ("row", "title", "body"),
    [
        ({"Tiêu đề": "A", "Nội dung": "B"}, "A", "B"),
        ({"tieu_de": "A", "noi-dung": "B"}, "A", "B"),
        ({"TIEU DE BAI VIET": "A", "NỘI DUNG CHI TIẾT": "B"}, "A", "B"),
        ({"headline": "A", "articleBody": "B"}, "A", "B"),
        ({"title": {"rendered": "A"}, "content": {"rendered": "<p>B</p>"}}, "A", "B"),
        ({"title": "A", "content": "", "body": "B"}, "A", "B"),
        ({"title": "A", "paragraphs": [{"context": "B", "qas": [{"question": "C"}]}]}, "A", "B"),
        ({"title": "A", "content": [{"type": "image", "url": "x"}, {"type": "p", "text": "B"}]}, "A", "B"),
        ({"title": "A", "summary": "B"}, "A", "B"),
    ],
)
def test_fields_are_known_by_their_names_in_two_languages(row: object, title: str, body: str) -> None:
    (article,) = articles(lines(row), ".jsonl")
    assert parts(article) == [(Kind.TITLE, title), (Kind.BODY, body)]


@given(
    name=st.sampled_from([form for name in DEFAULT_FIELDS["text"] for form in (name, name.upper())]),
    cut=st.text("_- ", max_size=2),
)
def test_case_accents_and_separators_of_a_name_do_not_matter(name: str, cut: str) -> None:
    (article,) = articles(lines({name.replace(" ", cut): "B"}), ".jsonl")
    assert article.text == "B\n"


def test_the_settings_can_name_fields_and_reach_inside() -> None:
    row = {"meta": {"Tên Bài": "A", "ai": {"name": "Hạ"}}, "x1": "B", "text": "không phải", "author": "không"}
    (article,) = articles(
        lines(row), ".jsonl", text=["x1"], title=["meta.ten_bai"], author=["meta.missing", "meta.ai.name"]
    )
    assert parts(article) == [(Kind.TITLE, "A"), (Kind.BODY, "B"), (Kind.BYLINE, "Tác giả: Hạ")]
    (article,) = articles(table([["a.b", "t"], ["A", "B"]]), ".csv", text=["t"], title=["a.b"])
    assert parts(article)[0] == (Kind.TITLE, "A")


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Hạ", "Hạ"), (["Hạ", "Thu"], "Hạ, Thu"), ({"name": "Hạ", "url": "x"}, "Hạ"), ([{"name": "Hạ"}], "Hạ"),
        (None, None), ([], None), (True, None), ("<b>Hạ</b>&nbsp;Lê", "Hạ Lê"),
    ],
)  # fmt: skip
def test_values_come_out_of_what_they_are_wrapped_in(author: object, expected: str | None) -> None:
    (article,) = articles(lines({"text": "B", "author": author}), ".jsonl")
    assert article.front_matter.get("author") == expected


def test_a_source_that_is_an_address_is_where_the_article_lies() -> None:
    (article,) = articles(lines({"text": "B", "source": "https://bao.example/1", "url": "không có"}), ".jsonl")
    assert article.front_matter == {"url": "https://bao.example/1"}


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("2026-06-12", "2026-06-12"), ("2026-06-12T16:59:00Z", "2026-06-12"), ("2026-06-12T17:00:00Z", "2026-06-13"),
        ("2026-06-12 23:00:00", "2026-06-12"), ("2026-06-12T23:00:00+09:00", "2026-06-12"),
        ("2026-06-12T23:00:00.000+0000", "2026-06-13"), ("20260612", "2026-06-12"), (20260612, "2026-06-12"),
        ("12/06/2026", "2026-06-12"), ("Thứ Sáu, 12/6/2026, 06:42 (GMT+7)", "2026-06-12"), ("12-06-2026", "2026-06-12"),
        ("12 tháng 6 năm 2026", "2026-06-12"), ("Fri, 12 Jun 2026 18:00:00 GMT", "2026-06-13"),
        ("Fri, 12 Jun 2026 18:00:00 -0000", "2026-06-13"), ("June 12, 2026", "2026-06-12"),
        ("12 Jun 2026", "2026-06-12"),
        (1781265600, "2026-06-12"), (1781265600000, "2026-06-12"), ("1781265600", "2026-06-12"),
        (1781265600.7, "2026-06-12"), ({"$date": "2026-06-12"}, "2026-06-12"), (["", "12/06/2026"], "2026-06-12"),
    ],
)  # fmt: skip
def test_a_day_is_understood_as_systems_write_it(published: object, expected: str) -> None:
    (article,) = articles(lines({"text": "B", "published": published}), ".jsonl")
    assert article.front_matter["published"] == expected


@pytest.mark.parametrize(
    "published",
    [
        "hôm qua", "31/02/2026", "2026-13-01", "0001-01-01", "9999-12-31T23:59:59-12:00", 0, -5, 1e300, True, None,
        "9" * 99, [], {},
    ],
)  # fmt: skip
def test_a_day_that_is_none_is_left_out(published: object) -> None:
    (article,) = articles(lines({"text": "B", "published": published}), ".jsonl")
    assert "published" not in article.front_matter
    assert article.text == "B\n"


def test_a_day_that_is_none_gives_way_to_another_field() -> None:
    (article,) = articles(lines({"text": "B", "date": "chưa rõ", "created_at": "2026-06-12"}), ".jsonl")
    assert article.front_matter["published"] == "2026-06-12"


def test_an_abstract_that_the_text_begins_with_is_not_said_twice() -> None:
    (article,) = articles(lines({"text": "Xã trồng cây. Cây sống.", "sapo": "Xã trồng cây…"}), ".jsonl")
    assert article.text == "Xã trồng cây. Cây sống.\n"


# --- what an article is called ---


def test_ids_of_its_own_name_an_article_while_they_are_short_and_unique() -> None:
    rows = [{"id": own, "text": "B"} for own in (7, "7", "a b#c\n", "x" * 80, "", None, "2", "../../x", "Bài/1")]
    assert [article.part for article in articles(lines(*rows), ".jsonl")] == [
        "7", "2", "a-b-c", "4", "5", "6", "7-7", "../../x", "Bài/1",
    ]  # fmt: skip


@given(ids=st.lists(st.one_of(st.none(), st.text(max_size=90), st.integers(0, 9), st.sampled_from("1234")), min_size=1))
def test_no_two_articles_of_a_file_have_one_name(ids: list[object]) -> None:
    names = [article.part for article in articles(lines(*({"id": own, "text": "B"} for own in ids)), ".jsonl")]
    assert len(set(names)) == len(ids)
    assert all(name and name.isprintable() and "#" not in name and " " not in name for name in names)


def test_one_article_alone_is_its_file() -> None:
    (article,) = articles(json.dumps({"title": "A", "text": "B", "comments": [{"text": "C"}] * 3}), ".json")
    assert (article.part, article.text) == ("", "A\nB\n")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"title": "Tin", "description": "d", "items": [{"id": 1, "text": "B"}], "tags": [{"x": 1}] * 9}, ["1"]),
        (
            {"response": {"status": {"text": "ok"}, "docs": [{"id": 1, "text": "B"}, {"id": 2, "text": "C"}]}},
            ["1", "2"],
        ),
        ({"b1": {"text": "B"}, "b2": {"text": "C"}}, ["b1", "b2"]),
        ({"x": {"x": {"articles": [{"text": "B"}]}}}, ["1"]),
        ([{"text": "B"}, 5, {"text": "C"}], ["1", "3"]),
    ],
)
def test_the_list_of_articles_is_found_around_the_top(value: object, names: list[str]) -> None:
    assert [article.part for article in articles(json.dumps(value), ".json")] == names
