"""What Milvus is sent and asked, without a server: tokens, weights, pieces, filters."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import milvus_layout as layout
from embeddings import milvus_words
from embeddings.errors import StorageError
from embeddings.index import StoredPassage
from embeddings.lexical import FieldWeights, terms
from embeddings.milvus_rows import Whole, article_rows, passage_row, placed, whole
from embeddings.milvus_words import asked, holding, holding_each, said, term, token
from embeddings.records import Article, Context, Header, Kind, Passage, Span
from embeddings.selection import Selection, named_by, units
from tests.fakes import pages

_STANDARD = re.compile(r"\w+")  # how Milvus Lite's standard analyser cuts, after lower()
ARTICLE = Article(
    "a1", "seeds/x.txt", ("seeds/y.txt",), None, "Chợ phiên", date(2021, 6, 12), "Trúc Linh", "Báo Nam Định",
    "Chợ họp sớm.\nNgười đông.", "0" * 64, "Thời sự", (0, 13),
)  # fmt: skip
CONTEXT = Context(ARTICLE.title, ARTICLE.published, "Mèo Vạc", ARTICLE.author, ARTICLE.source)


@given(pages, st.booleans())
def test_an_analyser_gives_our_tokens_back_unchanged(text: str, folded: bool) -> None:
    tokens = said(text, folded=folded)
    assert tokens.split() == tokens.split(" ") if tokens else tokens == ""
    assert _STANDARD.findall(tokens.lower()) == tokens.split()
    assert [term(one) for one in tokens.split()] == terms(text, folded=folded)


@pytest.mark.parametrize("text", ["96,46", "3.5", "12.06.2021", "1,5_2.5", "hải_hậu", "tuv"])
def test_each_term_has_a_token_of_its_own(text: str) -> None:
    assert term(token(text)) == text
    assert "," not in token(text)
    assert "." not in token(text)


@given(st.text(max_size=400), st.integers(4, 50))
def test_pieces_are_the_text_and_none_is_too_long(text: str, most: int) -> None:
    text = text.encode("utf-8", "replace").decode("utf-8")
    cut = list(layout.pieces(text, most))
    assert "".join(cut) == text
    assert all(0 < len(piece.encode("utf-8")) <= most for piece in cut)


@given(st.lists(st.text("abđ", min_size=1, max_size=5), max_size=30), st.integers(1, 60))
def test_shortened_words_are_a_beginning_that_fits(words: list[str], most: int) -> None:
    kept = layout.shortened(words, most)
    assert words[: len(kept.split())] == kept.split()
    assert len(kept.encode()) <= most
    if kept.split() != words:
        assert len(" ".join(words[: len(kept.split()) + 1]).encode()) > most


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 60))
def test_batches_hold_everything_in_order_and_are_not_too_large(sizes: list[int], most: int) -> None:
    batches = list(layout.batches(((n, size) for n, size in enumerate(sizes)), most))
    assert [n for batch in batches for n in batch] == list(range(len(sizes)))
    assert all(len(batch) == 1 or sum(sizes[n] for n in batch) <= most for batch in batches)


@given(pages, st.sampled_from([0.0, 0.25, 0.3, 0.5, 1.0, 2.0]))
def test_a_weight_is_said_by_how_often_a_word_is(question: str, pairs: float) -> None:
    """Weight times occurrences is what `Lexical.search` boosts each term by, to a sixteenth of a syllable."""
    question = question[:200]
    found = {one.field: one for one in asked(question, FieldWeights(0.7, 0.3, 0.3, pairs))}
    for folded, field, weight in ((False, "accented", 0.7), (True, "folded", 0.3)):
        if field not in found:
            continue
        occurrences = Counter(found[field].text.split())
        for sought, n in Counter(terms(question, folded=folded)).items():
            share = pairs if "_" in sought else 1.0
            assert occurrences[token(sought)] * found[field].weight == pytest.approx(
                weight * share * n, abs=weight * n / 16
            )
        assert found[f"context_{field}"].text == found[field].text
        assert found[f"context_{field}"].weight == pytest.approx(0.3 * found[field].weight)


def test_fields_without_weight_are_not_asked() -> None:
    assert [one.field for one in asked("Hải Hậu", FieldWeights(1, 0, 0))] == ["accented"]
    assert [one.field for one in asked("Hải Hậu", FieldWeights(0, 1, 1))] == ["folded", "context_folded"]
    assert asked("?!", FieldWeights(1, 1, 1)) == []


def test_filters_for_words_that_are_held() -> None:
    assert holding(["a", "b"]) == (
        '(TEXT_MATCH(folded, "a") and TEXT_MATCH(folded, "b") and TEXT_MATCH(folded, "a_b")) or '
        '(TEXT_MATCH(context_folded, "a") and TEXT_MATCH(context_folded, "b") and TEXT_MATCH(context_folded, "a_b"))'
    )
    assert holding_each([("a", "b"), ("c",)]).count("TEXT_MATCH") == 6
    assert (holding([]), holding_each([])) == ("", "")


HEADERS = tuple(
    Header(n, f"id{n}", f"bai/{path}", title, day, None, None)
    for n, (path, title, day) in enumerate(
        (
            ("a.txt", "Huyện Mèo Vạc trồng cây", date(2020, 1, 1)),
            ("b.txt", "Mèo và chuột", None),
            ("vac.txt", None, date(2021, 6, 12)),
            ("12,5.txt", "Tăng 12,5%", date(2022, 3, 4)),
        )
    )
)
_days = st.one_of(st.none(), st.sampled_from([date(2019, 5, 1), date(2020, 1, 1), date(2021, 6, 12), date(2023, 1, 1)]))
_words = st.lists(st.sampled_from(["meo", "vac", "m", "ch", "12,5", "bai", "tang", "12"]), max_size=3).map(tuple)


@given(_days, _days, _words)
def test_filters_hold_for_the_articles_of_a_selection(
    first: date | None, last: date | None, words: tuple[str, ...]
) -> None:
    """The filters, as SQL understands them nearly alike, against the selection itself."""
    selection = Selection(first, last, words)
    for header in HEADERS:
        spoken = f" {' '.join(named_by(header))} "
        days = re.findall(r"day ([<>]=) (\d+)", layout.of_days(selection))
        number = layout.day_number(header.published)
        in_time = all(number >= int(n) if sign == ">=" else number <= int(n) for sign, n in days)
        likes = re.findall(r'like "%(.*?)%"', layout.of_words(selection))
        assert (in_time and all(part in spoken for part in likes)) == selection.holds(header)


def test_words_of_filters_hold_nothing_that_ends_a_string() -> None:
    hostile = 'a" or "1" == "1 %_\\ b'
    assert layout.of_words(Selection(words=units(hostile))) == (
        'words like "% a %" and words like "% or %" and words like "% 1 %" and words like "% 1 %" and words like "% b%"'
    )
    assert set(re.findall(r'TEXT_MATCH\(\w+, "(.*?)"\)', milvus_words.holding(list(units(hostile))))) == {
        "a", "or", "1", "b", "a_or", "or_1", "1_1", "1_b"
    }  # fmt: skip


def test_names_are_ours_or_nobodys() -> None:
    name = layout.name_of("bot", layout.PASSAGES, 7)
    assert name == "bot_passages_000007"
    assert layout.parsed("bot", name) == ("passages", 7)
    for other in (
        "bot",
        "bot_passages",
        "bot_passages_7",
        "bot_passages_files_000001",
        "xbot_files_000001",
        "bot_x_000001",
    ):
        assert layout.parsed("bot", other) is None
    assert layout.parsed("bot", "bot_files_12345678") == ("files", 12_345_678)


def test_few_vectors_are_searched_exactly_and_many_by_a_graph() -> None:
    assert layout.vector_index("auto", 1_000).kind == "FLAT"
    assert layout.vector_index("auto", 5_000_000).kind == "HNSW"
    for kind in ("HNSW", "DISKANN"):
        (wide,) = layout.vector_index(kind, 10**8).search(1_600).values()
        assert int(str(wide)) >= 1_600
    assert layout.vector_index("IVF_RABITQ", 10**8).build["nlist"] == 40_000


@given(pages)
def test_an_article_comes_back_from_its_rows(text: str) -> None:
    article = Whole(Article("i", "p", (), "u", None, None, None, None, text, "s", None, ()), Context(*[None] * 5), None)
    rows = list(article_rows(article, 3, 10, 2))
    assert whole(rows[::-1]) == article
    of = placed(3, str(rows[0]["content"]))
    assert (of.first, of.count, of.header.row) == (10, 2, 3)


def test_an_article_with_everything_comes_back_and_one_with_a_piece_missing_is_refused() -> None:
    article = Whole(ARTICLE, CONTEXT, 4)
    rows = list(article_rows(article, 0, 0, 1))
    assert whole(rows) == article
    with pytest.raises(ValueError, match="pieces are missing"):
        whole(rows[:1])


def test_what_milvus_cannot_take_is_told_before_it_is_sent() -> None:
    long = replace(ARTICLE, title="t" * 70_000)
    with pytest.raises(StorageError, match=r"seeds/x\.txt has a title, author or id of more than 65535 bytes"):
        list(article_rows(Whole(long, Context(*[None] * 5), None), 0, 0, 0))
    spans = tuple(Span(n, n + 1) for n in range(10_000))
    stored = StoredPassage(0, Passage("a", Kind.BODY, 0, 10_000, "", spans), ARTICLE, CONTEXT)
    with pytest.raises(StorageError, match=r"10000 sentences, more than Milvus takes.*max_syllables"):
        passage_row(stored, 0, "", "")
