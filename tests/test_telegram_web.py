"""Webhook, health and metrics over real HTTP on loopback; and what the metrics count."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import threading
import time
import tracemalloc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from qa_bot.settings import Telegram
from qa_bot.telegram.metrics import CONTENT_TYPE, Latency, Metrics, memory_mb
from qa_bot.telegram.web import SECRET_HEADER, ListenError, Web, Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

SECRET = "a-secret-of-some-length"  # noqa: S105
SETTINGS = Telegram.model_validate(
    {"webhook_url": "https://bot.example.vn/updates/x7Qp", "webhook_secret": SECRET, "webhook_max_kilobytes": 64}
)
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading the usual ones takes longer than most tests here
PATH = "/updates/x7Qp"
GOOD_HEADERS = f"{SECRET_HEADER}: {SECRET}\r\nContent-Type: application/json\r\n"
HEADERS = {SECRET_HEADER: SECRET, "Content-Type": "application/json"}
UPDATE: dict[str, Any] = {"update_id": 1, "message": {"text": "Ai viết bài về Sông Lô?"}}


class Journal:
    """Keeps what it receives; raises, or waits, as told."""

    def __init__(self) -> None:
        self.received: list[Mapping[str, Any]] = []
        self.broken = False
        self.slow = 0.0

    async def receive(self, raws: Sequence[Mapping[str, Any]]) -> None:
        await asyncio.sleep(self.slow)
        if self.broken:
            raise OSError("the disk is full at /very/private/place")
        self.received.extend(raws)


@asynccontextmanager
async def serving(journal: Journal | None = None, **options: Any) -> AsyncIterator[tuple[Web, httpx.AsyncClient]]:
    webhook = None if journal is None else Webhook.of(SETTINGS, journal.receive)
    web = Web.start("127.0.0.1", 0, webhook=webhook, **{"health": lambda: None, **options})
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{web.port}", trust_env=False, timeout=5, verify=NO_CERTIFICATES
        ) as client:
            yield web, client
    finally:
        await web.stop()


def post(content: bytes | AsyncIterator[bytes], headers: Mapping[str, str] = HEADERS) -> tuple[int, Journal]:
    """The status of one POST to the webhook, and what was received."""

    async def run() -> tuple[int, Journal]:
        journal = Journal()
        async with serving(journal) as (_web, client):
            response = await client.post(PATH, content=content, headers=dict(headers))
            return response.status_code, journal

    return asyncio.run(run())


def raw(request: bytes, seconds: float = 2.0, first_line: bool = False, **options: Any) -> bytes:
    """What the server answers to `request`, until it closes the connection; fails after `seconds`."""

    async def run() -> bytes:
        async with serving(Journal(), **options) as (web, _client):
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(request)
            try:
                return await asyncio.wait_for(reader.readline() if first_line else reader.read(), seconds)
            except ConnectionResetError:
                return b""
            finally:
                writer.close()

    return asyncio.run(run())


def test_an_update_is_received_as_it_was_sent() -> None:
    status, journal = post(json.dumps(UPDATE).encode())
    assert status == 200
    assert journal.received == [UPDATE]


def test_telegram_is_told_only_once_the_update_is_stored() -> None:
    async def run() -> None:
        journal = Journal()
        journal.slow = 0.2
        async with serving(journal) as (_web, client):
            asked = time.perf_counter()
            response = await client.post(PATH, json=UPDATE, headers=HEADERS)
            assert response.status_code == 200
            assert response.content == b""
            assert time.perf_counter() - asked >= 0.2
            assert journal.received

    asyncio.run(run())


def test_an_update_that_cannot_be_stored_is_to_be_sent_again_and_no_reason_leaks() -> None:
    async def run() -> None:
        journal = Journal()
        journal.broken = True
        async with serving(journal) as (_web, client):
            response = await client.post(PATH, json=UPDATE, headers=HEADERS)
            assert response.status_code == 500
            assert "disk" not in response.text
            journal.broken = False
            assert (await client.post(PATH, json=UPDATE, headers=HEADERS)).status_code == 200
            assert journal.received == [UPDATE]

    asyncio.run(run())


@pytest.mark.parametrize("secret", ["", "a", SECRET[:-1], SECRET + "x", SECRET.upper(), "bí-mật", "x" * 10_000])
def test_without_the_secret_nobody_comes_in(secret: str) -> None:
    headers = {SECRET_HEADER: secret, "Content-Type": "application/json"}
    status, journal = post(json.dumps(UPDATE).encode(), {name: value.encode() for name, value in headers.items()})  # type: ignore[misc]
    assert status == 403
    assert not journal.received


def test_without_the_secret_header_nobody_comes_in() -> None:
    assert post(json.dumps(UPDATE).encode(), {"Content-Type": "application/json"})[0] == 403


def test_a_webhook_without_a_secret_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="without a secret"):
        Webhook(PATH, "", 1024, Journal().receive)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (f"POST {PATH} HTTP/1.1\r\nContent-Length: 500\r\n", 403),
        (f"POST {PATH} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 403),
        (f"POST {PATH} HTTP/1.1\r\nContent-Length: 500\r\nExpect: 100-continue\r\n", 403),
        (f"POST {PATH} HTTP/1.1\r\n{GOOD_HEADERS}Content-Length: 99999999999\r\n", 413),
        (f"POST {PATH} HTTP/1.1\r\n{GOOD_HEADERS}Content-Length: 9999999\r\nExpect: 100-continue\r\n", 413),
        (f"POST {PATH} HTTP/1.1\r\n{GOOD_HEADERS}Content-Length: {'9' * 5000}\r\n", 413),
        ("PUT /health HTTP/1.1\r\nContent-Length: 500\r\n", 405),
        ("POST /nowhere HTTP/1.1\r\nContent-Length: 500\r\n", 404),
    ],
)
def test_who_is_refused_is_told_before_a_byte_of_the_body_is_read(headers: str, status: int) -> None:
    """The client announces a body and never sends it: the answer comes all the same."""
    answer = raw(f"{headers}Host: x\r\n\r\n".encode(), seconds=1, first_line=True)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"text"', 400),
        (b"{}", 400),
        (b'{"update_id": "1"}', 400),
        (b'{"update_id": true}', 400),
        (b'{"update_id": 1', 400),
        (b'{"update_id": ' + b"9" * 10_000 + b"}", 400),
        (b'{"update_id": 1, "a": "\xff\xfe"}', 400),
        (b"[" * 60_000, 400),
        (b'{"update_id": 1}', 200),
        (b'{"update_id": 1, "pad": "' + b"x" * (64 * 1024 - 27) + b'"}', 200),
        (b'{"update_id": 1, "pad": "' + b"x" * (64 * 1024 - 26) + b'"}', 413),
    ],
)
def test_a_body_is_a_json_object_with_an_update_id_and_not_too_long(body: bytes, status: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    assert post(body)[0] == status
    assert post(pieces())[0] == status, "chunked"


def test_another_content_type_is_refused() -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        assert post(b'{"update_id": 1}', {**HEADERS, "Content-Type": kind})[0] == 415
    assert post(b'{"update_id": 1}', {**HEADERS, "Content-Type": "Application/JSON; charset=utf-8"})[0] == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_refused_quickly_in_little_memory(chunked: bool) -> None:
    size = 10 * 1024 * 1024
    piece = b"x" * 65536

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(size // len(piece)):
            yield piece

    async def run() -> None:
        async with serving(Journal()) as (_web, client):
            await client.get("/health")
            headers = dict(HEADERS) if chunked else {**HEADERS, "Content-Length": str(size)}
            tracemalloc.start()
            began = time.perf_counter()
            response = await client.post(PATH, content=upload(), headers=headers)
            seconds = time.perf_counter() - began
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert response.status_code == 413
            assert seconds < 2
            assert most < 2 * 1024 * 1024
            assert (await client.get("/health")).status_code == 200

    asyncio.run(run())


def test_an_upload_without_end_is_cut_off() -> None:
    async def send(writer: asyncio.StreamWriter) -> None:
        for _ in range(100 * 16):  # 100 MB
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await asyncio.wait_for(writer.drain(), 2)

    async def run() -> None:
        async with serving(Journal()) as (web, client):
            _reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{GOOD_HEADERS}Transfer-Encoding: chunked\r\n\r\n"
            writer.write(head.encode())
            with pytest.raises(ConnectionError, match=r"lost|reset|pipe"):
                await send(writer)
            writer.close()
            assert (await client.get("/health")).status_code == 200

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("DELETE", "/health", 405),
        ("POST", "/health", 405),
        ("OPTIONS", "/health", 405),
        ("BREW", PATH, 405),
        ("GET", "/", 404),
        ("GET", "/metrics", 404),
        ("GET", PATH + "/", 404),
        ("POST", "/updates", 404),
        ("POST", "/%2e%2e/updates", 404),
        ("HEAD", "/health", 200),
        ("GET", "/health?x=1", 200),
    ],
)
def test_other_paths_and_methods_are_refused(method: str, path: str, status: int) -> None:
    async def run() -> None:
        async with serving(Journal()) as (_web, client):
            response = await client.request(method, path, content=b"" if method == "POST" else None, headers=HEADERS)
            assert response.status_code == status
            assert (status != 405) or method == "BREW" or response.headers["Allow"]

    asyncio.run(run())


def test_no_answer_names_the_server() -> None:
    async def run() -> None:
        async with serving(Journal(), metrics=Metrics().text) as (_web, client):
            for path in ("/health", "/metrics", "/", PATH):
                response = await client.get(path)
                shown = f"{response.headers}".lower() + ("" if path == "/metrics" else response.text.lower())
                assert "server" not in response.headers
                assert not any(word in shown for word in ("tornado", "python", "<html"))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("begun", "options"),
    [
        (b"", {"idle_seconds": 0.2}),
        (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Slow: ".encode(), {"idle_seconds": 0.2}),
        (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Type: application/json\r\n"
            "Content-Length: 50\r\n\r\n{".encode(),
            {"body_seconds": 0.2},
        ),
    ],
)
def test_who_dawdles_is_cut(begun: bytes, options: dict[str, Any]) -> None:
    assert raw(begun, seconds=2, **options) == b""


def test_headers_without_end_are_cut() -> None:
    assert raw(b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000, seconds=2) in (
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    )


def test_health_is_a_word_and_never_a_detail() -> None:
    async def slowly() -> str | None:
        await asyncio.sleep(0.01)
        return "polling"

    async def well() -> None:
        return None

    def broken() -> str | None:
        raise OSError("/very/private/place")

    async def run() -> None:
        cases: list[tuple[Callable[[], str | Awaitable[str | None] | None], int, str]] = [
            (lambda: None, 200, "ok\n"),
            (well, 200, "ok\n"),
            (lambda: "index", 503, "index\n"),
            (slowly, 503, "polling\n"),
            (lambda: "No index in /very/private/place", 503, "unhealthy\n"),
            (lambda: "", 503, "unhealthy\n"),
            (broken, 503, "error\n"),
        ]
        for health, status, text in cases:
            async with serving(health=health) as (_web, client):
                response = await client.get("/health")
                assert (response.status_code, response.text) == (status, text)

    asyncio.run(run())


def test_metrics_are_read_where_they_are_offered() -> None:
    async def run() -> None:
        metrics = Metrics()
        metrics.count("sent")
        async with serving(metrics=metrics.text) as (_web, client):
            response = await client.get("/metrics")
            assert response.status_code == 200
            assert "qa_bot_messages_sent_total 1.0" in response.text
            assert response.headers["Content-Type"] == CONTENT_TYPE
            assert (await client.post(PATH, json=UPDATE, headers=HEADERS)).status_code == 404

    asyncio.run(run())


def test_what_is_refused_is_counted() -> None:
    async def run() -> None:
        metrics = Metrics()
        async with serving(Journal(), count=metrics.count) as (_web, client):
            for _ in range(3):
                await client.post(PATH, json=UPDATE)
            await client.post(PATH, content=b"{", headers=HEADERS)
            await client.get("/nowhere")
        assert 'qa_bot_errors_total{kind="webhook_403"} 3.0' in metrics.text().decode()
        assert metrics.totals().errors == 4

    asyncio.run(run())


def test_stopping_lets_an_update_be_stored_and_answered_first() -> None:
    async def run() -> None:
        journal = Journal()
        journal.slow = 0.2
        async with serving(journal) as (web, client):
            sent = asyncio.create_task(client.post(PATH, json=UPDATE, headers=HEADERS))
            await asyncio.sleep(0.1)
            await web.stop()
            assert (await sent).status_code == 200
            assert journal.received == [UPDATE]
            with pytest.raises(httpx.ConnectError, match="connection attempts failed"):
                await client.get("/health")

    asyncio.run(run())


def test_who_hangs_up_before_the_answer_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        journal = Journal()
        journal.slow = 0.05
        body = json.dumps(UPDATE).encode()
        async with serving(journal) as (web, _client):
            _reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{GOOD_HEADERS}".encode())
            writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.transport.abort()
            await asyncio.sleep(0.1)
        assert journal.received == [UPDATE]

    asyncio.run(run())
    assert not caplog.records


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    async def run() -> None:
        async with serving() as (web, _client):
            with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{web.port} \(Address already in use\).*metrics_port"):
                Web.start("127.0.0.1", web.port, health=lambda: None)

    asyncio.run(run())


def test_many_updates_at_once_all_arrive() -> None:
    async def run() -> None:
        journal = Journal()
        async with serving(journal) as (_web, client):
            updates = [{"update_id": number} for number in range(30)]
            answers = await asyncio.gather(*(client.post(PATH, json=one, headers=HEADERS) for one in updates))
            assert {answer.status_code for answer in answers} == {200}
            assert sorted(one["update_id"] for one in journal.received) == list(range(30))

    asyncio.run(run())


def test_times_are_exact_over_the_last_thousand_answers() -> None:
    metrics = Metrics()
    assert metrics.latency() == Latency(0, 0.0, 0.0, 0.0)
    metrics.answered("answered", 0.25)
    assert metrics.latency() == Latency(1, 250.0, 250.0, 250.0)
    for _ in range(500):
        metrics.answered("answered", 99.0)
    times = [number / 1000 for number in range(1, 1001)]
    random.Random(1).shuffle(times)  # noqa: S311
    for seconds in times:
        metrics.answered("not_found", seconds)
    latency = metrics.latency()
    assert latency.count == 1000
    assert (latency.p50, latency.p95, latency.p99) == pytest.approx((500.0, 950.0, 990.0))


def test_totals_say_what_was_counted() -> None:
    now = [10.0]
    metrics = Metrics(clock=lambda: now[0])
    for name in ("received", "received", "duplicate", "sent", "flood", "network", "blocked"):
        metrics.count(name)
    for status in ("answered", "not_found", "error", "never heard of"):
        metrics.answered(status, 0.1)
    metrics.refused("busy")
    metrics.waiting(7)
    metrics.index(3, 5, 120)
    now[0] = 70.0
    totals = metrics.totals()
    assert (totals.received, totals.duplicates, totals.sent, totals.floods) == (2, 1, 1, 1)
    assert (totals.answered, totals.refused, totals.errors) == (2, 1, 4)
    assert metrics.uptime() == 60.0
    text = metrics.text().decode()
    for line in (
        "qa_bot_waiting 7.0",
        "qa_bot_index_generation 3.0",
        "qa_bot_index_articles 5.0",
        "qa_bot_index_passages 120.0",
        'qa_bot_refused_total{reason="busy"} 1.0',
        'qa_bot_answers_total{status="error"} 2.0',
        "qa_bot_answer_seconds_count 4.0",
        "qa_bot_uptime_seconds 60.0",
    ):
        assert f"{line}\n" in text


def test_metrics_stay_small_whatever_is_counted() -> None:
    metrics = Metrics()
    for number in range(5000):
        metrics.count(f"kind {number}\n")
        metrics.refused(f"reason {number}")
    assert len(metrics.text()) < 20_000
    assert metrics.totals().errors == 5000


def test_several_threads_count_and_read_at_once() -> None:
    metrics = Metrics()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(500):
                metrics.count("sent")
                metrics.answered("answered", 0.1)
                if number % 50 == 0:
                    metrics.latency()
                    metrics.text()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test has to see it
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert metrics.totals().sent == metrics.totals().answered == 2000


def test_two_metrics_share_nothing() -> None:
    first, second = Metrics(), Metrics()
    first.count("sent")
    assert second.totals().sent == 0


def test_memory_is_that_of_this_process() -> None:
    assert 5 < memory_mb() < 100_000
