"""The report page: sound HTML whatever articles hold, nothing from outside, every failure in it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.console import printable
from embeddings.errors import StorageError
from embeddings.messages import Language
from qa_bot.cli import main
from qa_bot.evaluation import Gold, Outcome, Subject, Verdict, ask_all, check_destination, figures, page, write_report
from qa_bot.evaluation.markup import Markup, element, marked, text
from qa_bot.evaluation.words import WORDS
from qa_bot.records import Answer, Ranked, Step
from tests.samples import MARKET_PASSAGE, RIVER_CITATION, RIVER_PASSAGE, RIVER_QUOTE, answered, refused

if TYPE_CHECKING:
    from embeddings.index import StoredPassage

SUBJECT = Subject("gold.jsonl", 2, 2, "hashing@256", 0.3, datetime(2026, 11, 22, 9, 30))
LANGUAGES: tuple[Language, ...] = get_args(Language)
VOID = {"meta", "br"}
HOSTILE = (
    "</script></style></details><script>alert(1)</script><img src=http://x onerror=y>"
    "\x1b]52;c;\x07\u202e\u2066\x00\ud800 &amp; 'q\""
)


class FakeBot:
    """Answers each question with what it was given, and finds these passages in this order."""

    def __init__(self, answers: Sequence[Answer], found: Sequence[StoredPassage]) -> None:
        self._answers = {answer.question: answer for answer in answers}
        self._found = [Ranked(stored, 0.9, 0.8, 7.0) for stored in found]

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:  # noqa: ARG002
        return self._answers[question]

    def search(self, question: str, top: int, history: Sequence[str] = ()) -> list[Ranked]:  # noqa: ARG002
        return self._found[:top]


class Page(HTMLParser):
    """Raises AssertionError where elements are not closed in order; collects what tests look at."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} is there twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def said(self) -> str:
        return "".join(self.texts)


def _row(question: str, **given: object) -> Gold:
    return Gold.model_validate({"question": question, "id": question, **given})


def _outcomes() -> list[Outcome]:
    """One of each verdict, and one more right answer from elsewhere."""
    step = Step("restored", "cay", "cây")
    rows = [
        _row("đúng", article="song-lo.txt", accept="14.500", evidence=RIVER_QUOTE, kind="factoid"),
        _row("đúng, bài khác", article="khac.txt", accept="14.500", kind="factoid"),
        _row("sai câu", article="song-lo.txt", accept="3 cây", history=["Câu trước?"], kind="list_or_why"),
        _row("sai bài", article=["khac.txt"], key_points=["a", "b"], note="ghi chú riêng"),
        _row("từ chối nhầm", article="song-lo.txt", accept="14.500", evidence="không ở đâu cả"),
        _row("trả lời nhầm", article=None),
        _row("từ chối đúng", article=None),
        _row("bị chê", article="song-lo.txt", evidence=RIVER_QUOTE, vote=-1),
        _row("bị chê, hết", article="song-lo.txt", evidence=RIVER_QUOTE, vote=-1),
    ]
    refusals = {"từ chối nhầm", "từ chối đúng", "bị chê, hết"}
    answers = [refused(row.question) if row.question in refusals else answered(row.question) for row in rows]
    answers[2] = replace(answers[2], understood_as="Sai câu nào của Câu trước?", steps=(step,))
    return ask_all(FakeBot(answers, [MARKET_PASSAGE, RIVER_PASSAGE]), rows)


def _page(outcomes: Sequence[Outcome], language: Language = "vi", subject: Subject = SUBJECT) -> str:
    return page(outcomes, figures(outcomes), subject, language)


def test_each_outcome_gets_the_verdict_that_it_deserves() -> None:
    assert {one.row.question: one.verdict.value for one in _outcomes()} == {
        "đúng": "right",
        "đúng, bài khác": "right",
        "sai câu": "wrong_sentence",
        "sai bài": "wrong_article",
        "từ chối nhầm": "refused",
        "trả lời nhầm": "answered",
        "từ chối đúng": "refused_rightly",
        "bị chê": "disliked",
        "bị chê, hết": "given_up",
    }


def test_ranks_are_those_of_the_evidence_or_of_the_articles_where_none_is_named() -> None:
    by_question = {one.row.question: one.ranks for one in _outcomes()}
    assert by_question["đúng"] == (2,)
    assert by_question["sai câu"] == (2,)
    assert by_question["sai bài"] == (None,)
    assert by_question["từ chối nhầm"] == (None,)
    assert by_question["trả lời nhầm"] == by_question["bị chê"] == ()


def test_the_confidence_of_a_refusal_is_judged_by_what_would_have_been_cited() -> None:
    (ask,) = ask_all(FakeBot([refused("?a")], []), [_row("?a", article="song-lo.txt", accept="14.500")])
    assert ask.would_be_right is False  # the market comes nearest
    nearer = replace(ask, answer=replace(ask.answer, nearest=(RIVER_CITATION,)))
    assert nearer.would_be_right is True
    assert replace(nearer, row=_row("?a")).would_be_right is False
    assert replace(nearer, row=_row("?a", article="song-lo.txt", vote=-1)).would_be_right is None
    assert replace(ask, answer=replace(ask.answer, nearest=())).would_be_right is None
    assert figures([nearer, ask]).calibration.n == 2


def test_what_readers_disliked_counts_in_no_figure_over_all() -> None:
    judged = [one for one in _outcomes() if one.row.vote >= 0]
    one, other = figures(_outcomes()), figures(judged)
    assert (one.retrieval, one.refusals, one.calibration) == (other.retrieval, other.refusals, other.calibration)


def test_refusals_are_counted_as_a_detector_of_questions_without_an_answer() -> None:
    refusals = figures(_outcomes()).refusals
    assert (refusals.answerable, refusals.unanswerable) == (5, 2)
    assert (refusals.refused_answerable, refusals.refused_unanswerable) == (1, 1)
    assert (refusals.precision, refusals.recall, refusals.f1) == (0.5, 0.5, 0.5)


def test_the_time_of_a_question_is_that_of_asking_and_stages_keep_their_order() -> None:
    stages = figures(_outcomes()).latency.stages
    assert list(stages) == ["understand", "encode", "retrieve", "answer", "total"]
    assert stages["encode"] == {50: 2.0, 95: 2.0, 99: 2.0}
    assert stages["total"][50] < 3.6  # not what the answer says of itself


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_well_formed_and_shows_every_failure_once(language: Language) -> None:
    outcomes = _outcomes()
    shown = Page(_page(outcomes, language))
    cases = [attributes["data-verdict"] for attributes in shown.named("article")]
    assert cases == ["wrong_article", "wrong_sentence", "refused", "answered", "disliked"]
    for outcome in outcomes:
        assert outcome.row.question in shown.said
    for words in ("Câu trước?", "Sai câu nào của Câu trước?", "ghi chú riêng", "không ở đâu cả", "home-made", "cây"):
        assert words in shown.said
    assert shown.named("html") == [{"lang": language}]
    identifiers = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_the_words_that_answer_are_marked_in_the_quote() -> None:
    quote = "<blockquote>Huyện đã trồng <mark>14.500 cây xanh</mark> dọc bờ sông.</blockquote>"
    assert quote in _page(_outcomes())


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    shown = Page(_page(_outcomes()))
    assert {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"} in (
        shown.named("meta")
    )
    for tag, attributes in shown.elements:
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "base", "form", "use", "image"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "srcset", "action", "data", "background", "style"}
            assert name != "href" or (value or "").startswith("#")
    (style,) = re.findall(r"<style>(.*?)</style>", _page(_outcomes()), re.DOTALL)
    assert not re.search(r"url\(|@import|https?:|[<&]", style)


def test_every_plot_has_a_title_axes_and_words_for_those_who_cannot_see_it() -> None:
    shown = Page(_page(_outcomes()))
    plots = [attributes for attributes in shown.named("svg") if attributes.get("viewbox", "").startswith("0 0 420")]  # type: ignore[union-attr]
    assert len(plots) == 5
    assert all(plot["role"] == "img" and len(plot["aria-label"] or "") > 20 for plot in plots)
    assert len(shown.named("h3")) == 6
    labels = [attributes for attributes in shown.named("text") if "axis-label" in (attributes["class"] or "")]
    assert len(labels) == 10
    for svg in shown.named("svg"):
        assert svg.get("aria-hidden") == "true" or svg.get("role") == "img"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_article_question_or_name_does_not_break_the_page(language: Language) -> None:
    quiet = _outcomes()
    loud = [
        replace(
            one,
            row=one.row.model_copy(update={"question": HOSTILE, "note": HOSTILE, "id": HOSTILE, "evidence": [HOSTILE]}),
            answer=replace(
                one.answer,
                understood_as=HOSTILE * 2,
                text=HOSTILE,
                citations=tuple(replace(c, title=HOSTILE, path=HOSTILE, quote=HOSTILE) for c in one.answer.citations),
                steps=(Step(HOSTILE, "{now}", HOSTILE),),
            ),
        )
        for one in quiet
    ]
    html = _page(loud, language, replace(SUBJECT, gold=HOSTILE, model=HOSTILE))
    shown = Page(html)
    assert not {"script", "img"} & {tag for tag, _ in shown.elements}
    assert html.replace("\n", "") == printable(html.replace("\n", ""))
    assert html.encode("utf-8")
    assert "<script>alert(1)" in shown.said


@given(st.text(), st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 60)), max_size=6))
def test_marks_change_nothing_but_what_is_marked(value: str, marks: list[tuple[int, int]]) -> None:
    shown = Page(marked(value, marks))
    assert "".join(shown.texts).replace("\r\n", "\n") == printable(value)
    assert {tag for tag, _ in shown.elements} <= {"mark"}


@given(st.text())
def test_an_element_holds_exactly_the_text_that_was_put_into_it(value: str) -> None:
    shown = Page(element("p", value, title=value))
    assert shown.named("p") == [{"title": printable(value)}]
    assert shown.said == printable(value)


def test_what_is_html_already_is_not_escaped_again() -> None:
    assert element("p", element("b", "a<b")) == "<p><b>a&lt;b</b></p>"
    assert text(text("<")) == "&lt;"
    assert isinstance(text("<"), Markup)


@pytest.mark.parametrize(
    ("questions", "empty"),
    [(["từ chối đúng"], 2), (["đúng"], 1), (["bị chê"], 4), (["trả lời nhầm", "từ chối đúng"], 2), ([], 5)],
)
def test_a_plot_that_there_are_no_questions_for_says_so(questions: list[str], empty: int) -> None:
    shown = Page(_page([one for one in _outcomes() if one.row.question in questions], "en"))
    assert shown.said.count("There is no question to draw this from.") == empty


def test_a_page_without_failures_says_so() -> None:
    assert "Không có lỗi nào." in _page([one for one in _outcomes() if one.verdict is Verdict.RIGHT])


def test_the_words_are_there_in_both_languages_with_the_same_values() -> None:
    for name, texts in WORDS.items():
        assert texts.keys() == {"vi", "en"}, name
        assert len({frozenset(re.findall(r"{(\w+)}", words)) for words in texts.values()}) == 1, name


def test_numbers_are_written_as_the_language_writes_them() -> None:
    asked = [replace(one, milliseconds=1.5) for one in _outcomes()]
    assert "1,5 · 1,5 · 1,5" in _page(asked, "vi")
    assert "1.5 · 1.5 · 1.5" in _page(asked, "en")


def test_a_report_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    report = tmp_path / "out.html"
    check_destination(report, tmp_path / "gold.jsonl")
    assert not report.exists()
    write_report(report, "<p>đúng</p>")
    assert report.read_text("utf-8") == "<p>đúng</p>"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_checking_leaves_an_older_report_as_it_is(tmp_path: Path) -> None:
    report = tmp_path / "out.html"
    report.write_text("cũ", "utf-8")
    check_destination(report, tmp_path / "gold.jsonl")
    assert report.read_text("utf-8") == "cũ"


@pytest.mark.parametrize("place", ["none/out.html", "."])
def test_a_report_that_cannot_be_written_is_one_line_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"question": "?a"}', "utf-8")
    options = ["--report", str(tmp_path / place), "--index", str(tmp_path / "no-index")]
    assert main(["eval", str(gold), *options]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "cannot be written" in told
    assert "Give another --report FILE" in told


def test_a_report_never_overwrites_the_questions(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text("{}", "utf-8")
    os.link(gold, tmp_path / "same.html")
    with pytest.raises(StorageError, match="would overwrite the questions"):
        check_destination(tmp_path / "same.html", gold)


def test_each_question_moves_the_bar_also_those_that_count_under_nothing() -> None:
    rows = [_row("?a"), _row("?b", vote=-1)]
    moved: list[None] = []
    assert len(ask_all(FakeBot([answered("?a")], []), rows, lambda: moved.append(None))) == 1
    assert len(moved) == 2
