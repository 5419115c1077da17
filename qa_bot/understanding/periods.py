"""Times that a question speaks of: "năm 2021", "từ tháng 3 đến tháng 6/2021", "tin tuần này", "mới nhất".

A day, month or quarter without its year is the latest that has begun: articles tell what has been. "gần đây" and
"mới nhất" ask for late articles and are no period, for nobody says how near "gần đây" is. Years that number a term of
office, and numbers that count or that name a document, are no time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from embeddings.vietnamese import fold, has_diacritics, normalize
from qa_bot.records import Period
from qa_bot.understanding.folding import Folded, folded
from qa_bot.understanding.period_words import Grammar, PeriodWords, grammar_of

__all__ = ["Found", "PeriodWords", "find_period"]

_Days = tuple[date, date]  # date.min and date.max are open ends
_START = re.compile(r"(?<!\w)(?<!\d[/.,-])\w")
_WORD = re.compile(r"[^\W_]+")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_WORDS_BACK = 5  # how far before its time "đăng" may stand: "đăng trên báo Nhân Dân năm 2021"
_MOST_BACK = 80  # characters before a time that are looked at


@dataclass(frozen=True, slots=True)
class Found:
    """`text[span[0] : span[1]]` said it; `period` is None where only `newest` was said."""

    period: Period | None
    newest: bool
    span: tuple[int, int]


@lru_cache(maxsize=64)
def find_period(text: str, today: date, words: PeriodWords) -> Found | None:
    """What `text` says of time, or None. Several times become the one from the first of their days to the last.

    Each step of understanding asks it of the same text.

    A question for a time ("năm nào", "tháng mấy") and a date that is none (31/2/2021) say nothing.
    """
    grammar, plain = grammar_of(words), folded(text)
    said: list[tuple[_Days, int, int]] = []
    end = 0
    for start in (match.start() for match in _START.finditer(plain.text)):
        if start >= end:
            days, end = _statement(plain, start, today, grammar)
            if days is not None:
                said.append((days, start, end))
    newest = next(
        (m for m in grammar.newest.finditer(plain.text) if _spelled(plain, m.start(), m.end(), grammar)), None
    )
    first = min((days[0] for days, _, _ in said), default=date.min)
    last = max((days[1] for days, _, _ in said), default=date.max)
    if (first, last) == (date.min, date.max):
        return None if newest is None else Found(None, True, plain.span(*newest.span()))
    published = any(_says_published(plain, start, end, words) for _, start, end in said)
    period = Period(None if first == date.min else first, None if last == date.max else last, published)
    return Found(period, newest is not None, plain.span(said[0][1], said[-1][2]))


def _statement(plain: Folded, start: int, today: date, grammar: Grammar) -> tuple[_Days | None, int]:
    """The days that the words from `start` on say, and where they end; `start` itself where they say nothing."""
    skipped = grammar.skipped.match(plain.text, start)
    if skipped:
        return None, skipped.end()
    opening = grammar.opening.match(plain.text, start)
    if opening is None or not _spelled(plain, start, opening.end(), grammar):
        stretch = _stretch(plain, start, today, grammar, bare=_is_last_word(plain, start, grammar), begins=False)
        return (stretch[0], stretch[1]) if stretch else (None, start)
    side = opening.lastgroup
    stretch = _stretch(plain, opening.end(), today, grammar, bare=True, begins=side == "from")
    if stretch is None:
        return None, start
    days, end, closed = stretch
    if days is not None and not closed:
        first, last = days
        if side == "from":
            days = (first, date.max)
        elif side == "before":
            days = (date.min, first - timedelta(days=1))
        elif side == "after" and last < date.max:
            days = (last + timedelta(days=1), date.max)
    return days, end


def _stretch(
    plain: Folded, start: int, today: date, grammar: Grammar, *, bare: bool, begins: bool
) -> tuple[_Days | None, int, bool] | None:
    """A moment, or one up to another: its days, where it ends, whether it says where its days end.

    The year and month that the first leaves out are those of the second: "từ tháng 3 đến tháng 6/2021".
    """
    only_day = grammar.only_day.match(plain.text, start) if begins else None
    first = _moment(plain, start, today, grammar, bare=bare)
    if first is None and only_day is None:
        return None
    end = only_day.end() if first is None and only_day else first[1] if first else start
    until_now = grammar.until_now.match(plain.text, end)
    if until_now and first:
        return (first[0][0], date.max) if first[0] else None, until_now.end(), True
    onward = grammar.onward.match(plain.text, end)
    second = _moment(plain, onward.end(), today, grammar, bare=True) if onward else None
    if onward is None or second is None:
        return (first[0], end, False) if first else None
    if second[0] is None:
        return None, second[1], True
    again = _moment(plain, start, second[0][1], grammar, bare=bare)
    days = again[0] if again else _day_before(int(only_day["d"]), second[0][1]) if only_day else None
    whole = (days[0], second[0][1]) if days and days[0] <= second[0][1] else None
    return whole, second[1], True


def _day_before(day: int, reference: date) -> _Days | None:
    try:
        first = reference.replace(day=day)
    except ValueError:
        return None
    return (first, first)


def _moment(
    plain: Folded, start: int, reference: date, grammar: Grammar, *, bare: bool
) -> tuple[_Days | None, int] | None:
    for rule in (*grammar.rules, grammar.bare) if bare else grammar.rules:
        match = rule.match(plain.text, start)
        if match and _is_time(plain, match, grammar):
            try:
                return _days(match.groupdict(), reference, grammar), match.end()
            except (ValueError, OverflowError):  # 31/2/2021
                return None, match.end()
    return None


def _is_time(plain: Folded, match: re.Match[str], grammar: Grammar) -> bool:
    """Whether the words are those that the lists mean, and the number counts nothing."""
    said, words = match.groupdict(), grammar.words
    if not _spelled(plain, match.start(), match.end(), grammar):
        return False
    before = plain.text[max(0, match.start() - _MOST_BACK) : match.start()].split()[-1:]
    if said.get("r"):
        written = plain.written(*match.span("r"))
        exact = written in (fold(written), grammar.relative[said["r"]][0])
        if before and before[0] in map(fold, words.souths):
            return False
        past = "yearly" in said and "-" in grammar.relative[said["r"]][1]
        return exact and not (past and before and (before[0].isdigit() or before[0] in map(fold, words.several)))
    if "yearly" in said or "monthly" in said:
        if before and before[0] in map(fold, (*words.every, *words.souths)):
            return False
        return "monthly" not in said or not grammar.amount.match(plain.text, match.end())
    return "unsure" not in said or not grammar.counted.match(plain.text, match.end())


def _spelled(plain: Folded, start: int, end: int, grammar: Grammar) -> bool:
    """Whether each word there is typed bare or as the lists spell it: "nằm 2021" is no "năm 2021"."""
    for match in _WORD.finditer(plain.text, start, end):
        written = plain.written(*match.span())
        if written != match[0] and written not in grammar.spelled:
            return False
    return True


def _is_last_word(plain: Folded, start: int, grammar: Grammar) -> bool:
    """Whether a number that ends the question may be a year: "dân số Hải Hậu 2021", not "là 2021"."""
    if plain.text[start + 4 :].strip(" ?.!") or start < 1:
        return False
    before = plain.text[max(0, start - _MOST_BACK) : start].split()[-1:]
    counting = {fold(word) for word in (*grammar.words.counting, *grammar.words.documents)}
    return bool(before) and before[0].isalpha() and before[0] not in counting


def _days(said: Mapping[str, str | None], reference: date, grammar: Grammar) -> _Days | None:
    """The days that the groups of a rule say. Raises ValueError where there are no such days."""
    if decade := said.get("c") or said.get("c2"):
        number = int(decade)
        first = number if number > 99 else 1900 + number if number >= 30 else 2000 + number
        return date(first, 1, 1), date(first + 9, 12, 31)
    relative = grammar.relative[said["r"] or ""][1].split() if said.get("r") else None
    month = said.get("m") or said.get("e")
    quarter, part = said.get("q"), grammar.parts.get(said.get("p") or "", "")
    year = int(said["y"] or 0) if said.get("y") else reference.year + int(relative[1]) if relative else None
    if said.get("z") or said.get("now"):
        last = date(int(said["z"] or 0), 12, 31) if said.get("z") else date.max
        return (date(year or 0, 1, 1), last) if date(year or 0, 1, 1) <= last else None
    if said.get("d"):
        return _day(int(said["d"] or 0), grammar.months.get(month or "") or int(month or 0), year, reference)
    if quarter:
        number = _ROMAN.get(quarter) or int(quarter)
        return _latest_months(3 * number - 2, 3 * number, year, reference)
    if count := int(said.get("n") or 0):
        return _months(year or 0, *((1, count) if "late" not in part else (13 - count, 12)))
    if month:
        number = grammar.months.get(month) or int(month)
        return _part_of(_latest_months(number, number, year, reference), part)
    if relative and relative[0] != "year":
        return _part_of(_relative(relative[0], int(relative[1]), reference), part)
    return _part_of(_months(year or 0, 1, 12), part)


def _day(day: int, month: int, year: int | None, reference: date) -> _Days:
    only = date(year or reference.year, month, day)
    if year is None and only > reference:
        only = date(reference.year - 1, month, day)
    return only, only


def _months(year: int, first: int, last: int) -> _Days:
    after = date(year + last // 12, last % 12 + 1, 1)
    return date(year, first, 1), after - timedelta(days=1)


def _latest_months(first: int, last: int, year: int | None, reference: date) -> _Days:
    """Those months of `year`, or of the latest year in which they have begun by `reference`."""
    if year is None:
        year = reference.year - (date(reference.year, first, 1) > reference)
    return _months(year, first, last)


def _relative(unit: str, away: int, reference: date) -> _Days:
    if unit == "day":
        day = reference + timedelta(days=away)
        return day, day
    if unit == "week":
        monday = reference + timedelta(days=7 * away - reference.weekday())
        return monday, monday + timedelta(days=6)
    size = 3 if unit == "quarter" else 1
    at = reference.year * 12 + (reference.month - 1) // size * size + size * away
    return _months(at // 12, at % 12 + 1, at % 12 + size)


_MONTHS_OF = {"early": (1, 4), "middle": (5, 8), "late": (9, 12), "first half": (1, 6), "second half": (7, 12)}
_DAYS_OF = {"early": (1, 10), "middle": (11, 20), "late": (21, 31), "first half": (1, 15), "second half": (16, 31)}


def _part_of(days: _Days, part: str) -> _Days:
    """The third or half of a year, or of a month; a shorter time is left whole."""
    first, last = days
    if not part or last - first < timedelta(days=27):
        return days
    if last - first > timedelta(days=300):
        return _months(first.year, *_MONTHS_OF[part])
    start, end = _DAYS_OF[part]
    return first.replace(day=start), first.replace(day=min(end, last.day))


@lru_cache(maxsize=8)
def _is_marked(text: str) -> bool:
    """Asked for once for every time in a text."""
    return has_diacritics(text)


@lru_cache(maxsize=8)
def _publishing(
    words: PeriodWords, marked: bool
) -> tuple[frozenset[str], frozenset[str], frozenset[str], re.Pattern[str]]:
    """Words for articles, for publishing them, between those and a time, and what only looks like the first."""
    as_typed = normalize if marked else fold
    articles, verbs, links = (
        frozenset(as_typed(word) for word in kind) for kind in (words.articles, words.publishing, words.links)
    )
    others = "|".join(re.escape(as_typed(word)) for word in sorted(words.not_articles, key=len, reverse=True))
    return articles, verbs, links, re.compile(rf"(?<!\w)(?:{others or '(?!)'})(?!\w)")


def _says_published(plain: Folded, start: int, end: int, words: PeriodWords) -> bool:
    """Whether the time is that of articles: "tin tuần này", "bài đăng năm 2021", "tháng 6 có bài nào"."""
    marked = _is_marked(plain.source)  # then "bao" is no "báo", and "đảng" no "đăng"
    articles, verbs, links, lookalikes = _publishing(words, marked)

    def said(first: int, last: int) -> str:
        return plain.written(first, last) if marked else plain.text[first:last]

    text = lookalikes.sub("-", said(max(0, start - 2 * _MOST_BACK), start))
    before = _WORD.findall(text)
    mentioned = any(word in articles for word in before)
    if mentioned and any(word in verbs for word in before[-_WORDS_BACK:]):
        return True
    while before and before[-1] in links:
        before.pop()
    if (before and before[-1] in articles) or " ".join(before[-2:]) in articles:
        return not text.rstrip().endswith("-")
    after = _WORD.findall(lookalikes.sub("-", said(end, min(len(plain.text), end + _MOST_BACK))))
    for at, word in enumerate(after):
        if word in articles:
            return at > 0
        if word not in links and " ".join(after[at - 1 : at + 1]) not in links:
            return False
    return False
