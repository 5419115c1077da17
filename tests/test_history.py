"""A question after others, in parts, about the collection, in time; and whatever else may be typed or pasted."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import SettingsError
from qa_bot.records import Catalogue, Expected, Period, Query, Typing
from qa_bot.understanding import asking_words, understand
from tests.fakes import TODAY, WORDS, asked, pages, seed_knowledge, time_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMBERS = "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?"


def kinds_of(query: Query) -> list[str]:
    return [step.kind for step in query.steps]


@pytest.mark.parametrize(
    ("question", "history", "text"),
    [
        ("Còn Bình Liêu thì sao?", [MEMBERS], "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
        ("con binh lieu thi sao", [MEMBERS], "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
        (
            "con binh lieu thi sao",
            ["dang bo huyen hai hau co bao nhieu dang vien"],
            "đảng bộ huyện Bình Liêu có bao nhiêu đảng viên",
        ),
        ("ở đó có bao nhiêu xã?", [MEMBERS], "ở huyện Hải Hậu có bao nhiêu xã?"),
        ("Mèo Vạc thì sao?", [MEMBERS, "Còn Bình Liêu?"], "Đảng bộ huyện Mèo Vạc có bao nhiêu đảng viên?"),
        ("Còn Bình Liêu thì sao?", [MEMBERS, "", "🌳", "?!"], "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
        (
            "how about Meo Vac?",
            ["How many party members are there in Hai Hau?"],
            "How many party members are there in Mèo Vạc?",
        ),
        ("thế còn năm 2020?", ["Hải Hậu trồng bao nhiêu cây năm 2021?"], "Hải Hậu trồng bao nhiêu cây năm 2020?"),
    ],
)
def test_what_a_question_leaves_out_is_taken_from_the_one_before(
    question: str, history: Sequence[str], text: str
) -> None:
    query = asked(question, history)
    assert query.text == text
    assert query.question == question
    assert not query.unclear
    assert kinds_of(query).count("completed") == 1


def test_a_completed_question_asks_what_it_would_ask_by_itself() -> None:
    completed, alone = (
        asked("Còn Bình Liêu thì sao?", [MEMBERS]),
        asked("Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
    )
    assert replace(completed, question="", words="", steps=()) == replace(alone, question="", words="", steps=())
    assert completed.expected is Expected.NUMBER
    assert completed.names == ("binh lieu",)


@pytest.mark.parametrize(
    "question",
    [
        "Tỷ lệ dân số tham gia bảo hiểm y tế ở Hải Hậu đạt bao nhiêu?",
        "Ai viết bài về Sông Lô?",
        "cảm ơn",
        "Phương châm 3 rõ ở Bình Liêu gồm những gì?",
        "What is the population of Meo Vac?",
    ],
)
def test_a_question_that_stands_alone_starts_afresh(question: str) -> None:
    assert asked(question, [MEMBERS]) == asked(question)


@pytest.mark.parametrize("question", ["Còn Bình Liêu thì sao?", "Người này giữ chức vụ gì?", "con meo vac?"])
def test_what_points_at_nothing_is_unclear(question: str) -> None:
    assert asked(question).unclear
    assert asked(question, ["", "🌳"]).unclear
    assert "completed" not in kinds_of(asked(question))


def test_only_the_last_questions_count() -> None:
    chain = ["Còn Bình Liêu thì sao?"] * 4
    assert asked("Còn Mèo Vạc thì sao?", [MEMBERS, *chain[:3]]).text.startswith("Đảng bộ huyện Mèo Vạc")
    assert asked("Còn Mèo Vạc thì sao?", [MEMBERS, *chain]).unclear


def test_this_person_is_whom_the_earlier_answer_names() -> None:
    seen: list[Query] = []

    def who(query: Query) -> str:
        seen.append(query)
        return "Hầu Minh Lợi"

    question, earlier = "Người này giữ chức vụ gì?", "ai viet bai ve meo vac?"
    query = understand(question, [MEMBERS, earlier], seed_knowledge(), TODAY, who)
    assert query.text == "Hầu Minh Lợi giữ chức vụ gì?"
    assert [asked_before.text for asked_before in seen] == ["ai viết bài về Mèo Vạc?"]
    assert query.steps[0].was == question
    unknown = understand(question, [MEMBERS, earlier], seed_knowledge(), TODAY, lambda _: None)
    assert unknown.text == "ai viết bài về Mèo Vạc? Người này giữ chức vụ gì?"


@pytest.mark.parametrize(
    ("question", "labels", "texts"),
    [
        (
            "So sánh số đảng viên của Hải Hậu và Bình Liêu",
            ["Hải Hậu", "Bình Liêu"],
            ["số đảng viên của Hải Hậu", "số đảng viên của Bình Liêu"],
        ),
        (
            "hai hau va binh lieu co bao nhieu dang vien",
            ["Hải Hậu", "Bình Liêu"],
            ["Hải Hậu có bao nhiêu đảng viên?", "Bình Liêu có bao nhiêu đảng viên?"],
        ),
        (
            "Hải Hậu có bao nhiêu đảng viên và ai là bí thư huyện ủy Mèo Vạc?",
            ["Hải Hậu có bao nhiêu đảng viên", "ai là bí thư huyện ủy Mèo Vạc"],
            ["Hải Hậu có bao nhiêu đảng viên?", "ai là bí thư huyện ủy Mèo Vạc?"],
        ),
    ],
)
def test_each_part_of_a_question_is_understood_by_itself(question: str, labels: list[str], texts: list[str]) -> None:
    query = asked(question)
    assert [part.label for part in query.parts] == labels
    assert [part.text for part in query.parts] == texts
    assert all(part.question == question for part in query.parts)
    assert all(part.parts == () and part.catalogue is None for part in query.parts)
    assert kinds_of(query)[-1] == "parts"
    for part in query.parts:
        alone = asked(part.text)
        assert (part.expected, part.telling, part.names, part.focus) == (
            alone.expected,
            alone.telling,
            alone.names,
            alone.focus,
        )


YEAR = Period(date(2021, 1, 1), date(2021, 12, 31), published=False)


@pytest.mark.parametrize(
    ("question", "catalogue"),
    [
        ("Có những bài nào nói về Bình Liêu?", Catalogue("which", "Bình Liêu")),
        ("co bao nhieu bai ve hai hau", Catalogue("count", "Hải Hậu")),
        ("bài nào mới nhất", Catalogue("newest", "")),
        (
            "Có những bài nào nói về Bình Liêu trong năm 2021?",
            Catalogue("which", "Bình Liêu", None, replace(YEAR, published=True)),
        ),
        (
            "bài mới nhất về Hải Hậu năm 2021",
            Catalogue("newest", "Hải Hậu", None, replace(YEAR, published=True)),
        ),
        (MEMBERS, None),
    ],
)
def test_a_question_about_the_collection_is_seen_with_its_subject_and_time(
    question: str, catalogue: Catalogue | None
) -> None:
    query = asked(question)
    assert query.catalogue == catalogue
    assert ("collection" in kinds_of(query)) is (catalogue is not None)
    assert query.parts == ()


@pytest.mark.parametrize(
    ("question", "period", "newest"),
    [
        ("Năm 2021 Hải Hậu trồng bao nhiêu cây?", YEAR, False),
        ("nam 2021 hai hau trong bao nhieu cay", YEAR, False),
        ("Năm nay Bình Liêu làm được gì?", Period(date(2024, 1, 1), date(2024, 12, 31), published=False), False),
        ("Từ 2018 đến 2020 Sông Lô làm gì?", Period(date(2018, 1, 1), date(2020, 12, 31), published=False), False),
        ("Bài đăng năm 2021 nói gì về cây?", replace(YEAR, published=True), False),
        ("Nghị quyết mới nhất của Bình Liêu là gì?", None, True),
        ("Gần đây Hải Hậu có gì mới?", None, True),
        (MEMBERS, None, False),
    ],
)
def test_the_time_that_is_asked_about_is_told(question: str, period: Period | None, newest: bool) -> None:
    query = asked(question)
    assert (query.period, query.newest) == (period, newest)
    assert ("period" in kinds_of(query)) is (period is not None)
    assert ("newest" in kinds_of(query)) is newest


def test_an_english_question_is_matched_by_what_its_words_mean() -> None:
    query = asked("How many party members are there in Hai Hau?")
    assert query.typing is Typing.FOREIGN
    assert query.expected is Expected.NUMBER
    assert query.telling == ("hai", "hau", "dang", "vien")
    assert "đảng viên" in query.words
    assert query.names == ("hai hau",)
    assert [(step.was, step.now) for step in query.steps if step.kind == "translated"] == [
        ("party members", "đảng viên")
    ]


def test_an_english_question_with_no_word_that_the_articles_have_keeps_its_words() -> None:
    assert asked("What is quantum chromodynamics?").telling == ("quantum", "chromodynamics")


_QUESTIONS = st.sampled_from([
    MEMBERS, "Còn Bình Liêu thì sao?", "Người này là ai?", "So sánh Hải Hậu và Bình Liêu năm 2021", "🌳", "",
    "Có bao nhiêu bài về Mèo Vạc tháng 6/2021?", "how about it", "ubnd huyen o dau", "Ai viết bài mới nhất?",
])  # fmt: skip


@given(question=st.one_of(_QUESTIONS, pages, st.text(max_size=100)), history=st.lists(_QUESTIONS, max_size=3))
def test_composed_and_decomposed_questions_are_understood_alike(question: str, history: list[str]) -> None:
    composed, decomposed = (
        asked(unicodedata.normalize(form, question), [unicodedata.normalize(form, text) for text in history])
        for form in ("NFC", "NFD")
    )
    assert replace(composed, question="", parts=()) == replace(decomposed, question="", parts=())
    assert [replace(part, question="") for part in composed.parts] == [
        replace(part, question="") for part in decomposed.parts
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "Đảng\u200b bộ huyện \u202eHải Hậu\u202c có bao nhiêu đảng viên?",
        "🌳 Đảng bộ huyện Hải Hậu 🇻🇳 có bao nhiêu đảng viên?",
        "Đảng bộ huyện Нải Нậu có bао nhiêu đảng viên?",
        "Ðảng bộ huyện Ｈải Ｈậu có bao nhiêu ðảng viên？",
        " Đảng bộ\u00a0huyện Hải\tHậu\ncó bao nhiêu đảng viên? ",
    ],
)
def test_a_question_with_strange_characters_means_what_the_clean_one_means(typed: str) -> None:
    query, clean = asked(typed), asked(MEMBERS)
    fields = ("typing", "expected", "telling", "focus", "counted", "names", "period", "catalogue", "unclear")
    assert {name: getattr(query, name) for name in fields} == {name: getattr(clean, name) for name in fields}
    assert unicodedata.normalize("NFKC", query.text).replace("Ð", "Đ").replace("ð", "đ") == MEMBERS


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=5))
def test_any_text_after_any_history_is_understood_the_same_way_twice(text: str, history: list[str]) -> None:
    query = asked(text, history)
    assert query == asked(text, history)
    assert query.question == text
    assert query.focus <= set(query.telling)
    assert len(query.parts) != 1


HOSTILE = [
    "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên? ", "dang bo huyen hai hau ", "huyeenj ddangr ", "🌳", "а́б ",
    "a", "A ", "Hải Hậu và ", "và, ", "năm 2021 ", "1/1/2021 - ", "bài nào về ", "so sánh ", "còn ", "đó ", "\u200b",
    "UBND-", "I", "khóa X ", "中文", "how many party members ", "(", "' OR 1=1 --", "\udc80", "\x00", "từ ", "0",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_four_thousand_characters_of_anything_take_little_time(piece: str) -> None:
    text = (piece * 4000)[:4000]
    with time_limit(5):
        assert asked(text).question == text
        assert asked("Còn Bình Liêu thì sao?", [text]).question == "Còn Bình Liêu thì sao?"
        assert asked(text, [MEMBERS, text]).question == text


@pytest.mark.parametrize("name", ["periods", "following", "catalogue", "parts", "english"])
def test_word_lists_without_a_table_that_questions_are_read_by_are_one_line(name: str) -> None:
    without = replace(WORDS, tables={key: table for key, table in WORDS.tables.items() if key != name})
    with pytest.raises(SettingsError, match=rf"The word lists cannot be used: \[{name}\].*no table") as caught:
        asking_words(without)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_none_is_named() -> None:
    table = WORDS.tables["english"]
    assert isinstance(table, dict)
    with pytest.raises(SettingsError, match=r"\[english\] \(TypeError: the meaning of 'party' is no text"):
        asking_words(replace(WORDS, tables={**WORDS.tables, "english": {**table, "party": 3}}))


@pytest.mark.parametrize("question", ["có bao nhiêu bài viết", "co bao nhieu bai viet", "bài mới nhất là gì?"])
def test_a_question_on_the_whole_collection_leans_on_nothing(question: str) -> None:
    query = asked(question, ("Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?",))
    assert query.catalogue is not None
    assert query.catalogue.subject == ""
