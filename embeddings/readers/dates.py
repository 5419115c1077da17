"""The day on which something was published, from whatever an export, a feed or a site writes for it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from embeddings import lines

VIETNAM = timezone(timedelta(hours=7))
_FIRST, _LAST = date(1800, 1, 1), date(2200, 1, 1)  # what lies outside is a placeholder or a slip
_ISO = re.compile(r"\d{4}-?\d{2}-?\d{2}(?:[T ]+\d{1,2}:.*)?", re.DOTALL)
_ZONE = re.compile(r"\s*(?:(?:GMT|UTC)\s*(?=[+-])|(Z|GMT|UTC)$)", re.IGNORECASE)  # before an offset, or meaning zero
_NUMBER = re.compile(r"\d{8,17}(?:\.\d+)?")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_ENGLISH = re.compile(rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)? {_MONTH}|{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?),? (\d{{4}})\b")
_SECONDS = 100_000_000_000  # a count of seconds is below it until 5138; one of milliseconds above it since 1973
_MOST = 60  # characters


def moment(value: object) -> datetime | None:
    """When `value` says: ISO 8601, RFC 2822, seconds or milliseconds since 1970, 12/06/2021 06:42.

    What states no zone is Vietnam's time, and the result always has one. None where nothing certain is said.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        text = _written(value).strip()[:_MOST]
        found = _counted(text) if _NUMBER.fullmatch(text) else _iso(text) or _mail(text) or _named(text) or _day(text)
        found = found and found.astimezone(VIETNAM)
    except (ValueError, OverflowError):
        return None
    return found if found and _FIRST <= found.date() < _LAST else None


def iso_day(value: object) -> str | None:
    """The day of `moment(value)` in Vietnam, as 2021-06-12."""
    found = moment(value)
    return found.date().isoformat() if found else None


def _written(value: str | float) -> str:
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def _counted(text: str) -> datetime:
    """20210612, or a count since 1970."""
    if match := _DAY.fullmatch(text):
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=VIETNAM)
    count = float(text)
    while count >= _SECONDS:
        count /= 1000
    return datetime.fromtimestamp(count, UTC)


def _iso(text: str) -> datetime | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(_ZONE.sub(lambda zone: "+00:00" if zone[1] else "", text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=VIETNAM)


def _mail(text: str) -> datetime | None:
    """Sat, 12 Jun 2021 06:42:00 +0700"""
    if "/" in text:
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if found.tzinfo is None:  # no zone; or -0000, by which RFC 2822 means UTC
        found = found.replace(tzinfo=UTC if text.endswith("-0000") else VIETNAM)
    return found


def _named(text: str) -> datetime | None:
    """June 12, 2021; 12 Jun 2021"""
    match = _ENGLISH.search(text.lower())
    if match is None:
        return None
    month = _MONTHS.index(match[2] or match[3]) + 1
    return datetime(int(match[5]), month, int(match[1] or match[4]), tzinfo=VIETNAM)


def _day(text: str) -> datetime | None:
    found = lines.parse_date(text)
    return datetime(found.year, found.month, found.day, tzinfo=VIETNAM) if found else None
