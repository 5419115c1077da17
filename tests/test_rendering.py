"""What people and programs are shown: whole, harmless, and as wide as the window."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, Group, RenderableType
from rich.text import Text
from wcwidth import wcswidth

from embeddings.console import printable
from embeddings.generations import Manifest
from embeddings.messages import Language
from qa_bot import evidence, rendering, tables
from qa_bot.messages import CATALOGUE, say, step_in_words
from qa_bot.records import Answer, Expected, Ranked, Reason, Step
from tests.samples import (
    MARKET_PASSAGE,
    RIVER,
    RIVER_CITATION,
    RIVER_PASSAGE,
    RIVER_QUOTE,
    RIVER_TEXT,
    answer,
    answered,
    article,
    citation,
    refused,
    stored,
)

SGR = re.compile(r"\x1b\[[0-9;]*m")
WORDS = st.lists(
    st.sampled_from(["sông", "Lô", "trồng", "mười", "bốn", "nghìn", "cây", "xanh", "ở", "huyện", "Nghiêng"]),
    min_size=1,
    max_size=60,
)
ANYTHING = st.text(st.characters(exclude_categories=()), min_size=1, max_size=80) | st.sampled_from(
    ["\x1b]0;x\x07", "\x9b2J", "\u202eabc", "[bold]x[/bold]", ":smile:", "a\r\n\tb", "\x00\x7f", "\ud800", "e\u0301"]
)


def shown(renderable: RenderableType, width: int = 80, *, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def understood(text: str) -> tuple[Step, ...]:
    """One step of each kind that the catalogue knows, and one that it does not."""
    kinds = [name.removeprefix("step.") for name in CATALOGUE if name.startswith("step.")]
    return tuple(Step(kind, text, text) for kind in [*kinds, "home-made"])


def manifest(*, fingerprint: str = "fake", skipped: list[list[str]] | None = None) -> Manifest:
    return Manifest(1, 3, "2024-05-01T08:00:00+00:00", fingerprint, 8, 2, 12, 40, 0, "", {}, skipped or [], {})


def everything(text: str) -> Group:
    """Every rendering there is, with `text` wherever something untrusted stands."""
    hostile = dataclasses.replace(article(text, id=text, title=text, source=text), author=text, url=text, path=text)
    passage = stored(hostile, 0, len(text))
    cited = dataclasses.replace(citation(passage, text, marks=[(0, len(text))]), also_in=(text, text))
    both: list[Answer] = [
        answer("?", [passage], text=text, citations=[cited], understood_as=text),
        answer(text, [passage], status="not_found", nearest=[cited], understood_as="?"),
    ]
    both = [dataclasses.replace(a, steps=understood(text)) for a in both]
    return Group(
        *(rendering.answer_text(a, "vi", note=text) for a in both),
        *(tables.why_table(a, "en") for a in both),
        rendering.passage_text(passage, cited, "vi"),
        rendering.article_text(hostile, "en"),
        rendering.ranked_text([Ranked(passage, 0.5, 0.5, 1.0)]),
        tables.articles_table([hostile], "vi"),
        tables.status_table(manifest(fingerprint=text, skipped=[[text, text]]), Path("index"), "vi", warning=text),
    )


@given(text=ANYTHING, colour=st.booleans(), width=st.sampled_from([20, 40, 80, 200]))
def test_nothing_that_steers_a_terminal_is_ever_rendered(text: str, *, colour: bool, width: int) -> None:
    output = SGR.sub("", shown(everything(text), width, colour=colour))
    assert printable(output) == output


@given(words=WORDS, width=st.integers(24, 200))
def test_lines_fit_the_terminal_and_break_between_words(words: list[str], width: int) -> None:
    text = " ".join(words)
    passage = stored(article(text), 0, len(text))
    output = shown(rendering.ranked_text([Ranked(passage, 0.5, 0.5, 1.0)]), width)
    assert all(wcswidth(line) <= width for line in output.splitlines())
    assert " ".join(output.split()).endswith(text)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_tables_fit_the_terminal_and_keep_their_figures_whole(language: Language, width: int) -> None:
    explained = dataclasses.replace(refused("?"), steps=understood("một hai ba bốn " * 40))
    output = shown(Group(tables.why_table(explained, language), tables.articles_table([RIVER] * 60, "en")), width)
    assert all(wcswidth(line) <= width for line in output.splitlines())
    assert {"0.850", "7.25", "0.900", "-1.250", "+2.125", "-0.833", "26/11/2020"} <= set(output.split())
    assert "… and 10 more" in output


def test_why_begins_with_what_was_understood_and_ends_with_the_confidence() -> None:
    steps = (Step("restored", "song lo", "sông Lô"), Step("expected", "", "number"), Step("odd", "a", "b"))
    output = shown(tables.why_table(dataclasses.replace(answered("song lo"), steps=steps), "en")).splitlines()
    assert [line.rstrip().split(maxsplit=1) for line in output[2:5]] == [
        ["1", "diacritics restored: sông Lô"],
        ["2", "looking for: a number"],
        ["3", "odd: a → b"],
    ]
    assert output[-1] == "Confidence: 93%"


def test_reasons_are_ordered_by_what_they_add_and_what_adds_nothing_is_left_out() -> None:
    reasons = (Reason("near", 0.5, 1.0), Reason("kind", 1.0, 0.0), Reason("dense", 0.9, -2.0), Reason("pairs", 0, 9.0))
    output = shown(tables.why_table(dataclasses.replace(answered("?"), reasons=reasons), "vi")).splitlines()
    assert [line.split()[-3:] for line in output[-4:-2]] == [
        ["0.900", "-2.000", "-1.800"],
        ["0.500", "+1.000", "+0.500"],
    ]


def test_of_many_passages_the_first_are_shown_and_the_rest_counted() -> None:
    output = shown(tables.why_table(answer("?", [RIVER_PASSAGE] * 15), "en")).splitlines()
    assert [line.split()[0] for line in output[2:11]] == ["1", "2", "3", "4", "5", "6", "7", "8", "…"]
    assert "and 7 more" in output[10]


def test_a_long_title_is_cut_and_does_not_wrap_where_scores_stand() -> None:
    long = stored(article(title="một hai ba bốn " * 20), 0, 5)
    output = shown(tables.why_table(answer("?", [long]), "vi")).splitlines()
    assert len(output[2]) == 80
    assert re.fullmatch(r"1  một hai .*…  0\.850  7\.25  0\.900", output[2])


@pytest.mark.parametrize("sought", list(Expected))
def test_every_kind_of_answer_is_named_in_words(sought: Expected) -> None:
    assert say("vi", f"sought.{sought}") in step_in_words(Step("expected", "", sought.value), "vi")


def test_markup_and_emoji_names_in_articles_are_shown_as_they_stand() -> None:
    output = shown(rendering.answer_text(refused("?"), "vi"), 200, colour=True)
    assert "[bold red]đỏ[/] :smile:" in SGR.sub("", output)
    assert "[link=http://x]rau[/link]" in SGR.sub("", output)


def test_an_answer_shows_its_sources_below_it() -> None:
    assert shown(rendering.answer_text(answered("Trồng mấy cây?"), "vi"), 120).splitlines() == [
        "Huyện đã trồng 14.500 cây xanh dọc bờ sông [1].",
        "",
        "[1] Sông Lô thêm cây xanh · 26/11/2020 · Hà Trần · Báo Vĩnh Phúc · seeds/song-lo.txt",
        f"    {RIVER_QUOTE}",
    ]


def test_a_refusal_says_so_and_numbers_what_is_nearest() -> None:
    output = shown(rendering.answer_text(refused("Giá vàng?"), "vi"), 120)
    assert "các bài viết không nói tới điều này" in output
    assert "có thể chưa phải câu trả lời" in output
    assert "[1] Chợ" in output
    assert "[2] Sông Lô" in output


def test_a_refusal_with_nothing_near_is_one_line() -> None:
    bare = answer("?", [], status="not_found")
    assert shown(rendering.answer_text(bare, "en")).splitlines() == [say("en", "answer.not_found")]


def test_each_line_of_an_answer_is_a_line() -> None:
    said = answer("?", [RIVER_PASSAGE], text="Sông Lô: 14.500 cây [1].\nHải Hậu: các bài viết không nói.")
    assert shown(rendering.answer_text(said, "vi")).splitlines() == [
        "Sông Lô: 14.500 cây [1].",
        "Hải Hậu: các bài viết không nói.",
    ]


def test_a_question_that_is_not_clear_is_asked_back_and_nothing_is_near() -> None:
    unclear = dataclasses.replace(refused("Ở đó có gì?"), unclear=True)
    output = " ".join(shown(rendering.answer_text(unclear, "vi")).split())
    assert output == say("vi", "answer.unclear")
    assert rendering.sources_of(unclear) == {}


@pytest.mark.parametrize(("language", "told"), [("vi", "cũng có trong 2 bài khác"), ("en", "also in 2 more")])
def test_a_source_says_in_how_many_other_articles_the_same_stands(language: Language, told: str) -> None:
    cited = dataclasses.replace(RIVER_CITATION, also_in=("a.txt", "b.txt"))
    said = answer("?", [RIVER_PASSAGE], text="x [1]", citations=[cited])
    assert shown(rendering.answer_text(said, language), 120).splitlines()[2].endswith(f"song-lo.txt · {told}")
    assert "also_in" not in shown(rendering.sources_text(answered("?"), language))


def test_a_note_on_which_articles_were_asked_stands_above_the_answer() -> None:
    for said in (answered("?"), refused("?")):
        assert shown(rendering.answer_text(said, "vi", "Chỉ tìm trong 1/2 bài")).startswith("Chỉ tìm trong 1/2 bài\n")


@pytest.mark.parametrize(
    "typed",
    ["sông  lô Ở đâu", "sông lô ở đâu", "so\u0302ng lo\u0302 ở đâu ", "Sông Lô, ở đâu?!", "sông lô ở\u200b đâu"],
)
def test_a_question_that_was_understood_as_typed_is_not_repeated(typed: str) -> None:
    assert "Hiểu là" not in shown(rendering.answer_text(answered(typed, "Sông Lô ở đâu"), "vi"))


def test_a_question_that_was_understood_otherwise_is_shown() -> None:
    assert "Hiểu là: Sông Lô ở đâu" in shown(rendering.answer_text(answered("song lo o dau", "Sông Lô ở đâu"), "vi"))


def test_an_article_without_a_title_is_known_by_its_path() -> None:
    nameless = stored(article(title=None, published=None), 0, len(RIVER_TEXT))
    cited = citation(nameless, RIVER_QUOTE)
    output = shown(rendering.answer_text(answer("?", [nameless], text="x [1]", citations=[cited]), "vi"), 120)
    assert "[1] seeds/song-lo.txt · Hà Trần · Báo Vĩnh Phúc\n" in output
    assert "seeds/song-lo.txt" in shown(tables.articles_table([nameless.article], "vi"))


@given(
    pieces=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9), min_size=1, max_size=6),
    marked=st.integers(0, 5),
)
def test_highlighting_marks_the_words_that_answer_and_keeps_the_quote(pieces: list[str], marked: int) -> None:
    quote, chosen = "".join(pieces), pieces[marked % len(pieces)]
    start = len("".join(pieces[: marked % len(pieces)]))
    passage = stored(article(quote), 0, len(quote))
    text = rendering.quote_text(citation(passage, quote, marks=[(start, start + len(chosen))]))
    lit = "".join(text.plain[span.start : span.end] for span in text.spans if span.style == "bold yellow")
    assert _letters(text.plain) == _letters(printable(quote))
    assert _letters(lit) == _letters(printable(chosen))
    assert "\n" not in text.plain


def _letters(text: str) -> str:
    """Without the dashes and spaces that display may put in and take away at line breaks."""
    return "".join(text.replace("–", "").split())


def test_line_breaks_in_a_quote_become_dashes() -> None:
    text = "Giờ mở cửa:  \n\n7 giờ\nđến 11 giờ"
    assert rendering.quote_text(citation(stored(article(text), 0, len(text)), text)).plain == (
        "Giờ mở cửa: – 7 giờ – đến 11 giờ"
    )


def test_the_quote_and_its_words_stand_out_in_the_passage() -> None:
    output = shown(rendering.passage_text(RIVER_PASSAGE, RIVER_CITATION, "vi"), 120, colour=True)
    assert "\x1b[1;33m14.500 cây xanh\x1b[0m" in output
    assert "\x1b[1mHuyện đã trồng \x1b[0m" in output
    assert "\x1b[2mNăm sau, huyện sẽ trồng thêm ở ba xã phía bắc." in output
    assert " Mỗi thôn nhận chăm sóc một đoạn bờ.\n" in output


def test_an_ellipsis_stands_where_a_line_of_the_article_is_cut() -> None:
    long = article("một hai ba. " * 200)
    middle = rendering.passage_text(stored(long, 1200, 1212), None, "vi")
    assert shown(middle).split("\n\n")[1].split()[0] == "…"
    assert shown(middle).split()[-1] == "…"
    assert "…" not in shown(rendering.passage_text(RIVER_PASSAGE, None, "vi"))


def test_a_passage_is_shown_with_what_is_known_of_its_article() -> None:
    output = shown(rendering.passage_text(RIVER_PASSAGE, None, "en"), 120)
    for line in ("Published: 26/11/2020", "Author: Hà Trần", "Source: Báo Vĩnh Phúc", "File: seeds/song-lo.txt"):
        assert line in output
    assert "Address: https://example.vn/song-lo" in output
    assert RIVER_PASSAGE.passage.text in output
    assert "Published" not in shown(rendering.passage_text(MARKET_PASSAGE, None, "en"))


def test_an_answer_in_json_has_the_agreed_shape() -> None:
    cited = dataclasses.replace(RIVER_CITATION, also_in=("seeds/b.txt",))
    said = dataclasses.replace(
        answered("Mấy cây?", "Sông Lô mấy cây?"), citations=(cited,), steps=(Step("completed", "Mấy cây?", "Sông Lô"),)
    )
    row = rendering.answer_json(said, id=7)
    assert row == {
        "id": 7,
        "question": "Mấy cây?",
        "understood_as": "Sông Lô mấy cây?",
        "status": "answered",
        "answer": "Huyện đã trồng 14.500 cây xanh dọc bờ sông [1].",
        "confidence": 0.9346,
        "citations": [
            {
                "n": 1,
                "article_id": "song-lo",
                "path": "seeds/song-lo.txt",
                "url": "https://example.vn/song-lo",
                "title": "Sông Lô thêm cây xanh",
                "published": "2020-11-26",
                "author": "Hà Trần",
                "source": "Báo Vĩnh Phúc",
                "quote": RIVER_QUOTE,
                "start": RIVER_TEXT.index(RIVER_QUOTE),
                "end": RIVER_TEXT.index(RIVER_QUOTE) + len(RIVER_QUOTE),
                "marks": [[15, 30]],
                "also_in": ["seeds/b.txt"],
                "page": None,
            }
        ],
        "nearest": [],
        "unclear": False,
        "steps": [{"kind": "completed", "was": "Mấy cây?", "now": "Sông Lô"}],
        "timings_ms": {"understand": 0.1, "encode": 2.0, "retrieve": 1.0, "answer": 0.5, "total": 3.6},
    }


def test_what_is_unknown_is_null_in_json() -> None:
    nearest = rendering.answer_json(refused("?"))["nearest"]
    assert [(c["published"], c["source"]) for c in nearest] == [(None, None), ("2020-11-26", "Báo Vĩnh Phúc")]


def test_a_search_row_has_the_agreed_shape() -> None:
    row = rendering.search_json("cây", "a", [Ranked(RIVER_PASSAGE, 0.912345, 0.85, 7.25)])
    passage = RIVER_PASSAGE.passage
    assert row == {
        "id": "a",
        "query": "cây",
        "passages": [
            {
                "rank": 1,
                "article_id": "song-lo",
                "path": "seeds/song-lo.txt",
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
                "score": 0.9123,
                "dense": 0.85,
                "lexical": 7.25,
            }
        ],
    }


@given(text=ANYTHING)
def test_strings_in_json_are_as_they_stand_in_the_article(text: str) -> None:
    passage = stored(article(text, title=text), 0, len(text))
    row = rendering.answer_json(answer(text, [passage], text=text, citations=[citation(passage, text)]))
    read = json.loads(json.dumps(row))
    assert [read["question"], read["answer"], read["citations"][0]["quote"], read["citations"][0]["title"]] == [
        text
    ] * 4


def test_the_status_names_generation_model_and_what_was_left_out() -> None:
    skipped = [[f"seeds/{n}.doc", "no text"] for n in range(23)]
    output = shown(
        tables.status_table(manifest(skipped=skipped), Path("index"), "en", warning="Generation 4 is damaged")
    )
    for part in ("Index generation 3 · index", "fake", "40", "seeds/0.doc: no text", "… and 3 more", "4 is damaged"):
        assert part in output


def test_every_message_is_there_in_both_languages_with_the_same_values() -> None:
    for name, wordings in CATALOGUE.items():
        assert set(wordings) == {"vi", "en"}, name
        assert re.findall(r"{\w+}", wordings["vi"]) == re.findall(r"{\w+}", wordings["en"]), name


def test_every_number_behind_the_confidence_has_a_name_in_words() -> None:
    assert {f"reason.{name}" for name in evidence.NAMES} <= set(CATALOGUE)


def test_dates_are_written_day_first() -> None:
    assert rendering.shown_date(date(1999, 2, 3)) == "03/02/1999"
    assert rendering.shown_date(None) == ""


def test_a_hanging_text_stands_under_its_first_line() -> None:
    assert shown(rendering.Hanging("[1] ", Text("một hai ba bốn")), 11).splitlines() == ["[1] một hai", "    ba bốn"]


@given(st.text(max_size=50), st.text(st.sampled_from("\x00\x1b\x7f\x9b\u202e\u2028\u2069\udc80\n\r"), max_size=10))
def test_a_line_of_json_means_the_same_and_steers_nothing(text: str, hostile: str) -> None:
    line = rendering.json_line({"answer": text + hostile})
    assert json.loads(line) == {"answer": text + hostile}
    assert line.encode("utf-8")
    assert not any(c in line for c in "\x1b\x9b\n\u202e\u2028")
