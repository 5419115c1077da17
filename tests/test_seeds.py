"""What the articles that ship yield, and what the pages that they were modelled on do."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from embeddings.articles import find_files
from embeddings.chunking import chunk
from embeddings.cleaning import clean
from embeddings.metadata import context_of, describe
from embeddings.records import Article, Kind, Page, Passage
from embeddings.settings import Articles, Chunking
from embeddings.vietnamese import fold, syllables
from tests.fakes import SEEDS, SHARED, WORDS, read_one

META = SHARED / "gold" / "articles_meta.json"
EXPECTED = {
    "bao-thang": (None, None, "M. An (Tổng hợp)", None, "Bảo Thắng"),
    "meo-vac": (
        'Mèo Vạc: Dự họp, chấm điểm để Đảng ủy cơ sở xứng vai "hạt nhân"',
        date(2018, 2, 9),
        "Hầu Minh Lợi",
        None,
        "Mèo Vạc",
    ),
    "song-lo": (
        "Đảng bộ huyện Sông Lô:Sớm đưa nghị quyết đại hội vào cuộc sống",
        date(2020, 11, 26),
        "Hồng Chiến",
        None,
        "Sông Lô",
    ),
    "hai-hau": (
        "Đảng bộ huyện Hải Hậu: Đổi mới cách lãnh đạo, đưa nghị quyết đến với dân",
        None,
        None,
        "Báo Nam Định",
        "Hải Hậu",
    ),
    "binh-lieu": (
        "Đảng bộ huyện Bình Liêu: Tạo đột phá từ cách lãnh đạo",
        date(2021, 6, 12),
        "Trúc Linh",
        None,
        "Bình Liêu",
    ),
}
CAPTIONS = {
    "bao-thang": "Thường trực Huyện ủy Bảo Thắng trong chuyến về xã Xuân Quang",
    "meo-vac": "Lãnh đạo huyện Mèo Vạc xem tranh do học sinh vẽ",
    "song-lo": "Bí thư Chi bộ vận động các gia đình hiến đất",
    "hai-hau": "hội viên Hội Liên hiệp Phụ nữ trồng cây dịp đầu Xuân 2022",
}
CLUTTER = [
    "leftcenterrightdel",
    "tất cả chuyên mục",
    "02/11/2024",
    "liên kết website",
    "ý kiến ()",
    "thống kê truy cập",
    "đang online",
    "1,490,782",
]
NAMES = sorted(EXPECTED)


def indexed(file: Path) -> tuple[Article, list[Passage]]:
    page = read_one(file, Articles())
    assert isinstance(page, Page)
    regions = clean(page, WORDS)
    article = describe(page, regions, WORDS)
    return article, chunk(article, regions, Chunking(), WORDS)


def seed(name: str) -> tuple[Article, list[Passage]]:
    return indexed(SEEDS / f"{name}.txt")


def words_of(text: str) -> str:
    return f" {' '.join(syllables(fold(text)))} "


def test_every_seed_is_an_article_and_the_readme_is_none() -> None:
    files, skipped = find_files(Articles(source=(SEEDS,)))
    assert ([file.stem for file in files], skipped) == (NAMES, [])


@pytest.mark.parametrize("name", NAMES)
def test_title_date_author_source_and_place_are_those_of_the_page(name: str) -> None:
    article, _ = seed(name)
    found = (article.title, article.published, article.author, article.source, context_of(article, WORDS).place)
    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_no_clutter_of_the_page_is_in_a_passage(name: str) -> None:
    _, passages = seed(name)
    text = "\n".join(passage.text for passage in passages).casefold()
    assert [part for part in CLUTTER if part in text] == []
    assert all(syllables(passage.text) for passage in passages)


@pytest.mark.parametrize("name", sorted(CAPTIONS))
def test_captions_are_marked_and_stand_once(name: str) -> None:
    _, passages = seed(name)
    assert [passage.kind for passage in passages if CAPTIONS[name] in passage.text] == [Kind.CAPTION]


@pytest.mark.parametrize("name", NAMES)
def test_no_sentence_is_indexed_twice(name: str) -> None:
    _, passages = seed(name)
    sentences = [words_of(sentence) for passage in passages for sentence in passage.sentence_texts()]
    assert len(sentences) == len(set(sentences))
    assert [text for text in sentences if sum(text in other for other in sentences) > 1 and len(text.split()) > 8] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_paragraph_of_the_article_is_in_its_passages(name: str) -> None:
    article, passages = seed(name)
    said = " ".join(words_of(passage.text) for passage in passages).replace("  ", " ")
    paragraphs = [line for line in article.text.split("\n") if len(syllables(line)) > 30]
    assert len(paragraphs) >= 3
    assert all(words_of(part).strip() in said for line in paragraphs for part in line.split(". "))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "hai-hau",
            "34/34 xã, thị trấn của huyện đã đạt chuẩn NTM nâng cao và đang hoàn thiện nốt các tiêu chí "
            "để lên NTM kiểu mẫu.",
        ),
        ("hai-hau", "Đảng bộ huyện Hải Hậu có trên 14.500 đảng viên, sinh hoạt tại 90 tổ chức cơ sở đảng."),
        ("binh-lieu", "Hai nghị quyết 03-NQ/TU và 04-NQ/TU của tỉnh cùng đề ngày 23/3/2021."),
        ("song-lo", "Ban Chấp hành nhiệm kỳ 2020 - 2025 là khóa III của Đảng bộ huyện."),
    ],
)
def test_sentences_that_answer_questions_are_whole(name: str, sentence: str) -> None:
    _, passages = seed(name)
    assert sentence in [text for passage in passages for text in passage.sentence_texts()]


def test_name_and_office_stay_together() -> None:
    _, passages = seed("meo-vac")
    (byline,) = [passage.text for passage in passages if passage.kind is Kind.BYLINE]
    assert byline.split("\n\n") == ["Hầu Minh Lợi", "Ủy viên BCH Đảng bộ tỉnh, Bí thư Huyện ủy Mèo Vạc"]


def originals() -> list[dict[str, Any]]:
    if not META.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(META.read_text("utf-8"))["articles"]
    return found


@pytest.mark.skipif(not META.is_file(), reason="the original pages lie in ../shared, which is not here")
@pytest.mark.parametrize("meta", originals(), ids=lambda meta: str(meta["district"]))
class TestOriginals:
    def test_what_the_page_says_of_itself_is_found(self, meta: dict[str, Any]) -> None:
        article, _ = indexed(SHARED / "seeds" / meta["file"])
        published = datetime.fromisoformat(meta["published"]).date() if meta["published"] else None
        assert (article.title, article.published, article.author, article.source) == (
            meta["title"],
            published,
            meta["author"],
            meta["source"],
        )
        assert context_of(article, WORDS).place == meta["district"]

    def test_captions_and_clutter_are_not_indexed_as_text(self, meta: dict[str, Any]) -> None:
        article, passages = indexed(SHARED / "seeds" / meta["file"])
        by_kind: dict[Kind, str] = {}
        for passage in passages:
            by_kind[passage.kind] = by_kind.get(passage.kind, "") + words_of(passage.text)
        for caption in meta["captions"]:
            text = words_of(caption["text"])
            assert text not in by_kind[Kind.BODY]
            assert by_kind[Kind.CAPTION].count(text) == 1
        lines = article.text.split("\n")
        for clutter in meta["boilerplate"]:
            text = words_of(lines[clutter["line"] - 1])
            if text.strip() and not clutter["text"].startswith("tail"):
                assert not any(text in said for said in by_kind.values()), text

    def test_bylines_are_indexed_as_such(self, meta: dict[str, Any]) -> None:
        _, passages = indexed(SHARED / "seeds" / meta["file"])
        signed = " ".join(passage.text for passage in passages if passage.kind in (Kind.BYLINE, Kind.SOURCE))
        assert all(line["text"] in signed for line in meta["byline"])
