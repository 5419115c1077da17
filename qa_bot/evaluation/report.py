"""The report: one HTML page that needs nothing else, no script, no network. Pure but for reading style.css."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from embeddings.messages import Language
from qa_bot.evaluation import plots
from qa_bot.evaluation.cases import case, line
from qa_bot.evaluation.figures import Figures, Tally
from qa_bot.evaluation.gold import ANSWERABLE, DISLIKED, UNANSWERABLE
from qa_bot.evaluation.markup import Markup, element, join
from qa_bot.evaluation.outcomes import FAILURES, Outcome, Verdict
from qa_bot.evaluation.words import known, number, percent, say

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_WELL = (Verdict.RIGHT, Verdict.REFUSED_RIGHTLY, Verdict.GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Subject:
    """What was evaluated, and on what."""

    gold: str  # the file's name
    articles: int
    passages: int
    model: str  # the encoder's fingerprint
    threshold: float  # confidence below which the bot refuses
    made: datetime


def page(outcomes: Sequence[Outcome], figures: Figures, subject: Subject, language: Language) -> str:
    """The whole document."""
    by_verdict = {verdict: [one for one in outcomes if one.verdict is verdict] for verdict in Verdict}
    title = say(language, "report.title")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · {subject.gold}"),
        element("style", _style()),
    )
    body = element(
        "body",
        _head(title, by_verdict, len(outcomes), subject, language),
        element(
            "main",
            element("div", *_cards(figures, language), class_="cards"),
            _kinds(figures, language),
            element(
                "div",
                plots.recall_plot(figures.retrieval, language),
                plots.refusal_plot(outcomes, figures.refusals, subject.threshold, language),
                plots.confidence_plot(outcomes, subject.threshold, language),
                plots.reliability_plot(figures.calibration, language),
                plots.latency_plot(outcomes, language),
                class_="plots",
            ),
            *_failures(by_verdict, subject.threshold, language),
            *_rest(by_verdict, language),
        ),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang=language)}\n"


@cache
def _style() -> Markup:
    """The style sheet, which holds nothing that HTML would read otherwise."""
    return Markup(resources.files("qa_bot.evaluation").joinpath("style.css").read_text("utf-8"))


def _head(
    title: str, by_verdict: dict[Verdict, list[Outcome]], questions: int, subject: Subject, language: Language
) -> Markup:
    about = say(
        language, "report.subtitle",
        questions=questions, gold=subject.gold, articles=subject.articles, passages=subject.passages,
        model=subject.model, made=f"{subject.made:%d/%m/%Y %H:%M}",
    )  # fmt: skip
    links = [
        element("a", *_counted(verdict, len(group), language), href=f"#{verdict}")
        for verdict in FAILURES
        if (group := by_verdict[verdict])
    ]
    return element("header", element("h1", title), element("p", about, class_="muted"),
                   element("nav", *links) if links else "", class_="top")  # fmt: skip


def _counted(verdict: Verdict, count: int, language: Language) -> tuple[str, Markup]:
    return f"{say(language, f'verdict.{verdict}')} ", element("b", f"{count}")


def _cards(figures: Figures, language: Language) -> list[Markup]:
    def written(value: float | None) -> str:
        return number(language, value)

    refusals, calibration, retrieval = figures.refusals, figures.calibration, figures.retrieval
    answers = figures.kinds.get(ANSWERABLE, Tally())
    right, first = _share(answers.answer, answers.n), _share(retrieval.recall[0], 1 if retrieval.n else 0)
    refused = _share(refusals.refused_answerable, refusals.answerable)
    error = None if calibration.expected_error is None else 100 * calibration.expected_error
    total = figures.latency.stages.get("total", {})
    p50, p95, p99 = (number(language, total.get(percentile), 0) for percentile in (50, 95, 99))
    shown: list[tuple[str, str, dict[str, object]]] = [
        ("answer", percent(right), {"right": answers.answer, "n": answers.n}),
        ("recall", percent(first), {"mrr": written(retrieval.mrr), "ndcg": written(retrieval.ndcg)}),
        ("refusal", percent(refusals.recall), {"right": refusals.refused_unanswerable, "n": refusals.unanswerable}),
        ("refused", percent(refused), {"wrong": refusals.refused_answerable, "n": refusals.answerable}),
        ("auroc", written(refusals.auroc), {}),
        ("calibration", number(language, error, 1), {"brier": written(calibration.brier)}),
        ("latency", f"{p50} ms", {"p95": p95, "p99": p99}),
    ]
    return [
        element(
            "div",
            element("span", say(language, f"card.{name}"), class_="label"),
            element("strong", value),
            element("span", say(language, f"card.{name}_of", **values), class_="muted"),
            class_="card",
        )
        for name, value, values in shown
    ]


def _share(count: float, n: int) -> float | None:
    return count / n if n else None


def _kinds(figures: Figures, language: Language) -> Markup:
    """A row a kind, each share as a number and a bar. What comes last stands for several kinds, or for none."""
    last = (ANSWERABLE, UNANSWERABLE, DISLIKED)
    ordered = sorted(figures.kinds.items(), key=lambda item: (last.index(item[0]) if item[0] in last else -1, item[0]))
    heads = [say(language, f"kinds.{name}")
             for name in ("kind", "n", "article", "evidence", "answer", "refused", "characters")]  # fmt: skip
    rows = [_kind(kind, tally, heads, language) for kind, tally in ordered]
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in heads)))
    return element(
        "figure",
        element("h3", say(language, "kinds.title")),
        element("table", head, element("tbody", *rows), class_="kinds"),
        element("figcaption", say(language, "kinds.note")),
        class_="plot wide",
    )


def _kind(kind: str, tally: Tally, heads: Sequence[str], language: Language) -> Markup:
    cites, answers = kind != UNANSWERABLE, kind not in (UNANSWERABLE, DISLIKED)
    shares = (
        (tally.cited, cites, "one"), (tally.evidence, cites, "one"), (tally.answer, answers, "one"),
        (tally.refused, True, "two"),
    )  # fmt: skip
    cells = [
        _share_cell(tally.share(count) if counts else None, style, head)
        for (count, counts, style), head in zip(shares, heads[2:6], strict=True)
    ]
    answered = tally.n - tally.refused
    length = f"{tally.characters / answered:.0f}" if answered and cites else "–"
    return element(
        "tr",
        element("th", known(language, f"kind.{kind}", kind), scope="row"),
        element("td", f"{tally.n}", data_label=heads[1], class_="figure"),
        *cells,
        element("td", length, data_label=heads[6], class_="figure"),
        class_="sum" if kind == ANSWERABLE else None,
    )


def _share_cell(share: float | None, style: str, head: str) -> Markup:
    if share is None:
        return element("td", "–", data_label=head, class_="none")
    return element(
        "td", element("span", percent(share), class_="figure"), plots.share_bar(share, style), data_label=head
    )


def _failures(by_verdict: dict[Verdict, list[Outcome]], threshold: float, language: Language) -> list[Markup]:
    found = [(verdict, by_verdict[verdict]) for verdict in FAILURES if by_verdict[verdict]]
    heading = element("h2", say(language, "failures.title"))
    if not found:
        return [heading, element("p", say(language, "failures.none"))]
    return [
        heading,
        *(
            element(
                "details",
                element("summary", *_counted(verdict, len(group), language)),
                *(case(outcome, threshold, language) for outcome in group),
                class_="group",
                id=verdict.value,
                open="",
            )
            for verdict, group in found
        ),
    ]


def _rest(by_verdict: dict[Verdict, list[Outcome]], language: Language) -> list[Markup]:
    found = [(verdict, by_verdict[verdict]) for verdict in _WELL if by_verdict[verdict]]
    return [
        element("h2", say(language, "rest.title")) if found else join([]),
        *(
            element(
                "details",
                element("summary", *_counted(verdict, len(group), language)),
                element("ul", *(line(outcome, language) for outcome in group), class_="lines"),
                class_="group",
                id=verdict.value,
            )
            for verdict, group in found
        ),
    ]
