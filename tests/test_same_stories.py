"""What is printed twice is said once; what two articles say differently is seen, whatever the spelling."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.index import StoredPassage
from embeddings.records import Article, Context, Kind, Passage, Span
from qa_bot import kinds
from qa_bot.evidence import Candidate, Features
from qa_bot.records import Expected, Ranked
from qa_bot.stories import collapsed, disagreeing, distinct, repeated_in, value_of
from tests.fakes import PARAGRAPH, WORDS, asked, time_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

REPRINT = PARAGRAPH.replace("34/34 xã, thị trấn", "34/34 xã và thị trấn").replace("gấp đôi năm trước", "gấp đôi")
OTHER = "Chợ phiên Đồng Văn họp vào sáng chủ nhật hằng tuần, bán rau, lợn và vải lanh của người vùng cao."
GOOD = {field.name: 0.0 if field.name.startswith("lacks_") else 1.0 for field in fields(Features)}
GOOD |= {"other_time": 0.0, "elsewhere": 0.0}
QUESTION = "Huyện Hải Hậu trồng bao nhiêu cây xanh?"


def ranked(article: str, text: str, kind: Kind = Kind.BODY, row: int = 0, story: int | None = None) -> Ranked:
    """A passage that is the whole of its article."""
    whole = Article(article, f"{article}.txt", (), None, article, date(2021, 1, 1), None, None, text, article)
    passage = Passage(article, kind, 0, len(text), text, (Span(0, len(text)),))
    return Ranked(StoredPassage(row, passage, whole, Context(article, None, None, None, None), story), 0.5, 0.5, 1.0)


def candidate(
    article: str,
    text: str,
    question: str = QUESTION,
    features: Mapping[str, float] | None = None,
    story: int | None = None,
) -> Candidate:
    marks = kinds.candidates(text, asked(question), WORDS)
    return Candidate(ranked(article, text, story=story), 0, Features(**{**GOOD, **(features or {})}), tuple(marks))


def paths(items: list[Ranked], most: int = 5) -> list[tuple[str, tuple[str, ...]]]:
    return [(story.ranked.stored.article.path, story.also_in) for story in collapsed(items, most)]


def test_a_reprint_with_small_changes_is_told_beside_the_passage_that_came_first() -> None:
    items = [ranked("a", PARAGRAPH), ranked("b", OTHER), ranked("c", REPRINT), ranked("d", PARAGRAPH.upper())]
    assert paths(items) == [("a.txt", ("c.txt", "d.txt")), ("b.txt", ())]
    assert paths(items[::-1]) == [("d.txt", ("c.txt", "a.txt")), ("b.txt", ())]


def test_two_passages_of_one_reprint_name_its_article_once() -> None:
    assert paths([ranked("a", PARAGRAPH), ranked("b", PARAGRAPH, row=1), ranked("b", REPRINT, row=2)]) == [
        ("a.txt", ("b.txt",))
    ]


@pytest.mark.parametrize(
    "items",
    [
        [ranked("a", PARAGRAPH), ranked("a", PARAGRAPH)],  # of one article
        [ranked("a", PARAGRAPH), ranked("b", PARAGRAPH, Kind.CAPTION)],
        [ranked("a", PARAGRAPH), ranked("b", PARAGRAPH + " " + OTHER)],  # says more
        [ranked("a", "Hải Hậu"), ranked("b", "Hải")],  # one word alone has no neighbours to compare
        [ranked("a", ""), ranked("b", "")],
    ],
)
def test_what_is_no_reprint_stands_for_itself(items: list[Ranked]) -> None:
    assert [also for _, also in paths(items)] == [(), ()]


def test_of_one_story_a_passage_that_was_cut_is_a_reprint_and_one_that_says_more_is_not() -> None:
    short, long = PARAGRAPH.partition(" Theo phòng")[0], f"{PARAGRAPH} {OTHER}"
    cut = [ranked("a", long, story=3), ranked("b", short, story=3)]
    assert paths(cut) == [("a.txt", ("b.txt",))]
    assert paths(cut[::-1]) == [("b.txt", ()), ("a.txt", ())]
    assert paths([cut[0], ranked("b", short, story=4)]) == [("a.txt", ()), ("b.txt", ())]
    assert paths([cut[0], ranked("b", OTHER.split(",")[0], story=3)]) == [("a.txt", ("b.txt",))]
    assert paths([cut[0], ranked("b", "Hải", story=3)]) == [("a.txt", ()), ("b.txt", ())]  # no neighbours to compare
    assert len(paths([ranked("a", long), ranked("b", short)])) == 2  # nobody knows whether they are one story


def test_reprints_take_no_room_among_those_that_are_kept() -> None:
    items = [ranked("a", PARAGRAPH), ranked("b", PARAGRAPH), ranked("c", OTHER), ranked("d", "Một hai ba bốn")]
    assert [path for path, _ in paths(items, most=2)] == ["a.txt", "c.txt"]
    assert paths(items, most=0) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([PARAGRAPH, REPRINT, OTHER, ""])), max_size=8))
def test_the_order_stays_and_no_article_is_lost(said: list[tuple[str, str]]) -> None:
    items = [ranked(article, text, row=row) for row, (article, text) in enumerate(said)]
    stories = collapsed(items, 8)
    rows = [story.ranked.stored.row for story in stories]
    assert rows == sorted(rows)
    told = {path for story in stories for path in (story.ranked.stored.article.path, *story.also_in)}
    assert told == {f"{article}.txt" for article, _ in said}
    assert [s.ranked for s in collapsed([s.ranked for s in stories], 8)] == [s.ranked for s in stories]


def test_a_sentence_is_said_once_and_every_article_that_says_it_of_the_same_is_named() -> None:
    said = "Huyện Hải Hậu trồng 14.500 cây xanh."
    order = [
        candidate("a", said, story=1),
        candidate("b", "Chợ họp đông hơn mọi năm."),
        candidate("c", "huyen hai hau  trồng 14500 cây xanh", story=1),
        candidate("d", said, story=2),
        candidate("a", said, story=1),
        candidate("e", said, features={"elsewhere": 1.0}, story=1),
        candidate("c", said, story=1),
        candidate("f", said, features={"elsewhere": 1.0}, story=2),
        candidate("g", said, features={"other_time": 1.0}),
        candidate("h", said, features={"subject": 0.5}),
        candidate("i", "Huyện Hải Hậu trồng 14.600 cây xanh.", story=1),
    ]
    assert distinct(order) == [order[0], order[1], order[10]]
    assert repeated_in(order[0], order) == ("c.txt", "d.txt", "e.txt")
    assert repeated_in(order[1], order) == ()
    assert distinct([candidate("a", "…"), candidate("b", "!")]) == [candidate("a", "…"), candidate("b", "!")]


BEST = candidate("a", "Năm nay huyện Hải Hậu đã trồng 14.500 cây xanh ven các con đường lớn.")


@pytest.mark.parametrize(
    ("text", "features", "seen"),
    [
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {}, True),
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 14500 cây xanh.", {}, False),  # the same number
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được nhiều cây xanh.", {}, False),  # says none
        ("Năm nay huyện Hải Hậu đã trồng 12.000 cây xanh ven các con đường lớn.", {}, False),  # the reprint, corrected
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {"in_sentence": 0.8}, False),
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {"subject": 0.5}, False),
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {"numbers": 0.5}, False),
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {"unit": 0.5}, False),
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {"kind": 0.0}, False),
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {"office": 0.5}, False),
        ("Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.", {"elsewhere": 1.0}, False),
    ],
)
def test_another_source_disagrees_where_it_answers_the_same_question_otherwise(
    text: str, features: dict[str, float], seen: bool
) -> None:
    other = candidate("b", text, features=features)
    assert disagreeing(BEST, [BEST, other], Expected.NUMBER) == (other if seen else None)


def test_the_article_itself_is_no_other_source_and_the_best_of_several_is_taken() -> None:
    same = candidate("a", "Theo báo tỉnh, huyện Hải Hậu trồng 12.000 cây xanh.")
    second, third = (candidate(name, f"Báo {name} viết: Hải Hậu trồng {n}00 cây xanh.") for name, n in ("b2", "c3"))
    assert disagreeing(BEST, [BEST, same], Expected.NUMBER) is None
    assert disagreeing(BEST, [BEST, same, second, third], Expected.NUMBER) is second
    assert disagreeing(BEST, [], Expected.NUMBER) is None


@pytest.mark.parametrize("kind", [kind for kind in Expected if kind not in ("number", "date", "name")])
def test_only_numbers_dates_and_names_can_disagree(kind: Expected) -> None:
    other = candidate("b", "Theo báo tỉnh, cả huyện Hải Hậu trồng được 12.000 cây xanh.")
    assert disagreeing(BEST, [BEST, other], kind) is None


def test_two_names_for_one_office_disagree() -> None:
    question = "Bí thư Huyện ủy Mèo Vạc là ai?"
    one = candidate("a", "Đồng chí Hầu Minh Lợi, Bí thư Huyện ủy Mèo Vạc, cho biết.", question)
    other = candidate("b", "Dự lễ có ông Nguyễn Văn Bình, Bí thư Huyện ủy Mèo Vạc.", question)
    same = candidate("c", "Dự lễ có ông HẦU MINH LỢI, Bí thư Huyện ủy Mèo Vạc.", question)
    assert one.marks
    assert other.marks
    assert same.marks
    assert disagreeing(one, [one, same], Expected.NAME) is None
    assert disagreeing(one, [one, same, other], Expected.NAME) is other


@pytest.mark.parametrize(("one", "other"), [("14.500", "14500"), ("Hòa", "Hoà"), ("ĐẢNG", "dang")])
def test_a_value_is_the_same_in_every_spelling(one: str, other: str) -> None:
    a, b = (Candidate(ranked("a", text), 0, Features(**GOOD), ((0, len(text)),)) for text in (one, other))
    assert value_of(a, a.marks[0]) == value_of(b, b.marks[0])


def test_many_passages_are_compared_in_time() -> None:
    items = [ranked(str(n), " ".join(f"tu{(n * k) % 97}" for k in range(300)), row=n) for n in range(60)]
    with time_limit(3):
        assert len(collapsed(items, 60)) > 1
