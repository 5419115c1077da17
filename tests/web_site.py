"""A web of its own for tests: sites with names, over real HTTP on the loopback interface; a clock turned by hand."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpcore

from embeddings.fetching import Network
from embeddings.web import Unvisited, Web, WebPage
from embeddings.web_settings import WebSettings

PUBLIC = "93.184.216.34"
BAI = "http://bao.example/bai-1"
HAI = "http://bao.example/bai-2"
BA = "http://bao.example/bai-3"
SITEMAP = "http://bao.example/sitemap.xml"
FEED = "http://bao.example/rss"
ROBOTS = "http://bao.example/robots.txt"


class Cable(httpcore.NetworkBackend):
    """A web in which every public address is one port of this machine, and nothing else is reached; it notes both."""

    def __init__(self, port: int, silent: Sequence[str] = ()) -> None:
        self.port = port
        self.silent = silent
        self.connected: list[tuple[str, int]] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        if not ipaddress.ip_address(host).is_global or host in self.silent:
            raise httpcore.ConnectError
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


class Names:
    """A resolver that gives its answers in turn, the last one for ever, and notes what it is asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002 - the shape of a resolver
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class HandClock:
    """A clock that only moves when somebody sleeps by it, or turns it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)

    def turn(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass(frozen=True)
class Answer:
    """What an address answers. With `etag` or `last_modified`, 304 to whom names the same."""

    body: bytes | str = ""
    status: int = 200
    media_type: str = "text/html; charset=utf-8"
    etag: str | None = None
    last_modified: str | None = None
    location: str | None = None
    retry_after: str | None = None

    @property
    def data(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body

    def is_known_by(self, request: Request) -> bool:
        pairs = ((request.etag, self.etag), (request.last_modified, self.last_modified))
        return self.status == 200 and any(sent is not None and sent == own for sent, own in pairs)


@dataclass(frozen=True)
class Request:
    """What was asked, and when by the clock."""

    address: str
    at: datetime
    etag: str | None
    last_modified: str | None


@dataclass
class SmallWeb:
    """Sites by address: "http://bao.example/bai-1" -> its answer, or several in turn of which the last one stays."""

    clock: HandClock = field(default_factory=HandClock)
    network: Network = field(default_factory=Network)
    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)  # hosts that hang up
    names: dict[str, list[str]] = field(default_factory=dict)  # of hosts that do not lead to the server
    asked: list[Request] = field(default_factory=list)

    def addresses(self) -> list[str]:
        """What was asked for since the last call, but for robots.txt."""
        found = [request.address for request in self.asked if not request.address.endswith("/robots.txt")]
        self.asked.clear()
        return found

    def answer(self, address: str) -> Answer:
        found = self.answers.get(address, Answer("không có", 404))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    def resolve(self, host: str, _port: int) -> Sequence[str]:
        return self.names.get(host, [PUBLIC])


@contextmanager
def small_web() -> Iterator[SmallWeb]:
    """A web in which every public address is one server on this machine."""
    web = SmallWeb()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers["Host"]
            conditions = self.headers["If-None-Match"], self.headers["If-Modified-Since"]
            request = Request(f"http://{host}{self.path}", web.clock.now(), *conditions)
            web.asked.append(request)
            if host in web.down:
                self.close_connection = True
                return
            answer = web.answer(request.address)
            body = None if answer.is_known_by(request) else answer.data
            self.send_response(304 if body is None else answer.status)
            headers = {
                "Content-Type": answer.media_type, "ETag": answer.etag, "Last-Modified": answer.last_modified,
                "Location": answer.location, "Retry-After": answer.retry_after,
                "Content-Length": None if body is None else str(len(body)),
            }  # fmt: skip
            for name, value in headers.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        web.network = Network(web.resolve, Cable(server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()


def page(title: str) -> Answer:
    """A page that says when it changes."""
    return Answer(f"<html><h1>{title}</h1><p>Xã trồng thêm cây.</p></html>", etag=f'"{abs(hash(title))}"')


def sitemap(pages: Iterable[str | tuple[str, str]], root: str = "urlset") -> Answer:
    """A sitemap of addresses, or of (address, when it changed)."""
    item = {"urlset": "url", "sitemapindex": "sitemap"}[root]
    rows = [(one, "") if isinstance(one, str) else one for one in pages]
    items = "".join(
        f"<{item}><loc>{address}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</{item}>"
        for address, changed in rows
    )
    xml = f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</{root}>'
    return Answer(xml, media_type="application/xml", etag=f'"{abs(hash(xml))}"')


def rss(entries: Iterable[str | tuple[str, str]], title: str = "Báo Thử Nghiệm") -> Answer:
    """A feed that names addresses, or (address, when it was published)."""
    rows = [(one, "") if isinstance(one, str) else one for one in entries]
    items = "".join(
        f"<item><title>Bài</title><link>{address}</link>{f'<pubDate>{day}</pubDate>' if day else ''}</item>"
        for address, day in rows
    )
    xml = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'
    return Answer(xml, media_type="application/rss+xml", etag=f'"{abs(hash(xml))}"')


@contextmanager
def small_news_web() -> Iterator[SmallWeb]:
    """A web with three pages of one site."""
    with small_web() as web:
        web.answers |= {BAI: page("Một"), HAI: page("Hai"), BA: page("Ba")}
        yield web


def visited(
    web: SmallWeb, cache: Path, sources: Sequence[str] | str, settings: WebSettings | None = None
) -> list[WebPage | Unvisited]:
    with Web(cache, settings or WebSettings(), web.network, web.clock.now, web.clock.sleep) as sites:
        return list(sites.visit([sources] if isinstance(sources, str) else sources))


def pages(found: Sequence[WebPage | Unvisited]) -> list[WebPage]:
    return [one for one in found if isinstance(one, WebPage)]


def addresses(found: Sequence[WebPage | Unvisited]) -> list[str]:
    return [one.address for one in pages(found)]


def reasons(found: Sequence[WebPage | Unvisited]) -> dict[str, str]:
    return {one.address: one.reason for one in found if isinstance(one, Unvisited)}
