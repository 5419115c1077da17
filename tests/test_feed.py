"""Feeds: entries that hold their text become articles, links are told, and nothing is fetched or expanded."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.readers import Hints, Reading, Unreadable
from embeddings.readers.feed import dated_links, links, read
from embeddings.readers.xml_prolog import root_name
from embeddings.records import Kind
from tests.fakes import time_limit

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Báo Thử Nghiệm</title><link>https://bao.example/</link>
<item><title>Mỹ Thanh trồng cây</title><link>https://bao.example/1</link><guid>https://bao.example/?p=1</guid>
<description>Tóm tắt.</description><content:encoded><![CDATA[<p>Xã Mỹ Thanh trồng 14.500&nbsp;cây.</p>
<figure><figcaption>Ảnh: T.</figcaption></figure><p>Cây sống <b>96,46%</b>.</p><script>x</script>]]></content:encoded>
<dc:creator>Lê Thị Hạ</dc:creator><category>Đời sống</category><pubDate>Fri, 12 Jun 2026 23:30:00 GMT</pubDate></item>
<item><title>Chỉ có tóm tắt</title><link>https://bao.example/2</link>
<description>&lt;p&gt;Xã An Hòa.&lt;/p&gt;</description>
<pubDate>12/06/2026</pubDate><guid isPermaLink="false">a2</guid></item>
<item><title>Không có gì</title><link>https://bao.example/3</link></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Trang Thử</title>
<entry><id>tag:x,2026:1</id><title type="html">A &amp;amp; B</title><link href="https://bao.example/4"/>
<author><name>Hạ</name><email>a@bao.example</email></author><updated>2026-06-12T10:00:00+07:00</updated>
<summary>ngắn</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Một</p><p>Hai</p></div></content>
</entry></feed>"""


def found(data: str | bytes, hints: Hints = Hints(".rss")) -> list[Reading | Unreadable]:  # noqa: B008 - frozen
    return list(read(data.encode() if isinstance(data, str) else data, hints))


def articles(data: str | bytes, hints: Hints = Hints(".rss")) -> list[Reading]:  # noqa: B008 - frozen
    return [one for one in found(data, hints) if isinstance(one, Reading)]


def parts(reading: Reading) -> list[tuple[Kind, str]]:
    return [(region.kind, reading.text[region.start : region.end]) for region in reading.regions or ()]


def test_an_entry_with_all_its_text_is_an_article() -> None:
    first = articles(RSS)[0]
    assert parts(first) == [
        (Kind.TITLE, "Mỹ Thanh trồng cây"),
        (Kind.DATE, "Ngày đăng: 13/06/2026"),
        (Kind.BODY, "Xã Mỹ Thanh trồng 14.500 cây."),
        (Kind.CAPTION, "Ảnh: T."),
        (Kind.BODY, "Cây sống 96,46%."),
        (Kind.BYLINE, "Tác giả: Lê Thị Hạ"),
        (Kind.SOURCE, "Nguồn: Báo Thử Nghiệm"),
    ]
    assert first.front_matter == {
        "title": "Mỹ Thanh trồng cây", "published": "2026-06-13", "author": "Lê Thị Hạ", "source": "Báo Thử Nghiệm",
        "section": "Đời sống", "url": "https://bao.example/1",
    }  # fmt: skip
    assert first.part == "https://bao.example/-p=1"


def test_an_entry_without_is_its_summary_and_one_without_either_is_told() -> None:
    second, third = found(RSS)[1:]
    assert isinstance(second, Reading)
    assert parts(second)[1:3] == [(Kind.DATE, "Ngày đăng: 12/06/2026"), (Kind.BODY, "Xã An Hòa.")]
    assert second.part == "a2"
    assert third == Unreadable("https://bao.example/3", "no text but its title")


def test_atom_is_read_as_well() -> None:
    (article,) = articles(ATOM, Hints(".atom"))
    assert parts(article)[:4] == [
        (Kind.TITLE, "A & B"), (Kind.DATE, "Ngày đăng: 12/06/2026"), (Kind.BODY, "Một"), (Kind.BODY, "Hai"),
    ]  # fmt: skip
    assert article.front_matter["author"] == "Hạ"
    assert article.part == "tag:x-2026:1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1258"])
def test_encodings_that_a_feed_names_are_heeded(encoding: str) -> None:
    item = "<item><title>Tin</title><description>Đê điều ở xã Hà</description></item>"
    xml = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>{item}</channel></rss>'
    if encoding == "windows-1258":  # where tones are letters of their own
        for letter, spelled in (("ề", "ê\u0300"), ("ở", "ơ\u0309"), ("ã", "a\u0303")):
            xml = xml.replace(letter, spelled)
    assert [article.text for article in articles(xml.encode(encoding))] == ["Tin\nĐê điều ở xã Hà\n"]


def test_the_servers_word_on_the_encoding_counts() -> None:
    xml = "<rss version='2.0'><channel><item><description>Đê điều ở xã Hà</description></item></channel></rss>"
    assert articles(xml.encode("utf-16-le"), Hints(".xml", charset="utf-16-le"))[0].text == "Đê điều ở xã Hà\n"


def test_a_feed_that_is_not_well_formed_is_read_as_far_as_it_can_be() -> None:
    broken = RSS.replace("Tóm tắt.", "Tóm & tắt &nbsp; <br> <p>").replace("</channel></rss>", "")
    assert [article.front_matter["url"][-1] for article in articles(broken)] == ["1", "2"]


def test_links_are_told_in_order_with_their_days() -> None:
    assert links(RSS.encode()) == [f"https://bao.example/{n}" for n in (1, 2, 3)]
    days = [link.published.date().isoformat() if link.published else None for link in dated_links(RSS.encode())]
    assert days == ["2026-06-13", "2026-06-12", None]
    relative = RSS.replace("https://bao.example/1", "/x/1")
    assert links(relative.encode(), "https://bao.example/rss")[0] == "https://bao.example/x/1"


def test_entries_with_one_id_have_two_names() -> None:
    twice = RSS.replace("https://bao.example/?p=1", "a2")
    assert [one.part for one in found(twice)] == ["a2", "2", "https://bao.example/3"]
    long = RSS.replace("https://bao.example/?p=1", "x" * 80)
    assert found(long)[0].part == "https://bao.example/1"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "no feed"),
        ("xin chào", "no feed"),
        ("<html><body>x</body></html>", "no feed"),
        ("<urlset><url><loc>x</loc></url></urlset>", "no feed"),
        ("<rss><channel></channel></rss>", "a feed without entries"),
        ("\0\1\2" * 50, "no feed"),
        ('<!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "declares entities"),
        ('<?xml version="1.0"?>\n<!-- <a> -->\n<!DOCTYPE rss [ <!ENTITY % a SYSTEM "http://a/">]><rss/>', "entities"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused(data: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        found(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_declared_entities_are_seen_in_every_encoding(encoding: str) -> None:
    laughs = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE rss [<!ENTITY a0 "ha">{laughs}]><rss><channel><item><title>&a9;</title></item></channel></rss>'
    with pytest.raises(ValueError, match="declares entities"):
        found(bomb.encode(encoding))


def test_nothing_outside_the_feed_is_read_or_fetched(tmp_path: Path) -> None:
    asked: list[object] = []
    (tmp_path / "x.txt").write_text("bí mật", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        at = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def accept() -> None:
            try:
                while True:
                    asked.append(listener.accept())
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        hostile = [
            f'<!DOCTYPE rss SYSTEM "{at}/x.dtd">{RSS.partition("?>")[2]}',
            f'<!DOCTYPE rss PUBLIC "-//x" "{at}/x.dtd">{RSS.partition("?>")[2]}',
            f'<?xml-stylesheet href="{at}/x.xsl"?>{RSS.partition("?>")[2]}',
            RSS.replace("Tóm tắt.", f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{at}/x"/>'),
            RSS.replace("Tóm tắt.", f"&lt;img src='{at}/x.png'&gt;"),
        ]
        for data in hostile:
            assert len(articles(data)) >= 1
        for data in (at, f"file://{tmp_path}/x.txt", str(tmp_path / "x.txt")):
            with pytest.raises(ValueError, match="no feed"):
                found(data)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert asked == []


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "</", "<item>", "<p>", "&", "<![CDATA[", "<script>"])
def test_hostile_feeds_take_linear_time(piece: str) -> None:
    with time_limit(20):
        found(RSS.replace("Tóm tắt.", piece * (200_000 // len(piece)) + "&nbsp;"))


@given(
    data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
    start=st.sampled_from([b"", b"<rss>", b"<feed>", b"<?xml", b"<!--", b"<!DOCTYPE "]),
)
def test_whatever_comes_it_is_a_feed_or_refused_with_a_reason(data: bytes, start: bytes) -> None:
    with contextlib.suppress(ValueError):
        for one in read(start + data, Hints(".xml")):
            assert isinstance(one, Reading | Unreadable)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<rss version='2.0'>", "rss"), (b"\xef\xbb\xbf <?xml version='1.0'?><!-- x <y> --><rdf:RDF", "rdf"),
        (b"<!DOCTYPE html><HTML>", "html"), (b"<!doctype html PUBLIC 'x' 'y'>\n<!-- --><a:b.c-d>", "b.c-d"),
        ("<?xml version='1.0'?><feed>".encode("utf-16"), "feed"), (b"", None), (b"xin <rss>", None),
        (b"<!-- <rss>", None),
        (b"<!--" + b" " * 200_000 + b"--><rss>", None), (b"<>", None), (b"{}", None),
    ],
)  # fmt: skip
def test_the_root_of_a_document_is_known_without_a_parser(data: bytes, expected: str | None) -> None:
    assert root_name(data) == expected
