"""Spellings that mean the same word come together; nothing else does."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.vietnamese import bigrams, fold, has_diacritics, is_syllable_shaped, normalize, syllables, visible
from tests.fakes import SEEDS

_LETTERS = st.text(
    st.sampled_from("aăâeêioôơuưyđqhcbĐÐðÁỷ ạàúủ\u0300\u0301\u0303\u0309\u0323\u0302\u031b\u200b\u00a0１.,123"),
    max_size=12,
)
_ANY = st.text(max_size=30) | _LETTERS


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hoà", "hòa"), ("uỷ ban", "ủy ban"), ("thuý", "thúy"), ("hoạ sĩ", "họa sĩ"), ("HOÀ", "hòa"), ("khoẻ", "khỏe"),
        ("quý", "quý"), ("quỹ", "quỹ"), ("hoàn", "hoàn"), ("khuỷu", "khuỷu"), ("thuở", "thuở"),
        ("Ðảng bộ", "đảng bộ"), ("ðó", "đó"), ("２０２１", "2021"), ("xã\u00a0Hải Phú", "xã hải phú"),
        ("Sông\u200b Lô\ufeff", "sông lô"), ("h\u00adu\u202eyện", "huyện"),
    ],
)  # fmt: skip
def test_spellings_of_one_word_become_one(typed: str, expected: str) -> None:
    assert normalize(typed) == expected
    assert normalize(unicodedata.normalize("NFD", typed)) == expected


@given(_ANY)
def test_normalising_and_folding_twice_changes_nothing_more(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    assert fold(fold(text)) == fold(text)
    assert visible(visible(text)) == visible(text)


@given(_ANY)
def test_composed_and_decomposed_text_have_the_same_syllables(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert syllables(composed) == syllables(decomposed)
    assert syllables(fold(composed)) == syllables(fold(decomposed))


@given(_ANY)
def test_folded_text_has_no_mark_and_no_barred_d(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", fold(text))
    assert not any(unicodedata.combining(c) for c in decomposed)
    assert not set("đĐðÐ") & set(decomposed)


@given(_ANY)
def test_folding_letter_by_letter_is_dropping_every_mark_of_the_whole(text: str) -> None:
    plain = text.translate(str.maketrans("ĐÐđð", "DDdd"))
    marks_gone = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    assert fold(text) == unicodedata.normalize("NFC", marks_gone)


def test_folding_gives_what_is_typed_on_a_phone() -> None:
    assert fold("Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?") == "Dang bo huyen Hai Hau co bao nhieu dang vien?"
    assert fold("Ðảng ðó") == "Dang do"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("14.500 đảng viên", ["14500", "đảng", "viên"]),
        ("14500", ["14500"]),
        ("1,490,782 lượt", ["1490782", "lượt"]),
        ("96,46%", ["96,46"]),
        ("12.5", ["12.5"]),
        ("34/34 xã", ["34", "34", "xã"]),
        ("Nghị quyết số 03-NQ/HU", ["nghị", "quyết", "số", "03", "nq", "hu"]),
        ("KT - XH, KT-XH", ["kt", "xh", "kt", "xh"]),
        ("5/5/2021", ["5", "5", "2021"]),
        ("lần thứ XVIII.", ["lần", "thứ", "xviii"]),
        ("… — !", []),
        ("", []),
    ],
)
def test_text_is_cut_into_syllables_and_numbers(text: str, units: list[str]) -> None:
    assert syllables(text) == units


@given(st.lists(st.text("abc", min_size=1, max_size=3)))
def test_every_two_neighbours_are_one_bigram(units: list[str]) -> None:
    assert [tuple(pair.split("_")) for pair in bigrams(units)] == [
        (units[i], units[i + 1]) for i in range(len(units) - 1)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("huyện", True),
        ("đi", True),
        ("dang vien", False),
        ("", False),
        ("2021", False),
        ("HUYEN", False),
        ("“a” – b", False),
    ],
)
def test_only_letters_with_marks_count_as_diacritics(text: str, *, expected: bool) -> None:
    assert has_diacritics(text) is expected


def test_every_word_of_the_seeds_that_carries_a_mark_is_shaped_like_a_syllable() -> None:
    words = {
        word for file in SEEDS.glob("*.txt") for word in syllables(file.read_text("utf-8")) if has_diacritics(word)
    }
    abbreviations = {"hđnd", "qđ"}
    assert len(words) > 400
    assert {word for word in words if not is_syllable_shaped(fold(word))} <= abbreviations


@pytest.mark.parametrize("word", ["secretary", "website", "leftcenterrightdel", "thng", "ubnd", "", "abc"])
def test_other_words_are_not_shaped_like_one(word: str) -> None:
    assert not is_syllable_shaped(word)


def test_what_takes_no_room_is_not_visible() -> None:
    assert visible("Mèo\u200b \u202eVạc\U000e0041\ufeff") == "Mèo Vạc"
    assert visible(unicodedata.normalize("NFD", "huyện")) == "huyện"
