"""How a subject may be worded: the same words, in full or in short, in either numerals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import ordinals
from embeddings.vietnamese import fold
from qa_bot.understanding.phrases import tokens
from qa_bot.wordings import roman, spelled, stands, telling, wordings, words_of
from tests.fakes import WORDS


def marked(subject: str, text: str) -> list[str]:
    said = tokens(text)
    found = {mark for wording in wordings(subject, WORDS) for mark in stands(wording, said, text)}
    return [text[start:end] for start, end in sorted(found)]


@pytest.mark.parametrize(
    ("subject", "text", "found"),
    [
        ("đại hội lần thứ 18", "Đại hội lần thứ XVIII họp", ["Đại hội lần thứ XVIII"]),
        ("Đại hội lần thứ XVIII", "đại hội lần thứ 18 họp", ["đại hội lần thứ 18"]),
        ("dai hoi lan thu xviii", "Đại hội lần thứ 18 họp", ["Đại hội lần thứ 18"]),
        ("dai hoi lan thu 18", "Đại hội lần thứ XVIII họp", ["Đại hội lần thứ XVIII"]),
        ("lần thứ 18", "lần thứ XXVIII và lần thứ 28", []),
        ("khóa X", "khóa 10", ["khóa 10"]),
        ("đơn vi", "đơn 6", []),
        ("mật ong", "Mật ong, mát ong", ["Mật ong"]),
        ("mat ong", "Mật ong, mát ong", ["Mật ong", "mát ong"]),
        ("ủy ban nhân dân", "UBND, Uỷ ban nhân dân, ubnd", ["UBND", "Uỷ ban nhân dân"]),
        ("UBND", "UBND, Ủy ban nhân dân, 05-QĐ/UBND", ["UBND", "Ủy ban nhân dân", "UBND"]),
        ("ủy ban nhân dân", "05-QĐ/UBND", []),
        ("14500 cây", "14.500 cây, 14,500 cây", ["14.500 cây", "14,500 cây"]),
        ("", "một", []),
    ],
)
def test_a_subject_stands_where_one_of_its_wordings_does(subject: str, text: str, found: list[str]) -> None:
    assert marked(subject, text) == found


@given(st.integers(1, 399))
def test_roman_numerals_are_read_back(number: int) -> None:
    assert ordinals.value(roman(number)) == number


@pytest.mark.parametrize("number", [-1, 0, 400])
def test_other_numbers_have_no_roman_numeral(number: int) -> None:
    assert roman(number) == ""


def test_the_index_is_searched_for_both_numerals() -> None:
    assert spelled(words_of("khóa 12 kỳ họp 2", bare=False)) == [
        ["khoa", "12", "ky", "hop", "2"],
        ["khoa", "12", "ky", "hop", "ii"],
        ["khoa", "xii", "ky", "hop", "2"],
        ["khoa", "xii", "ky", "hop", "ii"],
    ]
    assert len(spelled(words_of("a" + " 7" * 30, bare=False))) <= 8


def test_words_that_tell_are_each_given_once_and_never_none() -> None:
    assert [word.unit for word in telling(words_of("mật ong và mật ong ở bản", bare=False), WORDS)][:2] == [
        "mật",
        "ong",
    ]
    assert [word.unit for word in telling(words_of("của của", bare=False), WORDS)] == ["của"]


@given(st.text(max_size=60))
def test_any_text_stands_in_itself_and_in_bare_letters_only_where_typed_bare(text: str) -> None:
    worded = wordings(text, WORDS)
    said = tokens(text)
    if said and worded[0] and len(said) == len(worded[0]):
        assert list(stands(worded[0], said, text))
    bare = words_of(fold(text), bare=True)
    assert all(word.folded for word in bare)
