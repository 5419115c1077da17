"""Pages on the web: asked for once, then whether they changed, and politely. Real HTTP, a clock turned by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.robots import MAX_BYTES
from tests.web_site import (
    BA,
    BAI,
    HAI,
    ROBOTS,
    Answer,
    SmallWeb,
    addresses,
    page,
    pages,
    reasons,
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


# --- pages ---


def test_a_page_arrives_with_where_it_lay_and_what_it_is(web: SmallWeb, cache: Path) -> None:
    web.answers["http://bao.example/cu"] = Answer(status=301, location="/bai-1")
    (found,) = pages(visited(web, cache, "http://bao.example/cu"))
    assert (found.source, found.address, found.final) == ("http://bao.example/cu", "http://bao.example/cu", BAI)
    assert (found.media_type, found.charset, found.problem) == ("text/html", "utf-8", None)
    assert found.data == page("Một").data
    assert found.fetched == web.asked[0].at


def test_within_a_day_a_page_is_not_asked_for_again_and_then_only_whether_it_changed(
    web: SmallWeb, cache: Path
) -> None:
    (first,) = pages(visited(web, cache, BAI))
    assert web.addresses() == [BAI]
    web.clock.turn(hours=23)
    (second,) = pages(visited(web, cache, BAI))
    assert second == first
    assert web.asked == []  # robots.txt neither
    web.clock.turn(hours=2)
    (third,) = pages(visited(web, cache, BAI))
    assert [request.etag for request in web.asked if request.address == BAI] == [page("Một").etag]
    assert (third.sha256, third.data) == (first.sha256, first.data)
    assert third.fetched > first.fetched
    web.answers[BAI] = page("Một, đã sửa")
    web.clock.turn(hours=25)
    (fourth,) = pages(visited(web, cache, BAI))
    assert fourth.sha256 != first.sha256
    assert "đã sửa" in fourth.data.decode()


def test_a_server_without_etag_is_asked_by_its_date_and_one_without_either_simply_again(
    web: SmallWeb, cache: Path
) -> None:
    day = "Fri, 20 Nov 2026 01:00:00 GMT"
    web.answers |= {BAI: Answer("một", last_modified=day), HAI: Answer("hai")}
    first = visited(web, cache, [BAI, HAI])
    web.addresses()
    web.clock.turn(days=2)
    assert [one.data for one in pages(visited(web, cache, [BAI, HAI]))] == [one.data for one in pages(first)]
    assert [(r.address, r.last_modified) for r in web.asked if "robots" not in r.address] == [(BAI, day), (HAI, None)]


def test_a_clock_that_was_set_back_makes_nothing_fresh_for_ever(web: SmallWeb, cache: Path) -> None:
    visited(web, cache, BAI)
    web.addresses()
    web.clock.turn(days=-400)
    visited(web, cache, BAI)
    assert web.addresses() == [BAI]


def test_one_page_under_several_spellings_is_fetched_once(web: SmallWeb, cache: Path) -> None:
    spellings = [
        BAI, f"{BAI}#cuoi", "http://BAO.example:80/bai-1", f"{BAI}?utm_source=x&fbclid=1&gclid=2&UTM_medium=y",
        f" {BAI}? ",
    ]  # fmt: skip
    assert addresses(visited(web, cache, spellings)) == [BAI]
    assert web.addresses() == [BAI]


def test_what_names_a_page_stays_in_its_address(web: SmallWeb, cache: Path) -> None:
    address = "http://bao.example/?id=5&utm_campaign=z&trang=2"
    web.answers["http://bao.example/?id=5&trang=2"] = page("Năm")
    assert addresses(visited(web, cache, address)) == ["http://bao.example/?id=5&trang=2"]


def test_what_is_no_address_is_told_and_the_rest_goes_on(web: SmallWeb, cache: Path) -> None:
    found = visited(web, cache, ["ftp://bao.example/x", "http://0x7f.1/", BAI])
    assert addresses(found) == [BAI]
    assert list(reasons(found).values()) == [
        "is not a web address", "spells an IP address in an unusual way",
    ]  # fmt: skip


def test_inner_addresses_are_not_visited_unless_the_settings_say_so(web: SmallWeb, cache: Path) -> None:
    web.names["trong.example"] = ["127.0.0.1"]
    web.answers[BAI] = Answer(status=302, location="http://trong.example/bai")
    found = visited(web, cache, [BAI, "http://trong.example/", "http://127.0.0.1/", "http://localhost/x"])
    assert pages(found) == []
    assert set(reasons(found).values()) == {
        "leads into a private or reserved network, and such are never fetched",
        "its host is left alone for this time: leads into a private or reserved network, and such are never fetched",
        "names a host of a local network, and such are never fetched",
    }
    assert web.addresses() == [BAI]


# --- politeness ---


def test_two_requests_to_one_host_are_a_second_apart_and_hosts_do_not_wait_for_each_other(
    web: SmallWeb, cache: Path
) -> None:
    other = "http://khac.example/bai"
    web.answers[other] = page("Khác")
    visited(web, cache, [BAI, HAI, other])
    by_host: dict[str, list[float]] = {}
    for request in web.asked:
        by_host.setdefault(request.address.split("/")[2], []).append(request.at.timestamp())
    for times in by_host.values():
        assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(times))
    assert len(by_host["bao.example"]) == 3  # robots.txt as well
    assert sum(web.clock.slept) == pytest.approx(3)


@pytest.mark.parametrize(("asked_for", "kept"), [("7", 7), ("0.2", 1), ("9999", 30), ("nhanh", 1)])
def test_a_crawl_delay_of_the_site_wins_where_it_is_longer_and_not_endless(
    web: SmallWeb, cache: Path, asked_for: str, kept: float
) -> None:
    web.answers[ROBOTS] = Answer(f"User-agent: *\nCrawl-delay: {asked_for}")
    visited(web, cache, [BAI, HAI])
    first, second = (request.at for request in web.asked if "bai" in request.address)
    assert (second - first).total_seconds() == pytest.approx(kept)


def test_robots_txt_is_heeded_and_asked_for_once_a_day(web: SmallWeb, cache: Path) -> None:
    web.answers[ROBOTS] = Answer(
        "User-agent: *\nDisallow: /\n\nUser-agent: Vietnamese-QA-Bot\nDisallow: /*-2$\nAllow: /\n"
    )
    found = visited(web, cache, [BAI, HAI])
    assert addresses(found) == [BAI]
    assert reasons(found) == {HAI: "robots.txt of the site asks not to"}
    assert [request.address for request in web.asked] == [ROBOTS, BAI]
    web.asked.clear()
    web.clock.turn(hours=23)
    visited(web, cache, [BA])
    assert [request.address for request in web.asked] == [BA]
    web.asked.clear()
    web.clock.turn(hours=2)
    visited(web, cache, [BA, BAI])
    assert [request.address for request in web.asked] == [ROBOTS, BAI]


def test_what_robots_txt_comes_to_forbid_is_forgotten(web: SmallWeb, cache: Path) -> None:
    visited(web, cache, BAI)
    web.answers[ROBOTS] = Answer("User-agent: *\nDisallow: /")
    web.clock.turn(days=2)
    assert reasons(visited(web, cache, BAI)) == {BAI: "robots.txt of the site asks not to"}
    web.down.add("bao.example")
    web.clock.turn(days=2)
    assert pages(visited(web, cache, BAI)) == []


def test_a_redirect_is_followed_only_where_that_site_allows_it(web: SmallWeb, cache: Path) -> None:
    web.answers |= {
        BAI: Answer(status=302, location="http://khac.example/kin"),
        "http://khac.example/kin": page("Kín"),
        "http://khac.example/robots.txt": Answer("User-agent: *\nDisallow: /kin"),
    }
    assert reasons(visited(web, cache, BAI)) == {BAI: "robots.txt of the site asks not to"}
    assert web.addresses() == [BAI]


def test_redirects_in_a_circle_end(web: SmallWeb, cache: Path) -> None:
    web.answers[BAI] = Answer(status=302, location="/bai-1")
    assert reasons(visited(web, cache, BAI)) == {BAI: "redirects more than 5 times"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_without_robots_txt_allows_everything(web: SmallWeb, cache: Path, status: int) -> None:
    web.answers[ROBOTS] = Answer(status=status)
    assert addresses(visited(web, cache, BAI)) == [BAI]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_site_whose_robots_txt_fails_is_not_visited_this_time(web: SmallWeb, cache: Path, status: int) -> None:
    web.answers[ROBOTS] = Answer(status=status)
    found = visited(web, cache, [BAI, HAI])
    assert pages(found) == []
    assert reasons(found)[BAI].startswith(f"its robots.txt answers {status}")
    assert reasons(found)[HAI].startswith("its host is left alone for this time: its robots.txt answers")
    assert [request.address for request in web.asked] == [ROBOTS]
    web.answers[ROBOTS] = Answer("")
    assert addresses(visited(web, cache, BAI)) == [BAI]


def test_an_endless_or_broken_robots_txt_is_read_as_far_as_it_goes(web: SmallWeb, cache: Path) -> None:
    rules = (
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /bai-2\n\xff\xfe\0: :::\nDisallow\n"
        + b"#" * MAX_BYTES
        + b"\nDisallow: /"
    )
    web.answers[ROBOTS] = Answer(rules)
    assert addresses(visited(web, cache, [BAI, HAI])) == [BAI]
