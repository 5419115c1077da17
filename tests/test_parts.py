"""Which questions are several, and what each part asks."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import lexicon
from embeddings.vietnamese import fold
from qa_bot.understanding.parts import MOST_PARTS, PartWords, split_parts
from tests.fakes import time_limit

if TYPE_CHECKING:
    from typing import Any

TABLE: dict[str, Any] = tomllib.loads(lexicon.shipped_file().read_text("utf-8"))["parts"]
WORDS = PartWords.of(TABLE)
_PLACES = ("Hải Hậu", "Bình Liêu", "Mèo Vạc", "Sông Lô", "Quảng Ninh", "Hoành Mô", "Nhạo Sơn", "Hưng Đạo", "Nam Định")
_NAMES = re.compile(r"\b(?:" + "|".join(fold(place) for place in _PLACES) + r")\b", re.IGNORECASE)


def named(text: str) -> list[tuple[int, int]]:
    """Spans of the places; folding keeps lengths in the texts here."""
    folded = fold(text)
    return [match.span() for match in _NAMES.finditer(folded)] if len(folded) == len(text) else []


def parts(text: str) -> list[tuple[str, str]]:
    return [(part.label, part.text) for part in split_parts(text, named, WORDS)]


SEVERAL = [
    (
        "So sánh số đảng viên của Hải Hậu và Bình Liêu",
        [("Hải Hậu", "số đảng viên của Hải Hậu"), ("Bình Liêu", "số đảng viên của Bình Liêu")],
    ),
    (
        "So sánh Hải Hậu với Bình Liêu về số đảng viên",
        [("Hải Hậu", "số đảng viên của Hải Hậu"), ("Bình Liêu", "số đảng viên của Bình Liêu")],
    ),
    (
        "Số đảng viên của Hải Hậu so với Bình Liêu thế nào?",
        [("Hải Hậu", "Số đảng viên của Hải Hậu"), ("Bình Liêu", "Số đảng viên của Bình Liêu")],
    ),
    (
        "So sánh mục tiêu nêu trong bài về Sông Lô (năm 2021) với mục tiêu du lịch của Bình Liêu.",
        [("Sông Lô", "mục tiêu nêu trong bài về Sông Lô (năm 2021)"), ("Bình Liêu", "mục tiêu du lịch của Bình Liêu")],
    ),
    (
        "Hải Hậu hay Bình Liêu có nhiều đảng viên hơn?",
        [("Hải Hậu", "Hải Hậu có bao nhiêu đảng viên?"), ("Bình Liêu", "Bình Liêu có bao nhiêu đảng viên?")],
    ),
    (
        "Giữa Hải Hậu và Bình Liêu, huyện nào nhiều đảng viên hơn?",
        [("Hải Hậu", "Hải Hậu có bao nhiêu đảng viên?"), ("Bình Liêu", "Bình Liêu có bao nhiêu đảng viên?")],
    ),
    (
        "Nơi nào có nhiều đảng viên hơn, Hải Hậu hay Bình Liêu?",
        [("Hải Hậu", "Hải Hậu có bao nhiêu đảng viên?"), ("Bình Liêu", "Bình Liêu có bao nhiêu đảng viên?")],
    ),
    (
        "Thu nhập ở Hải Hậu hay Bình Liêu lớn hơn?",
        [("Hải Hậu", "Thu nhập ở Hải Hậu là bao nhiêu?"), ("Bình Liêu", "Thu nhập ở Bình Liêu là bao nhiêu?")],
    ),
    (
        "Hải Hậu với Bình Liêu khác nhau thế nào về phương châm?",
        [("Hải Hậu", "phương châm của Hải Hậu"), ("Bình Liêu", "phương châm của Bình Liêu")],
    ),
    (
        "Phương châm của Hải Hậu và Bình Liêu khác nhau thế nào?",
        [("Hải Hậu", "Phương châm của Hải Hậu"), ("Bình Liêu", "Phương châm của Bình Liêu")],
    ),
    (
        "Tác giả bài về Sông Lô và tác giả bài về Bình Liêu là những ai?",
        [
            ("Sông Lô", "Tác giả bài về Sông Lô là những ai?"),
            ("Bình Liêu", "tác giả bài về Bình Liêu là những ai?"),
        ],
    ),
    (
        "Lễ hội trong bài Sông Lô và bài Hải Hậu mở ở những xã nào?",
        [
            ("Sông Lô", "Lễ hội trong bài Sông Lô mở ở những xã nào?"),
            ("Hải Hậu", "Lễ hội trong bài Hải Hậu mở ở những xã nào?"),
        ],
    ),
    (
        "Đảng viên của Hải Hậu và Mèo Vạc là bao nhiêu",
        [("Hải Hậu", "Đảng viên của Hải Hậu là bao nhiêu?"), ("Mèo Vạc", "Đảng viên của Mèo Vạc là bao nhiêu?")],
    ),
    (
        "Hải Hậu, Mèo Vạc và Bình Liêu có bao nhiêu xã?",
        [
            ("Hải Hậu", "Hải Hậu có bao nhiêu xã?"),
            ("Mèo Vạc", "Mèo Vạc có bao nhiêu xã?"),
            ("Bình Liêu", "Bình Liêu có bao nhiêu xã?"),
        ],
    ),
    (
        "Hải Hậu có bao nhiêu đảng viên và bí thư là ai?",
        [
            ("Hải Hậu có bao nhiêu đảng viên", "Hải Hậu có bao nhiêu đảng viên?"),
            ("bí thư", "bí thư của Hải Hậu là ai?"),
        ],
    ),
    (
        "Ai viết bài này? Đăng ngày nào?",
        [("Ai viết bài này", "Ai viết bài này?"), ("đăng ngày nào", "bài này đăng ngày nào?")],
    ),
    (
        "Ai viết bài về Sông Lô và bài đăng ngày nào?",
        [("Ai viết bài về Sông Lô", "Ai viết bài về Sông Lô?"), ("đăng ngày nào", "bài về Sông Lô đăng ngày nào?")],
    ),
    (
        "Hải Hậu có bao nhiêu xã và bao nhiêu thị trấn?",
        [
            ("Hải Hậu có bao nhiêu xã", "Hải Hậu có bao nhiêu xã?"),
            ("bao nhiêu thị trấn", "Hải Hậu có bao nhiêu thị trấn?"),
        ],
    ),
    (
        "Đại hội được tổ chức khi nào và ở đâu?",
        [
            ("Đại hội được tổ chức khi nào", "Đại hội được tổ chức khi nào?"),
            ("ở đâu", "Đại hội được tổ chức ở đâu?"),
        ],
    ),
    (
        "Số xã của Hải Hậu là bao nhiêu, còn Bình Liêu là bao nhiêu?",
        [("Số xã của Hải Hậu", "Số xã của Hải Hậu là bao nhiêu?"), ("Bình Liêu", "Số xã của Bình Liêu là bao nhiêu?")],
    ),
    (
        "Compare the number of communes of Hai Hau and Binh Lieu",
        [
            ("Hai Hau", "the number of communes of Hai Hau"),
            ("Binh Lieu", "the number of communes of Binh Lieu"),
        ],
    ),
]
ENGLISH_WORDS = PartWords.of({**TABLE, "comparatives": {"more": "how many", "fewer": "how many"}})
ENGLISH = [
    "Which has more party members, Hai Hau or Binh Lieu?",
    "Which district has more party members: Hai Hau or Binh Lieu?",
    "Hai Hau or Binh Lieu: which one has more party members?",
    "Which of Hai Hau and Binh Lieu has fewer party members?",
]
NO_AMOUNTS = [
    "Are Hai Hau and Binh Lieu more open?",
    "Has Hai Hau more communes?",
    "Which has more, Hai Hau or Binh Lieu?",
]
ONE = [
    "Đảng bộ tỉnh Quảng Ninh và huyện Bình Liêu ký kết gì với nhau?",
    "Hải Hậu có bao nhiêu xã và thị trấn?",
    "Kinh tế và xã hội của Hải Hậu thế nào?",
    "Cửa khẩu Hoành Mô ghép cặp với cửa khẩu nào?",
    "Quan hệ giữa Hải Hậu và Bình Liêu thế nào?",
    "Từ Hải Hậu đến Bình Liêu bao xa?",
    "Khoảng cách giữa Hải Hậu và Bình Liêu là bao nhiêu?",
    "Kinh phí ở thôn Hưng Đạo, xã Nhạo Sơn là bao nhiêu?",
    "Hải Hậu, Nam Định có bao nhiêu xã?",
    "Nghị quyết nào, chỉ thị nào được thực hiện ở Bình Liêu?",
    "So sánh Hải Hậu và Bình Liêu",
    "Hải Hậu và Bình Liêu cùng nằm ở tỉnh nào?",
    "Trong ảnh minh họa, Hải Hậu đến xã nào để nắm tình hình?",
    "Hải Hậu có bao nhiêu đảng viên?",
    "Hải Hậu và Bình Liêu",
    "",
]


@pytest.mark.parametrize(("question", "expected"), SEVERAL)
def test_a_question_in_parts_becomes_questions_of_their_own(question: str, expected: list[tuple[str, str]]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(("question", "expected"), SEVERAL)
def test_without_diacritics_the_parts_are_the_same(question: str, expected: list[tuple[str, str]]) -> None:
    assert parts(fold(question)) == [(fold(label), fold(text)) for label, text in expected]


@pytest.mark.parametrize("question", ONE)
@pytest.mark.parametrize("typed", [str, fold])
def test_one_question_stays_one(question: str, typed: type[str]) -> None:
    assert parts(typed(question)) == []


@pytest.mark.parametrize("question", ENGLISH)
def test_more_in_english_asks_each_how_many(question: str) -> None:
    asked = [(part.label, part.text) for part in split_parts(question, named, ENGLISH_WORDS)]
    assert asked == [
        ("Hai Hau", "Hai Hau has how many party members?"),
        ("Binh Lieu", "Binh Lieu has how many party members?"),
    ]


@pytest.mark.parametrize("question", NO_AMOUNTS)
def test_more_without_an_amount_that_someone_has_is_left_alone(question: str) -> None:
    assert split_parts(question, named, ENGLISH_WORDS) == []


def test_more_names_than_can_be_answered_at_once_are_left_as_one_question() -> None:
    assert parts("Hải Hậu, Mèo Vạc, Sông Lô, Nam Định và Bình Liêu có bao nhiêu xã?") == []


_PIECES = st.sampled_from([
    "so sánh", "và", "hay", "với", "còn", ",", "?", "Hải Hậu", "Bình Liêu", "Mèo Vạc", "huyện", "có", "bao nhiêu",
    "nhiều", "hơn", "đảng viên", "là", "ai", "khi nào", "của", "bài", "về", "khác nhau", "giữa", "này", "nào", "😀",
])  # fmt: skip


@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=40).map(" ".join)))
def test_parts_are_two_to_four_different_ones_that_hold_their_labels(text: str) -> None:
    found = split_parts(text, named, WORDS)
    assert len(found) != 1
    assert len(found) <= MOST_PARTS
    assert len({part.text for part in found}) == len(found)
    assert all(part.label and part.label in part.text for part in found)


@given(st.lists(_PIECES, max_size=40).map(" ".join), st.lists(st.tuples(st.integers(-5, 300), st.integers(-5, 300))))
def test_odd_spans_of_names_break_nothing(text: str, spans: list[tuple[int, int]]) -> None:
    assert len(split_parts(text, lambda _: spans, WORDS)) <= MOST_PARTS


def test_a_long_text_takes_no_longer_than_reading_it() -> None:
    with time_limit(2):
        for piece in ("Hải Hậu và ", "ai là gì, ", "so sánh ", "có bao nhiêu "):
            split_parts(piece * 400, named, WORDS)
            split_parts((piece * 26)[:300], named, WORDS)


def test_a_missing_list_is_named() -> None:
    with pytest.raises(KeyError, match="compare"):
        PartWords.of({name: value for name, value in TABLE.items() if name != "compare"})
    with pytest.raises(TypeError, match="comparatives is no table"):
        PartWords.of({**TABLE, "comparatives": ["more"]})
    with pytest.raises(KeyError, match="belongs"):
        PartWords.of({name: value for name, value in TABLE.items() if name != "belongs"})
