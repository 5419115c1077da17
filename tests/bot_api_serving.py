"""How a request goes: address, parameters, an injected fault perhaps, flood control, the method, the answer."""

from __future__ import annotations

import asyncio
import json
import re
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.bot_api_faults import CONFLICT, Fault, Faults, Hang, Migrated, ResetAfter, ResetBefore
from tests.bot_api_http import Exchange, Post, parameters
from tests.bot_api_methods import FLOOD_CONTROLLED
from tests.bot_api_observing import Call
from tests.bot_api_people import People
from tests.bot_api_rules import Limits, Refused, Windows, flooded
from tests.bot_api_state import Chat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tornado.httputil import HTTPServerRequest

_PATH = re.compile(r"/(file/)?bot([^/]*)/(.*)")
_WELL_FORMED = re.compile(r"\d+:[A-Za-z0-9_-]+")
_LONGEST_POLL = 50  # seconds
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


@dataclass(slots=True)
class _Poll:
    """A getUpdates that waits for updates."""

    exchange: Exchange
    limit: int
    end: asyncio.TimerHandle


class Serving(People):
    """Everything that runs in the server's own thread, on `_loop`."""

    _loop: asyncio.AbstractEventLoop
    _posts: asyncio.Event  # set when there may be something for the webhook

    def __init__(self, token: str, username: str, limits: Limits, keep: int) -> None:
        super().__init__(token, username, keep)
        self.limits = limits
        self._windows = Windows(limits)
        self._faults = Faults()
        self._poll: _Poll | None = None
        self._down = False
        self._failures: list[str] = []  # tracebacks of the server's own mistakes

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """The lock, then word to those who wait. What goes wrong here is the server's fault, and __exit__ says so."""
        with self._changed:
            try:
                yield
            except BaseException:
                self._failures.append(traceback.format_exc())
                raise
            finally:
                self._notify()

    def _on_request(self, request: HTTPServerRequest) -> None:
        with self._at_work():
            self._receive(request)

    def _receive(self, request: HTTPServerRequest) -> None:
        path = _PATH.fullmatch(unquote(request.path))
        is_file, token, name = path.groups() if path else (None, "", "")
        exchange = Exchange(request, "file" if is_file else name, {}, time.monotonic())
        if self._down:
            exchange.close()
            return
        try:
            self._check_address(token, name, is_file is not None)
            exchange.params = {"path": name} if is_file else parameters(request)
        except Refused as refusal:
            self._refuse(exchange, refusal)
            return
        self._meet(exchange, self._faults.choose(exchange.method, exchange.params))

    def _check_address(self, token: str, name: str, is_file: bool) -> None:
        if not _WELL_FORMED.fullmatch(token):
            raise Refused(404, "Not Found")
        if token != self.token:
            raise Refused(401, "Unauthorized")
        if not is_file and name.lower() != "getupdates" and name.lower() not in self._methods:
            raise Refused(404, "Not Found: method not found")

    def _meet(self, exchange: Exchange, fault: Fault | None) -> None:
        match fault:
            case None:
                self._carry_out(exchange)
            case Hang(seconds):
                self._loop.call_later(seconds, self._after_hanging, exchange)
            case ResetAfter():
                self._carry_out(exchange, unanswered=True)
            case ResetBefore():
                exchange.close()
                self._record(exchange, "fault", "ResetBefore")
            case _:
                if isinstance(fault, Migrated):
                    self._chats.meet(Chat(fault.new_chat_id, "supergroup", "Nhóm"))
                status, content_type, body = fault.response()
                exchange.respond(status, body, content_type)
                self._record(exchange, "fault", type(fault).__name__)

    def _after_hanging(self, exchange: Exchange) -> None:
        with self._at_work():
            if self._down:
                exchange.close()
            if exchange.gone:
                self._record(exchange, "fault", "Hang")
            else:
                self._carry_out(exchange)

    def _carry_out(self, exchange: Exchange, unanswered: bool = False) -> None:
        try:
            if exchange.method == "getupdates":
                self._get_updates(exchange, unanswered)
                return
            if exchange.method == "file":
                self._download(exchange, unanswered)
                return
            self._control_flood(exchange)
            result = self._methods.carry_out(exchange.method, exchange.params, time.monotonic())
        except Refused as refusal:
            self._refuse(exchange, refusal)
            return
        if exchange.method in ("setwebhook", "deletewebhook"):
            self._webhook_changed()
        self._grant(exchange, json.dumps({"ok": True, "result": result}).encode(), unanswered)

    def _control_flood(self, exchange: Exchange) -> None:
        chat_id = exchange.params.get("chat_id")
        if not self.limits.enforce or exchange.method not in FLOOD_CONTROLLED or not isinstance(chat_id, int):
            return
        wait = self._windows.take(chat_id, time.monotonic())  # not when it arrived: it may have been hanging since
        if wait > 0:
            refusal = flooded(wait)
            self._violated(exchange.name, chat_id, refusal.description)
            raise refusal

    def _refuse(self, exchange: Exchange, refusal: Refused) -> None:
        exchange.respond(refusal.code, refusal.body())
        self._record(exchange, str(refusal.code), refusal.description)

    def _grant(self, exchange: Exchange, body: bytes, unanswered: bool, content_type: str = "application/json") -> None:
        if unanswered:
            exchange.close()
            self._record(exchange, "fault", "ResetAfter")
        else:
            exchange.respond(200, body, content_type)
            self._record(exchange, "ok")

    def _record(self, exchange: Exchange, outcome: str, detail: str = "") -> None:
        chat_id = exchange.params.get("chat_id")
        known = chat_id if isinstance(chat_id, int) else None
        self._calls.append(Call(exchange.name, exchange.params, known, exchange.at, outcome, detail))

    def _download(self, exchange: Exchange, unanswered: bool) -> None:
        file = self._files.at(exchange.params["path"])
        if file is None:
            raise Refused(404, "Not Found")
        self._grant(exchange, file.data, unanswered, "application/octet-stream")

    def _get_updates(self, exchange: Exchange, unanswered: bool) -> None:
        """Answers at once if there is something, otherwise when there is, or after `timeout` seconds with nothing.

        One that waits is recorded when it begins to, and once more if it is refused in the end.
        """
        if self._methods.webhook.url:
            raise Refused(409, _WEBHOOK_ACTIVE)
        params = exchange.params
        self._updates.allow(params.get("allowed_updates"))
        if params.get("offset"):
            self._updates.confirm(params["offset"])
        limit = params.get("limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        taken = self._updates.take(limit, time.monotonic())
        timeout = min(params.get("timeout", 0), _LONGEST_POLL)
        if taken or timeout <= 0 or unanswered:
            self._grant(exchange, _updates_body(taken), unanswered)
            return
        self._end_poll(Refused(409, CONFLICT))
        end = self._loop.call_later(timeout, partial(self._serve_poll, timed_out=exchange))
        self._poll = _Poll(exchange, limit, end)
        self._record(exchange, "ok", "waits")

    def _end_poll(self, refusal: Refused) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.end.cancel()
            if not poll.exchange.gone:
                self._refuse(poll.exchange, refusal)

    def _serve_poll(self, timed_out: Exchange | None = None) -> None:
        with self._at_work():
            poll = self._poll
            if poll is None or (timed_out is not None and timed_out is not poll.exchange):
                return
            if self._down:
                poll.exchange.close()
            if poll.exchange.gone:
                self._poll = None
                poll.end.cancel()
                return
            taken = self._updates.take(poll.limit, time.monotonic())
            if taken or timed_out is not None:
                self._poll = None
                poll.end.cancel()
                poll.exchange.respond(200, _updates_body(taken))

    def _wake(self) -> None:
        if self._poll is not None:
            self._loop.call_soon_threadsafe(self._serve_poll)
        elif self._methods.webhook.url:
            self._loop.call_soon_threadsafe(self._posts.set)

    def _webhook_changed(self) -> None:
        self._posts.set()
        if self._methods.webhook.url:
            self._end_poll(Refused(409, "Conflict: terminated by setWebhook request"))

    def _following_post(self) -> Post | None:
        with self._changed:
            hook, head = self._methods.webhook, self._updates.head()
            if not hook.url or head is None or self._down:
                return None
            update_id, body = head
            self._updates.serve(update_id, time.monotonic())
            return Post(update_id, hook.url, hook.secret, body)

    def _posted(self, post: Post, error: str | None) -> None:
        with self._at_work():
            if error is None:
                self._updates.drop(post.update_id)
            else:
                self._methods.webhook.last_error = error
                self._methods.webhook.last_error_date = int(time.time())


def _updates_body(taken: list[bytes]) -> bytes:
    return b'{"ok":true,"result":[' + b",".join(taken) + b"]}"
