"""Which articles tell the same story, by their sketches alone."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.duplicates import CROWDED, SAME_STORY, Sketch, Thresholds, same_story, sketch, stories, story_of
from embeddings.vietnamese import fold
from tests.fakes import time_limit
from tests.reprinted import paragraph, paragraphs, weather

if TYPE_CHECKING:
    from collections.abc import Mapping

STORY = paragraphs(0, 10)


def tell(*texts: str) -> dict[int, int]:
    return stories({number: sketch(text) for number, text in enumerate(texts)})


def without(text: str, *gone: int) -> str:
    return "\n".join(part for n, part in enumerate(text.split("\n")) if n not in gone)


@pytest.mark.parametrize(
    "reprint",
    [
        STORY,
        f"Lũ quét ở vùng cao làm bảy bản bị cô lập\n{STORY}\nTheo Lan Chi, báo Miền Núi",
        without(STORY, 4),
        without(STORY, 0, 9),
        "\n".join([*STORY.split("\n")[5:], *STORY.split("\n")[:5]]),
        f"{STORY}\n{paragraph(50)}",  # an update
        without(STORY, 2, 3, 7, 9),  # a version cut to six tenths
        fold(STORY).upper(),
        STORY.replace("người dân", "bà con"),
    ],
)
def test_a_reprint_tells_the_same_story(reprint: str) -> None:
    assert same_story(sketch(STORY), sketch(reprint))
    assert same_story(sketch(reprint), sketch(STORY))
    assert tell(STORY, reprint) == {0: 0, 1: 0}


@pytest.mark.parametrize(
    "other",
    [
        paragraphs(10, 20),
        paragraphs(6, 16),  # the same background, and other news
        f"{STORY}\n{paragraphs(20, 35)}",  # a round-up or a long report that holds it
        "",
        paragraph(0),
    ],
)
def test_another_article_tells_another_story(other: str) -> None:
    assert tell(STORY, other) == {0: 0, 1: 1}
    assert tell(other, STORY) == {0: 0, 1: 1}


def test_a_form_that_is_filled_in_each_day_tells_each_day_another_story() -> None:
    assert set(tell(*(weather(day) for day in range(20))).values()) == set(range(20))
    assert tell(weather(1), f"Bản tin sáng\n{weather(1)}") == {0: 0, 1: 0}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Chợ phiên", "CHO  PHIEN", True),
        ("Chợ phiên", "Chợ", False),
        ("Chợ phiên", "Chợ phiên họp", False),
        ("", "", True),
        ("", "…", False),
        ("😀", "😀 ", True),
        ("😀", "🎉", False),
        ("Huyện Tân Lĩnh mở lại chợ phiên sau lũ", "Huyện Tân Lĩnh mở lại chợ phiên sau lũ!", True),
        ("Huyện Tân Lĩnh mở lại chợ phiên sau lũ", "Huyện Tân Lĩnh mở lại chợ phiên sau bão", False),
    ],
)
def test_of_a_few_words_none_may_differ(one: str, other: str, same: bool) -> None:
    assert same_story(sketch(one), sketch(other)) is same
    assert tell(one, other)[1] == (0 if same else 1)


def test_thresholds_are_what_they_say() -> None:
    assert Thresholds(alike=0.6, contained=0.8, half=0.5, shortest=80) == SAME_STORY
    one, other = sketch(STORY), sketch(paragraphs(6, 16))
    assert same_story(one, other, Thresholds(alike=0.2))
    assert same_story(one, other, Thresholds(contained=0.3))
    assert not same_story(sketch(STORY), sketch(without(STORY, 0)), Thresholds(shortest=10**6))


# --- stories ---


def test_stories_do_not_chain() -> None:
    a, b, c = paragraphs(0, 10), paragraphs(2, 12), paragraphs(4, 14)
    assert same_story(sketch(a), sketch(b))
    assert same_story(sketch(b), sketch(c))
    assert not same_story(sketch(a), sketch(c))
    assert tell(a, b, c) == {0: 0, 1: 0, 2: 2}
    assert tell(b, a, c) == {0: 0, 1: 0, 2: 0}  # both resemble the first


def test_an_article_joins_the_oldest_of_the_stories_that_it_tells() -> None:
    a, b, c = (sketch(paragraphs(n, n + 10)) for n in (0, 2, 4))
    assert story_of(b, [(9, c), (7, a)]) == 7
    assert story_of(b, [(7, c), (9, a)]) == 7
    assert story_of(a, [(7, c)]) is None
    assert story_of(a, []) is None


_POOL = {n: sketch(paragraphs(first, first + 10)) for n, first in enumerate((0, 1, 2, 4, 6, 0, 20, 21, 40, 2))}
numbers = st.dictionaries(st.integers(0, 10**6), st.sampled_from(sorted(_POOL)), max_size=12)


@given(numbers, st.randoms(use_true_random=False))
def test_stories_follow_the_numbers_of_articles_and_nothing_else(drawn: Mapping[int, int], r: random.Random) -> None:
    shuffled = list(drawn)
    r.shuffle(shuffled)
    found = stories({number: _POOL[drawn[number]] for number in drawn})
    assert found == stories({number: _POOL[drawn[number]] for number in shuffled})
    for number, story in found.items():
        assert found[story] == story <= number
        assert same_story(_POOL[drawn[number]], _POOL[drawn[story]])
    firsts = [number for number, story in found.items() if number == story]
    assert not any(same_story(_POOL[drawn[a]], _POOL[drawn[b]]) for a in firsts for b in firsts if a != b)


@given(numbers)
def test_articles_that_come_one_by_one_are_told_apart_as_all_at_once_are(drawn: Mapping[int, int]) -> None:
    firsts: list[tuple[int, Sketch]] = []
    found = {}
    for number in sorted(drawn):
        new = _POOL[drawn[number]]
        story = story_of(new, firsts)
        found[number] = number if story is None else story
        if story is None:
            firsts.append((number, new))
    assert found == stories({number: _POOL[n] for number, n in drawn.items()})


@given(numbers)
def test_an_article_that_is_taken_away_leaves_the_others_as_they_are(drawn: Mapping[int, int]) -> None:
    sketches = {number: _POOL[n] for number, n in drawn.items()}
    found = stories(sketches)
    for gone in (number for number, story in found.items() if number != story):
        rest = stories({number: value for number, value in sketches.items() if number != gone})
        assert rest == {number: story for number, story in found.items() if number != gone}


# --- limits ---


def test_forms_by_the_thousand_are_compared_in_linear_time_and_their_reprints_found() -> None:
    filled = [f"{paragraph(7, 160)} Số {n * 7919}, {paragraph(n, 120)}" for n in range(CROWDED * 8)]
    with time_limit(20):
        found = tell(*filled, filled[-1])
    assert found[len(filled)] == len(filled) - 1
