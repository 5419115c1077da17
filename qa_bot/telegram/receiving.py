"""Updates come in: written down before Telegram is told that they arrived, answered once, refused when too many.

Telegram takes an update for delivered when the next getUpdates names a higher offset, or when the webhook answers 200.
Both happen only after `Intake.receive` has returned, and that is after the journal was flushed to disk.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from telegram import Update
from telegram.error import Conflict, RetryAfter, TelegramError, TimedOut
from telegram.ext import ExtBot

from qa_bot.errors import StateError
from qa_bot.telegram import journal
from qa_bot.telegram.delivery import Trouble, trouble_of
from qa_bot.telegram.limits import Reason, Refused
from qa_bot.telegram.logs import event
from qa_bot.telegram.requests import Kind, Request, request_of

if TYPE_CHECKING:
    import sqlite3

    from qa_bot.telegram.journal import Received
    from qa_bot.telegram.lanes import Lanes
    from qa_bot.telegram.services import Services

_LOG = logging.getLogger(__name__)

ALLOWED_UPDATES: Final = (
    "message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "inline_query",
    "message_reaction", "my_chat_member",
)  # fmt: skip
_POLL_SECONDS = 25  # how long Telegram may keep an empty answer back
_SLACK_SECONDS = 10  # what the network may take on top
_LONGEST_PAUSE = 30.0
_STALE_SECONDS = 120.0  # a question this old at its arrival waited out an outage: it is queued, never refused

Receive = Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]
Write = Callable[["sqlite3.Connection"], object]


@dataclass(slots=True)
class Job:
    """A journalled update on its way to its answer."""

    received: Received
    request: Request
    arrived: float  # time.perf_counter()
    writes: list[Write] = field(default_factory=list)
    asked: bool = False  # a question that was answered, for the figures

    def later(self, write: Write) -> None:
        """Store this in the same transaction that marks the update as done: both, or neither."""
        self.writes.append(write)


class Intake:
    """From raw updates to jobs in lanes."""

    def __init__(self, services: Services, lanes: Lanes[Job], commands: frozenset[str]) -> None:
        self._services = services
        self._lanes = lanes
        self._commands = commands
        self.latest_inline: dict[int | None, int] = {}  # the update of each person's newest inline query

    async def receive(self, raws: Sequence[Mapping[str, Any]]) -> None:
        """Returns when every update is on disk and has its place; waits when an outage left too many.

        Raises StateError when it cannot be written down: then Telegram must not be told that it arrived.
        """
        now = time.time()
        received = await self._services.state.run(lambda db: journal.receive(db, raws, now))
        done: list[int] = []
        for item in received:
            if item is None:
                self._services.metrics.count("duplicate")
                continue
            self._services.metrics.count("received")
            if not await self._place(item, fresh=True):
                done.append(item.seq)
        await self._finish(done)

    async def replay(self) -> None:
        """Give every update that an earlier run left unanswered its place again, in the order of arrival."""
        found = await self._services.state.run(journal.unfinished)
        if found:
            event(_LOG, logging.INFO, "replay", updates=len(found))
        done = [item.seq for item in found if not await self._place(item, fresh=False)]
        await self._finish(done)

    async def _place(self, item: Received, *, fresh: bool) -> bool:
        """False when nothing is to be done for the update."""
        request = self._request(item)
        if request is None:
            return False
        if request.chat_id is not None:
            self._services.delivery.heard_from(request.chat_id)
            message = request.update.message
            if message is not None and message.migrate_to_chat_id is not None:
                self._services.delivery.move(request.chat_id, message.migrate_to_chat_id)
        if request.kind is Kind.UNHEARD:
            return False
        if item.refused:
            self._refuse(item, request, "busy", 0)
            return True
        if request.kind is Kind.INLINE:
            self.latest_inline[request.asker.user_id] = item.seq
        if fresh and request.costs and self._services.access.may_ask(request.asker):
            wait = self._services.buckets.take(request.asker.user_id or request.asker.chat_id or 0)
            if wait or not await self._admit(request):
                reason: Reason = "too_fast" if wait else "busy"
                self._services.metrics.refused(reason)
                await self._note_refused(item)
                self._refuse(item, request, reason, round(wait + 0.5))
                return True
        self._lanes.add(request.lane, Job(item, request, time.perf_counter()))
        return True

    async def _note_refused(self, item: Received) -> None:
        try:
            await self._services.state.run(lambda db: journal.refuse(db, [item.seq]))
        except StateError as error:  # after a crash it would be answered after all; those behind it get their places
            event(_LOG, logging.ERROR, "state", reason=str(error))

    async def _admit(self, request: Request) -> bool:
        """Whether the question can be answered soon. One that is old already waits for room here, and is admitted."""
        most = self._services.settings.max_waiting
        if self._lanes.waiting < most:
            return True
        if time.time() - request.sent < _STALE_SECONDS:
            return False
        await self._lanes.room(most)
        return True

    def _request(self, item: Received) -> Request | None:
        try:
            update = Update.de_json(json.loads(item.payload), self._services.bot)
            request = request_of(update, self._services.me, self._commands) if update else None
            if request is not None and not isinstance(request.text, str):
                raise TypeError  # the library takes what is there, whatever its type
            return request
        except Exception as error:  # noqa: BLE001 - whatever it is that cannot be read, it holds up no other update
            event(_LOG, logging.WARNING, "unreadable update", update=item.update_id, error=type(error).__name__)
            return None

    def _refuse(self, item: Received, request: Request, reason: Reason, seconds: int) -> None:
        if request.chat_id is None:
            return
        language = self._services.language_of(request)
        refused = Refused(item.seq, request.chat_id, request.topic, request.message_id, reason, seconds, language)
        self._services.refusals.add(request.chat_id, refused)
        self._services.refused_now.set()

    async def _finish(self, done: Sequence[int]) -> None:
        if done:
            await self._services.state.run(lambda db: journal.finish(db, done))


class PollingBot(ExtBot[int]):
    """A bot that hands out updates as Telegram sent them, for the journal to keep."""

    async def raw_updates(self, offset: int | None, seconds: int) -> list[dict[str, Any]]:
        """Updates from `offset` on, waited for at most so many seconds. Confirms those before `offset`."""
        parameters: dict[str, Any] = {"timeout": seconds, "allowed_updates": list(ALLOWED_UPDATES)}
        if offset is not None:
            parameters["offset"] = offset
        result = await self._post("getUpdates", parameters, read_timeout=seconds + _SLACK_SECONDS)
        return [raw for raw in result if isinstance(raw, dict)] if isinstance(result, list) else []


class Polling:
    """Asks Telegram for updates until it is cancelled. `last_success` is a time.monotonic()."""

    def __init__(self, bot: PollingBot, receive: Receive, count: Callable[[str], None]) -> None:
        self._bot = bot
        self._receive = receive
        self._count = count
        self._offset: int | None = None
        self.last_success = time.monotonic()

    async def run(self) -> None:
        """Raises InvalidToken, when the token was revoked."""
        pause, trouble = 0.0, ""
        while True:
            try:
                raws = await self._bot.raw_updates(self._offset, _POLL_SECONDS)
            except TimedOut:
                self._count("network")
                continue
            except TelegramError as error:
                if trouble_of(error) is Trouble.TOKEN:
                    raise
                trouble, pause = self._lament(error, trouble), self._pause(error, pause)
                await asyncio.sleep(pause)
                continue
            if trouble:
                event(_LOG, logging.INFO, "updates come again")
            pause, trouble, self.last_success = 0.0, "", time.monotonic()
            if raws:
                try:
                    await self._receive(raws)
                except StateError as error:  # they were not written down, so Telegram shall keep them
                    event(_LOG, logging.ERROR, "updates cannot be written down", reason=str(error))
                    self._count("state")
                    await asyncio.sleep(_LONGEST_PAUSE / 6)
                    continue
                self._offset = max(_id_of(raw) for raw in raws) + 1

    async def confirm(self, seconds: float) -> None:
        """Tell Telegram of the last updates that are on disk; if it does not hear, they are known by their ids."""
        if self._offset is not None:
            try:
                await asyncio.wait_for(self._bot.raw_updates(self._offset, 0), seconds)
            except (TelegramError, TimeoutError):
                return

    def _lament(self, error: TelegramError, trouble: str) -> str:
        """One line for each kind of trouble, not one for each attempt."""
        kind = "conflict" if isinstance(error, Conflict) else "network"
        self._count(kind)
        if kind != trouble:
            what = (
                "another program asks for this bot's updates; stop it, two get in each other's way"
                if kind == "conflict"
                else "Telegram cannot be reached; trying on"
            )
            event(_LOG, logging.WARNING, what, error=type(error).__name__)
        return kind

    @staticmethod
    def _pause(error: TelegramError, before: float) -> float:
        if isinstance(error, RetryAfter):
            told = error.retry_after
            return (told.total_seconds() if not isinstance(told, int) else float(told)) + 0.5
        return min(_LONGEST_PAUSE, max(0.5, 2 * before))


def _id_of(raw: Mapping[str, Any]) -> int:
    value = raw.get("update_id")
    return value if isinstance(value, int) else 0
