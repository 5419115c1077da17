"""English words of a question, and what Vietnamese articles say for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import lexicon
from embeddings.vietnamese import has_diacritics
from qa_bot.understanding import asking_words
from qa_bot.understanding.translating import Glossary
from tests.fakes import WORDS, time_limit

GLOSSARY = Glossary.of({
    "party": "đảng", "Party member": "đảng viên", "secretary": "bí thư", "city": "thành phố", "box": "hộp",
    "people's committee": "ủy ban nhân dân", "head of the district": "chủ tịch huyện",
})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("How many party members are there?", [("party members", "đảng viên")]),  # the longest phrase
        ("Which party?", [("party", "đảng")]),
        ("PARTY  Secretary", [("PARTY", "đảng"), ("Secretary", "bí thư")]),
        ("cities and boxes", [("cities", "thành phố"), ("boxes", "hộp")]),
        ("the People’s Committee", [("People’s Committee", "ủy ban nhân dân")]),
        ("the head of the district", [("head of the district", "chủ tịch huyện")]),
        ("Hai Hau", []),
        ("partying", []),
        ("", []),
    ],
)
def test_known_phrases_are_told_as_they_were_typed(text: str, meanings: list[tuple[str, str]]) -> None:
    assert GLOSSARY.meanings(text) == meanings


def test_a_meaning_that_is_no_text_is_named() -> None:
    with pytest.raises(TypeError, match="the meaning of 'party' is no text"):
        Glossary.of({"party": 3})


def test_the_glossary_that_ships_gives_vietnamese_and_holds_every_phrase_it_can_find() -> None:
    english = asking_words(WORDS).english
    table = lexicon.load().tables["english"]
    assert isinstance(table, dict)
    assert len(table) > 50
    assert [phrase for phrase in table if not english.meanings(phrase)] == []
    whole = [phrase for phrase in table if english.meanings(phrase) != [(phrase, table[phrase])]]
    assert whole == []
    assert sum(map(has_diacritics, table.values())) > 0.7 * len(table)


@given(st.text(max_size=200))
def test_any_text_may_be_asked_and_what_is_told_stands_in_it_in_order(text: str) -> None:
    at = 0
    for typed, meaning in GLOSSARY.meanings(text + " Party secretary"):
        at = (text + " Party secretary").index(typed, at) + len(typed)
        assert meaning in GLOSSARY.phrases.values()
    assert at > 0


def test_the_time_is_linear() -> None:
    with time_limit(3):
        for text in ("party " * 50_000, "a" * 300_000, "s’s " * 50_000):
            GLOSSARY.meanings(text)
