"""Flood limits: never send more than Telegram takes, the urgent first, and wait where Telegram says so.

The law that all rests on: a request takes its places (one of all chats' in a second, its chat's one in a second, one of
a group's in a minute) when it is sent, and each stays taken until its window has passed since the RESPONSE came, or the
failure, or the cancellation. Telegram counts a request at some moment between sending and response. So two requests
that take the same place one after the other are counted a window apart at least, and in no window, wherever it begins,
are more counted than there are places. The price is the latency L: in a second go 1 / (1 + L) of the requests allowed.

python-telegram-bot's AIORateLimiter lets 30 requests through at once and 30 more within the second that follows, has no
limit for a private chat, and lets one chat's RetryAfter stop all others.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import time
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from math import ceil, inf
from typing import TYPE_CHECKING, Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

# Without it the library warns of a deprecation whenever it makes a RetryAfter.
os.environ.setdefault("PTB_TIMEDELTA", "true")

SECOND, MINUTE = 1.0, 60.0
SHARE = 20
"""Of so many slots one goes to requests of each lesser priority, however many of a higher one wait."""
MARGIN = 0.1  # seconds waited beyond what Telegram says
_NO_NAP = 0.001  # seconds; a timer may ring a moment early, and shorter sleeps would spin
_PATIENCE, _SLOW = 0.25, 4  # seconds, and times the usual: a response that takes longer is not waited for by others
_PERISHABLE = frozenset({"answerCallbackQuery", "answerInlineQuery", "sendChatAction"})  # worthless after a wait


class Priority(IntEnum):
    """`rate_limit_args` of the bot's methods; what has none is an ASIDE."""

    ANSWER = 0
    ASIDE = 1  # passages, commands, edits
    NOTICE = 2  # refusals, progress, typing


@dataclass(slots=True, eq=False)
class _Places:
    """`count` places; each is taken from sending until `window` seconds after the response."""

    count: int
    window: float
    under_way: int = 0
    until: deque[float] = field(default_factory=deque)  # ends of windows, ascending; len + under_way <= count

    def free_at(self, now: float) -> float:
        """When there is a place: `now` or before, later, or inf while all wait for their responses."""
        while self.until and self.until[0] <= now:
            self.until.popleft()
        if len(self.until) + self.under_way < self.count:
            return now
        return self.until[0] if self.until else inf

    def empty_at(self, now: float) -> float:
        if self.under_way:
            return inf
        return self.until[-1] if self.until else now

    def take(self) -> None:
        self.under_way += 1

    def leave(self, now: float, *, sent: bool) -> None:
        """What was never sent leaves no window behind."""
        self.under_way -= 1
        if sent:
            self.until.append(now + self.window)


@dataclass(slots=True, eq=False)
class _UnderWay:
    """Requests that were sent and not heard of: what a program that is killed now will send again.

    By Little's law `per_second` x the time that a response takes are enough; a half more are allowed. One that takes
    much longer than usual does not count: Telegram may be slow with one chat, and the others shall not wait for it.
    """

    per_second: int
    usual: float = 0.1  # seconds that a response takes, of late
    begun: list[float] = field(default_factory=list)  # when each was sent, ascending

    def open_at(self) -> float:
        """When one more may be sent; -inf: at once."""
        most = max(1, ceil(1.5 * self.per_second * self.usual))
        if len(self.begun) < most:
            return -inf
        return self.begun[-most] + max(_PATIENCE, _SLOW * self.usual)

    def end(self, begun: float, now: float) -> None:
        self.begun.remove(begun)
        self.usual += (min(now - begun, 1.0) - self.usual) / 8


@dataclass(slots=True, eq=False)
class _Waiter:
    order: int
    priority: Priority
    turn: asyncio.Future[None]  # done when the request may be sent; its places are taken by then


@dataclass(slots=True, eq=False)
class _Chat:
    name: int | str  # the id, or @name
    places: tuple[_Places, ...]
    waiting: deque[_Waiter] = field(default_factory=deque)
    held: float = -inf  # Telegram said: not before
    begun: float = 0.0  # when its request that is under way was sent; a chat has one at a time
    ticket: int = 0  # of the one entry in a heap that counts

    def free_at(self, now: float) -> float:
        return max(self.held, *(places.free_at(now) for places in self.places))

    def empty_at(self, now: float) -> float:
        return max(self.held, *(places.empty_at(now) for places in self.places))

    def urgency(self) -> Priority:
        """That of the most urgent request: who stands before it in the same chat must go first."""
        return min(waiter.priority for waiter in self.waiting)


class FloodLimiter(BaseRateLimiter[int]):
    """At most `per_second` requests in any second, one in any second to a chat, and `per_minute_in_group` in any minute
    to a group or channel, as Telegram's own clock has it.

    Every request with a chat_id counts; others pass at once. Requests of one chat are sent in the order in which they
    came, one at a time. Among chats the most urgent goes first, then the one that came first; but of SHARE slots one
    goes to the ASIDEs and one to the NOTICEs, never more of these, while ANSWERs are ready for all.

    With `sparing`, no more requests are under way at a time than the rate needs: see `_UnderWay`.

    When Telegram says RetryAfter, that chat waits as told and the request is sent again before the others of its chat;
    when two chats are told so at a time, all chats wait for the longer of the two. Typing and the answers to queries
    are not sent again: then RetryAfter is raised, as is every other error. `flooded` is called at each RetryAfter.

    What is known of a chat is forgotten when its windows have passed. Nothing is sent in the first `quiet` seconds: a
    program that was killed a moment ago, and whose work this one goes on with, may have sent until then.
    """

    def __init__(
        self,
        per_second: int,
        per_minute_in_group: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        flooded: Callable[[], None] = lambda: None,
        *,
        sparing: bool = False,
        quiet: float = 0.0,
    ) -> None:
        self._under_way = _UnderWay(per_second) if sparing else None
        self._overall = _Places(per_second, SECOND)
        self._per_minute_in_group = per_minute_in_group
        self._clock = clock
        self._sleep = sleep
        self._flooded = flooded
        self._chats: dict[int | str, _Chat] = {}
        self._count = 0  # of tickets and arrivals
        self._ready: dict[Priority, list[tuple[int, int, _Chat]]] = {p: [] for p in Priority}  # order, ticket, chat
        self._later: list[tuple[float, int, _Chat]] = []  # when, ticket, chat
        self._passed_over = dict.fromkeys(Priority, 0)  # slots since a request of this priority was served
        self._held = clock() + quiet if quiet else -inf  # everything, until
        self._timer: asyncio.Task[None] | None = None
        self._rings = inf

    async def initialize(self) -> None:
        """Nothing to do: all state is made as it is needed."""

    async def shutdown(self) -> None:
        """Cancels what still waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._rings = None, inf
        for chat in list(self._chats.values()):
            for waiter in chat.waiting:
                waiter.turn.cancel()

    @property
    def chats(self) -> int:
        """Chats that are remembered."""
        return len(self._chats)

    def would_wait(self, chat_id: int) -> bool:
        """Whether a request to that chat would not be sent at once."""
        now = self._clock()
        chat = self._chats.get(chat_id)
        busy = chat is not None and (bool(chat.waiting) or chat.free_at(now) > now)
        return busy or self._open_at(now) > now

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, bool | dict[str, Any] | list[dict[str, Any]]]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> bool | dict[str, Any] | list[dict[str, Any]]:
        name = _name(data.get("chat_id"))
        priority = Priority.ASIDE if rate_limit_args is None else Priority(rate_limit_args)
        self._count += 1
        order, again = self._count, False
        while True:
            chat = None if name is None else await self._turn(name, order, priority, again=again)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                self._flooded()
                wait = seconds(error) + MARGIN
                if chat is not None:
                    self._hold(chat, wait)
                if endpoint in _PERISHABLE:
                    raise
            finally:
                if chat is not None:
                    self._finish(chat, sent=True)
            if chat is None:
                await self._sleep(wait)
            again = True

    async def _turn(self, name: int | str, order: int, priority: Priority, *, again: bool) -> _Chat:
        """Wait until a request may be sent; its places are taken then. `again`: before the others of its chat."""
        chat = self._chats.get(name)
        if chat is None:
            chat = self._chats[name] = _Chat(name, self._places(name))
        waiter = _Waiter(order, priority, asyncio.get_running_loop().create_future())
        if again:
            chat.waiting.appendleft(waiter)
        else:
            chat.waiting.append(waiter)
        self._place(chat)
        self._serve()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if not waiter.turn.cancelled():  # cancelled between its turn and its sending
                self._finish(chat, sent=False)
            elif waiter in chat.waiting:
                chat.waiting.remove(waiter)
                self._place(chat)
            raise
        return chat

    def _places(self, name: int | str) -> tuple[_Places, ...]:
        single = _Places(1, SECOND)
        private = isinstance(name, int) and name > 0
        return (single,) if private else (single, _Places(self._per_minute_in_group, MINUTE))

    def _finish(self, chat: _Chat, *, sent: bool) -> None:
        now = self._clock()
        for places in (self._overall, *chat.places):
            places.leave(now, sent=sent)
        if self._under_way is not None:
            self._under_way.end(chat.begun, now)
        self._place(chat)
        self._serve()

    def _hold(self, chat: _Chat, wait: float) -> None:
        now = self._clock()
        chat.held = max(chat.held, now + wait)
        holds = [other.held for other in self._chats.values() if other.held > now]
        if len(holds) > 1:
            self._held = max(holds)

    def _place(self, chat: _Chat) -> None:
        """Put the chat where it is found when its time comes; whatever entry it had does not count any more."""
        self._count += 1
        chat.ticket = self._count
        now = self._clock()
        at = chat.free_at(now) if chat.waiting else chat.empty_at(now)
        if at > now:
            if at < inf:  # else its response will place it
                heapq.heappush(self._later, (at, chat.ticket, chat))
        elif chat.waiting:
            heapq.heappush(self._ready[chat.urgency()], (chat.waiting[0].order, chat.ticket, chat))
        else:
            del self._chats[chat.name]

    def _serve(self) -> None:
        """Give their turn to as many as may be sent now, and set the timer for the next."""
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            _, ticket, chat = heapq.heappop(self._later)
            if ticket == chat.ticket:
                self._place(chat)
        while self._open_at(now) <= now and (priority := self._choose()) is not None:
            chat = self._ready[priority][0][2]
            waiter = chat.waiting.popleft()
            if not waiter.turn.cancelled():
                self._count_slot(priority)
                for places in (self._overall, *chat.places):
                    places.take()
                if self._under_way is not None:
                    self._under_way.begun.append(now)
                chat.begun = now
                waiter.turn.set_result(None)
            self._place(chat)
        opens = self._open_at(now) if any(self._first(priority) for priority in Priority) else inf
        self._set_timer(min(opens, self._later[0][0] if self._later else inf))

    def _open_at(self, now: float) -> float:
        """When the next request may be sent; inf while that hangs on a response."""
        few = self._under_way.open_at() if self._under_way is not None else -inf
        return max(self._held, self._overall.free_at(now), few)

    def _choose(self) -> Priority | None:
        """Whose turn it is: the most urgent's, unless a lesser priority was passed over for long."""
        there = [priority for priority in Priority if self._first(priority)]
        due = [priority for priority in there[1:] if self._passed_over[priority] >= SHARE - 1]
        return due[-1] if due else next(iter(there), None)

    def _count_slot(self, served: Priority) -> None:
        for priority in Priority:
            self._passed_over[priority] += 1
        self._passed_over[served] = 0

    def _first(self, priority: Priority) -> bool:
        """Whether a chat of this priority is ready; its heap's first entry counts then."""
        heap = self._ready[priority]
        while heap and heap[0][1] != heap[0][2].ticket:
            heapq.heappop(heap)
        return bool(heap)

    def _set_timer(self, at: float) -> None:
        running = self._timer is not None and not self._timer.done()
        if at == inf or (running and self._rings <= at):
            return  # one that rings too early does no harm: it sets the next
        if running and self._timer is not None:
            self._timer.cancel()
        self._rings = at
        self._timer = asyncio.get_running_loop().create_task(self._ring(at), name="flood limits")

    async def _ring(self, at: float) -> None:
        await self._sleep(max(at - self._clock(), _NO_NAP))
        self._rings = inf
        self._timer = None
        self._serve()


def seconds(error: RetryAfter) -> float:
    """How long Telegram says to wait; the library gives a number or a timedelta, as its environment says."""
    told = error.retry_after
    return float(told) if isinstance(told, int | float) else told.total_seconds()


def _name(chat_id: object) -> int | str | None:
    """An id may come as text, a @name in any case."""
    if chat_id is None or isinstance(chat_id, int):
        return chat_id
    text = str(chat_id).strip()
    return int(text) if text.removeprefix("-").isdecimal() else text.casefold()
