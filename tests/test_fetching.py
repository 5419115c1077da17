"""What a link may reach, how long, and how much: over real HTTP on the loopback interface."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import FetchError
from embeddings.fetching import INTERNET, MAX_ADDRESS, Fetched, Network, fetch, is_public
from tests.web_site import PUBLIC, Cable, Names

TEXT = "Đảng bộ huyện Hải Hậu có 14.500 đảng viên.\n"

# For bai.example, good until 2120, made for these tests with openssl; nothing but they trusts it.
_KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHIiJwJBAOmX8Gwu4
u/KC+blfREwwqOCUorUkk+EWLEOhRANCAASaxCPMPVekP2ediZyfBuhSSCzhQ951
vPJFkqgquAaJI7C+jQg/aI9KDxip6zZ/0m5XBmD5BMclo/I/iz5F5Bjp
"""
_CERTIFICATE = """
MIIBdzCCAR2gAwIBAgIBATAKBggqhkjOPQQDAjAWMRQwEgYDVQQDDAtiYWkuZXhh
bXBsZTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFjEUMBIGA1UE
AwwLYmFpLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASaxCPMPVek
P2ediZyfBuhSSCzhQ951vPJFkqgquAaJI7C+jQg/aI9KDxip6zZ/0m5XBmD5BMcl
o/I/iz5F5Bjpo1owWDAWBgNVHREEDzANggtiYWkuZXhhbXBsZTAPBgNVHRMBAf8E
BTADAQH/MA4GA1UdDwEB/wQEAwIChDAdBgNVHQ4EFgQUsXHlP/Wi/AY6BuC1dFkZ
/67EQUUwCgYIKoZIzj0EAwIDSAAwRQIgZeZuUBVraCOCC9tQfuUa8JFifM4eS7uQ
+w0yScqZjd0CIQCZtpE3cThAmAbjohJsQYrPQuImg1SaBH/de3st26qO9Q==
"""

Handler = Callable[[str, socket.socket], None]


@dataclass
class Site:
    """A server that speaks what its handler writes, on a port of its own; it notes what it is asked."""

    port: int
    asked: list[str] = field(default_factory=list)  # heads of requests, whole
    connections: int = 0

    def address(self, path: str = "/bai.txt") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [head.partition(" ")[2].partition(" ")[0] for head in self.asked]


@contextmanager
def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = Site(listener.getsockname()[1])

        def talk(connection: socket.socket) -> None:
            try:
                with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
                    head = b""
                    while not head.endswith(b"\r\n\r\n") and (more := stream.recv(4096)):
                        head += more
                        if head.startswith(b"\x16"):  # TLS, where none is spoken
                            break
                    if head:
                        site.asked.append(head.decode("latin-1"))
                        handler(site.paths[-1], stream)
            except OSError:
                pass  # the client has hung up

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return  # closed
                site.connections += 1
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield site
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def reply(body: bytes = TEXT.encode(), status: str = "200 OK", **headers: str) -> bytes:
    lines = {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def always(data: bytes) -> Handler:
    return lambda _, stream: stream.sendall(data)


def pages(by_path: dict[str, bytes]) -> Handler:
    return lambda path, stream: stream.sendall(by_path[path])


def nobody(host: str, port: int) -> Sequence[str]:
    raise OSError("no such host")


def local(address: str, *, max_bytes: int = 1_000_000, deadline: float = 5.0, redirects: int = 5) -> Fetched:
    return fetch(address, max_bytes=max_bytes, allow_private=True, deadline=deadline, redirects=redirects)


# --- what is fetched ---


def test_a_text_arrives_with_its_address_type_and_charset() -> None:
    with serving(always(reply())) as site:
        assert local(site.address()) == Fetched(site.address(), "text/plain", "utf-8", TEXT.encode())


def test_the_request_is_polite_and_plain() -> None:
    with serving(always(reply())) as site:
        local(f"  {site.address('/b%C3%A0i báo?x=1#đoạn')}\n")
    head = site.asked[0]
    assert head.startswith("GET /b%C3%A0i%20b%C3%A1o?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{site.port}\r\n" in head
    assert "User-Agent: vietnamese-qa-bot\r\n" in head
    assert "Accept-Encoding: identity\r\n" in head
    assert not {"cookie", "authorization", "referer"} & {line.split(":")[0].lower() for line in head.splitlines()}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Text/Markdown", ("text/markdown", None)),
        ('text/html; charset="Windows-1258"', ("text/html", "windows-1258")),
        ("text/plain; charset=", ("text/plain", None)),
        ("nonsense", ("application/octet-stream", None)),
        ("", ("application/octet-stream", None)),
    ],
)
def test_types_come_as_the_server_names_them(header: str, expected: tuple[str, str | None]) -> None:
    with serving(always(reply(Content_Type=header))) as site:
        found = local(site.address())
    assert (found.media_type, found.charset) == expected


def test_an_empty_document_and_one_without_length_arrive_whole() -> None:
    endings = {"/empty": reply(b""), "/open": b"HTTP/1.0 200 OK\r\n\r\n" + TEXT.encode()}
    endings["/chunked"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with serving(pages(endings)) as site:
        assert [local(site.address(path)).data for path in endings] == [b"", TEXT.encode(), b"abcde"]


def test_a_server_that_packs_unasked_is_understood() -> None:
    packed = gzip.compress(TEXT.encode())
    with serving(always(reply(packed, Content_Encoding="gzip"))) as site:
        assert local(site.address()).data == TEXT.encode()


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(always(reply())) as site:
        assert local(site.address()).data == TEXT.encode()


# --- redirects ---


def test_redirects_are_followed_and_the_last_address_is_told() -> None:
    moved = {"/a": reply(b"", "301 Moved", Location="/b?x#y"), "/b?x": reply(b"", "307 Go", Location="c.md")}
    with serving(pages({**moved, "/c.md": reply()})) as site:
        assert local(site.address("/a")).address == site.address("/c.md")
    assert site.paths == ["/a", "/b?x", "/c.md"]


def test_a_loop_of_redirects_ends() -> None:
    with (
        serving(always(reply(b"", "302 Found", Location="/again"))) as site,
        pytest.raises(FetchError, match="redirects more than 2 times"),
    ):
        local(site.address(), redirects=2)
    assert len(site.paths) == 3


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://127.0.0.1/", "private or reserved network"),
        ("//169.254.169.254/latest/meta-data/", "private or reserved network"),
        ("http://[::ffff:10.0.0.1]/", "private or reserved network"),
        ("http://0x7f.1/", "unusual way"),
        ("http://metadata.google.internal/", "local network"),
        ("http://user:secret@bai.example/", "user name or password"),
        ("https://bai.example:8443/", "port 8443"),
        ("file:///etc/passwd", "not a web address"),
        ("gopher://bai.example/", "not a web address"),
        ("http://[::g]/", "not a valid web address"),
        ("http://[", "no valid host"),
    ],
)
def test_a_redirect_passes_the_same_gate(target: str, reason: str) -> None:
    with serving(always(reply(b"", "302 Found", Location=target))) as site:
        cable, names = Cable(site.port), Names([PUBLIC])
        with pytest.raises(FetchError, match=reason) as caught:
            fetch("http://bai.example/", max_bytes=1000, network=Network(names, cable))
    assert cable.connected == [(PUBLIC, 80)]
    assert "where http://bai.example/ leads" in str(caught.value)
    assert "secret" not in str(caught.value)


# --- what is not reached ---

INNER = [
    "127.0.0.1", "127.255.255.254", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "100.100.100.200", "100.127.255.255", "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.2.1",
    "0.0.0.0",  # noqa: S104 - nothing is bound
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:93.184.216.34", "::ffff:0:127.0.0.1", "fe80::1", "fec0::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::5db8:d822", "64:ff9b:1::7f00:1", "100::1",
    "2001::7f00:1", "2001:0:53aa:64c:0:0:80ff:fffe", "2001:db8::1", "2002:7f00:1::", "2002:5db8:d822::1", "3fff::1",
    "5f00::1", "4000::1", "2606:2800::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "100.63.255.255", "100.128.0.0", "2606:2800:220:1::1"])
def test_addresses_of_the_web_are_public(address: str) -> None:
    assert is_public(address)


@given(address=st.ip_addresses())
@settings(max_examples=200)
def test_nothing_is_public_that_the_standard_library_calls_otherwise(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(str(address))


@pytest.mark.parametrize("inner", INNER)
def test_a_name_that_leads_inside_is_not_connected_to(inner: str) -> None:
    with serving(always(reply())) as site:
        cable = Cable(site.port)
        for answer in ([inner], [PUBLIC, inner]):
            with pytest.raises(
                FetchError, match=r"http://bai.example/ leads into a private or reserved network.* file"
            ):
                fetch("http://bai.example/", max_bytes=1000, network=Network(Names(answer), cable))
    assert cable.connected == []
    assert site.connections == 0


LOOPBACK_NOTATIONS = [
    "127.0.0.1", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "017700000001", "0",
    "127.0.0.1.:80", "127.0.0.1%00.bai.example", "①②⑦.0.0.1", "１２７.0.0.1", "127。0。0。1", "127%2e0%2e0%2e1",
    "%31%32%37.0.0.1",
    "localhost", "LocalHost", "localhost.", "localhost..", "ⓛocalhost", "a.localhost", "router.lan", "db.internal.",
    "metadata", "metadata.google.internal", "METADATA.goog", "instance-data", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[::1%25lo]",
    "169.254.169.254", "[fe80::1]", "0251.0376.0251.0376", "2852039166", "bai.example\\@127.0.0.1",
    "bai.example@127.0.0.1",
    "127.0.0.1\t", "127.0.0.\u200b1", "localhost\u3002", "1.1.1.1 127.0.0.1", "127.0.0.1:80\\.bai.example", "",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK_NOTATIONS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_notation_of_an_inner_address_reaches_it(scheme: str, host: str) -> None:
    with serving(always(reply())) as site:
        cable = Cable(site.port)
        with pytest.raises(FetchError):
            fetch(f"{scheme}://{host}/", max_bytes=1000, network=Network(Names([PUBLIC]), cable))
    assert cable.connected == []
    assert site.connections == 0


def test_the_system_itself_is_not_asked_to_read_a_notation() -> None:
    with serving(always(reply())) as site:
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(FetchError):
                fetch(f"http://{host}:{site.port}/", max_bytes=1000)
    assert site.connections == 0


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_connected_to() -> None:
    with serving(always(reply())) as site:
        cable, names = Cable(site.port), Names([PUBLIC], ["127.0.0.1"])
        found = fetch("http://BAI.example./bai", max_bytes=1000, network=Network(names, cable))
    assert found.address == "http://bai.example/bai"
    assert names.asked == ["bai.example"]
    assert cable.connected == [(PUBLIC, 80)]
    assert "Host: bai.example\r\n" in site.asked[0]


def test_a_name_that_changes_its_address_before_a_redirect_is_stopped() -> None:
    with serving(always(reply(b"", "302 Found", Location="/next"))) as site:
        cable, names = Cable(site.port), Names([PUBLIC], ["127.0.0.1"])
        with pytest.raises(FetchError, match="private or reserved"):
            fetch("http://bai.example/", max_bytes=1000, network=Network(names, cable))
    assert cable.connected == [(PUBLIC, 80)]
    assert site.connections == 1


def test_the_next_address_is_tried_when_one_is_down() -> None:
    with serving(always(reply())) as site:
        cable = Cable(site.port, silent=["1.1.1.1"])
        fetch("http://bai.example/", max_bytes=1000, network=Network(Names(["1.1.1.1", PUBLIC]), cable))
        with pytest.raises(FetchError, match="cannot be reached"):
            fetch("http://bai.example/", max_bytes=1000, network=Network(Names(["1.1.1.1"]), cable))
    assert [host for host, _ in cable.connected] == ["1.1.1.1", PUBLIC, "1.1.1.1"]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ftp://bai.example/a.txt", "not a web address. Send one that begins with https://"),
        ("javascript:alert(1)", "not a web address"),
        ("bai.example/a.txt", "not a web address"),
        ("/etc/passwd", "not a web address"),
        ("", "not a web address"),
        ("http:///a.txt", "not a web address"),
        ("http://user@bai.example/", "user name or password"),
        ("http://:@bai.example/", "user name or password"),
        ("http://bai.example:8080/", "port 8080; only 80 and 443"),
        ("http://bai.example:99999999/", "valid port"),
        ("http://bai.example:x/", "valid web address"),
        ("http://bai..example/", "valid host"),
        (f"http://{'a' * 64}.example/", "valid"),
        (f"http://bai.example/{'a' * MAX_ADDRESS}", "longer than 2048"),
    ],
)
def test_what_is_no_address_of_the_web_is_refused_with_the_cure(address: str, reason: str) -> None:
    with serving(always(reply())) as site:
        cable = Cable(site.port)
        with pytest.raises(FetchError, match=reason):
            fetch(address, max_bytes=1000, network=Network(Names([PUBLIC]), cable))
    assert cable.connected == []


def test_an_unknown_host_is_told_as_such() -> None:
    for resolve in (nobody, Names([])):
        with pytest.raises(FetchError, match=r"bai.example/ names a host that is not found. Check its spelling"):
            fetch("http://bai.example/", max_bytes=1000, network=Network(resolve))


@given(rest=st.text(max_size=60), start=st.sampled_from(["", "http://", "https://bai.example", "http://[", "//"]))
@settings(max_examples=200)
def test_whatever_is_sent_the_error_is_one_short_line(start: str, rest: str) -> None:
    with pytest.raises(FetchError, match=r"address|host|local|port|unusual") as caught:
        fetch(start + rest, max_bytes=1000, network=Network(nobody))
    assert str(caught.value).isprintable() or "\u00a0" in str(caught.value) or not rest.isprintable()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_errors_show_addresses_without_passwords_and_without_what_steers_a_terminal() -> None:
    with pytest.raises(FetchError, match=r"http://bai\.example/") as caught:
        fetch("http://me:hunter2@bai.example/\x1b[2J\u202e" + "x" * 500, max_bytes=1000, network=Network(nobody))
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


# --- how much, how long ---


def test_a_document_that_says_it_is_too_large_is_not_read() -> None:
    with (
        serving(always(reply(b"", Content_Length="1000001"))) as site,
        pytest.raises(FetchError, match=r"holds more than 1 MB. Send something smaller"),
    ):
        local(site.address())


def test_the_size_limit_is_exact() -> None:
    with serving(always(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1000)) as site:
        assert len(local(site.address(), max_bytes=1000).data) == 1000
        with pytest.raises(FetchError, match="holds more than"):
            local(site.address(), max_bytes=999)


def test_an_endless_body_is_cut() -> None:
    sent: list[int] = []

    def pour(_: str, stream: socket.socket) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            sent.append(stream.send(b"a" * 65536))

    with serving(pour) as site, pytest.raises(FetchError, match="holds more than 1 MB"):
        local(site.address())
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_cut_by_what_it_unpacks_to(coding: str) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with (
        serving(always(reply(bomb, Content_Encoding=coding))) as site,
        pytest.raises(FetchError, match="holds more than 1 MB"),
    ):
        local(site.address())


@pytest.mark.parametrize(
    ("body", "coding", "reason"),
    [
        (gzip.compress(b"x" * 1000)[:-4], "gzip", "breaks off"),
        (gzip.compress(b"x") + b"more", "gzip", "breaks off"),
        (b"no gzip", "gzip", "breaks off"),
        (b"", "gzip", "breaks off"),
        (b"x", "br", "not known"),
        (gzip.compress(gzip.compress(b"x")), "gzip, gzip", "not known"),
    ],
)
def test_what_cannot_be_unpacked_whole_is_refused(body: bytes, coding: str, reason: str) -> None:
    with serving(always(reply(body, Content_Encoding=coding))) as site, pytest.raises(FetchError, match=reason):
        local(site.address())


def drip(start: bytes, piece: bytes) -> Handler:
    def handler(_: str, stream: socket.socket) -> None:
        stream.sendall(start)
        while True:
            stream.sendall(piece)
            time.sleep(0.02)

    return handler


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b""),
        (b"H", b""),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"a")[:10], b"\x00\x00\x00\xff\xff"),
    ],
    ids=["silence", "half a word", "header", "hints", "body", "chunks", "packed nothing"],
)
def test_a_drip_is_cut_at_the_deadline(start: bytes, piece: bytes) -> None:
    began = time.monotonic()
    with serving(drip(start, piece)) as site, pytest.raises(FetchError, match=r"longer than 0\.1 s\. Try again later"):
        local(site.address(), deadline=0.1)
    assert time.monotonic() - began < 3


def test_all_redirects_share_one_deadline() -> None:
    def handler(_: str, stream: socket.socket) -> None:
        time.sleep(0.15)
        stream.sendall(reply(b"", "302 Found", Location="/again"))

    began = time.monotonic()
    with serving(handler) as site, pytest.raises(FetchError, match="longer than"):
        local(site.address(), deadline=0.4, redirects=100)
    assert time.monotonic() - began < 3


def test_a_look_up_that_hangs_is_left_behind() -> None:
    released = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        released.wait(10)
        return [PUBLIC]

    began = time.monotonic()
    with pytest.raises(FetchError, match="longer than"):
        fetch("http://bai.example/", max_bytes=1000, deadline=0.2, network=Network(resolve))
    assert time.monotonic() - began < 3
    released.set()


def test_no_time_at_all_is_an_error_like_another() -> None:
    with serving(always(reply())) as site, pytest.raises(FetchError, match="longer than 0 s"):
        local(site.address(), deadline=0)


# --- what servers do wrong ---


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("404 Chẳng có".encode().decode("latin-1"), r"answers 404 \(Not Found\). Open it in a browser"),
        ("500 Oops", r"answers 500 \(Internal Server Error\)"),
        ("403 No", "403"),
        ("599 \x1b[2J", "breaks off|answers 599"),
        ("204 Nothing", "204"),
        ("206 Part", "206"),
        ("300 Choose", "300"),
        ("304 Same", "304"),
    ],
)
def test_a_status_that_is_no_success_is_told(status: str, reason: str) -> None:
    data = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with serving(always(data)) as site, pytest.raises(FetchError, match=reason):
        local(site.address())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
        b"\x00\xff" * 100,
    ],
    ids=["nothing", "ssh", "half", "chunks", "two lengths", "a long header", "bytes"],
)
def test_what_is_not_http_is_an_error_of_ours(data: bytes) -> None:
    with serving(always(data)) as site, pytest.raises(FetchError, match=r"breaks off, or is not HTTP\. Try again"):
        local(site.address())


def test_a_closed_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        local(f"http://127.0.0.1:{port}/")


# --- certificates ---


@pytest.fixture(scope="module")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    file = tmp_path_factory.mktemp("tls") / "bai.example.pem"
    file.write_text(_pem("PRIVATE KEY", _KEY) + _pem("CERTIFICATE", _CERTIFICATE), "ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _pem(what: str, base64: str) -> str:
    return f"-----BEGIN {what}-----{base64}-----END {what}-----\n"


def test_a_certificate_must_be_for_the_name_although_the_connection_goes_to_an_address(
    server_tls: ssl.SSLContext,
) -> None:
    trusting = ssl.create_default_context(cadata=_pem("CERTIFICATE", _CERTIFICATE))
    with serving(always(reply()), server_tls) as site:
        cable, names = Cable(site.port), Names([PUBLIC])
        network = Network(names, cable, trusting)
        assert fetch("https://bai.example/", max_bytes=1000, network=network).data == TEXT.encode()
        for other in ("https://khac.example/", f"https://{PUBLIC}/"):
            with pytest.raises(FetchError, match=r"certificate that can be trusted \(.*match"):
                fetch(other, max_bytes=1000, network=network)
    assert cable.connected == [(PUBLIC, 443)] * 3
    assert len(site.asked) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    server_tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.pem").write_text(_pem("CERTIFICATE", _CERTIFICATE), "ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))  # the environment vouches for nobody
    with serving(always(reply()), server_tls) as site:
        network = Network(Names([PUBLIC]), Cable(site.port))
        with pytest.raises(FetchError, match=r"certificate that can be trusted \(self-signed certificate\)"):
            fetch("https://bai.example/", max_bytes=1000, network=network)
    assert site.asked == []


def test_a_server_without_tls_is_refused_where_tls_is_asked_for() -> None:
    with serving(always(reply())) as site, pytest.raises(FetchError, match=r"trusted \(no TLS\)"):
        fetch("https://bai.example/", max_bytes=1000, deadline=2, network=Network(Names([PUBLIC]), Cable(site.port)))


def test_a_hanging_handshake_is_cut() -> None:
    with serving(drip(b"", b"")) as site, pytest.raises(FetchError, match="longer than"):
        fetch("https://bai.example/", max_bytes=1000, deadline=0.1, network=Network(Names([PUBLIC]), Cable(site.port)))


def test_the_system_resolves_and_connects_unless_told_otherwise() -> None:
    assert "127.0.0.1" in INTERNET.resolve("localhost", 80)
    with serving(always(reply())) as site:
        assert local(f"http://localhost:{site.port}/").data == TEXT.encode()
