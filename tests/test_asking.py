"""One request for a document that may be known already: conditions, redirects told, reasons apart from cures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import FetchError
from embeddings.fetching import Fetched, Moved, Network, NotModified, Unfetched, Validators, ask
from tests.web_site import Answer, Cable, Names, SmallWeb, page, small_web

BAI = "http://bao.example/bai"
DAY = "Fri, 20 Nov 2026 01:00:00 GMT"


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    with small_web() as found:
        yield found


def asked(web: SmallWeb, address: str = BAI, known: Validators | None = None) -> Fetched | NotModified | Moved:
    return ask(address, max_bytes=1_000_000, known=known or Validators(), network=web.network)


def test_a_document_comes_with_what_it_is_known_by(web: SmallWeb) -> None:
    web.answers[BAI] = Answer("Xã Mỹ Thanh", etag='W/"a1"', last_modified=DAY)
    found = asked(web)
    assert isinstance(found, Fetched)
    assert found.validators == Validators('W/"a1"', DAY)
    assert found.data == "Xã Mỹ Thanh".encode()
    assert (web.asked[0].etag, web.asked[0].last_modified) == (None, None)


@pytest.mark.parametrize("known", [Validators(etag='"a1"'), Validators(last_modified=DAY), Validators('"a1"', DAY)])
def test_what_is_known_is_not_sent_again(web: SmallWeb, known: Validators) -> None:
    web.answers[BAI] = Answer("Xã Mỹ Thanh", etag=known.etag, last_modified=known.last_modified)
    assert asked(web, known=known) == NotModified(BAI, known)
    assert (web.asked[0].etag, web.asked[0].last_modified) == (known.etag, known.last_modified)


def test_what_changed_is_sent_anew(web: SmallWeb) -> None:
    web.answers[BAI] = Answer("mới", etag='"b2"')
    found = asked(web, known=Validators('"a1"'))
    assert isinstance(found, Fetched)
    assert (found.data, found.validators.etag) == ("mới".encode(), '"b2"')


def test_an_answer_that_nothing_changed_to_who_knows_nothing_is_an_error(web: SmallWeb) -> None:
    web.answers[BAI] = Answer(status=304)
    with pytest.raises(Unfetched, match=r"answers 304 \(Not Modified\)"):
        asked(web)


@given(etag=st.text(max_size=600), day=st.text(max_size=600))
def test_whatever_a_server_named_nothing_but_a_plain_header_is_sent_back(etag: str, day: str) -> None:
    for value in Validators(etag, day).headers().values():
        assert value.isascii()
        assert value.isprintable()
        assert 0 < len(value) <= 500


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/bai-2", "http://bao.example/bai-2"),
        ("bai-2#cuoi", "http://bao.example/bai-2"),
        ("//khac.example/x?y=1", "http://khac.example/x?y=1"),
        ("https://KHAC.example", "https://khac.example"),
        ("http://127.0.0.1/", "http://127.0.0.1/"),
    ],
)
def test_a_redirect_is_told_and_not_followed(web: SmallWeb, location: str, expected: str) -> None:
    web.answers[BAI] = Answer(status=302, location=location)
    assert asked(web) == Moved(expected)
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://a:b@bao.example/", "http://0x7f.1/", "http://[::g]/"]
)
def test_a_redirect_to_no_address_of_the_web_is_refused(web: SmallWeb, location: str) -> None:
    web.answers[BAI] = Answer(status=301, location=location)
    with pytest.raises(FetchError, match=r"where http://bao\.example/bai leads"):
        asked(web)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503])
def test_a_refusal_says_its_status_and_when_to_come_back(web: SmallWeb, status: int) -> None:
    web.answers[BAI] = Answer(status=status, retry_after="120")
    with pytest.raises(Unfetched, match=f"{BAI} answers {status}") as caught:
        asked(web)
    assert (caught.value.status, caught.value.retry_after) == (status, "120")
    assert caught.value.reason.startswith(f"answers {status} (")
    assert "file" not in caught.value.reason  # the cure is for who sends addresses to the bot


def test_what_is_not_reached_has_no_status(web: SmallWeb) -> None:
    web.down.add("bao.example")
    with pytest.raises(Unfetched, match="breaks off") as caught:
        asked(web)
    assert (caught.value.status, caught.value.reason) == (None, "breaks off, or is not HTTP")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://①②⑦.0.0.1/",
        "http://[::1]/", "http://[64:ff9b::7f00:1]/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/",
        "http://localhost/", "http://metadata.google.internal/", "http://10.0.0.1/", "http://192.168.1.1/",
        "http://100.64.0.1/", "http://[fe80::1]/", "http://[fd00::1]/", "http://bao.example:8080/",
    ],
)  # fmt: skip
def test_no_notation_of_an_inner_address_is_asked(web: SmallWeb, address: str) -> None:
    with pytest.raises(FetchError, match=r"never fetched|unusual way|not a valid|local network|only 80 and 443"):
        asked(web, address)
    assert web.asked == []


def test_a_name_that_turns_inward_between_two_requests_is_stopped() -> None:
    with small_web() as web:
        assert isinstance(web.network.backend, Cable)
        names = Names(["93.184.216.34"], ["127.0.0.1"])
        web.answers[BAI] = page("Bài")
        network = Network(names, web.network.backend)
        assert isinstance(ask(BAI, max_bytes=1000, network=network), Fetched)
        with pytest.raises(Unfetched, match="private or reserved"):
            ask(BAI, max_bytes=1000, network=network)
        assert names.asked == ["bao.example"] * 2
        assert len(web.asked) == 1


def test_too_much_and_too_slow_are_cut_here_as_well(web: SmallWeb) -> None:
    web.answers[BAI] = Answer("x" * 1001)
    with pytest.raises(Unfetched, match=r"holds more than 0\.001 MB") as caught:
        ask(BAI, max_bytes=1000, network=web.network)
    assert caught.value.reason == "holds more than 0.001 MB"
    with pytest.raises(Unfetched, match="took longer than 0 s"):
        ask(BAI, max_bytes=1000, deadline=0, network=web.network)
