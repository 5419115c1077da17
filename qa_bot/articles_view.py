"""Articles as people and programs are shown them: a list, one of them whole, what was removed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embeddings.console import one_line, printable
from qa_bot import messages
from qa_bot.articles_words import say
from qa_bot.naming import shown_date
from qa_bot.rendering import Hanging

if TYPE_CHECKING:
    from embeddings.index import StoredPassage
    from embeddings.messages import Language
    from embeddings.records import Article, Header
    from embeddings.removals import Removed

_ASIDE = "dim"
_REPRINTS = 3  # that are named beside an article in a list


@dataclass(frozen=True, slots=True)
class Whole:
    """All that the index says of one article."""

    article: Article
    passages: Sequence[StoredPassage]
    story: int | None
    reprints: Sequence[Header]


def listing(
    headers: Sequence[Header], total: int, others: Mapping[int, Sequence[Header]], limit: int, language: Language
) -> RenderableType:
    """The first `limit` articles (0: all) of those that match, out of `total`; `others`: reprints of each, by row."""
    table = _table(language, "number", "title", "published", "author", "source")
    shown = headers[: limit or None]
    for number, header in enumerate(shown, start=1):
        origin = (one_line(header.author or ""), one_line(header.source or ""))
        name = _named(header.title, header.path, _also(others.get(header.row, ()), language))
        table.add_row(f"{number}", name, shown_date(header.published), *map(Text, origin))
    count = _count(len(headers), total, language)
    return Group(table, *_more(len(headers) - len(shown), language), Text(count, _ASIDE))


def _count(found: int, total: int, language: Language) -> str:
    if found < total:
        return say(language, "articles.count_of", count=found, total=total)
    return say(language, "articles.count_one" if found == 1 else "articles.count", count=found)


def removed_listing(records: Sequence[Removed], limit: int, language: Language) -> RenderableType:
    """What was removed, and when."""
    table = _table(language, "number", "title", "removed_at")
    shown = records[: limit or None]
    for number, record in enumerate(shown, start=1):
        table.add_row(f"{number}", _named(record.title, record.path, ""), _day(record.at))
    return Group(table, *_more(len(records) - len(shown), language))


def _more(count: int, language: Language) -> Iterator[Text]:
    if count:
        yield Text(say(language, "articles.more", count=count), _ASIDE)


def _day(at: str) -> str:
    """The day of an ISO time; what is none stays as it is."""
    try:
        return shown_date(datetime.fromisoformat(at).date())
    except ValueError:
        return one_line(at)


def _also(others: Sequence[Header], language: Language) -> str:
    if not others:
        return ""
    paths = ", ".join(one_line(header.path) for header in others[:_REPRINTS])
    line = say(language, "articles.also", paths=paths)
    rest = len(others) - _REPRINTS
    return f"{line} {say(language, 'articles.also_more', count=rest)}" if rest > 0 else line


def _named(title: str | None, path: str, beside: str) -> Text:
    """The title above the path, and a line below them."""
    named = Text(one_line(title or path))
    for line in (one_line(path) if title else "", beside):
        if line:
            named.append(f"\n{line}", _ASIDE)
    return named


def _table(language: Language, *names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", show_edge=False)
    for name in names:
        table.add_column(
            say(language, f"articles.{name}"),
            no_wrap=name in ("number", "published", "removed_at"),
            overflow="fold",
            ratio={"title": 4, "author": 1, "source": 1}.get(name),
        )
    return table


def heading(whole: Whole, language: Language) -> Iterator[RenderableType]:
    """What is known of an article, a line for each fact."""
    article = whole.article
    yield Text(one_line(article.title or article.path), "bold")
    place = next((stored.context.place for stored in whole.passages), None)
    size = say(language, "articles.size_of", passages=len(whole.passages), characters=len(article.text))
    pages = [say(language, "articles.pages", count=len(article.pages))] if article.pages else []
    named: Iterable[tuple[str, str | None]] = (
        (messages.say(language, "passage.published"), shown_date(article.published)),
        (messages.say(language, "passage.author"), article.author),
        (messages.say(language, "passage.source"), article.source),
        (say(language, "articles.section"), article.section),
        (say(language, "articles.place"), place),
        (messages.say(language, "passage.path"), article.path),
        *((say(language, "articles.also_at"), path) for path in article.also_at),
        (messages.say(language, "passage.url"), article.url),
        *((say(language, "articles.reprints"), header.path) for header in whole.reprints),
        (say(language, "articles.id"), article.id),
        (say(language, "articles.size"), ", ".join([size, *pages])),
    )
    for name, value in named:
        if value:
            yield Hanging(f"{name}: ", Text(one_line(value), _ASIDE))


def text_of(whole: Whole) -> Text:
    """The whole text as it was read; what is no part of any passage is dimmed: it answers nothing."""
    shown = Text(printable(whole.article.text))
    at = 0
    for stored in whole.passages:
        if stored.passage.start > at:
            shown.stylize(_ASIDE, at, stored.passage.start)
        at = max(at, stored.passage.end)
    shown.stylize(_ASIDE, at)
    return shown


def article_json(article: Article, story: int | None, passages: int) -> dict[str, Any]:
    """One row of `qa-bot articles --json`; equal stories are reprints of each other."""
    return {
        "id": article.id,
        "path": article.path,
        "also_at": list(article.also_at),
        "url": article.url,
        "title": article.title,
        "published": article.published.isoformat() if article.published else None,
        "author": article.author,
        "source": article.source,
        "section": article.section,
        "story": story,
        "passages": passages,
        "characters": len(article.text),
        "pages": len(article.pages) or None,
    }


def removed_json(record: Removed) -> dict[str, Any]:
    """One row of `--remove --json` and `--restore --json`."""
    return {"id": record.id, "path": record.path, "title": record.title, "at": record.at}
