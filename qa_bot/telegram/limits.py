"""How much a person may ask, and when those who were refused are told.

Pure: the clock is passed in. For one thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import Literal

from embeddings.messages import Language

Clock = Callable[[], float]  # seconds
Reason = Literal["too_fast", "busy"]

_GRAIN = 1e-6  # seconds, and tokens: less is a rounding error
_AT_ONCE = 0.03  # seconds: updates that Telegram hands out together come within that


class _Elapsed:
    """Seconds since it was made. A clock that is set back stands still meanwhile, instead of running backwards."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock()
        self._elapsed = 0.0

    def __call__(self) -> float:
        now = self._clock()
        self._elapsed += max(0.0, now - self._last)
        self._last = now
        return self._elapsed


class Buckets:
    """A token bucket for each key: `per_minute` tokens at most (one at least), and as many flow in.

    Only buckets that are not full are kept, and at most `most` of them: the one unused for longest counts as full then.
    """

    def __init__(self, per_minute: float, clock: Clock, most: int = 50_000) -> None:
        self._rate = per_minute / 60  # tokens a second
        self._capacity = max(1.0, per_minute)
        self._most = most
        self._now = _Elapsed(clock)
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()  # tokens at a time; earliest time first

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: int, cost: float = 1.0) -> float:
        """0.0 when the tokens were taken, else the seconds until they can be, and nothing is taken.

        A cost above the capacity takes a whole bucket.
        """
        now = self._now()
        cost = min(cost, self._capacity)
        tokens, at = self._buckets.pop(key, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - at) * self._rate)
        enough = tokens + _GRAIN >= cost
        self._buckets[key] = (max(0.0, tokens - cost) if enough else tokens, now)
        self._drop(now)
        return 0.0 if enough else (cost - tokens) / self._rate

    def _drop(self, now: float) -> None:
        """Those not used for as long as an empty one takes to fill, and the oldest of too many."""
        full_after = self._capacity / self._rate
        while self._buckets:
            _, at = next(iter(self._buckets.values()))
            if now - at < full_after and len(self._buckets) <= self._most:
                return
            self._buckets.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A question that was not taken on. `seq` is its place in the journal."""

    seq: int
    chat_id: int
    topic: int | None
    message_id: int | None
    reason: Reason
    seconds: int  # until it is worth asking again
    language: Language


class Refusals:
    """Refused questions until their askers are told, each chat at most once in `spacing` seconds.

    Who asks too fast is told `gather` seconds after the first refusal, so that one notice counts what came in quick
    succession. Whom overload hits is told at once.
    """

    def __init__(self, clock: Clock, spacing: float = 30.0, gather: float = 0.0) -> None:
        self._now = _Elapsed(clock)
        self._spacing = spacing
        self._gather = gather
        self._ready: dict[int, list[Refused]] = {}  # by chat: to be told at `_due_at`
        self._due_at: dict[int, float] = {}  # by chat in `_ready`
        self._later: dict[int, list[Refused]] = {}  # by chat: to be told when its quiet time is over
        self._quiet_until: OrderedDict[int, float] = OrderedDict()  # by chat that was told; earliest first

    def add(self, chat_id: int, refused: Refused) -> None:
        if chat_id in self._quiet_until:
            self._later.setdefault(chat_id, []).append(refused)
        else:
            self._ready.setdefault(chat_id, []).append(refused)
            gather = self._gather if refused.reason == "too_fast" else min(self._gather, _AT_ONCE)
            self._due_at[chat_id] = min(self._due_at.get(chat_id, inf), self._now() + gather)

    def due(self) -> list[list[Refused]]:
        """What is to be told now, one list a chat, each in the order of `add`. It is not handed out again."""
        now = self._now()
        told = {}
        for chat_id in _over(self._quiet_until, now):
            if chat_id in self._later:
                told[chat_id] = self._later.pop(chat_id)
        for chat_id in [chat_id for chat_id, at in self._due_at.items() if at - now <= _GRAIN]:
            del self._due_at[chat_id]
            told[chat_id] = self._ready.pop(chat_id)
        self._quiet_until.update(dict.fromkeys(told, now + self._spacing))
        return list(told.values())

    def next_due(self) -> float | None:
        """Seconds until `due` has something, 0.0 when it has now; None while nothing waits."""
        times = [self._quiet_until[chat_id] for chat_id in self._later]
        times += self._due_at.values()
        return max(0.0, min(times) - self._now()) if times else None


def _over(times: OrderedDict[int, float], now: float) -> list[int]:
    """The chats whose time has come, which are taken out."""
    over = list(takewhile(lambda chat_id: times[chat_id] - now <= _GRAIN, times))
    for chat_id in over:
        del times[chat_id]
    return over
