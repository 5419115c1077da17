"""The HTTP side: Telegram's webhook, /health, and /metrics for Prometheus. The only importer of tornado.

It stands behind a proxy that speaks TLS, yet trusts nobody: who lacks the secret is turned away before a byte of the
body is read, a body is never held beyond its cap, and whoever dawdles is cut.
"""

from __future__ import annotations

import asyncio
import hmac
import inspect
import json
import logging
import os
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from embeddings.errors import BotError
from qa_bot.telegram.logs import event
from qa_bot.telegram.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from types import TracebackType

    from qa_bot.settings import Telegram

_LOG = logging.getLogger(__name__)

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
_WORD: Final = re.compile(r"[a-z][a-z_-]{0,31}")
_HEADER_BYTES: Final = 16 * 1024
_UNLIMITED: Final = 1 << 62  # tornado's own cap answers 400 once the body comes; ours answers 413 before
_LINGER_BYTES: Final = 16 * 1024 * 1024  # of a body that nobody wants
_LINGER_SECONDS: Final = 2.0
_HEALTH_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 5.0

Receive = Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]
Health = Callable[[], str | Awaitable[str | None] | None]


class ListenError(BotError):
    """An address or port that cannot be listened on."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates come in. `receive` returns once they are on disk; what it raises makes Telegram send them again."""

    path: str
    secret: str
    max_bytes: int
    receive: Receive

    def __post_init__(self) -> None:
        if not self.secret:
            raise ValueError("a webhook without a secret would take updates from anyone")

    @classmethod
    def of(cls, settings: Telegram, receive: Receive) -> Webhook:
        path = urlsplit(settings.webhook_url).path
        return cls(path, settings.webhook_secret.get_secret_value(), settings.webhook_max_kilobytes * 1024, receive)


class Web:
    """One listener: GET /health always, the webhook and GET /metrics where they are given."""

    def __init__(
        self,
        health: Health,
        webhook: Webhook | None,
        metrics: Callable[[], bytes] | None,
        count: Callable[[str], None],
    ) -> None:
        self.health = health
        self.webhook = webhook
        self.metrics = metrics
        self.port = 0
        self._count = count
        self._told: set[HTTPStatus] = set()
        self._receiving: set[asyncio.Future[None]] = set()
        self._server: HTTPServer | None = None

    @classmethod
    def start(
        cls,
        listen: str,
        port: int,
        *,
        health: Health,
        webhook: Webhook | None = None,
        metrics: Callable[[], bytes] | None = None,
        count: Callable[[str], None] = lambda _name: None,
        idle_seconds: float = 60.0,
        body_seconds: float = 15.0,
    ) -> Self:
        """Listen on `port` (0: any free one, see `.port`) in the running loop. Raises ListenError.

        `count` is called with the kind of whatever is refused at the webhook. `idle_seconds` may pass until the headers
        of a connection's next request are there, `body_seconds` until a body is.
        """
        web = cls(health, webhook, metrics, count)
        application = Application([(r".*", _Handler, {"web": web})], log_function=_silent)
        web._server = HTTPServer(
            application, idle_connection_timeout=idle_seconds, body_timeout=body_seconds,
            max_header_size=_HEADER_BYTES, max_body_size=_UNLIMITED,
        )  # fmt: skip
        try:
            family = socket.AF_INET6 if ":" in listen else socket.AF_INET
            listener = socket.create_server((listen, port), family=family, backlog=128)
        except OSError as error:
            section = "webhook" if webhook is not None else "metrics"
            raise ListenError(
                f"Cannot listen on {listen}:{port} ({os.strerror(error.errno) if error.errno else error}). "
                f"Set telegram.{section}_listen and telegram.{section}_port to what is free on this machine."
            ) from error
        listener.setblocking(False)
        web._server.add_socket(listener)
        web.port = int(listener.getsockname()[1])
        return web

    async def stop(self) -> None:
        """Take no more connections, let updates that are being written down get their 200, close."""
        server, self._server = self._server, None
        if server is None:
            return
        server.stop()
        if self._receiving:
            await asyncio.wait(self._receiving, timeout=_STOP_SECONDS)
            await asyncio.sleep(0)  # their answers are written
        await server.close_all_connections()

    async def receive(self, webhook: Webhook, body: bytes) -> HTTPStatus:
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        if not isinstance(raw, dict) or type(raw.get("update_id")) is not int:
            return HTTPStatus.BAD_REQUEST
        work = asyncio.ensure_future(webhook.receive([raw]))
        self._receiving.add(work)
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, the update is not on disk, and Telegram has to know
            event(_LOG, logging.ERROR, "update not stored", exc_info=error)
            return HTTPStatus.INTERNAL_SERVER_ERROR
        finally:
            self._receiving.discard(work)
        return HTTPStatus.OK

    async def ill(self) -> str | None:
        """One word, or None when all is well."""
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                word = self.health()
                word = await word if inspect.isawaitable(word) else word
        except Exception as error:  # noqa: BLE001 - a check that fails is an answer too
            event(_LOG, logging.ERROR, "health check failed", exc_info=error)
            return "error"
        return word if word is None or _WORD.fullmatch(word) else "unhealthy"

    def refused(self, status: HTTPStatus) -> None:
        """Counted each time, logged the first time: strangers knock all day."""
        self._count(f"webhook_{status.value}")
        if status not in self._told:
            self._told.add(status)
            event(_LOG, logging.WARNING, "webhook refused a request", status=status.value, reason=status.phrase)


@stream_request_body
class _Handler(RequestHandler):
    def initialize(self, web: Web) -> None:
        self._web = web
        self._body = bytearray()
        self._cap = 0  # bytes
        self._read = 0
        self._refused = False

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")

    def compute_etag(self) -> None:
        return None

    def prepare(self) -> None:
        """Headers are here, the body is not: whoever has no business here is told so now."""
        path = self.request.path
        if self._webhook is not None:
            self._cap = self._webhook.max_bytes
            self._check_update(self._webhook)
        elif path == "/health" or (path == "/metrics" and self._web.metrics is not None):
            if self.request.method not in ("GET", "HEAD"):
                self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, allow="GET, HEAD")
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def data_received(self, chunk: bytes) -> None:
        self._read += len(chunk)
        if self._refused:
            if self._read > _LINGER_BYTES:
                self.finish()
        elif self._read > self._cap:
            self._body.clear()
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._body += chunk

    async def post(self) -> None:
        status = HTTPStatus.OK
        if self._webhook is not None and not self._refused:
            status = await self._web.receive(self._webhook, bytes(self._body))
        if status is HTTPStatus.OK:
            await self.finish()
        else:
            self._refuse(status, whole=True)

    put = patch = delete = options = post  # all refused in prepare; what is left is to end the answer

    async def get(self) -> None:
        if self._refused:
            await self.finish()
            return
        if self.request.path == "/metrics" and self._web.metrics is not None:
            self.set_header("Content-Type", CONTENT_TYPE)
            await self.finish(self._web.metrics())
            return
        ill = await self._web.ill()
        if ill is not None:
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
        await self.finish(f"{ill or 'ok'}\n")

    head = get

    def write_error(self, status_code: int, **_details: object) -> None:
        self.finish(f"{HTTPStatus(status_code).phrase}\n")

    def log_exception(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if not isinstance(error, HTTPError | StreamClosedError):  # who has what they came for may hang up at once
            event(_LOG, logging.ERROR, "request failed", exc_info=error)

    @property
    def _webhook(self) -> Webhook | None:
        """The webhook, where this request is for it."""
        webhook = self._web.webhook
        return webhook if webhook is not None and webhook.path == self.request.path else None

    def _check_update(self, webhook: Webhook) -> None:
        headers = self.request.headers
        length = headers.get("Content-Length", "")
        if self.request.method != "POST":
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, allow="POST")
        elif not hmac.compare_digest(headers.get(SECRET_HEADER, "").encode(), webhook.secret.encode()):
            self._refuse(HTTPStatus.FORBIDDEN)
        elif headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        elif length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > webhook.max_bytes):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _refuse(self, status: HTTPStatus, *, allow: str | None = None, whole: bool = False) -> None:
        """Answer at once. Unless the `whole` body is here, go on reading for a moment and forget what comes.

        Closing with unread bytes makes the kernel reset the connection, and the sender may never see the answer.
        """
        headers = self.request.headers
        if self._webhook is not None:
            self._web.refused(status)
        self.set_status(status)
        if allow is not None:
            self.set_header("Allow", allow)
        text = f"{status.phrase}\n".encode()
        sends_more = "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"
        if whole or not sends_more or "Expect" in headers:
            self.finish(text)
            return
        self._refused = True
        if isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.set_body_timeout(_LINGER_SECONDS)
        self.set_header("Content-Length", str(len(text)))
        self.write(text)
        self.flush()


def _silent(_handler: RequestHandler) -> None:
    """No line for every request: the counters have them."""
