"""Sitemaps and feeds: which pages they lead to, in which order, and how far."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.web import Unvisited, Web
from embeddings.web_settings import WebSettings
from tests.web_site import (
    BA,
    BAI,
    FEED,
    HAI,
    SITEMAP,
    Answer,
    SmallWeb,
    addresses,
    page,
    pages,
    reasons,
    rss,
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


def test_a_sitemap_is_expanded_newest_first_and_only_so_far(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = sitemap([(BAI, "2026-01-01"), HAI, (BA, "2026-11-01T10:00:00+07:00")])
    assert addresses(visited(web, cache, SITEMAP)) == [BA, BAI, HAI]
    assert addresses(visited(web, cache, SITEMAP, WebSettings(max_pages=2))) == [BA, BAI]


def test_a_list_is_asked_for_every_time_and_its_pages_are_not(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = sitemap([BAI])
    visited(web, cache, SITEMAP)
    assert web.addresses() == [SITEMAP, BAI]
    web.answers[SITEMAP] = sitemap([BAI, HAI])
    assert addresses(visited(web, cache, SITEMAP)) == [BAI, HAI]
    assert web.addresses() == [SITEMAP, HAI]
    visited(web, cache, SITEMAP)
    (again,) = web.asked
    assert again.etag == sitemap([BAI, HAI]).etag


def test_what_a_sitemap_no_longer_names_is_no_longer_found(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = sitemap([BAI, HAI])
    visited(web, cache, SITEMAP)
    web.answers[SITEMAP] = sitemap([HAI])
    assert addresses(visited(web, cache, SITEMAP)) == [HAI]


def test_what_falls_out_of_a_feed_stays_until_it_is_gone(web: SmallWeb, cache: Path) -> None:
    web.answers[FEED] = rss([(HAI, "Fri, 20 Nov 2026 07:00:00 +0700"), (BAI, "Thu, 19 Nov 2026 07:00:00 +0700")])
    assert addresses(visited(web, cache, FEED)) == [HAI, BAI]
    web.answers[FEED] = rss([(BA, "Sat, 21 Nov 2026 07:00:00 +0700")])
    web.clock.turn(days=2)
    assert addresses(visited(web, cache, FEED)) == [BA, HAI, BAI]
    assert addresses(visited(web, cache, FEED, WebSettings(max_pages=2))) == [BA, HAI]
    web.answers[HAI] = Answer(status=410)
    web.clock.turn(days=2)
    assert addresses(visited(web, cache, FEED)) == [BA]
    web.clock.turn(days=2)
    web.addresses()
    visited(web, cache, FEED)
    assert HAI not in web.addresses()


def test_a_list_that_fails_is_followed_as_it_was(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = sitemap([BAI, HAI])
    visited(web, cache, SITEMAP)
    web.answers[SITEMAP] = Answer(status=502)
    web.clock.turn(days=2)
    found = visited(web, cache, SITEMAP)
    assert addresses(found) == [BAI, HAI]
    assert reasons(found) == {SITEMAP: "kept from 2026-11-20; answers 502 (Bad Gateway)"}


def test_sitemaps_within_sitemaps_are_followed_three_deep_packed_or_not(web: SmallWeb, cache: Path) -> None:
    deep = [f"http://bao.example/s{n}.xml" for n in range(4)]
    web.answers |= {
        deep[0]: sitemap([deep[1], deep[0]], "sitemapindex"),
        deep[1]: sitemap([deep[2], f"{deep[2]}.gz", deep[3]], "sitemapindex"),
        deep[2]: sitemap([BAI]),
        f"{deep[2]}.gz": Answer(gzip.compress(sitemap([HAI]).data), media_type="application/gzip"),
        deep[3]: sitemap([f"{deep[2]}?x"], "sitemapindex"),
        f"{deep[2]}?x": sitemap([BA]),
    }
    found = visited(web, cache, deep[0])
    assert addresses(found) == [BAI, HAI]
    assert reasons(found) == {deep[3]: "lies within 2 others and names more; these are not read"}


def test_dated_sitemaps_are_read_newest_first_and_no_more_than_needed(web: SmallWeb, cache: Path) -> None:
    months = {f"http://bao.example/s{n}.xml": f"2026-{n:02}-01" for n in range(1, 10)}
    web.answers[SITEMAP] = sitemap(months.items(), "sitemapindex")
    for n, (address, day) in enumerate(months.items(), 1):
        web.answers |= {address: sitemap([(f"http://bao.example/{n}", day)]), f"http://bao.example/{n}": page(day)}
    found = visited(web, cache, SITEMAP, WebSettings(max_pages=2))
    assert addresses(found) == ["http://bao.example/9", "http://bao.example/8"]
    assert web.addresses()[:3] == [SITEMAP, "http://bao.example/s9.xml", "http://bao.example/s8.xml"]


def test_a_source_names_no_endless_number_of_sitemaps(web: SmallWeb, cache: Path) -> None:
    many = [f"http://bao.example/s{n}.xml" for n in range(150)]
    web.answers |= {SITEMAP: sitemap(many, "sitemapindex"), **dict.fromkeys(many, sitemap([BAI]))}
    found = visited(web, cache, SITEMAP, WebSettings(delay_seconds=0))
    assert addresses(found) == [BAI]
    assert reasons(found) == {SITEMAP: "names more than 100 lists; the newest were read"}


def test_pages_of_other_sites_are_visited_only_where_a_person_lists_them(web: SmallWeb, cache: Path) -> None:
    below, foreign, like = "http://tin.bao.example/a", "http://khac.example/a", "http://xbao.example/a"
    web.answers |= {
        "http://www.bao.example/rss": rss([BAI, below, foreign, like, "mailto:a@bao.example"]),
        below: page("Dưới"), foreign: page("Khác"), like: page("Giống"),
    }  # fmt: skip
    found = visited(web, cache, ["http://www.bao.example/rss"])
    assert addresses(found) == [BAI, below]
    assert reasons(found) == {
        "http://www.bao.example/rss": "pages of other sites are not visited (2); those named as sources are"
    }
    assert set(addresses(visited(web, cache, ["http://www.bao.example/rss", foreign]))) == {BAI, below, foreign}


def test_a_feed_with_relative_links_and_one_in_atom_lead_to_their_pages(web: SmallWeb, cache: Path) -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Báo</title>'
        f'<entry><title>a</title><link rel="alternate" href="bai-2"/><updated>2026-11-01T00:00:00Z</updated></entry>'
        f'<entry><title>b</title><link href="{BA}"/><published>2026-11-02T00:00:00Z</published></entry></feed>'
    )
    web.answers |= {FEED: rss(["/bai-1"]), "http://bao.example/atom": Answer(atom, media_type="application/atom+xml")}
    assert addresses(visited(web, cache, FEED)) == [BAI]
    assert addresses(visited(web, cache, "http://bao.example/atom")) == [BA, HAI]


def test_sources_take_turns(web: SmallWeb, cache: Path) -> None:
    others = [f"http://khac.example/{n}" for n in range(2)]
    web.answers |= {SITEMAP: sitemap([BAI, HAI, BA]), "http://khac.example/s.xml": sitemap(others)}
    web.answers |= dict.fromkeys(others, page("Khác"))
    found = visited(web, cache, [SITEMAP, "http://khac.example/s.xml"])
    assert addresses(found) == [BAI, others[0], HAI, others[1], BA]
    assert [one.source for one in pages(found)][:2] == [SITEMAP, "http://khac.example/s.xml"]
    assert addresses(visited(web, cache, [SITEMAP, "http://khac.example/s.xml"])) == addresses(found)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<!DOCTYPE urlset [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>', "declares entities"),
        (
            '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel>&a;</channel></rss>',
            "declares entities",
        ),
        ("<urlset><url><loc>", "a sitemap that is not valid XML"),
        ("<urlset></urlset>", "a sitemap that names no page"),
        ("<rss><channel></channel></rss>", "a feed that names no page"),
        ("<urlset><url><loc>http://127.0.0.1/x</loc></url></urlset>", "pages of other sites are not visited (1)"),
    ],
)
def test_a_list_that_cannot_be_followed_says_why(web: SmallWeb, cache: Path, body: str, reason: str) -> None:
    web.answers[SITEMAP] = Answer(body, media_type="application/xml")
    (found,) = visited(web, cache, SITEMAP)
    assert isinstance(found, Unvisited)
    assert reason in found.reason


def test_a_sitemap_that_breaks_off_is_followed_so_far(web: SmallWeb, cache: Path) -> None:
    whole = sitemap([BAI, HAI]).body
    assert isinstance(whole, str)
    web.answers[SITEMAP] = Answer(whole.replace("</urlset>", "<url><loc>a&b"))
    found = visited(web, cache, SITEMAP)
    assert addresses(found) == [BAI, HAI]
    assert reasons(found) == {SITEMAP: "not valid XML from line 1 on"}


def test_pictures_in_a_sitemap_are_no_pages(web: SmallWeb, cache: Path) -> None:
    body = (
        '<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://example/image">'
        f"<s:url><image:image><image:loc>{HAI}</image:loc></image:image><image:loc>{HAI}</image:loc>"
        f"<s:loc>\n <![CDATA[{BAI}]]> </s:loc></s:url></s:urlset>"
    )
    web.answers[SITEMAP] = Answer(body)
    assert addresses(visited(web, cache, SITEMAP)) == [BAI]


def test_a_packed_bomb_for_a_sitemap_is_cut(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = Answer(gzip.compress(b"<urlset>" + b" " * 80_000_000, 1), media_type="application/gzip")
    assert reasons(visited(web, cache, SITEMAP)) == {SITEMAP: "holds more than 60 MB when unpacked; split it"}


def test_a_list_among_pages_is_told(web: SmallWeb, cache: Path) -> None:
    web.answers |= {SITEMAP: sitemap([BAI, FEED]), FEED: rss([HAI])}
    found = visited(web, cache, SITEMAP)
    assert addresses(found) == [BAI]
    assert reasons(found) == {FEED: "a feed rather than a page; name it as a source of its own"}


def test_progress_counts_pages(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = sitemap([BAI, HAI])
    told: list[tuple[int, int]] = []
    with Web(cache, WebSettings(), web.network, web.clock.now, web.clock.sleep) as sites:
        list(sites.visit([SITEMAP], lambda done, known: told.append((done, known))))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_visit_that_is_broken_off_keeps_what_it_had(web: SmallWeb, cache: Path) -> None:
    web.answers[SITEMAP] = sitemap([BAI, HAI])
    with Web(cache, WebSettings(), web.network, web.clock.now, web.clock.sleep) as sites:
        next(iter(sites.visit([SITEMAP])))
    web.addresses()
    assert addresses(visited(web, cache, SITEMAP)) == [BAI, HAI]
    assert web.addresses() == [SITEMAP, HAI]
