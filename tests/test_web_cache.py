"""Copies of web pages: what is damaged is fetched again, a full disk is told; and which addresses are one."""

from __future__ import annotations

import hashlib
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.addresses import Refused
from embeddings.errors import StorageError
from embeddings.fetching import Validators
from embeddings.readers.feed import Link
from embeddings.web_cache import Copy, WebCache
from embeddings.web_lists import addresses_in, is_same_site, normalized
from tests.web_site import BAI, small_news_web, visited

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BODY = "Xã Mỹ Thanh trồng 14.500 cây. ".encode() * 40


def copy(number: int, data: bytes = BODY, checked: datetime = NOW) -> Copy:
    address = f"http://bao.example/{number}"
    return Copy(address, f"{address}?cuối", "text/html", None, Validators('"a"', None), checked, data + b"%d" % number)


COPIES = [copy(n) for n in range(20)]


def filled(file: Path) -> Path:
    with WebCache(file) as cache:
        for one in COPIES:
            cache.put(one)
        cache.put_robots("http://bao.example", NOW, b"User-agent: *")
    return file


def held(cache: WebCache) -> list[Copy]:
    return [found for one in COPIES if (found := cache.get(one.address)) is not None]


def test_what_was_put_is_found_again_after_closing(tmp_path: Path) -> None:
    with WebCache(filled(tmp_path / "c")) as cache:
        assert held(cache) == COPIES
        assert cache.robots("http://bao.example") == (NOW, b"User-agent: *")
        assert (cache.get("http://bao.example/x"), cache.robots("http://x")) == (None, None)


def test_a_copy_is_replaced_confirmed_and_dropped(tmp_path: Path) -> None:
    with WebCache(filled(tmp_path / "c")) as cache:
        cache.put(copy(3, b"anders"))
        cache.confirm(COPIES[4].address, NOW + timedelta(days=1))
        cache.drop(COPIES[5].address)
        found = held(cache)
    assert found[3] == copy(3, b"anders")
    assert found[4] == copy(4, checked=NOW + timedelta(days=1))
    assert len(found) == 19


def test_whatever_byte_is_damaged_nothing_wrong_comes_out_and_the_cache_works_on(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole").read_bytes()
    for at in [*range(0, 110, 3), *range(110, len(whole), 401)]:
        file = tmp_path / "c"
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with WebCache(file) as cache:
            assert {(one.address, one.data, one.final) for one in held(cache)} <= {
                (one.address, one.data, one.final) for one in COPIES
            }, at
            cache.put(COPIES[1])
            assert cache.get(COPIES[1].address) == COPIES[1], at
            assert (cache.robots("http://bao.example") or (NOW, b"User-agent: *"))[1] == b"User-agent: *", at
        for path in tmp_path.glob("c*"):
            path.unlink()


@pytest.mark.parametrize("length", [0, 1, 99, 4096, 9000, -1])
def test_a_truncated_cache_is_begun_anew(length: int, tmp_path: Path) -> None:
    file = filled(tmp_path / "c")
    file.write_bytes(file.read_bytes()[:length])
    with WebCache(file) as cache:
        assert set(held(cache)) <= set(COPIES)
        cache.put(COPIES[0])
        assert cache.get(COPIES[0].address) == COPIES[0]


def test_a_file_of_another_program_is_put_aside_unharmed(tmp_path: Path) -> None:
    file = tmp_path / "c"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE copies (mine TEXT)")
    connection.close()
    before = file.read_bytes()
    with WebCache(file) as cache:
        cache.put(COPIES[0])
    assert (tmp_path / "c.damaged").read_bytes() == before
    (tmp_path / "d").write_text("thư riêng\n" * 100, "utf-8")
    WebCache(tmp_path / "d").close()
    assert (tmp_path / "d.damaged").read_text("utf-8").startswith("thư riêng")


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_one_error_and_costs_no_copy(tmp_path: Path) -> None:
    def fill(cache: WebCache) -> None:
        for n in range(100, 400):
            cache.put(copy(n, hashlib.sha512(b"%d" % n).digest() * 20))

    file = filled(tmp_path / "c")
    refusal = pytest.raises(StorageError, match=r"web pages in .* cannot be used \(.*\)\. Free some space")
    with WebCache(file) as cache, full_disk(100_000), refusal as caught:
        fill(cache)
    assert "\n" not in str(caught.value)
    with WebCache(file) as cache:
        assert held(cache) == COPIES
    assert not (tmp_path / "c.damaged").exists()


def test_a_full_disk_ends_a_visit_in_one_line(tmp_path: Path) -> None:
    with small_news_web() as web, full_disk(4096), pytest.raises(StorageError, match="Free some space"):
        visited(web, tmp_path / "c", BAI)


def test_a_cache_that_cannot_be_opened_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(StorageError, match=r"cannot be used \(unable to open"):
        WebCache(tmp_path / "c")


def test_what_nobody_names_any_more_is_forgotten_in_the_end(tmp_path: Path) -> None:
    with WebCache(filled(tmp_path / "c")) as cache:
        cache.put(copy(3, checked=NOW + timedelta(days=5)))
        cache.keep_recent(NOW + timedelta(days=1), [COPIES[7].address])
        assert [one.address for one in held(cache)] == [COPIES[3].address, COPIES[7].address]


def test_a_feed_is_remembered_newest_first_and_only_so_far(tmp_path: Path) -> None:
    old, new, undated = Link("a", NOW - timedelta(days=9)), Link("b", NOW - timedelta(days=1)), Link("c", None)
    with WebCache(tmp_path / "c") as cache:
        assert cache.remember("f", [old, undated], NOW - timedelta(days=5), 9) == [undated, old]
        assert cache.remember("f", [new], NOW, 9) == [new, undated, old]
        assert cache.remember("other", [], NOW, 9) == []
        assert cache.remember("f", [], NOW, 2) == [new, undated]
        assert cache.remember("f", [], NOW, 9) == [new, undated]
        cache.drop("b")
        assert cache.remember("f", [], NOW, 9) == [undated]


# --- addresses ---


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("HTTPS://Bao.Example:443/Bai#x", "https://bao.example/Bai"),
        ("http://bao.example", "http://bao.example/"),
        ("http://bao.example/?", "http://bao.example/"),
        ("http://bao.example/?utm_id=1", "http://bao.example/"),
        ("http://bao.example/a?b=2&a=1&utm_source=rss&gclid=x&a=3", "http://bao.example/a?b=2&a=1&a=3"),
        ("http://bao.example/a?utm=1&xfbclid=2", "http://bao.example/a?utm=1&xfbclid=2"),
        ("http://bao.example:8080/", "http://bao.example:8080/"),
        (
            "http://báo.example/tin tức?q=Mỹ Lộc",
            "http://xn--bo-mia.example/tin%20t%E1%BB%A9c?q=M%E1%BB%B9%20L%E1%BB%99c",
        ),
    ],
)
def test_addresses_have_one_spelling(address: str, expected: str) -> None:
    assert normalized(address) == expected


@given(path=st.text(max_size=40), query=st.text(max_size=40))
def test_one_spelling_is_its_own(path: str, query: str) -> None:
    try:
        once = normalized(f"http://bao.example/{path}?{query}")
    except Refused:
        return
    assert normalized(once) == once
    assert once.isascii()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://bao.example/x", True),
        ("http://tin.bao.example/", True),
        ("http://www.bao.example:8080/", True),
        ("http://xbao.example/", False),
        ("http://example/", False),
        ("http://bao.example.evil.example/", False),
    ],
)
def test_a_site_is_a_host_and_those_below(address: str, expected: bool) -> None:
    assert is_same_site(address, ["http://www.bao.example/rss"]) is expected


def test_a_file_of_addresses_has_one_a_line() -> None:
    text = (
        "\ufeff# các báo\r\n\r\nhttps://bao.example/rss  # tin mới\nhttp://bao.example/#a\n"
        "  http://bao.example/  \nbao.example\nhttp://127.1/\n"
    )
    assert addresses_in(text) == (
        ["https://bao.example/rss", "http://bao.example/"],
        [(6, "is not a web address"), (7, "spells an IP address in an unusual way")],
    )
