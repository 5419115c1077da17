"""HTTP around the Bot API: parameters in three encodings, answers, and updates that are posted to a webhook."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http.client import responses
from typing import TYPE_CHECKING

from tornado.http1connection import HTTP1Connection
from tornado.httpclient import AsyncHTTPClient, HTTPError
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine

from tests.bot_api_html import Json, words
from tests.bot_api_rules import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

_STRUCTURED = words(
    "reply_markup reply_parameters entities link_preview_options allowed_updates results button commands scope reaction"
)
_NUMBERS = words(
    "chat_id message_id message_thread_id draft_id offset limit timeout cache_time max_connections reply_to_message_id"
)
_FLAGS = words(
    "show_alert is_personal drop_pending_updates allow_sending_without_reply disable_notification protect_content "
    "disable_web_page_preview is_big"
)


@dataclass(slots=True)
class Exchange:
    """One request, to be answered once."""

    request: HTTPServerRequest
    name: str  # the method as it was called
    params: Json
    at: float  # monotonic, when it arrived

    @property
    def method(self) -> str:
        return self.name.lower()

    @property
    def gone(self) -> bool:
        """Whether the client has closed the connection."""
        return _connection(self.request).stream.closed()

    def respond(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        connection = _connection(self.request)
        if connection.stream.closed():
            return
        headers = HTTPHeaders({"Content-Type": content_type, "Content-Length": str(len(body))})
        connection.write_headers(ResponseStartLine("", status, responses[status]), headers, body)
        connection.finish()

    def close(self) -> None:
        _connection(self.request).close()


def _connection(request: HTTPServerRequest) -> HTTP1Connection:
    assert isinstance(request.connection, HTTP1Connection)
    return request.connection


def parameters(request: HTTPServerRequest) -> Json:
    """The parameters of a request, numbers, flags and nested values decoded. Raises Refused."""
    values: Json = {name: found[-1].decode("utf-8", "replace") for name, found in request.arguments.items()}
    if request.headers.get("Content-Type", "").startswith("application/json") and request.body:
        try:
            values.update(json.loads(request.body))
        except ValueError:
            bad_request("object expected as request body")
    return {name: _decoded(name, value) for name, value in values.items() if value not in (None, "")}


def _decoded(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name in _STRUCTURED:
        try:
            return json.loads(value)
        except ValueError:
            bad_request(f"can't parse {name.replace('_', ' ')} JSON object")
    if name in _NUMBERS:
        return int(value) if value.removeprefix("-").isdecimal() else value
    if name in _FLAGS:
        return value.lower() in ("true", "1", "yes")
    return value


@dataclass(frozen=True, slots=True)
class Post:
    """One update on its way to the webhook."""

    update_id: int
    url: str
    secret: str
    body: bytes


async def post_updates(
    following: Callable[[], Post | None], done: Callable[[Post, str | None], None], wake: asyncio.Event
) -> None:
    """Posts one update after the other until cancelled; what is not answered with 200 is posted again.

    `done(post, error)` hears how each attempt ended; `wake` is set when `following` may have something to give.
    """
    client = AsyncHTTPClient(force_instance=True)
    pause = 0.05  # seconds
    try:
        while True:
            wake.clear()
            post = following()
            if post is None:
                await wake.wait()
                continue
            error = await _posted(client, post)
            done(post, error)
            if error is None:
                pause = 0.05
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
    finally:
        client.close()


async def _posted(client: AsyncHTTPClient, post: Post) -> str | None:
    headers = {"Content-Type": "application/json"}
    if post.secret:
        headers["X-Telegram-Bot-Api-Secret-Token"] = post.secret
    try:
        response = await client.fetch(
            post.url, method="POST", headers=headers, body=post.body, raise_error=False, request_timeout=10
        )
    except (HTTPError, OSError) as error:
        return f"Connection failed: {error}"
    if response.code != 200:
        return f"Wrong response from the webhook: {response.code} {response.reason}"
    return None
