"""One answer of several: a line for each part, citations numbered through, and what has no evidence says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa_bot.joining import asking_back, covers, joined, language_of
from qa_bot.records import Answer, Query, Step, Typing
from tests.fakes import asked
from tests.samples import MARKET_CITATION, RIVER_CITATION, RIVER_PASSAGE, answer

RIVER, MARKET = "Huyện đã trồng 14.500 cây xanh dọc bờ sông [1].", "Chợ họp sáng chủ nhật [2]."


def query(*labels: str, question: str = "Trồng bao nhiêu cây và chợ họp khi nào?") -> Query:
    whole = replace(asked(question), parts=(), steps=(Step("parts", "x", "y"),))
    return replace(whole, parts=tuple(replace(whole, label=label, steps=()) for label in labels))


def said(text: str, n: int = 1, confidence: float = 0.9) -> Answer:
    source = RIVER_CITATION if n == 1 else replace(MARKET_CITATION, n=n)
    return replace(answer("?", [RIVER_PASSAGE], text=text, citations=[source]), confidence=confidence)


def missing(confidence: float = 0.1) -> Answer:
    nearest = [MARKET_CITATION, replace(RIVER_CITATION, n=2)]
    return replace(answer("?", [RIVER_PASSAGE], status="not_found", nearest=nearest), confidence=confidence)


def test_every_part_has_its_line_and_all_citations_are_kept_in_order() -> None:
    whole = joined(query("Sông Lô", "Đồng Văn"), [said(RIVER), said(MARKET, 2)])
    assert whole.status == "answered"
    assert whole.text == f"Sông Lô: {RIVER}\nĐồng Văn: {MARKET}"
    assert [citation.n for citation in whole.citations] == [1, 2]
    assert whole.nearest == ()
    assert len(whole.ranked) == 2
    assert whole.steps == (Step("parts", "x", "y"),)
    assert whole.question == whole.understood_as == "Trồng bao nhiêu cây và chợ họp khi nào?"


def test_an_answer_is_as_certain_as_its_least_certain_part_that_is_answered() -> None:
    parts = [said(RIVER, confidence=0.9), said(MARKET, 2, confidence=0.4), missing(0.1)]
    assert joined(query("a", "b", "c"), parts).confidence == 0.4
    assert joined(query("a", "b"), [missing(0.1), missing(0.15)]).confidence == 0.15


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Sông Lô và Đồng Văn trồng bao nhiêu cây?", "Đồng Văn: các bài viết không nói tới điều này."),
        ("How many trees do they plant there?", "Đồng Văn: the articles don't say."),
    ],
)
def test_a_part_without_evidence_says_so_in_the_questions_language(question: str, line: str) -> None:
    whole = joined(query("Sông Lô", "Đồng Văn", question=question), [said(RIVER), missing()])
    assert whole.status == "answered"
    assert whole.text == f"Sông Lô: {RIVER}\n{line}"
    assert whole.citations == (RIVER_CITATION,)
    assert whole.nearest == ()


def test_where_no_part_has_evidence_nothing_was_found_and_what_is_nearest_is_said_once() -> None:
    whole = joined(query("a", "b"), [missing(), missing()])
    assert (whole.status, whole.text, whole.citations) == ("not_found", "", ())
    assert [(near.n, near.quote) for near in whole.nearest] == [(1, MARKET_CITATION.quote), (2, RIVER_CITATION.quote)]


def test_parts_and_answers_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        joined(query("a", "b"), [said(RIVER)])


@pytest.mark.parametrize(
    ("labels", "covered"),
    [
        (("bờ sông", "Cây xanh"), True),
        (("BO SONG", "14.500"), True),
        (("bờ sông", "Hải Hậu"), False),
        (("ờ sông",), False),  # a part of a word
    ],
)
def test_an_answer_covers_a_question_whose_parts_it_names(labels: tuple[str, ...], covered: bool) -> None:
    assert covers(said(RIVER), query(*labels)) is covered


def test_a_refusal_covers_nothing() -> None:
    assert not covers(missing(), query("bờ sông"))


def test_a_question_that_points_at_nothing_is_asked_back() -> None:
    would_be = replace(said(RIVER), question="Người này giữ chức vụ gì?", nearest=(MARKET_CITATION,))
    back = asking_back(would_be)
    assert (back.status, back.text, back.unclear) == ("not_found", "", True)
    assert (back.citations, back.nearest) == ((), ())
    assert (back.question, back.ranked, back.steps) == (would_be.question, would_be.ranked, would_be.steps)


@pytest.mark.parametrize(("typing", "language"), [(Typing.FOREIGN, "en"), (Typing.BARE, "vi"), (Typing.ACCENTED, "vi")])
def test_a_question_is_answered_in_its_language(typing: Typing, language: str) -> None:
    assert language_of(replace(asked("x"), typing=typing)) == language
