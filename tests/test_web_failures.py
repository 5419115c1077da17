"""Sites that fail, and pages that are gone: what stays, what goes, and who is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.web import Unvisited
from embeddings.web_settings import WebSettings
from tests.web_site import (
    BA,
    BAI,
    HAI,
    SITEMAP,
    Answer,
    SmallWeb,
    addresses,
    page,
    pages,
    reasons,
    sitemap,
    small_news_web,
    visited,
)


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    with small_news_web() as found:
        yield found


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "web.sqlite"


def failing(web: SmallWeb, how: str) -> None:
    if how == "names":
        web.names["bao.example"] = []
    elif how == "down":
        web.down.add("bao.example")
    else:
        web.answers[BAI] = Answer(status=int(how))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("500", "answers 500 (Internal Server Error)"),
        ("503", "answers 503 (Service Unavailable)"),
        ("403", "answers 403 (Forbidden)"),
        ("names", "names a host that is not found"),
        ("down", "breaks off, or is not HTTP"),
    ],
)
def test_a_page_that_fails_is_kept_as_it_was_and_asked_for_again_next_time(
    web: SmallWeb, cache: Path, how: str, reason: str
) -> None:
    assert reasons(visited(web, cache, HAI)) == {}
    (before,) = pages(visited(web, cache, BAI))
    failing(web, how)
    web.clock.turn(days=3)
    (kept,) = pages(visited(web, cache, BAI))
    assert kept == replace(before, problem=f"kept from 2026-11-20; {reason}")
    web.names.clear()
    web.down.clear()
    web.answers[BAI] = page("Một")
    (again,) = pages(visited(web, cache, BAI))
    assert again.problem is None
    assert again.fetched > before.fetched


@pytest.mark.parametrize("how", ["500", "names", "down", "404"])
def test_a_page_that_fails_at_once_is_told(web: SmallWeb, cache: Path, how: str) -> None:
    failing(web, how)
    found = visited(web, cache, BAI)
    assert pages(found) == []
    assert [type(one) for one in found] == [Unvisited]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_forgotten(web: SmallWeb, cache: Path, status: int) -> None:
    visited(web, cache, BAI)
    web.answers[BAI] = Answer(status=status)
    web.clock.turn(days=2)
    (found,) = visited(web, cache, BAI)
    assert isinstance(found, Unvisited)
    assert found.gone
    assert found.reason.startswith(f"answers {status}")
    web.answers[BAI] = Answer(status=500)
    assert pages(visited(web, cache, BAI)) == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_site_is_waited_for_where_it_says_how_long_and_that_is_not_long(
    web: SmallWeb, cache: Path, status: int
) -> None:
    web.answers[BAI] = [Answer(status=status, retry_after="20"), page("Một")]
    assert addresses(visited(web, cache, BAI)) == [BAI]
    assert 20 in web.clock.slept


def test_a_site_may_name_a_date_to_come_back(web: SmallWeb, cache: Path) -> None:
    web.answers[BAI] = [Answer(status=503, retry_after="Fri, 20 Nov 2026 01:00:21 GMT"), page("Một")]
    assert addresses(visited(web, cache, BAI)) == [BAI]
    assert max(web.clock.slept) == pytest.approx(20, abs=1)


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [(429, "3600"), (503, "31"), (429, None), (429, "mai"), (503, "Mon, 23 Nov 2026 01:00:00 GMT"), (429, "9" * 400)],
)
def test_a_site_that_asks_for_more_is_left_alone_for_this_time(
    web: SmallWeb, cache: Path, status: int, retry_after: str | None
) -> None:
    visited(web, cache, HAI)
    web.addresses()
    web.clock.turn(days=2)
    web.answers[BAI] = Answer(status=status, retry_after=retry_after)
    found = visited(web, cache, [BAI, HAI, BA])
    assert web.addresses() == [BAI]
    assert [one.problem for one in pages(found)] == [
        f"kept from 2026-11-20; its host is left alone for this time: answers {status} "
        f"({'Too Many Requests' if status == 429 else 'Service Unavailable'})"
    ]
    assert list(reasons(found)) == [BAI, BA]
    assert max(web.clock.slept) <= 30


def test_a_site_that_is_busy_again_and_again_is_not_waited_for_for_ever(web: SmallWeb, cache: Path) -> None:
    web.answers[BAI] = Answer(status=429, retry_after="1")
    found = visited(web, cache, [BAI, HAI])
    assert list(reasons(found)) == [BAI, HAI]
    assert web.addresses() == [BAI] * 3


def test_a_host_that_fails_five_times_in_a_row_is_left_alone_and_no_other(web: SmallWeb, cache: Path) -> None:
    failing_ones = [f"http://bao.example/loi-{n}" for n in range(9)]
    web.answers |= dict.fromkeys(failing_ones, Answer(status=500))
    web.answers["http://khac.example/"] = page("Khác")
    found = visited(web, cache, [BAI, *failing_ones, "http://khac.example/"])
    assert addresses(found) == [BAI, "http://khac.example/"]
    assert web.addresses() == [BAI, *failing_ones[:5], "http://khac.example/"]
    assert len(reasons(found)) == 9


def test_when_the_time_is_over_what_is_known_is_kept(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = sitemap([BAI, HAI, BA])
    visited(web, cache, SITEMAP)
    web.addresses()
    web.clock.turn(days=2)
    web.answers["http://bao.example/moi"] = page("Mới")
    web.answers[SITEMAP] = sitemap([BAI, HAI, BA, "http://bao.example/moi"])
    found = visited(web, cache, SITEMAP, WebSettings(total_minutes=0.05))
    assert addresses(found) == [BAI, HAI, BA]
    assert [one.problem for one in pages(found)][1:] == [
        "kept from 2026-11-20; the time for the web was over (0.05 min)"
    ] * 2
    assert list(reasons(found)) == ["http://bao.example/moi"]


def test_what_is_too_large_is_not_read(web: SmallWeb, cache: Path) -> None:
    web.answers[BAI] = Answer("x" * 2_000)
    found = visited(web, cache, [BAI, HAI], WebSettings(max_megabytes=0.001))
    assert reasons(found) == {BAI: "holds more than 0.001 MB"}
