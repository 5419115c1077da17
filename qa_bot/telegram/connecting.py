"""A bot that Telegram has greeted: the client with its limits and timeouts, and the patience of the first call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from telegram.error import RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from qa_bot.errors import TelegramProblem
from qa_bot.telegram.delivery import Trouble, trouble_of
from qa_bot.telegram.logs import event
from qa_bot.telegram.pacing import MARGIN, SECOND, FloodLimiter, seconds
from qa_bot.telegram.receiving import PollingBot

if TYPE_CHECKING:
    from qa_bot.settings import Telegram

_LOG = logging.getLogger(__name__)

if find_spec("sniffio") is None:
    # httpcore imports it six times a request. Where it is not installed, each time the whole path is searched in vain:
    # 0.25 ms a request, of about 3. Now it is known to be missing.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

_PATIENCE = 20.0  # seconds that Telegram may be out of reach at the start


@asynccontextmanager
async def connected(
    telegram: Telegram, stop: asyncio.Event, count: Callable[[str], None]
) -> AsyncIterator[PollingBot | None]:
    """A bot that Telegram has greeted; None when told to stop before. Raises TelegramProblem."""
    limiter = FloodLimiter(
        telegram.messages_per_second, telegram.messages_per_minute_in_group, flooded=lambda: count("flood"),
        sparing=True, quiet=SECOND + MARGIN,
    )  # fmt: skip
    bot = PollingBot(
        telegram.token.get_secret_value(),
        base_url=telegram.base_url,
        base_file_url=telegram.base_url.removesuffix("/bot") + "/file/bot",
        request=HTTPXRequest(connection_pool_size=64, pool_timeout=30.0, connect_timeout=10.0, read_timeout=20.0),
        get_updates_request=HTTPXRequest(connection_pool_size=2, pool_timeout=30.0, connect_timeout=10.0),
        rate_limiter=limiter,
    )
    began, pause, said = time.monotonic(), 0.5, False
    while not stop.is_set():
        try:
            await bot.initialize()
            break
        except TelegramError as error:
            if trouble_of(error) is Trouble.TOKEN:
                raise TelegramProblem(
                    "Telegram does not know this token. Copy it again from @BotFather into QA_BOT_TELEGRAM_TOKEN."
                ) from error
            if isinstance(error, RetryAfter):
                pause = max(pause, seconds(error))
            elif time.monotonic() - began > _PATIENCE:
                raise TelegramProblem(
                    f"Telegram cannot be reached at {telegram.base_url.removesuffix('/bot')} ({type(error).__name__}). "
                    "Check the network, or telegram.base_url."
                ) from error
            if not said:
                said = True
                event(_LOG, logging.WARNING, "Telegram cannot be reached; trying on", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(5.0, 2 * pause)
    try:
        yield None if stop.is_set() else bot
    finally:
        await bot.shutdown()


async def revoked(bot: PollingBot) -> bool:
    """Whether Telegram no longer knows the token; a method that it does not know earns the same error."""
    try:
        await bot.get_me()
    except TelegramError as error:
        return trouble_of(error) is Trouble.TOKEN
    return False


async def insist(bot: PollingBot, call: Callable[[], Awaitable[object]]) -> None:
    """Make a call that the start depends on, until it works. Raises InvalidToken."""
    pause = 0.5
    while True:
        try:
            await call()
        except TelegramError as error:
            if trouble_of(error) is Trouble.TOKEN:
                if await revoked(bot):
                    raise
                event(_LOG, logging.WARNING, "the server does not know a method", error=type(error).__name__)
                return
            event(_LOG, logging.WARNING, "trying on", error=type(error).__name__)
            await asyncio.sleep(max(pause, seconds(error)) if isinstance(error, RetryAfter) else pause)
            pause = min(30.0, 2 * pause)
        else:
            return
