"""Which articles may answer: how people write that, what passes, and how it is told. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from embeddings.console import one_line
from embeddings.errors import BotError
from embeddings.selection import Selection, units
from embeddings.vietnamese import fold, normalize, syllables
from qa_bot.messages import say
from qa_bot.naming import shown_date
from qa_bot.records import EVERYTHING, Filters, Period

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embeddings.messages import Language
    from embeddings.records import Article, Header

QUOTES = "\"'“”„‘’«» "
_SHOWN = 40  # characters of what cannot be read

_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_DAY_FIRST = re.compile(
    r"(?:(?:(?:ngay )?(\d{1,2})(?: ?[/.-] ?| thang ))?(?:thang )?(\d{1,2})(?: ?[/.-] ?| nam ))?(?:nam )?(\d{4})"
)


class FilterError(BotError):
    """A filter that cannot be set. `name` and `values` are its message, for whoever says it in another language."""

    def __init__(self, name: str, **values: str) -> None:
        super().__init__(say("en", name, **values))
        self.name = name
        self.values = values


def parse_day(text: str, last: bool) -> date:
    """The first day, or the `last`, of the year, month or day in `text`: 2020, 6/2021, 5/5/2021, 2021-05-05.

    Also in words: "năm 2020", "tháng 6 năm 2021". Raises FilterError.
    """
    written = fold(normalize(" ".join(text.split())))
    if match := _ISO.fullmatch(written):
        year, month, day = match.groups()
    elif match := _DAY_FIRST.fullmatch(written):
        day, month, year = match.groups()
    else:
        raise _not_a_day(text)
    try:
        if day is not None:
            return date(int(year), int(month), int(day))
        of_year = int(month) if month is not None else 12 if last else 1
        first = date(int(year), of_year, 1)
    except ValueError:
        raise _not_a_day(text) from None
    return first.replace(day=monthrange(first.year, first.month)[1]) if last else first


def _not_a_day(text: str) -> FilterError:
    return FilterError("filter.not_a_day", typed=one_line(text)[:_SHOWN])


def parse_title(text: str) -> str:
    """Words of a title, with or without quotes around them. Raises FilterError when there are none."""
    words = " ".join(text.split()).strip(QUOTES)
    if not syllables(words):
        raise FilterError("filter.no_words", typed=one_line(text)[:_SHOWN])
    return words


def parse(first: str | None, last: str | None, title: str | None) -> Filters:
    """Filters as they were written; None is none. Raises FilterError."""
    return checked(
        Filters(
            None if first is None else parse_day(first, last=False),
            None if last is None else parse_day(last, last=True),
            None if title is None else parse_title(title),
        )
    )


def checked(filters: Filters) -> Filters:
    """`filters` as they are. Raises FilterError when they end before they begin."""
    if filters.first and filters.last and filters.first > filters.last:
        raise FilterError("filter.reversed", first=shown_date(filters.first), last=shown_date(filters.last))
    return filters


def completed(filters: Filters, others: Filters) -> Filters:
    """`filters`, and of the `others` what these leave open. Raises FilterError when the two do not fit together."""
    first, last = filters.first or others.first, filters.last or others.last
    return checked(Filters(first, last, filters.title or others.title))


def narrowed(filters: Filters, period: Period | None) -> Filters:
    """`filters` within the period of publication that a question speaks of; other periods filter nothing."""
    if period is None or not period.published:
        return filters
    first = max((day for day in (filters.first, period.first) if day), default=None)
    last = min((day for day in (filters.last, period.last) if day), default=None)
    return replace(filters, first=first, last=last)


def passes(article: Article | Header, filters: Filters) -> bool:
    """Whether the article may answer. One without a date passes no bound of time.

    All words of `filters.title` stand in its title or path, diacritics aside; the last of them may be unfinished.
    """
    return selection_of(filters).holds(article)


def selection_of(filters: Filters) -> Selection:
    """The same, in the index's words."""
    return Selection(filters.first, filters.last, units(filters.title or ""))


def shown(filters: Filters, language: Language) -> str:
    """The filters in words, on one line: "từ 01/01/2020 · tiêu đề có “sông lô”". Without any, ""."""
    parts = (
        ("filter.from", shown_date(filters.first)),
        ("filter.to", shown_date(filters.last)),
        ("filter.in", one_line(filters.title or "")),
    )
    return " · ".join(say(language, name, value=value) for name, value in parts if value)


def in_force(filters: Filters, articles: Sequence[Article | Header], language: Language) -> str:
    """One line on which articles are asked, and how many of all these they are."""
    if filters == EVERYTHING:
        return say(language, "filter.none", count=len(articles))
    asked = sum(passes(article, filters) for article in articles)
    name = "filter.in_force" if asked else "filter.nothing_left"
    return say(language, name, filters=shown(filters, language), asked=asked, count=len(articles))


def note(filters: Filters, articles: Callable[[], Sequence[Article | Header]], language: Language) -> str:
    """The same for beside an answer: "" where all articles were asked, and then none is read."""
    return "" if filters == EVERYTHING else in_force(filters, articles(), language)
