"""A small real Telegram Bot API server for tests and benchmarks: HTTP on loopback, Telegram's limits, words and faults.

    with BotApi() as api:
        ...                                    # a bot with base_url=api.base_url and api.token
        question = api.say(Person(7, "Lan"), "Hải Hậu có bao nhiêu đảng viên?")
        assert "đảng viên" in api.wait_answer(question).text

It runs in a thread of its own; every method may be called from any thread. Its state outlives restarts of the bot.
Where Telegram's documentation and Telegram differ, it does as Telegram does: a new long poll ends the older one with
409, an edit without a keyboard removes the keyboard, texts are trimmed.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Self

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from tests.bot_api_faults import (
    BadGateway,
    BrokenJson,
    CantParse,
    ChatNotFound,
    ConflictFault,
    EditNotFound,
    Fault,
    Flood,
    ForbiddenFault,
    Hang,
    Migrated,
    NotModified,
    ResetAfter,
    ResetBefore,
    ServerError,
    Unauthorized,
)
from tests.bot_api_http import post_updates
from tests.bot_api_observing import Call, Event, Violation
from tests.bot_api_people import Person, private
from tests.bot_api_rules import Limits
from tests.bot_api_serving import Serving
from tests.bot_api_state import BotMessage, Chat, InlineAnswer, Toast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from socket import socket
    from types import TracebackType

__all__ = [
    "BadGateway",
    "BotApi",
    "BotMessage",
    "BrokenJson",
    "Call",
    "CantParse",
    "Chat",
    "ChatNotFound",
    "ConflictFault",
    "EditNotFound",
    "Event",
    "Fault",
    "Flood",
    "ForbiddenFault",
    "Hang",
    "InlineAnswer",
    "Limits",
    "Migrated",
    "NotModified",
    "Person",
    "ResetAfter",
    "ResetBefore",
    "ServerError",
    "Toast",
    "Unauthorized",
    "Violation",
    "private",
]

TOKEN = "123456789:AAExampleTokenOfTheTestBotApi_000000"  # noqa: S105 (opens nothing but this server)
_TELEGRAM_LIMITS = Limits()


class BotApi(Serving):
    def __init__(
        self,
        token: str = TOKEN,
        username: str = "hoidap_bot",
        limits: Limits = _TELEGRAM_LIMITS,
        keep: int = 5_000,
    ) -> None:
        super().__init__(token, username, limits, keep)
        self._started = threading.Event()
        self._switch_interval = sys.getswitchinterval()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/bot"

    @property
    def base_file_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/file/bot"

    @property
    def down(self) -> bool:
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        """While True, every request finds its connection closed, and nothing is carried out."""
        with self._changed:
            self._down = down
        self._wake()

    def inject(self, method: str, fault: Fault, times: int = 1, chat_id: int | None = None) -> None:
        """The next `times` requests of `method` (in `chat_id`) meet `fault`. "*" is any method, "file" a download."""
        with self._changed:
            self._faults.inject(method, fault, times, chat_id)

    def random_faults(self, rate: float, seed: int, faults: Sequence[Fault]) -> None:
        """From now on each request meets one of `faults` with probability `rate`, if Telegram could answer it so."""
        with self._changed:
            self._faults.at_random(rate, seed, faults)

    def clear_faults(self) -> None:
        with self._changed:
            self._faults.clear()

    def __enter__(self) -> Self:
        """Threads take turns every millisecond meanwhile: with the usual five, each request would wait that long for a
        bot that computes in the same process."""
        sys.setswitchinterval(0.001)
        sockets = bind_sockets(0, "127.0.0.1", backlog=1024)
        self._port: int = sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(sockets),), name="bot-api", daemon=True)
        self._thread.start()
        assert self._started.wait(10), "the Bot API server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        sys.setswitchinterval(self._switch_interval)
        if kind is None and self._failures:
            raise AssertionError(f"the Bot API server itself failed:\n{self._failures[0]}")

    async def _serve(self, sockets: list[socket]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop, self._posts = asyncio.Event(), asyncio.Event()
        server = HTTPServer(self._on_request)
        server.add_sockets(sockets)
        posting = asyncio.create_task(post_updates(self._following_post, self._posted, self._posts))
        self._started.set()
        await self._stop.wait()
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
        server.stop()
        await server.close_all_connections()
