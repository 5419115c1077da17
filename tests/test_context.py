"""What is said beside a passage so that it can be found by its article."""

from __future__ import annotations

from datetime import date

import pytest

from embeddings.context import context_text, encoded_text, heading, indexed_text
from embeddings.records import Context, Kind
from embeddings.vietnamese import normalize
from tests.fakes import WORDS

FULL = Context("Đổi mới ở Sông Lô", date(2020, 11, 6), "Sông Lô", "Hồng Chiến", "Báo Vĩnh Phúc")
EMPTY = Context(None, None, None, None, None)


@pytest.mark.parametrize(
    ("title", "place", "expected"),
    [
        ("Đổi mới ở Sông Lô", "Sông Lô", "Đổi mới ở Sông Lô"),
        ("Đổi mới", "Sông Lô", "Đổi mới (Sông Lô)"),
        ("ĐỔI MỚI Ở HOÀ BÌNH", "Hòa Bình", "ĐỔI MỚI Ở HOÀ BÌNH"),
        (None, "Sông Lô", "Sông Lô"),
        ("Đổi mới", None, "Đổi mới"),
        (None, None, ""),
    ],
)
def test_the_heading_names_the_place_once(title: str | None, place: str | None, expected: str) -> None:
    assert heading(Context(title, None, place, None, None)) == expected


def test_a_sentence_is_encoded_below_its_heading() -> None:
    assert encoded_text("Huyện đạt chuẩn.", Kind.BODY, FULL, WORDS).endswith("Huyện đạt chuẩn.")
    assert encoded_text("Huyện đạt chuẩn.", Kind.BODY, FULL, WORDS).startswith("Đổi mới ở Sông Lô")
    assert encoded_text("Huyện đạt chuẩn.", Kind.BODY, EMPTY, WORDS) == "Huyện đạt chuẩn."


@pytest.mark.parametrize("kind", [Kind.BYLINE, Kind.SOURCE, Kind.DATE, Kind.CAPTION])
def test_a_credit_is_encoded_with_the_words_that_ask_for_it(kind: Kind) -> None:
    words = WORDS.context_words[kind]
    assert words in encoded_text("Hồng Chiến", kind, FULL, WORDS)
    assert words in indexed_text("Hồng Chiến", kind, WORDS)
    assert words not in indexed_text("Hồng Chiến", Kind.BODY, WORDS)


def test_the_words_of_a_passage_are_its_own_and_its_abbreviations_in_full() -> None:
    said = indexed_text("UBND huyện họp", Kind.BODY, WORDS)
    assert said.startswith("UBND huyện họp")
    assert "ủy ban nhân dân" in normalize(said)
    assert "ủy ban" not in normalize(indexed_text("Huyện họp", Kind.BODY, WORDS))


def test_the_words_of_a_passage_have_its_roman_ordinals_in_arabic() -> None:
    assert indexed_text("Đại hội lần thứ XVIII, khóa X", Kind.BODY, WORDS).split("\n")[2:] == ["thứ 18", "thứ 10"]
    assert indexed_text("Đại hội lần thứ 18 của tổ X", Kind.BODY, WORDS).split("\n")[2:] == []


def test_the_words_beside_a_passage_say_all_that_is_known() -> None:
    said = context_text(FULL, WORDS)
    assert [
        part
        for part in ("Đổi mới ở Sông Lô", "ngày 6 tháng 11 năm 2020", "Hồng Chiến", "Báo Vĩnh Phúc")
        if part not in said
    ] == []
    assert context_text(EMPTY, WORDS) == ""
