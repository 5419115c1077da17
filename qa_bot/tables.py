"""Small tables: why an answer is what it is, which articles there are, what the index holds. Pure, like rendering."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embeddings.console import one_line
from qa_bot.messages import CATALOGUE, say, step_in_words
from qa_bot.rendering import shown_date, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embeddings.generations import Manifest
    from embeddings.messages import Language
    from embeddings.records import Article
    from qa_bot.records import Answer

_SHOWN_ARTICLES = 50
_SHOWN_SKIPPED = 20
_SHOWN_PASSAGES = 8
_SHOWN_CHARACTERS = 150  # of what was typed and what it was taken for
_LEAST_SHOWN = 0.0005  # less is 0.000


def why_table(answer: Answer, language: Language) -> RenderableType:
    """What was understood beyond the words, the passages that were weighed with their scores, what the confidence
    was reckoned from, the weightiest first and without what adds nothing, and the confidence."""
    steps = _table(language, left=["rank", "understood"])
    for number, step in enumerate(answer.steps, start=1):
        told = step_in_words(replace(step, was=_brief(step.was), now=_brief(step.now)), language)
        steps.add_row(f"{number}", Text(one_line(told)))
    passages = _table(language, left=["rank", "article"], right=["dense", "lexical", "score"])
    for rank, found in enumerate(answer.ranked[:_SHOWN_PASSAGES], start=1):
        scores = (f"{found.dense:.3f}", f"{found.lexical:.2f}", f"{found.score:.3f}")
        title = Text(title_of(found.stored.article), no_wrap=True, overflow="ellipsis")
        passages.add_row(f"{rank}", title, *scores)
    if len(answer.ranked) > _SHOWN_PASSAGES:
        passages.add_row("…", say(language, "why.more", count=len(answer.ranked) - _SHOWN_PASSAGES), style="dim")
    reasons = _table(language, left=["reason"], right=["value", "weight", "contribution"])
    products = sorted(((reason.value * reason.weight, reason) for reason in answer.reasons), key=lambda p: -abs(p[0]))
    for product, reason in products:
        if abs(product) >= _LEAST_SHOWN:
            figures = (f"{reason.value:.3f}", f"{reason.weight:+.3f}", f"{product:+.3f}")
            reasons.add_row(_reason(reason.name, language), *figures)
    confidence = Text(say(language, "why.confidence", percent=round(100 * answer.confidence)))
    tables = [part for table in (steps, passages, reasons) if table.row_count for part in (table, Text())]
    return Group(*tables, confidence)


def articles_table(articles: Sequence[Article], language: Language) -> RenderableType:
    """Title and path, date, and whom an article is from; the first so many of them."""
    table = _table(language, left=["article", "published", "from"])
    for article in articles[:_SHOWN_ARTICLES]:
        origin = " · ".join(one_line(name) for name in (article.author, article.source) if name)
        table.add_row(_named(article), shown_date(article.published), Text(origin))
    if len(articles) > _SHOWN_ARTICLES:
        more = say(language, "table.more", count=len(articles) - _SHOWN_ARTICLES)
        return Group(table, Text(more, "dim"))
    return table


def status_table(
    manifest: Manifest, folder: Path | str, language: Language, warning: str | None = None
) -> RenderableType:
    """What the index in `folder` holds, and the files it had to leave out."""
    title = Text(one_line(say(language, "status.title", number=manifest.number, folder=folder)), "bold")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows = [
        ("status.created", manifest.created),
        ("build.articles", f"{manifest.articles}"),
        ("build.passages", f"{manifest.passages}"),
        ("build.sentences", f"{manifest.sentences}"),
        ("status.model", manifest.fingerprint),
        ("build.skipped", f"{len(manifest.skipped)}"),
        *([("status.warning", warning)] if warning else []),
    ]
    for name, value in rows:
        table.add_row(say(language, name), Text(one_line(value)))
    skipped = [Text(one_line(f"{path}: {reason}"), "dim") for path, reason in manifest.skipped[:_SHOWN_SKIPPED]]
    if len(manifest.skipped) > _SHOWN_SKIPPED:
        skipped.append(Text(say(language, "build.more", count=len(manifest.skipped) - _SHOWN_SKIPPED), "dim"))
    return Group(title, table, *skipped)


def _table(language: Language, left: Sequence[str], right: Sequence[str] = ()) -> Table:
    """Columns that fold, then columns of numbers that never do."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", show_edge=False)
    for name in left:
        short = name in ("rank", "published")
        table.add_column(say(language, f"table.{name}"), no_wrap=short, overflow="fold")
    for name in right:
        table.add_column(say(language, f"table.{name}"), no_wrap=True, justify="right")
    return table


def _brief(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"


def _reason(name: str, language: Language) -> Text:
    """A number's name in words; the name itself where the catalogue has none, as for a model of one's own."""
    known = f"reason.{name}" in CATALOGUE
    return Text(say(language, f"reason.{name}") if known else one_line(name))


def _named(article: Article) -> Text:
    """The title above the path."""
    title = Text(title_of(article))
    return title.append(f"\n{one_line(article.path)}", "dim") if article.title else title
