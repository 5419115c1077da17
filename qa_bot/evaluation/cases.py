"""One question side by side: asked and understood, expected, got, why. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from embeddings.messages import Language
from qa_bot.evaluation.markup import Markup, element, join, marked
from qa_bot.evaluation.outcomes import Outcome, Verdict
from qa_bot.evaluation.plots import confidence_bar, effect_bar
from qa_bot.evaluation.words import known, number, percent, say
from qa_bot.messages import step_in_words
from qa_bot.naming import name_of, same_words, shown_date
from qa_bot.records import Answer, Citation, Reason

_SHOWN_NEAREST = 3


def case(outcome: Outcome, threshold: float, language: Language) -> Markup:
    """The whole of it, as an <article>."""
    return element(
        "article",
        _question(outcome, threshold, language),
        element(
            "div",
            element("section", element("h5", say(language, "failure.expected")), _expected(outcome, language)),
            element("section", element("h5", say(language, "failure.got")), _got(outcome.answer, language)),
            class_="sides",
        ),
        _why(outcome, language),
        class_="case",
        data_verdict=outcome.verdict.value,
    )


def line(outcome: Outcome, language: Language) -> Markup:
    """A question that came out well, as an <li>: what was asked, what was said, how sure."""
    answer = outcome.answer
    elsewhere = outcome.verdict is Verdict.RIGHT and not outcome.cited
    return element(
        "li",
        element("b", outcome.row.question),
        " ",
        element("span", percent(answer.confidence), class_="muted"),
        join([" · ", element("span", say(language, "got.elsewhere"), class_="tag")]) if elsewhere else "",
        element("div", _said(answer) if answer.text == _plain(answer) else answer.text, class_="said")
        if answer.text
        else "",
    )


def _question(outcome: Outcome, threshold: float, language: Language) -> Markup:
    row, answer = outcome.row, outcome.answer
    tags = [element("span", word, class_="tag") for word in (row.id, row.kind) if word]
    before = [element("li", question) for question in row.history]
    understood = not same_words(row.question, answer.understood_as)
    told = f"{say(language, 'failure.confidence')} {percent(answer.confidence)}"
    limit = say(language, "failure.threshold", threshold=percent(threshold))
    return element(
        "header",
        element("p", *tags, class_="tags"),
        _labelled(say(language, "failure.before"), element("ol", *before)) if before else "",
        element("h4", row.question, class_="asked"),
        _labelled(say(language, "failure.understood"), element("p", answer.understood_as)) if understood else "",
        element(
            "p",
            element("span", told),
            confidence_bar(answer.confidence, threshold, f"{told}, {limit}"),
            element("span", limit, class_="muted"),
            class_="confidence",
        ),
    )


def _expected(outcome: Outcome, language: Language) -> Markup:
    row = outcome.row
    if row.vote < 0:
        wanted = [element("p", say(language, "expected.not"))]
    elif not row.answerable:
        wanted = [element("p", say(language, "expected.refusal"))]
    else:
        wanted = [
            _labelled(say(language, f"expected.{name}"), element("ul", *(element("li", text) for text in texts)))
            for name, texts in (("accept", row.accept), ("key_points", row.key_points))
            if texts
        ]
    quotes = [element("blockquote", text) for text in row.evidence]
    articles = element("p", ", ".join(row.article), class_="source")
    return join(
        [
            *wanted,
            _labelled(say(language, "expected.evidence"), join(quotes)) if quotes else "",
            _labelled(say(language, "expected.article"), articles) if row.article else "",
            _labelled(say(language, "expected.note"), element("p", row.note)) if row.note else "",
            _found(outcome, language),
        ]
    )


def _found(outcome: Outcome, language: Language) -> Markup:
    """Where retrieval had what was wanted: whether a failure is its fault."""
    words = [
        say(language, "failure.unfound") if rank is None else say(language, "failure.rank", rank=rank)
        for rank in outcome.ranks
    ]
    return element("p", " · ".join(dict.fromkeys(words)), class_="muted") if words else join([])


def _got(answer: Answer, language: Language) -> Markup:
    if answer.status == "answered":
        whole = _said(answer)
        shortened = element("p", answer.text, class_="said") if answer.text != _plain(answer) else ""
        return join([shortened, whole])
    refusal = say(language, "got.unclear" if answer.unclear else "got.refusal")
    nearest = answer.nearest[:_SHOWN_NEAREST]
    listed = element("ol", *(element("li", _cited(citation)) for citation in nearest))
    return join(
        [
            element("p", refusal),
            _labelled(say(language, "got.nearest"), listed)
            if nearest
            else element("p", say(language, "got.nothing"), class_="muted"),
        ]
    )


def _plain(answer: Answer) -> str:
    return " ".join(f"{citation.quote} [{citation.n}]" for citation in answer.citations)


def _said(answer: Answer) -> Markup:
    return element("ol", *(element("li", _cited(citation)) for citation in answer.citations))


def _cited(citation: Citation) -> Markup:
    """The quote with the words that answer marked, and where it stands."""
    place = [name_of(citation), shown_date(citation.published), PurePosixPath(citation.path).name]
    source = " · ".join(dict.fromkeys(part for part in place if part))
    return join(
        [
            element("blockquote", marked(citation.quote, citation.marks)),
            element("p", source, class_="source"),
        ]
    )


def _why(outcome: Outcome, language: Language) -> Markup:
    answer = outcome.answer
    steps = [element("tr", element("td", step_in_words(step, language))) for step in answer.steps]
    tables = [_table([say(language, "why.step")], steps)] if steps else []
    if answer.reasons:
        heads = [say(language, f"why.{name}") for name in ("reason", "value", "weight", "effect")]
        tables.append(_table(heads, _reasons(answer.reasons, language)))
    return element(
        "details",
        element("summary", say(language, "failure.why")),
        *(tables or [element("p", say(language, "why.nothing"), class_="muted")]),
    )


def _reasons(reasons: Sequence[Reason], language: Language) -> list[Markup]:
    """Rows of value, weight and, as a bar, their product."""
    largest = max(abs(reason.value * reason.weight) for reason in reasons)
    return [
        element(
            "tr",
            element("td", known(language, f"reason.{reason.name}", reason.name)),
            element("td", number(language, reason.value), class_="figure"),
            element("td", number(language, reason.weight), class_="figure"),
            element("td", effect_bar(reason.value * reason.weight, largest), class_="effect"),
        )
        for reason in reasons
    ]


def _table(heads: Sequence[str], rows: Sequence[str]) -> Markup:
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in heads)))
    return element("div", element("table", head, element("tbody", *rows)), class_="scrolled")


def _labelled(name: str, content: str) -> Markup:
    return element("div", element("span", name, class_="label"), content, class_="labelled")
