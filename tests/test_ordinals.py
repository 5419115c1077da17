"""Roman ordinals are the numbers that they stand for, and nothing else is one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.ordinals import in_arabic, ordinals, value
from tests.fakes import pages, time_limit

_ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_TENS = ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC")
_HUNDREDS = ("", "C", "CC", "CCC")


def roman(number: int) -> str:
    """The oracle: hundreds, tens and ones written one after the other; 1 to 399."""
    return _HUNDREDS[number // 100] + _TENS[number // 10 % 10] + _ONES[number % 10]


@pytest.mark.parametrize("number", range(1, 400))
def test_every_numeral_up_to_399_has_its_value(number: int) -> None:
    assert value(roman(number)) == number


def test_letters_that_nobody_writes_a_number_with_have_no_value() -> None:
    written = {roman(number): number for number in range(1, 400)}
    tried = ["".join(letters) for size in range(1, 6) for letters in product("IVXLC", repeat=size)]
    assert {letters: value(letters) for letters in tried if value(letters) != written.get(letters)} == {}


@pytest.mark.parametrize("letters", ["", "iv", "XVIII ", "D", "MMXX", "Ⅳ", "1", "І"])
def test_what_is_no_capital_numeral_has_no_value(letters: str) -> None:
    assert value(letters) is None


@pytest.mark.parametrize(
    ("text", "arabic"),
    [
        ("Đại hội lần thứ XVIII", "Đại hội lần thứ 18"),
        ("Đại hội XXVIII, khóa X và khoá XI", "Đại hội 28, khóa 10 và khoá 11"),
        ("ĐẠI HỘI LẦN THỨ IX", "ĐẠI HỘI LẦN THỨ 9"),
        ("thế kỷ  XIX; quý IV/2020", "thế kỷ  19; quý 4/2020"),
        ("Phần I. Mục II.", "Phần 1. Mục 2."),
        ("lần thứ 18", "lần thứ 18"),
        ("Chị C, anh V và tổ X", "Chị C, anh V và tổ X"),  # people, not numbers
        ("vitamin C, hội CLB", "vitamin C, hội CLB"),
        ("lần thứ XVIIIa, thứ IIX, thứ iv", "lần thứ XVIIIa, thứ IIX, thứ iv"),
        ("lần thứXVIII", "lần thứXVIII"),
        ("", ""),
    ],
)
def test_only_a_numeral_beside_a_word_that_takes_one_is_a_number(text: str, arabic: str) -> None:
    assert in_arabic(text) == arabic


@given(pages, st.integers(1, 399), pages)
def test_an_ordinal_is_found_where_it_stands_and_all_else_stays(before: str, number: int, after: str) -> None:
    text = f"{before} lần thứ {roman(number)}. {after}"
    at = len(before) + len(" lần thứ ")
    assert (at, at + len(roman(number)), number) in list(ordinals(text))
    assert in_arabic(text) == f"{in_arabic(before)} lần thứ {number}. {in_arabic(after)}"


@given(st.text())
def test_any_text_may_be_asked_and_is_done_after_once(text: str) -> None:
    assert in_arabic(in_arabic(text)) == in_arabic(text)


def test_the_time_is_linear() -> None:
    with time_limit(2):
        for text in ("thứ " * 200_000, "thứ" + " " * 200_000, "X" * 500_000, "khóa X " * 100_000):
            in_arabic(text)
