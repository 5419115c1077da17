from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.orthography import is_syllable
from embeddings.vietnamese import fold, is_syllable_shaped
from tests.legacy_bytes import WORDS

words = st.sampled_from(WORDS)


@pytest.mark.parametrize(
    "word",
    [
        "nghiêng", "khuya", "thuở", "hoà", "hòa", "thuý", "thúy", "quý", "quả", "già", "gì", "giếng", "giết", "xoăn",
        "khuếch", "ngoằn", "rượu", "hươu", "ý", "yêu", "kỹ", "kĩ", "Đắk", "Đăk", "Lắk", "Kạn", "khuỷu", "quạnh",
        "quỳnh", "ăn", "ở", "ưu", "oai", "uyên",
    ],
)  # fmt: skip
def test_what_vietnamese_spells_is_a_syllable(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable(word.upper())
    assert is_syllable(unicodedata.normalize("NFD", word))


@pytest.mark.parametrize(
    "word",
    [
        "", "b", "đ", "café", "über", "nghành", "cẻ", "gế", "ngê", "cì",  # onsets before the wrong vowels
        "hoc", "hòc", "cãp", "tỏt",  # a stop with another tone than two
        "tóan", "thúê", "ngừơi", "bảó", "hoạị", "dứợc",  # the tone mark where it cannot stand, or two of them
        "trơng", "đợc", "ôm2", "x̀", "trường học", "đường-sắt", "ôtô",
    ],
)  # fmt: skip
def test_what_vietnamese_does_not_spell_is_none(word: str) -> None:
    assert not is_syllable(word)


@given(word=words)
def test_a_syllable_is_shaped_like_one_without_its_diacritics(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable_shaped(fold(word))


@given(word=words, place=st.integers(0, 6), letter=st.sampled_from("äåæçëïñøœßfjwz"))
def test_a_letter_that_vietnamese_lacks_makes_it_none(word: str, place: int, letter: str) -> None:
    assert not is_syllable(word[:place] + letter + word[place:])
