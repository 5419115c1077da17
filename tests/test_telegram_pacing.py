"""The flood limiter against a server with a clock, latencies and moods of its own; all time is virtual."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import BadRequest, ChatMigrated, NetworkError, RetryAfter

from qa_bot.telegram.pacing import MARGIN, SECOND, SHARE, FloodLimiter, Priority, seconds

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

T = TypeVar("T")
_ROUNDING = 1e-6


class _Leaping(selectors.DefaultSelector):
    """Instead of waiting for a timer, makes it that late."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everybody waits, and for nothing")
        self.now += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


def virtually(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Server:
    """Counts each request at a random moment between its sending and its response."""

    rng: random.Random
    latency: float = 0.0  # seconds, at most, each way
    refusals: Mapping[int, list[float]] = field(default_factory=dict)  # retry_after by chat, used up in order
    failures: float = 0.0  # share of responses that are a network error
    counted: list[tuple[float, int, str]] = field(default_factory=list)  # when, chat, text
    refused: list[tuple[float, int, float]] = field(default_factory=list)  # when, chat, until

    async def __call__(self, data: dict[str, Any]) -> bool:
        chat, text = data.get("chat_id", 0), data.get("text", "")
        try:
            await asyncio.sleep(self.rng.uniform(0, self.latency))
        finally:  # what is cancelled on its way may arrive all the same
            self.counted.append((now(), chat, text))
        refused = self.refusals.get(chat)
        await asyncio.sleep(self.rng.uniform(0, self.latency))
        if refused:
            told = refused.pop(0)
            self.refused.append((now(), chat, now() + told))
            raise RetryAfter(int(told))
        if self.rng.random() < self.failures:
            raise NetworkError("Bad Gateway")
        return True

    def texts(self, chat: int) -> list[str]:
        return [text for _, where, text in self.counted if where == chat]


async def request(
    limiter: FloodLimiter, server: Server, chat: int | str | None, text: str = "", priority: Priority | None = None,
    endpoint: str = "sendMessage",
) -> bool:  # fmt: skip
    data = {"text": text} | ({} if chat is None else {"chat_id": chat})
    return bool(await limiter.process_request(server, (data,), {}, endpoint, data, priority))


def limiter_of(per_second: int = 30, per_minute: int = 20) -> FloodLimiter:
    return FloodLimiter(per_second, per_minute, clock=now)


def quiet() -> Server:
    return Server(random.Random(1))  # noqa: S311


def most_in_a_window(times: list[float], window: float) -> int:
    """The largest number of `times` in any window; two times a whole window apart are in none together."""
    ordered, first, most = sorted(times), 0, 0
    for last, time in enumerate(ordered):
        while ordered[first] <= time - window + _ROUNDING:
            first += 1
        most = max(most, last - first + 1)
    return most


def assert_within_limits(server: Server, per_second: int, per_minute: int) -> None:
    by_chat: dict[int, list[float]] = defaultdict(list)
    for when, chat, _ in server.counted:
        by_chat[chat].append(when)
    assert most_in_a_window([when for when, _, _ in server.counted], 1.0) <= per_second
    for chat, times in by_chat.items():
        assert most_in_a_window(times, 1.0) <= 1
        if chat < 0:
            assert most_in_a_window(times, 60.0) <= per_minute


def assert_holds_are_kept(server: Server) -> None:
    for at, chat, until in server.refused:
        assert not [when for when, where, _ in server.counted if where == chat and at < when < until]
    for first, second in pairwise(sorted(server.refused)):
        if second[1] != first[1] and second[0] < first[2]:
            until = max(first[2], second[2])
            in_flight = second[0] + 2 * server.latency  # sent before the second refusal came back
            assert not [when for when, _, _ in server.counted if in_flight < when < until]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    per_second=st.integers(1, 30),
    per_minute=st.integers(1, 20),
    latency=st.sampled_from([0.0, 0.01, 0.3, 2.0]),
    chats=st.integers(1, 40),
    failures=st.sampled_from([0.0, 0.3]),
    refused=st.integers(0, 4),
    cancelled=st.sampled_from([0.0, 0.2]),
)
def test_no_window_on_the_servers_clock_holds_more_than_is_allowed(
    seed: int, per_second: int, per_minute: int, latency: float, chats: int, failures: float, refused: int,
    cancelled: float,
) -> None:  # fmt: skip
    async def story() -> None:
        rng = random.Random(seed)  # noqa: S311
        names = [rng.choice((1, -1)) * (n + 1) for n in range(chats)]
        refusals = {rng.choice(names): [float(rng.randint(1, 9)) for _ in range(2)] for _ in range(refused)}
        server = Server(rng, latency, refusals, failures)
        limiter = limiter_of(per_second, per_minute)
        asked: dict[int, list[str]] = defaultdict(list)
        gone: set[str] = set()

        async def one(number: int) -> None:
            await asyncio.sleep(rng.choice((0.0, rng.uniform(0, 20))))
            chat, text = rng.choice(names), str(number)
            asked[chat].append(text)
            task = asyncio.create_task(request(limiter, server, chat, text, rng.choice(list(Priority))))
            if rng.random() < cancelled:
                gone.add(text)
                await asyncio.sleep(rng.choice((0.0, rng.uniform(0, 30))))
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*(one(number) for number in range(120)))
        assert_within_limits(server, per_second, per_minute)
        assert_holds_are_kept(server)
        for chat, texts in asked.items():
            seen = list(dict.fromkeys(server.texts(chat)))  # a request that is sent again counts again
            assert [text for text in texts if text in seen] == seen  # in the order asked
            assert set(texts) - set(seen) <= gone  # nothing is lost
        await asyncio.sleep(200)
        assert limiter.chats == 0

    virtually(story())


def test_the_limits_are_used_up_and_not_only_kept() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of()
        await asyncio.gather(*(request(limiter, server, chat) for chat in range(1, 301)))
        assert 9.0 <= now() < 9.5  # 300 chats, 30 a second
        began = now()
        await asyncio.gather(*(request(limiter, server, 1, str(n)) for n in range(10)))
        assert 9.0 <= now() - began < 10.5
        began = now()
        await asyncio.gather(*(request(limiter, server, -1, str(n)) for n in range(41)))
        assert 119.0 <= now() - began < 121.0

    virtually(story())


def test_requests_without_a_chat_pass_at_once() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of(1)
        waiting = [asyncio.create_task(request(limiter, server, chat)) for chat in range(1, 20)]
        await asyncio.sleep(0)
        await asyncio.gather(*(request(limiter, server, None, endpoint="answerCallbackQuery") for _ in range(100)))
        assert now() < 0.01
        await asyncio.gather(*waiting)

    virtually(story())


def test_an_id_as_text_is_the_same_chat_and_a_name_is_a_group() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of(30, 1)
        await asyncio.gather(request(limiter, server, 7), request(limiter, server, "7"))
        assert 1.0 <= now() < 1.1
        await asyncio.gather(request(limiter, server, "@Channel"), request(limiter, server, "@channel"))
        assert 61.0 <= now() < 61.2

    virtually(story())


def test_answers_go_before_asides_and_these_before_notices() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of(1)
        await request(limiter, server, 99, "first")
        kinds = [Priority.NOTICE, None, Priority.ANSWER]
        waiting = [request(limiter, server, 1 + n, f"{kinds[n % 3]!r} {n}", kinds[n % 3]) for n in range(9)]
        await asyncio.gather(*waiting)
        order = [text for _, _, text in server.counted[1:]]
        assert [text[-1] for text in order] == list("258147036")

    virtually(story())


def test_notices_get_a_twentieth_while_answers_wait_no_more_and_no_less() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of(10)
        tasks = [
            asyncio.create_task(request(limiter, server, chat, str(priority), Priority(priority)))
            for chat, priority in enumerate([0] * 400 + [1] * 60 + [2] * 60, start=1)
        ]
        await asyncio.gather(*tasks)
        slots = [int(text) for _, _, text in server.counted]
        while_answers_wait = slots[: len(slots) - slots[::-1].index(Priority.ANSWER)]
        for at in range(SHARE, len(while_answers_wait) - SHARE):
            window = while_answers_wait[at : at + SHARE]
            assert window.count(Priority.NOTICE) == 1
            assert window.count(Priority.ASIDE) == 1

    virtually(story())


def test_an_answer_behind_a_notice_of_its_own_chat_hurries_it() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of(1)
        await request(limiter, server, 99)
        crowd = [request(limiter, server, chat, "crowd", Priority.ASIDE) for chat in range(10, 18)]
        pair = [
            request(limiter, server, 5, "notice", Priority.NOTICE),
            request(limiter, server, 5, "answer", Priority.ANSWER),
        ]
        await asyncio.gather(*crowd, *pair)
        assert [text for _, _, text in server.counted[1:4]] == ["notice", "answer", "crowd"]

    virtually(story())


def test_a_chat_that_is_told_to_wait_waits_alone_and_keeps_its_order() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of()
        server.refusals = {5: [7.0, 3.0]}
        await asyncio.gather(
            *(request(limiter, server, 5, text) for text in "abc"),
            *(request(limiter, server, 6, text) for text in "xyz"),
        )
        assert server.texts(5) == list("aaabc")
        first, second, third = (when for when, chat, _ in server.counted[:] if chat == 5 and _ == "a")
        assert second - first == pytest.approx(7 + MARGIN)
        assert third - second == pytest.approx(3 + MARGIN)
        assert max(when for when, chat, _ in server.counted if chat == 6) < 2.1

    virtually(story())


def test_two_chats_told_to_wait_at_a_time_hold_everything_for_the_longer_time() -> None:
    async def story() -> None:
        told: list[float] = []
        server = quiet()
        limiter = FloodLimiter(30, 20, clock=now, flooded=lambda: told.append(now()))
        server.refusals = {5: [20.0], 6: [4.0]}
        await asyncio.gather(request(limiter, server, 5), request(limiter, server, 6))
        assert len(told) == 2
        assert server.counted[2][0] == pytest.approx(20 + MARGIN)

        server.refusals = {5: [20.0]}
        began = now()
        held = asyncio.create_task(request(limiter, server, 5))
        await asyncio.sleep(5)
        server.refusals = {5: server.refusals[5], 6: [1.0]}
        await asyncio.gather(held, request(limiter, server, 6), request(limiter, server, 7))
        assert [when for when, chat, _ in server.counted if chat == 7][-1] - began < 6  # sent before 6 was refused
        assert [when for when, chat, _ in server.counted if chat == 6][-1] - began >= 20

    virtually(story())


def test_who_goes_on_after_a_kill_leaves_the_killed_ones_windows_alone() -> None:
    async def story() -> None:
        server = quiet()
        for _ in range(3):  # each sends as much as it may, and is killed half a second later
            limiter = FloodLimiter(5, 20, clock=now, quiet=SECOND)
            for chat in range(100, 120):
                asyncio.create_task(request(limiter, server, chat))  # noqa: RUF006 (nobody waits for a killed one)
            await asyncio.sleep(1.5)
            await limiter.shutdown()
        assert len(server.counted) == 15
        assert most_in_a_window([when for when, _, _ in server.counted], SECOND) == 5

    virtually(story())


def test_typing_and_answers_to_queries_are_not_sent_again() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of()
        server.refusals = {5: [7.0], 0: [30.0, 2.0]}
        with pytest.raises(RetryAfter, match="Retry in"):
            await request(limiter, server, 5, endpoint="sendChatAction", priority=Priority.NOTICE)
        assert limiter.would_wait(5)
        with pytest.raises(RetryAfter, match="Retry in"):
            await request(limiter, server, None, endpoint="answerInlineQuery")
        assert now() < 0.01
        assert await request(limiter, server, None, endpoint="setMyCommands")
        assert now() == pytest.approx(2 + MARGIN)

    virtually(story())


@pytest.mark.parametrize("error", [ChatMigrated(-1009), BadRequest("Chat not found"), NetworkError("Bad Gateway")])
def test_other_errors_are_passed_on_and_leave_nothing_taken(error: Exception) -> None:
    async def story() -> None:
        limiter = limiter_of(1)

        async def fails() -> bool:
            raise error

        for _ in range(3):
            with pytest.raises(type(error), match=str(error)):
                await limiter.process_request(fails, (), {}, "sendMessage", {"chat_id": 3}, None)
        assert 2.0 <= now() < 2.1
        await asyncio.sleep(2)
        assert not limiter.would_wait(3)
        assert limiter.chats == 0

    virtually(story())


def test_would_wait_tells_whether_a_request_would_be_sent_at_once() -> None:
    async def story() -> None:
        server, limiter = Server(random.Random(1), 0.5), limiter_of(2)  # noqa: S311
        assert not limiter.would_wait(1)
        task = asyncio.create_task(request(limiter, server, 1))
        await asyncio.sleep(0)
        assert limiter.would_wait(1)
        assert not limiter.would_wait(2)
        await asyncio.gather(task, request(limiter, server, 2))
        assert limiter.would_wait(3)  # both places of the second are taken
        await asyncio.sleep(1)
        assert not limiter.would_wait(3)
        assert not limiter.would_wait(1)

    virtually(story())


def test_a_cancelled_request_frees_its_place_for_the_next() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of(1)
        first = asyncio.create_task(request(limiter, server, 1, "never sent"))
        first.cancel()  # before it ran at all
        second = asyncio.create_task(request(limiter, server, 1, "a"))
        third = asyncio.create_task(request(limiter, server, 1, "cancelled while it waits"))
        fourth = asyncio.create_task(request(limiter, server, 1, "b"))
        await asyncio.sleep(0.5)
        third.cancel()
        await asyncio.gather(first, second, third, fourth, return_exceptions=True)
        assert server.texts(1) == ["a", "b"]
        assert now() == pytest.approx(1.0, abs=0.1)

    virtually(story())


@pytest.mark.parametrize("given_first", [True, False])
def test_a_request_cancelled_at_the_moment_of_its_turn_takes_nothing(given_first: bool) -> None:
    async def story() -> None:
        server = quiet()
        limiter = FloodLimiter(1, 20, clock=now, sleep=lambda delay: asyncio.sleep(delay + 0.5))  # its timer is late
        await request(limiter, server, 1)
        waiting = asyncio.create_task(request(limiter, server, 2, "cancelled"))
        await asyncio.sleep(1.1)
        steps = [request(limiter, server, 3, "arriving"), cancel(waiting)]  # the arrival gives `waiting` its turn
        tasks = [asyncio.create_task(step) for step in (steps if given_first else reversed(steps))]
        await asyncio.gather(*tasks)
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        assert [text for _, _, text in server.counted] == ["", "arriving"]
        assert now() < 1.2  # not a second later

    async def cancel(task: asyncio.Task[bool]) -> bool:
        return task.cancel()

    virtually(story())


def test_shutting_down_cancels_what_waits() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of(1)
        await limiter.initialize()
        tasks = [asyncio.create_task(request(limiter, server, 1, str(n))) for n in range(3)]
        await asyncio.sleep(0.1)
        await limiter.shutdown()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [task.cancelled() for task in tasks] == [False, True, True]

    virtually(story())


def test_chats_are_forgotten_when_their_windows_have_passed() -> None:
    async def story() -> None:
        server, limiter = quiet(), limiter_of()
        for chat in range(1, 3001):
            await request(limiter, server, chat)
            assert limiter.chats <= 2 * 30
        await request(limiter, server, -1)
        await asyncio.sleep(2)
        assert limiter.chats == 1
        await asyncio.sleep(60)
        assert limiter.chats == 0

    virtually(story())


def test_the_wait_that_telegram_tells_is_read_in_seconds() -> None:
    assert seconds(RetryAfter(7)) == 7.0


def test_no_more_requests_are_under_way_than_the_rate_needs_and_a_slow_one_does_not_count() -> None:
    """At 30 a second and 0.1 s a response, 5 are enough; once responses take 10 ms, 1 is."""

    async def run() -> tuple[int, int, float]:
        limiter = FloodLimiter(30, 20, sparing=True)
        under_way, most, slowest_start = 0, 0, 0.0
        began = monotonic()

        async def call(seconds: float) -> bool:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(seconds)
            under_way -= 1
            return True

        async def request(chat: int, seconds: float) -> None:
            await limiter.process_request(call, (seconds,), {}, "sendMessage", {"chat_id": chat}, 0)

        await asyncio.gather(*(request(chat, 0.01) for chat in range(1, 21)))
        first, most = most, 0
        hanging = asyncio.create_task(request(100, 5.0))
        await asyncio.sleep(0)
        await asyncio.gather(*(request(chat, 0.01) for chat in range(101, 106)))
        slowest_start = monotonic() - began
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)
        await limiter.shutdown()
        return first, most, slowest_start

    first, later, seconds = asyncio.run(run())
    assert first == 5
    assert later == 2  # the hanging one and one more
    assert seconds < 4
