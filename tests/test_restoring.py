"""Diacritics come back from the articles' own words; typos and Telex keys are read; what is right is left alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.vietnamese import fold, has_diacritics, normalize, syllables
from qa_bot.records import Typing
from qa_bot.understanding.asking import typing_of
from qa_bot.understanding.restoring import Restored, Restorer, one_key_away
from qa_bot.understanding.telex import decoded
from tests.fakes import WORDS, knowledge_over, pages, seed_knowledge, seed_passages, time_limit, vocabulary_over

_KEYS = {"đ": "dd", "â": "aa", "ê": "ee", "ô": "oo", "ă": "aw", "ơ": "ow", "ư": "uw"}
RIMES = ("exunh", "axoc", "uwngh", "oupt", "iezh", "ubong", "yerrt", "oaxng")
_TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}


def telex(syllable: str, *, tone_last: bool) -> str:
    """The oracle: the keys that type `syllable`, its tone's key at the end or right after the vowel that carries it."""
    keys, tone = "", ""
    for letter in syllable:
        marks = unicodedata.normalize("NFD", letter)
        plain = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES))
        here = "".join(_TONES[mark] for mark in marks if mark in _TONES)
        keys += _KEYS.get(plain, plain) + ("" if tone_last else here)
        tone += here
    return keys + tone if tone_last else keys


def accented() -> list[str]:
    """All syllables with diacritics of the articles that ship, short forms (QĐ) left out."""
    units = {unit for passage in seed_passages() for unit in syllables(passage.text)}
    return sorted(unit for unit in units if has_diacritics(unit) and set(fold(unit)) & set("aeiouy"))


def sentences() -> list[str]:
    return [sentence for passage in seed_passages() for sentence in passage.sentence_texts()]


def restored(text: str) -> Restored:
    return seed_knowledge().restorer.restore(text, typing_of(text, WORDS))


@pytest.mark.parametrize("tone_last", [True, False])
def test_every_syllable_comes_back_from_its_telex_keys(tone_last: bool) -> None:
    assert len(accented()) > 500
    typed = {syllable: telex(syllable, tone_last=tone_last) for syllable in accented()}
    assert {s: (keys, decoded(keys)) for s, keys in typed.items() if decoded(keys) != s} == {}


@pytest.mark.parametrize(
    ("keys", "syllable"),
    [
        ("ddang", "đang"),
        ("ddangr", "đảng"),
        ("huyeenj", "huyện"),
        ("duocwj", "dược"),  # the horn typed late
        ("dduowcj", "được"),
        ("vieetj", "việt"),
        ("vieten", None),
        ("vietej", "việt"),  # the circumflex typed late
        ("hoaf", "hòa"),
        ("quys", "quý"),
        ("gias", "giá"),
        ("dangd", "đang"),
        ("dang", None),  # types itself
        ("of", "ò"),  # whether it was meant, the articles tell
        ("off", None),
        ("Ddang", None),  # keys are lower case
        ("secretary", None),
        ("dđ", None),
        ("", None),
        ("s", None),
        ("sssssss", None),
    ],
)
def test_keys_type_a_syllable_or_none(keys: str, syllable: str | None) -> None:
    assert decoded(keys) == syllable


@given(st.text("adeowsfrxjuythngk", max_size=12))
def test_whatever_keys_type_is_a_normal_syllable(keys: str) -> None:
    syllable = decoded(keys)
    assert syllable is None or (syllable == normalize(syllable) != keys and syllable.isalpha())


def test_a_stripped_sentence_of_the_articles_gets_nearly_all_its_syllables_back() -> None:
    pairs = [
        (was, now)
        for sentence in sentences()
        for was, now in zip(
            syllables(sentence),
            syllables(seed_knowledge().restorer.restore(fold(sentence), Typing.BARE).text),
            strict=True,
        )
    ]
    right = sum(was == now for was, now in pairs)
    assert right >= 0.99 * len(pairs)
    assert sum(was == fold(was) for was, _ in pairs) < 0.3 * len(pairs)  # so much would be right untouched


def test_in_sentences_of_other_articles_most_words_that_are_known_at_all_come_back() -> None:
    left_out = seed_passages()[0].article_id
    known = knowledge_over(passage.text for passage in seed_passages() if passage.article_id != left_out)
    right = total = 0
    for passage in seed_passages():
        for sentence in passage.sentence_texts() if passage.article_id == left_out else ():
            units = syllables(sentence)
            now = syllables(known.restorer.restore(fold(sentence), Typing.BARE).text)
            forms = known.vocabulary.forms(map(fold, units))
            for was, got in zip(units, now, strict=True):
                if was in forms.get(fold(was), {}):
                    total += 1
                    right += was == got
    assert total > 400
    assert right >= 0.88 * total


def test_a_sentence_of_the_articles_with_its_diacritics_is_never_changed() -> None:
    restorer = seed_knowledge().restorer
    assert [s for s in sentences() if restorer.restore(s, Typing.ACCENTED) != Restored(s, False, ())] == []


@pytest.mark.parametrize("every", [2, 3, 5])
def test_of_a_sentence_that_mixes_both_what_has_diacritics_stays(every: int) -> None:
    right = total = 0
    for sentence in sentences():
        words = sentence.split(" ")
        mixed = " ".join(fold(word) if n % every else word for n, word in enumerate(words))
        now = seed_knowledge().restorer.restore(mixed, Typing.ACCENTED).text.split(" ")
        kept = [(was, new) for n, (was, new) in enumerate(zip(words, now, strict=True)) if n % every == 0]
        assert all(was == new for was, new in kept if has_diacritics(was))
        total += len(words)
        right += sum(was == new for was, new in zip(words, now, strict=True))
    assert right >= 0.95 * total


@given(st.one_of(pages, st.text(max_size=200), st.text("adeo ngh iuyđảệ'\n", max_size=200)))
def test_only_corrected_words_get_other_letters(text: str) -> None:
    done = restored(text)
    was, now = _folded(text), _folded(done.text)
    for step in done.corrected:
        assert step.kind == "corrected"
        assert step.was in text
        assert step.now in done.text.casefold()
    if not done.corrected:
        assert now == was
        assert done.marked or done.text == text


def _folded(text: str) -> str:
    return fold(normalize(text))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (
            "dang bo huyen hai hau co bao nhieu dang vien",
            "đảng bộ huyện hải hậu có bao nhiêu đảng viên",
        ),
        ("DANG BO huyen Hai Hau", "ĐẢNG BỘ huyện Hải Hậu"),
        ("Dang bo Hải Hậu co bao nhieu dang vien?", "Đảng bộ Hải Hậu có bao nhiêu đảng viên?"),
        ("Đảng bộ huyen hai hau co bao nhieu đảng viên", "Đảng bộ huyện hải hậu có bao nhiêu đảng viên"),
        ("hải hậu có bao nhiêu dảng viên", "hải hậu có bao nhiêu đảng viên"),  # a mark forgotten
        ("co 14.500 dang vien (hai hau)", "có 14.500 đảng viên (hải hậu)"),
    ],
)
def test_what_lacks_diacritics_gets_them(typed: str, meant: str) -> None:
    assert restored(typed) == Restored(meant, True, ())


@pytest.mark.parametrize(
    ("typed", "meant", "corrected"),
    [
        ("Đảng bộ huyeenj Hải Hậu", "Đảng bộ huyện Hải Hậu", [("huyeenj", "huyện")]),
        ("có bao nhiêu ddangr viên", "có bao nhiêu đảng viên", [("ddangr", "đảng")]),
        ("Đảng bộ huyệm Hải Hậu", "Đảng bộ huyện Hải Hậu", [("huyệm", "huyện")]),
        ("dang bo huyne hai hau", "đảng bộ huyện hải hậu", [("huyne", "huyện")]),
    ],
)
def test_telex_keys_and_slips_of_one_key_are_mended_and_told(
    typed: str, meant: str, corrected: list[tuple[str, str]]
) -> None:
    done = restored(typed)
    assert done.text == meant
    assert [(step.was, step.now) for step in done.corrected] == corrected


def test_a_question_typed_with_telex_switched_off_is_read() -> None:
    question = "huyện hải hậu có bao nhiêu đảng viên"
    for tone_last in (True, False):
        keys = " ".join(telex(word, tone_last=tone_last) for word in question.split())
        assert keys.isascii()
        assert restored(keys).text == question


@pytest.mark.parametrize(
    "text",
    [
        "hoà bình",  # both places of the tone mark are right
        "đảng viên của huyện Hải Hậu",
        "Bí thư tiktok facebook",
        "Huyện Giao Thủy, tỉnh Quảng Ngãi",  # names that the articles lack
        "How many members are there?",
        "Москва",
        "中文 123 🌳",
        "",
    ],
)
def test_what_is_right_or_unknown_stays_as_it_was_typed(text: str) -> None:
    assert restored(text) == Restored(text, False, ())


def test_the_neighbours_tell_which_form_is_meant() -> None:
    known = vocabulary_over(["quả cam ngọt", "cấm hút thuốc", "quả cam ngon", "cấm đi", "cấm vào", "cấm đỗ"])
    restorer = Restorer(known, WORDS)
    assert restorer.restore("qua cam", Typing.BARE).text == "quả cam"
    assert restorer.restore("cam hut", Typing.BARE).text == "cấm hút"


def test_question_words_are_known_though_no_article_asks() -> None:
    restorer = Restorer(vocabulary_over(["một hai ba"]), WORDS)
    assert restorer.restore("tai sao, o dau, khi nao, bao nhieu", Typing.BARE).text == (
        "tại sao, ở đâu, khi nào, bao nhiêu"
    )


def test_in_a_text_of_very_many_words_nothing_is_taken_for_a_typo() -> None:
    assert restored("dang bo huyne hai hau " * 30).corrected == ()
    assert len(restored("dang bo huyne hai hau " * 3).corrected) == 3


def test_words_one_key_away_are_those_with_one_letter_more_less_other_or_two_swapped() -> None:
    near = one_key_away("huyen")
    assert {"huyn", "huye", "uyen", "huyet", "thuyen", "huyne"} & near >= {"huye", "uyen", "huyet", "thuyen"}
    assert "huyen" not in near
    assert "chuyet" not in near


def test_the_time_is_linear_whatever_is_pasted() -> None:
    strange = " ".join(f"{onset}{rime}" for onset in ("zh", "v", "gr", "qx", "kl", "b", "pl", "sw") for rime in RIMES)
    with time_limit(10):
        for text in (
            "dang bo huyen " * 285, "xq" * 2000, "a " * 2000, "ddangr " * 570, "a" * 100_000, "hjq " * 64, "o" * 4000,
            "aeo" * 1300, "w" * 4000, "Đ" * 4000, "đ " * 2000, strange,
        ):  # fmt: skip
            for typing in Typing:
                seed_knowledge().restorer.restore(text, typing)
