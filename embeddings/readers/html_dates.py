"""The day on which a page's article was first published. A wrong day is worse than none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from embeddings import lines
from embeddings.lexicon import Lexicon
from embeddings.readers.dates import moment
from embeddings.vietnamese import fold, normalize, syllables

_FIRST = date(1990, 1, 1)  # no page is older
_DAY = timedelta(days=1)
_LONGEST_LINE = 160  # characters of a line that is a date and little else

_VIETNAMESE_MONTHS = (
    ("một", "giêng"), ("hai",), ("ba",), ("tư", "bốn"), ("năm",), ("sáu",), ("bảy",), ("tám",), ("chín",), ("mười",),
    ("mười một",), ("mười hai", "chạp"),
)  # fmt: skip
_ENGLISH_MONTHS = (
    ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
    ("july", "jul"), ("august", "aug"), ("september", "sept", "sep"), ("october", "oct"), ("november", "nov"),
    ("december", "dec"),
)  # fmt: skip
_MONTHS = {
    name: number
    for months in (_VIETNAMESE_MONTHS, _ENGLISH_MONTHS)
    for number, names in enumerate(months, 1)
    for name in names
}
_VIETNAMESE = "|".join(sorted((name for names in _VIETNAMESE_MONTHS for name in names), key=len, reverse=True))
_ENGLISH = "|".join(sorted((name for names in _ENGLISH_MONTHS for name in names), key=len, reverse=True))
_NUMBERS = re.compile(r"(?<![\d/.-])(?:\d{1,2}\s*([/.-])\s*\d{1,2}\s*\1\s*\d{4}|\d{4}([-/.])\d{1,2}\2\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})\s+(?:tháng|thg|th)\.?\s*(\d{{1,2}}|{_VIETNAMESE}),?\s+(?:năm\s+)?(\d{{4}})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"\btháng\s+(\d{{1,2}}|{_VIETNAMESE})\s+(\d{{1,2}}),\s*(\d{{4}})(?!\d)")
_DAY_ENGLISH = re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s+({_ENGLISH})\.?,?\s+(\d{{4}})(?!\d)")
_ENGLISH_DAY = re.compile(rf"\b({_ENGLISH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)")

_YEAR = re.compile(r"(?:19|20)\d\d")
_CLOCK = re.compile(r"\d{1,2}\s*(?:[:h]|giờ)\s*\d{2}(?:\s*:\s*\d{2})?|[+-]\s*\d{1,2}(?::?\d{2})?(?!\d)|\d")
_COUNTERS = re.compile(
    r"(?:số |tổng )?(?:lượt|lần) (?:xem|đọc|truy cập)(?: bài viết)?\s*:?\s*[\d.,]*"
    r"|[\d.,]+ (?:lượt (?:xem|đọc)|lần đọc|views?|bình luận)"
    r"|(?:đã xem|views?|đọc)\s*:?\s*[\d.,]+(?: lần)?|\b(?:in (?:trang|bài(?: viết)?)|cỡ chữ)\b",
    re.IGNORECASE,
)
_LABEL_WORDS = frozenset((
    "duoc", "dang", "bai", "viet", "tin", "luc", "vao", "ngay", "thoi", "gian", "gui", "tao", "boi", "cap", "nhat",
    "lan", "cuoi", "sua", "chinh", "doi", "xuat", "ban", "by", "on", "at", "posted", "publish", "published",
    "updated", "last", "modified", "date", "time", "monday", "tuesday", "wednesday", "thursday", "friday",
    "saturday", "sunday", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "gmt", "utc", "cn", "th",
))  # fmt: skip
_IS_UPDATE = re.compile(r"cap nhat|chinh sua|sua doi|sua lan|lan cuoi|updated|modified")
_IS_PUBLICATION = re.compile(r"\bdang\b|xuat ban|phat hanh|publish|posted|\bgui\b|ngay tao|ngay viet")
_IS_OTHER = re.compile(r"ban hanh|hieu luc|het han|ky ngay|ngay ky|khoi cong|sinh ngay")
_SEPARATORS = re.compile(r"\s*[|•·]\s*|\s+[-–]\s+")
_HALF_DAY = re.compile(r"\b[ap]\.?m\b", re.IGNORECASE)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_WRITTEN = re.compile(r"\s*(\d{4})-(\d{2})-(\d{2})")
_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?=[/-])")
_IN_NUMBER = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])?(?:\d{2,9})?(?!\d)"
)


class Label(StrEnum):
    """What a date line says that it is the date of."""

    PUBLISHED = "published"
    UPDATED = "updated"
    NONE = ""


class Place(StrEnum):
    """Where on the page a date line stands."""

    HEAD = "head"  # around the headline
    TAIL = "tail"  # below the text
    ABOVE = "above"  # with the site's own lines, where clocks stand as well
    CLOCK = "clock"  # named as the site's clock


@dataclass(frozen=True, slots=True)
class Shown:
    """A date that people see."""

    day: date
    text: str  # its line, or the part of it that is the date's
    label: Label
    place: Place = Place.HEAD


@dataclass(frozen=True, slots=True)
class Clues:
    """All that a page says of days."""

    published: Sequence[str] = ()  # as machines are told, any notation
    perhaps: Sequence[str] = ()  # the same, under names that may mean another day
    modified: Sequence[str] = ()
    shown: Sequence[Shown] = ()
    addresses: Sequence[str] = ()
    body: str = ""


def shown_in(texts: Sequence[str], lexicon: Lexicon) -> list[Shown]:
    """The dates in a line of the page that holds little else; `texts`: the line, then pieces of it."""
    line, *pieces = texts
    if len(line) > _LONGEST_LINE or not _YEAR.search(line):
        return []
    if whole := _dated(line, lexicon):
        return whole
    befores = ["", *pieces]
    labelled = [
        f"{before} {piece}" if _is_label(before) else piece for before, piece in zip(befores, pieces, strict=False)
    ]
    found = {
        (shown.day, shown.label): shown
        for text in (line, *labelled)
        for part in _SEPARATORS.split(text)
        for shown in _dated(part, lexicon)
    }
    labelled_days = {shown.day for shown in found.values() if shown.label is not Label.NONE}
    return [shown for shown in found.values() if shown.label is not Label.NONE or shown.day not in labelled_days]


def _is_label(text: str) -> bool:
    """Whether `text` only says of what the date after it is."""
    words = syllables(fold(text))
    return 0 < len(words) <= 5 and all(word in _LABEL_WORDS for word in words)


def _dated(text: str, lexicon: Lexicon) -> list[Shown]:
    if not _YEAR.search(text):
        return []
    line = _COUNTERS.sub(" ", normalize(text))
    spans = list(_calendar_days(line))
    rest = line
    for start, end, _ in reversed(spans):
        rest = f"{rest[:start]} {rest[end:]}"
    words = syllables(fold(_CLOCK.sub(" ", rest)))
    if any(len(word) > 1 and word not in lexicon.date_words and word not in _LABEL_WORDS for word in words):
        return []
    found = []
    before = 0
    for start, end, day in spans:
        said = fold(line[before:start])
        if not _IS_OTHER.search(said):
            found.append(Shown(day, _without_counters(text), _label(said)))
        before = end
    plain = [shown for shown in found if shown.label is Label.NONE]
    return [] if len(plain) > 1 else found  # two bare dates are a span of days, not a publication


def _without_counters(text: str) -> str:
    return _COUNTERS.sub(" ", text).strip(" |•·-–,;")


def _label(said: str) -> Label:
    if _IS_UPDATE.search(said):
        return Label.UPDATED
    return Label.PUBLISHED if _IS_PUBLICATION.search(said) else Label.NONE


def _calendar_days(line: str) -> Iterator[tuple[int, int, date]]:
    """(start, end, day) of each date in a normalised line, in order."""
    numbers = ((match, lines.parse_date(match[0])) for match in _NUMBERS.finditer(line))
    found = [(*match.span(), day) for match, day in numbers if day is not None]
    for pattern, (at_day, at_month) in (
        (_DAY_FIRST, (1, 2)), (_MONTH_FIRST, (2, 1)), (_DAY_ENGLISH, (1, 2)), (_ENGLISH_DAY, (2, 1)),
    ):  # fmt: skip
        for match in pattern.finditer(line):
            name = match[at_month]
            day = _valid(match[3], str(_MONTHS.get(name, name)), match[at_day])
            if day is not None and not any(start < match.end() and match.start() < end for start, end, _ in found):
                found.append((*match.span(), day))
    return iter(sorted(found))


def _valid(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _readings(text: str) -> tuple[date, ...]:
    """The days that a statement for machines may mean, the likeliest first."""
    if _HALF_DAY.search(text) and (match := _AMERICAN.search(text)):
        # 6/12/2021 6:42 AM: an English server's clock in June, or a Vietnamese one in December.
        both = (_valid(match[3], match[2], match[1]), _valid(match[3], match[1], match[2]))
        return tuple(dict.fromkeys(day for day in both if day is not None))
    then = moment(text)
    if then is None:
        return ()
    written = _WRITTEN.match(text)
    as_written = _valid(written[1], written[2], written[3]) if written else None
    # A clock that claims to run in UTC and shows Vietnam's time is common; the visible date tells.
    return tuple(dict.fromkeys(day for day in (then.date(), as_written) if day is not None))


def _is_uncertain(text: str) -> bool:
    return _HALF_DAY.search(text) is not None and len(_readings(text)) > 1


def days_in_addresses(addresses: Iterable[str]) -> set[date]:
    """/2021/06/12/, /2021-06-12-, -20210612064258123.htm"""
    found = set()
    for address in addresses:
        for match in [*_IN_PATH.finditer(address), *_IN_NUMBER.finditer(address)]:
            if (day := _valid(match[1], match[2], match[3])) is not None and day >= _FIRST:
                found.add(day)
    return found


def published(clues: Clues) -> date | None:
    """The day on which all agree that may be trusted; None where they differ."""
    near = [shown for shown in clues.shown if shown.place in (Place.HEAD, Place.TAIL)]
    updated = {shown.day for shown in near if shown.label is Label.UPDATED}
    visible = {shown.day for shown in near if shown.label is Label.PUBLISHED} or {
        shown.day for shown in near if shown.label is Label.NONE and shown.place is Place.HEAD
    }
    linked = days_in_addresses(clues.addresses)
    linked = linked if len(linked) == 1 else set()
    seen = visible | linked
    modified = {days[0] for text in clues.modified if (days := _readings(text))} | updated
    saved = max((shown.day for shown in clues.shown if shown.place is Place.CLOCK), default=date.max - _DAY) + _DAY
    changed = max(modified, default=date.max - _DAY) + _DAY

    def plausible(days: set[date]) -> set[date]:
        """No article appears after its page was saved; after its last change only what is planned ahead, and shown."""
        return {day for day in days if _FIRST <= day <= saved and (day <= changed or day in visible)}

    stated = plausible(_stated(clues.published, visible, linked))
    perhaps = plausible(_stated(clues.perhaps, visible, linked))
    visible &= plausible(visible)
    if stated:
        return _confirmed(stated, visible, linked, modified)
    if visible:
        return _confirmed(visible, perhaps, linked, modified)
    if perhaps:
        return _one(perhaps) or _one(perhaps & seen)
    return _weakest(clues, plausible(linked), plausible(updated))


def _stated(texts: Sequence[str], visible: set[date], linked: set[date]) -> set[date]:
    """One day for each statement: what else the page shows chooses between its readings."""
    found = set()
    for text in texts:
        days = _readings(text)
        confirmed = next((day for seen in (visible, linked) for day in days if day in seen), None)
        if confirmed is not None:
            found.add(confirmed)
        elif days and not _is_uncertain(text):
            found.add(days[0])
    return found


def _confirmed(trusted: set[date], others: set[date], linked: set[date], modified: set[date]) -> date | None:
    """The one trusted day, unless another speaks against it; of several, the one that another names too."""
    day = _one(trusted)
    if day is None:
        return _one(trusted & others) or _one(trusted & linked) or _one(trusted - modified)
    if not others or day in others or others <= modified or day in linked:
        return day
    return _one(others & linked)


def _weakest(clues: Clues, linked: set[date], updated: set[date]) -> date | None:
    """The day in the address; a change; a date above the headline, where the text speaks of the days before it."""
    if linked:
        day = _one(linked)
        return day if day is not None and (not updated or day <= max(updated)) else None
    if updated:
        return _one(updated)
    above = {shown.day for shown in clues.shown if shown.place is Place.ABOVE and shown.day >= _FIRST}
    day = _one(above)
    return day if day is not None and lines.speaks_of_days_before(clues.body, day) else None


def _one(days: set[date]) -> date | None:
    return next(iter(days)) if len(days) == 1 else None
