"""Whatever a question is typed with, its characters are those that were meant."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.understanding.clean import cleaned
from tests.fakes import pages, time_limit

CLEAN = "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?"


@pytest.mark.parametrize(
    "typed",
    [
        unicodedata.normalize("NFD", CLEAN),
        unicodedata.normalize("NFKD", CLEAN),
        "Đảng\u200b bộ\u200d huyện \ufeffHải Hậu có bao nhiêu đảng viên?",
        "\u202eĐảng bộ\u202c \u2066huyện\u2069 Hải Hậu có bao nhiêu đảng\u00ad viên?",
        "  Đảng\tbộ\u00a0huyện\n\nHải\u3000Hậu có bao nhiêu đảng viên? ",
        "🌳 Đảng bộ 👩‍🌾 huyện Hải Hậu 🇻🇳 có bao nhiêu đảng viên?",
        "Đảng bộ huyện Hải Hậu ©\x00 có\x07 bao nhiêu đảng viên?\ue000",
        "Đảng bộ huyện Ｈải Ｈậu có bao nhiêu đảng viên？",
        "Đảng bộ huyện Нải Нậu có bао nhiêu đảng viên?",
        "Đảng bộ huyện Ηải Ηậu có baο nhiêu đảng viên?",
        "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?\udc80",
    ],
)
def test_a_question_is_the_same_however_it_reached_us(typed: str) -> None:
    assert cleaned(typed) == CLEAN


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Москва ở đâu", "Москва ở đâu"),
        ("Достоевский và Мао", "Достоевский và Mao"),
        ("số đảng viên của Ý", "số đảng viên của Ý"),
        ("3 × 4 = 12 €", "3 × 4 = 12 €"),
        ("96，46％", "96,46%"),
        ("ﬁn ½", "fin 1⁄2"),
        ("中文 và العربية", "中文 và العربية"),
        ("", ""),
        ("🌳\u200b \n", ""),
    ],
)
def test_other_scripts_and_signs_are_left_to_mean_what_they_mean(typed: str, meant: str) -> None:
    assert cleaned(typed) == meant


_CHARACTERS = st.one_of(st.characters(), st.sampled_from("АВЕОасеорхуі\u0301\u0323\u200b\u202e\u00a0ðĐơ🌳Ａ１ "))


@given(st.text(_CHARACTERS))
def test_any_text_becomes_one_visible_line_in_its_composed_form(text: str) -> None:
    line = cleaned(text)
    assert line == " ".join(line.split())
    assert unicodedata.is_normalized("NFC", line)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn", "So") for c in line)
    assert not any(c in line for c in "\u200b\u202e\u00ad\ufeff")


@given(st.text(_CHARACTERS))
def test_what_is_clean_stays(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)


@given(pages)
def test_composed_and_decomposed_are_one(text: str) -> None:
    assert cleaned(unicodedata.normalize("NFD", text)) == cleaned(text)


def test_the_time_is_linear() -> None:
    with time_limit(3):
        for text in ("а" * 200_000, "а\u0301" * 100_000, "🌳" * 200_000, "a\u0323" * 100_000, "\u200b" * 400_000):
            cleaned(text)
