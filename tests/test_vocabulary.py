"""What is counted in the articles' words, and that it comes back from the file as it was counted."""

from __future__ import annotations

import sqlite3
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import vocabulary_writing
from embeddings.counting import Counts, commonest, definitions
from embeddings.errors import CorruptIndex, StorageError
from embeddings.vietnamese import fold, syllables
from embeddings.vocabulary import Vocabulary, name_key
from tests.fakes import pages, time_limit, vocabulary_over

NEWS = (
    "Đảng bộ huyện Hải Hậu có 14.500 đảng viên. Năm 2020, huyện Hải Hậu trồng 300 cây.",
    "Theo lãnh đạo huyện Bình Liêu, hoà bình là quý. Ở Bình Liêu có 25 chi bộ và 167 tổ đảng.",
    "Bí thư Huyện ủy Mèo Vạc Hầu Minh Lợi nói: “Mèo Vạc còn nghèo.” Hầu Minh Lợi là bí thư.",
)


def test_a_bare_syllable_has_the_forms_that_the_articles_have() -> None:
    found = vocabulary_over(NEWS).forms(["dang", "binh", "hoa", "khong"])
    assert found == {"dang": {"đảng": 3}, "binh": {"bình": 3}, "hoa": {"hòa": 1}}


def test_numbers_are_no_forms_but_words_around_one_are_neighbours() -> None:
    known = vocabulary_over(["có 25 chi bộ"])
    assert known.forms(["25", "co", "chi"]) == {"co": {"có": 1}, "chi": {"chi": 1}}
    assert known.pairs([("co", "chi"), ("chi", "bo"), ("bo", "chi")]) == {("có", "chi"): 1, ("chi", "bộ"): 1}
    assert known.total == 3


def test_a_folded_pair_gives_every_pair_of_forms() -> None:
    known = vocabulary_over(["hải hậu, Hải hâu, hãi hậu, hải hậu"])
    assert known.pairs([("hai", "hau")]) == {("hải", "hậu"): 2, ("hải", "hâu"): 1, ("hãi", "hậu"): 1}


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("hai hau", "Hải Hậu"),
        ("binh lieu", "Bình Liêu"),
        ("meo vac", "Mèo Vạc"),
        ("hau minh loi", "Hầu Minh Lợi"),
        ("theo", None),  # it only begins a sentence
        ("o binh lieu", None),
        ("huyen", None),
        ("dang", None),
        ("bi thu", None),
        ("hau minh", None),
    ],
)
def test_a_name_is_what_has_capitals_inside_sentences(phrase: str, name: str | None) -> None:
    found = vocabulary_over([*NEWS, "Cùng với Hầu Minh Lợi, huyện Mèo Vạc trồng cây."]).names([phrase])
    assert found == ({phrase: name} if name else {})


def test_a_word_that_seldom_has_a_capital_is_no_name() -> None:
    texts = ["gặp Hội Nông dân", "gặp hội nông dân", "một hội nông", "hai hội nông", "ba hội nông"]
    assert vocabulary_over(texts).names(["hoi nong"]) == {}
    assert vocabulary_over(texts[:1]).names(["hoi nong"]) == {"hoi nong": "Hội Nông"}


def test_of_several_spellings_of_a_name_the_commonest_is_kept() -> None:
    texts = ["ở Hoà Bình", "ở Hòa Bình", "tới Hòa Bình", "tới Hóa Bình"]
    assert vocabulary_over(texts).names(["hoa binh"]) == {"hoa binh": "Hòa Bình"}


def test_headlines_in_capitals_and_very_long_runs_name_nothing() -> None:
    run = "Công Ty Cổ Phần Một Thành Viên Hải Hậu"
    known = vocabulary_over(["báo ĐẢNG BỘ HUYỆN nói", f"của {run} ở"])
    assert known.names([name_key("ĐẢNG BỘ HUYỆN"), name_key(run)]) == {}


def test_what_stands_after_a_number_is_counted() -> None:
    known = vocabulary_over(NEWS)
    things = ["dang vien", "dang", "cay", "chi bo", "to dang", "bo", "binh lieu", "bi thu", "Đảng viên"]
    assert known.counted(things) == {"dang vien", "dang", "cay", "chi bo", "to dang"}


def test_a_number_before_a_number_counts_nothing() -> None:
    assert vocabulary_over(["12 34 56"]).counted(["12", "34"]) == frozenset()
    assert vocabulary_over(["năm 2020 25 chi 3"]).counted(["chi", "chi 3"]) == {"chi"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ban Chấp hành (BCH) họp", [("BCH", "Ban Chấp hành")]),
        ("của Ủy ban nhân dân (UBND) huyện", [("UBND", "Ủy ban nhân dân")]),
        ("Hội đồng nhân dân (HĐND)", [("HĐND", "Hội đồng nhân dân")]),
        ("Sở Giáo dục và Đào tạo (GDĐT)", [("GDĐT", "Giáo dục và Đào tạo")]),
        ("kinh tế - xã hội (KT-XH)", [("KT-XH", "kinh tế - xã hội")]),
        ("Tổ chức Y tế Thế giới (WHO)", []),  # other letters
        ("huyện (BCH)", []),
        ("(BCH)", []),
        ("Ban Chấp hành (bch), (A)", []),
        ("Ban Chấp hành BCH", []),
    ],
)
def test_an_article_defines_a_short_form_in_brackets(text: str, found: list[tuple[str, str]]) -> None:
    assert [(short, full) for short, full, _ in definitions(text)] == found


def test_of_several_meanings_the_commonest_is_kept() -> None:
    texts = ["Hợp tác xã (HTX)", "Hội tài xế (HTX)", "các Hợp tác xã (HTX)"]
    assert commonest(found for text in texts for found in definitions(text)) == {"HTX": "Hợp tác xã"}
    assert vocabulary_over(texts).abbreviations == {"HTX": "Hợp tác xã"}


@given(st.lists(pages, max_size=3))
def test_forms_and_pairs_come_back_as_a_plain_count_has_them(texts: list[str]) -> None:
    units = [[unit for unit in syllables(text) if not unit[0].isdigit()] for text in texts]
    forms = Counter(unit for line in units for unit in line)
    pairs = Counter(pair for line in units for pair in pairwise(line))
    known = vocabulary_over(texts)
    back = {form: n for found in known.forms(map(fold, forms)).values() for form, n in found.items()}
    assert back == forms
    assert known.pairs((fold(a), fold(b)) for a, b in pairs) == pairs
    assert known.total == sum(forms.values())


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_may_be_counted_and_names_are_found_by_their_key(texts: list[str]) -> None:
    counts = Counts()
    for text in texts:
        counts.add(text)
    known = vocabulary_over([*texts, *texts])
    for name in counts.names:
        found = known.names([name_key(name)])
        assert all(name_key(written) == key for key, written in found.items())


def test_many_keys_are_looked_up_in_one_go(tmp_path: Path) -> None:
    words = [f"t{'a' * (n % 40)}{'b' * (n // 40)}" for n in range(1600)]
    known = vocabulary_over([" ".join(words)])
    assert len(known.forms([*words, *words, "khong"])) == len(set(words))
    assert (known.forms([]), known.names([]), known.pairs([])) == ({}, {}, {})
    assert known.forms(["x'; DROP TABLE forms; --"]) == {}
    assert list(tmp_path.iterdir()) == []


def test_the_same_articles_give_the_same_file(tmp_path: Path) -> None:
    counts = Counts()
    for text in NEWS:
        counts.add(text)
    for name in ("a.sqlite", "b.sqlite"):
        vocabulary_writing.write(tmp_path / name, counts, {})
    assert (tmp_path / "a.sqlite").read_bytes() == (tmp_path / "b.sqlite").read_bytes()


def test_reading_writes_nothing(tmp_path: Path) -> None:
    vocabulary_writing.write(tmp_path / "v.sqlite", Counts(), {})
    before = (tmp_path / "v.sqlite").read_bytes()
    known = Vocabulary(tmp_path / "v.sqlite")
    assert (known.total, known.abbreviations, known.forms(["a"])) == (0, {}, {})
    known.close()
    assert [path.name for path in tmp_path.iterdir()] == ["v.sqlite"]
    assert (tmp_path / "v.sqlite").read_bytes() == before
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        known.forms(["a"])


def test_a_file_that_exists_or_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    vocabulary_writing.write(tmp_path / "v.sqlite", Counts(), {})
    with pytest.raises(StorageError, match=r"The vocabulary could not be written to .*already exists"):
        vocabulary_writing.write(tmp_path / "v.sqlite", Counts(), {})
    with pytest.raises(StorageError, match=r"could not be written to .*unable to open"):
        vocabulary_writing.write(tmp_path / "none" / "v.sqlite", Counts(), {})


@pytest.mark.parametrize("data", [b"", b"not a database, however long it may be" * 100])
def test_a_file_that_is_no_vocabulary_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "v.sqlite").write_bytes(data)
    with pytest.raises(CorruptIndex, match=r"v\.sqlite cannot be read .*Rebuild the index: rebuild-index --full"):
        Vocabulary(tmp_path / "v.sqlite")


def test_the_time_is_linear() -> None:
    with time_limit(10):
        for text in (
            "A " * 100_000,
            "Ab" * 200_000,
            "12 " * 200_000,
            "(BCH) " * 50_000,
            "“ " * 200_000,
            "a (" * 100_000,
        ):
            Counts().add(text)
            definitions(text)
