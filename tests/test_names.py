"""Which names a question holds: as the articles write them, however they were typed."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.vietnamese import fold
from embeddings.vocabulary import Vocabulary
from qa_bot.understanding.names import Name, names_in, with_capitals
from tests.fakes import WORDS, pages, time_limit, vocabulary_over


@cache
def known() -> Vocabulary:
    return vocabulary_over([
        "Lãnh đạo huyện Bình Liêu gặp Hầu Minh Lợi ở Mèo Vạc.",
        "Đoàn của huyện Hải Hậu, tỉnh Nam Định tới Sông Lô.",
        "Cạnh huyện Hải Hậu, tỉnh Nam Định là biển. Gió ở phía nam thổi tới phía nam.",
    ])  # fmt: skip


def found(text: str) -> list[Name]:
    return list(names_in(text, known(), WORDS))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("huyện bình liêu và HẢI HẬU", ["Bình Liêu", "Hải Hậu"]),
        ("binh lieu hay meo vac dong hon", ["Bình Liêu", "Mèo Vạc"]),
        ("hầu minh lợi là ai", ["Hầu Minh Lợi"]),
        ("Bình Liêu Hải Hậu", ["Bình Liêu", "Hải Hậu"]),
        ("Ở Nam Định", ["Nam Định"]),
        ("In which district is Meo Vac?", ["Mèo Vạc"]),
        ("hoà bình liêu", ["Bình Liêu"]),
        ("nám định và nam đinh, nam định", ["Nam Định"]),  # other diacritics are another word
        ("gió phía nam thổi", []),
        ("bình, liêu; bình\nliêu", []),  # not together
        ("bìnhliêu", []),
        ("", []),
    ],
)
def test_a_name_of_the_articles_is_found_however_it_was_typed(question: str, names: list[str]) -> None:
    assert [name.written for name in found(question) if name.known] == names


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Còn Giao Thủy thì sao?", ["Giao Thủy"]),
        ("Ông Phạm Văn A ở Giao Thủy", ["Phạm Văn A", "Giao Thủy"]),
        ("Ông A, B", ["A", "B"]),
        ("Gặp UBND ở Giao Thủy", ["UBND", "Giao Thủy"]),
        ("Vì sao Ai đến Bao giờ", ["Bao"]),  # "ai" asks, however it is written
        ("Giao thủy ở đâu?", []),  # the first word has its capital from there
        ("còn giao thủy thì sao", []),
    ],
)
def test_what_else_has_capitals_is_a_name_that_the_articles_lack(question: str, names: list[str]) -> None:
    assert [name.written for name in found(question)] == names
    assert not any(name.known for name in found(question))


def test_the_longest_name_is_found_and_one_word_alone_only_with_its_capital() -> None:
    here = vocabulary_over(["ở Nam Định, gặp Nam, gặp Nam, gặp Nam"])
    assert [name.written for name in names_in("đến Nam Định", here, WORDS)] == ["Nam Định"]
    assert [name.written for name in names_in("gặp Nam", here, WORDS)] == ["Nam"]
    assert not names_in("phía nam", here, WORDS)


def test_a_name_is_compared_by_its_folded_words() -> None:
    assert [name.folded for name in found("ở Mèo Vạc và Giao Thuỷ")] == ["meo vac", "giao thuy"]


def test_names_get_their_capitals_and_diacritics_and_nothing_else_changes() -> None:
    question = "huyện  binh lieu (HẢI HẬU), còn Giao Thủy?"
    assert with_capitals(question, found(question)) == "huyện  Bình Liêu (Hải Hậu), còn Giao Thủy?"
    assert with_capitals(question, []) == question


@given(st.one_of(pages, st.text(max_size=200)), st.sampled_from(["Bình Liêu", "mèo vạc", "HAI HAU", "Hầu Minh Lợi"]))
def test_names_are_apart_in_order_and_with_capitals_none_is_lost(text: str, name: str) -> None:
    asked = f"{text} ; {name}"
    names = found(asked)
    ends = [0, *(name.end for name in names)]
    assert all(end <= name.start < name.end <= len(asked) for end, name in zip(ends, names, strict=False))
    written = with_capitals(asked, names)
    assert [n.folded for n in found(written)] == [n.folded for n in names]
    assert fold(written).casefold() == fold(with_capitals(asked, names)).casefold()
    assert with_capitals(written, found(written)) == written


def test_the_time_is_linear_and_only_a_beginning_is_read() -> None:
    with time_limit(5):
        for text in ("Bình Liêu " * 50_000, "A" * 200_000, "A " * 100_000, " " * 300_000 + "Bình Liêu"):
            names = found(text)
            assert len(names) <= 400
    assert [name.written for name in found(" " * 1000 + "Bình Liêu")] == ["Bình Liêu"]
