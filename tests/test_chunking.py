"""Passages are slices of their article, whole sentences, neither too long nor too short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.chunking import chunk, count
from embeddings.records import Article, Kind, Passage, Region, Span
from embeddings.settings import Chunking
from tests.fakes import PARAGRAPH, SEEDS, WORDS, pages, prepared, time_limit

_INDEXED = {Kind.BODY, Kind.CAPTION, Kind.DATE, Kind.BYLINE, Kind.SOURCE}
_sizes = st.builds(
    lambda low, extra, short: Chunking(min_syllables=low, max_syllables=20 + low + extra, min_sentence_syllables=short),
    st.integers(1, 60), st.integers(0, 100), st.integers(1, 8),
)  # fmt: skip


def chunked(text: str, settings: Chunking | None = None) -> tuple[Article, list[Region], list[Passage]]:
    article, regions = prepared(text)
    return article, regions, chunk(article, regions, settings or Chunking(), WORDS)


def sentences(text: str) -> list[str]:
    return [sentence for passage in chunked(text)[2] for sentence in passage.sentence_texts()]


@given(pages | st.text(max_size=200), _sizes)
def test_passages_quote_the_article_exactly(text: str, settings: Chunking) -> None:
    article, _, passages = chunked(text, settings)
    for passage in passages:
        assert article.text[passage.start : passage.end] == passage.text
        assert passage.sentence_texts() == [article.text[s.start : s.end] for s in passage.sentences]
        assert (passage.sentences[0].start, passage.sentences[-1].end) == (passage.start, passage.end)


@given(pages | st.text(max_size=200), _sizes)
def test_everything_that_is_indexed_stands_in_one_sentence_in_order(text: str, settings: Chunking) -> None:
    article, regions, passages = chunked(text, settings)
    spans = [span for passage in passages for span in passage.sentences]
    borders = [position for span in spans for position in (span.start, span.end)]
    assert borders == sorted(borders)
    inside = {i for span in spans for i in range(span.start, span.end)}
    wanted = {i for r in regions if r.kind in _INDEXED for i in range(r.start, r.end) if not article.text[i].isspace()}
    assert wanted <= inside
    left_out = {i for r in regions if r.kind not in _INDEXED for i in range(r.start, r.end)}
    assert not left_out & inside


@given(pages, _sizes)
def test_no_passage_is_longer_than_the_setting(text: str, settings: Chunking) -> None:
    article, _, passages = chunked(text, settings)
    for passage in passages:
        assert sum(count(article.text, sentence) for sentence in passage.sentences) <= settings.max_syllables


@pytest.mark.parametrize("name", ["bao-thang", "binh-lieu", "hai-hau", "meo-vac", "song-lo"])
def test_passages_of_the_seeds_are_as_long_as_the_settings_ask(name: str) -> None:
    _, _, passages = chunked((SEEDS / f"{name}.txt").read_text("utf-8"))
    body = [len(passage.text.split()) for passage in passages if passage.kind is Kind.BODY]
    assert max(body) <= 200
    assert sum(size >= 60 for size in body) >= 0.8 * len(body)


@pytest.mark.parametrize(
    "phrase", ["34/34 xã", "TP. Hà Nội", "14.500 đảng viên", "96,46%", "TS. Trần Bình", "ngày 5/5/2021", "số 03-NQ/HU"]
)
def test_no_sentence_ends_inside(phrase: str) -> None:
    before, after = (
        "Sau nhiều năm cố gắng thì huyện ta có",
        "theo báo cáo mới nhất của phòng nông nghiệp. Người dân rất phấn khởi vì điều đó.",
    )
    assert any(phrase in sentence for sentence in sentences(f"{before} {phrase} {after} {PARAGRAPH}"))


def test_a_sentence_may_begin_with_a_figure() -> None:
    assert "34/34 xã, thị trấn đều có tổ chăm sóc cây riêng." in sentences(PARAGRAPH)


def test_very_short_sentences_join_their_neighbour() -> None:
    text = f"Hay lắm! {PARAGRAPH} Rất tốt. Đúng vậy."
    assert sentences(text)[0].startswith("Hay lắm! Năm 2021")
    assert sentences(text)[-1].endswith("riêng. Rất tốt. Đúng vậy.")


def test_a_caption_between_two_paragraphs_is_a_passage_of_its_own() -> None:
    _, _, passages = chunked(f"{PARAGRAPH}\nTrồng cây ở xã Hải Phú. (Ảnh: TL)\n{PARAGRAPH.replace('cây', 'hoa')}\n")
    assert [passage.kind for passage in passages] == [Kind.BODY, Kind.CAPTION, Kind.BODY]


def test_short_paragraphs_are_put_together_and_long_ones_divided() -> None:
    paragraphs = [f"{PARAGRAPH} Lần {n}." for n in range(4)]
    _, _, together = chunked("\n\n".join(paragraphs), Chunking(min_syllables=100, max_syllables=200))
    assert len(together) == 1
    _, _, apart = chunked("\n\n".join(paragraphs), Chunking(min_syllables=30, max_syllables=200))
    assert len(apart) == 4
    _, _, divided = chunked(" ".join(paragraphs), Chunking(min_syllables=20, max_syllables=60))
    sizes = [len(passage.text.split()) for passage in divided]
    assert len(sizes) >= 4
    assert min(sizes) > 20


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        ("34/34xã", 5_000_000),
        ("đã ", 500_000),
        ("Ừ. ", 500_000),
        ("xã; ", 500_000),
        (".", 500_000),
        ("đ\u00a0", 500_000),
        ("Đúng vậy, ", 500_000),
    ],
)
def test_a_line_of_megabytes_takes_linear_time(unit: str, size: int) -> None:
    text = "Huyện có " + unit * (size // len(unit.encode())) + " hết."
    with time_limit(20):
        article, _, passages = chunked(text)
    longest = max((s for passage in passages for s in passage.sentences), key=lambda s: s.end - s.start)
    assert longest.end - longest.start <= 200 * 12
    assert passages[0].start == 0
    assert article.text[passages[-1].end :].strip() == ""


def test_syllables_are_words_or_length_where_there_are_no_spaces() -> None:
    assert count("một hai ba", Span(0, 10)) == 3
    assert count("x" * 120, Span(0, 120)) == 10
