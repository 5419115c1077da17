"""Token buckets, and notices to those who were refused: laws over any order of events and any clock."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_bot.telegram.limits import Buckets, Reason, Refusals, Refused


class Clock:
    """Seconds that pass when told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def refused(seq: int, chat_id: int = 1, reason: Reason = "too_fast") -> Refused:
    return Refused(seq, chat_id, None, seq, reason, 60, "vi")


PAUSES = st.floats(0, 100, allow_nan=False)
JUMPS = st.floats(-1e6, 100, allow_nan=False)


def test_a_full_bucket_serves_its_capacity_at_once_and_then_one_token_at_a_time() -> None:
    clock = Clock()
    buckets = Buckets(30, clock)
    assert [buckets.take(7) for _ in range(30)] == [0.0] * 30
    assert buckets.take(7) == pytest.approx(2.0)
    clock.now += 1.5
    assert buckets.take(7) == pytest.approx(0.5)
    clock.now += 0.5
    assert buckets.take(7) == 0.0
    assert buckets.take(7) == pytest.approx(2.0)


def test_a_rest_saves_up_no_more_than_the_capacity() -> None:
    clock = Clock()
    buckets = Buckets(30, clock)
    for _ in range(5):
        assert buckets.take(1) == 0.0
        clock.now += 50
    assert sum(buckets.take(1) == 0.0 for _ in range(100)) == 30


def test_everybody_has_a_bucket_of_their_own() -> None:
    buckets = Buckets(1, Clock())
    assert [buckets.take(key) for key in (1, 2, -3)] == [0.0, 0.0, 0.0]
    assert buckets.take(1) > 0


@pytest.mark.parametrize("per_minute", [0.25, 1, 30])
def test_a_cost_above_the_capacity_takes_a_whole_bucket(per_minute: float) -> None:
    buckets = Buckets(per_minute, Clock())
    assert buckets.take(1, 1000) == 0.0
    assert buckets.take(1) == pytest.approx(60 / per_minute)


@given(st.floats(0.1, 600), st.lists(st.tuples(PAUSES, st.floats(0.1, 5))))
def test_the_wait_that_is_told_is_enough_and_not_too_long(per_minute: float, steps: list[tuple[float, float]]) -> None:
    clock = Clock()
    buckets = Buckets(per_minute, clock)
    for pause, cost in steps:
        clock.now += pause
        wait = buckets.take(1, cost)
        if wait:
            clock.now += 0.9 * wait
            assert buckets.take(1, cost) == pytest.approx(0.1 * wait, abs=1e-3)
            clock.now += 0.1 * wait
            assert buckets.take(1, cost) == 0.0


@given(st.floats(1, 600), st.lists(PAUSES))
@example(60.0, [0.0] * 200)
def test_no_more_is_taken_than_flowed_in(per_minute: float, pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(per_minute, clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        taken += buckets.take(1) == 0.0
    assert taken <= per_minute * (1 + (clock.now - 1000) / 60) + 0.01


@given(st.lists(st.tuples(JUMPS, st.integers(0, 3))))
def test_a_clock_that_is_set_back_neither_gives_nor_takes(steps: list[tuple[float, int]]) -> None:
    wild, tame = Clock(), Clock()
    buckets, expected = Buckets(10, wild), Buckets(10, tame)
    for jump, key in steps:
        wild.now += jump
        tame.now += max(0.0, jump)
        assert buckets.take(key) == pytest.approx(expected.take(key), abs=1e-6)


def test_full_buckets_are_forgotten() -> None:
    clock = Clock()
    buckets = Buckets(30, clock)
    for key in range(1000):
        buckets.take(key)
    clock.now += 59
    buckets.take(0)
    assert len(buckets) == 1000
    clock.now += 1.5
    buckets.take(1)
    assert len(buckets) == 2


def test_of_too_many_buckets_the_oldest_is_forgotten() -> None:
    buckets = Buckets(1, Clock(), most=3)
    for key in (1, 2, 3):
        buckets.take(key)
    assert buckets.take(1) > 0
    buckets.take(4)
    assert len(buckets) == 3
    assert [buckets.take(key) > 0 for key in (1, 3, 4)] == [True, True, True]
    assert buckets.take(2) == 0.0


def test_a_flood_of_strangers_fills_no_memory() -> None:
    buckets = Buckets(30, Clock())
    for key in range(60_000):
        buckets.take(key)
    assert len(buckets) == 50_000


def test_the_first_refusal_is_told_at_once_and_later_ones_together() -> None:
    clock = Clock()
    refusals = Refusals(clock, spacing=30)
    assert refusals.next_due() is None
    refusals.add(1, refused(10))
    assert refusals.next_due() == 0.0
    assert refusals.due() == [[refused(10)]]
    assert (refusals.due(), refusals.next_due()) == ([], None)
    clock.now += 10
    for seq in (11, 12):
        refusals.add(1, refused(seq))
    assert refusals.due() == []
    assert refusals.next_due() == pytest.approx(20)
    clock.now += 20
    assert refusals.next_due() == pytest.approx(0)
    assert refusals.due() == [[refused(11), refused(12)]]
    clock.now += 31
    refusals.add(1, refused(13))
    assert refusals.due() == [[refused(13)]]


def test_refusals_in_quick_succession_are_told_together() -> None:
    clock = Clock()
    refusals = Refusals(clock, spacing=30, gather=1)
    for seq in (10, 11, 12):
        refusals.add(1, refused(seq))
        assert refusals.due() == []
        clock.now += 0.25
    assert refusals.next_due() == pytest.approx(0.25)
    clock.now += 0.25
    assert refusals.due() == [[refused(10), refused(11), refused(12)]]
    refusals.add(1, refused(13))
    assert refusals.next_due() == pytest.approx(30)


def test_whom_overload_hits_is_told_within_fifty_milliseconds() -> None:
    clock = Clock()
    refusals = Refusals(clock, spacing=30, gather=1)
    refusals.add(1, refused(10))
    refusals.add(2, refused(11, 2, "busy"))
    clock.now += 0.05
    assert refusals.due() == [[refused(11, 2, "busy")]]
    refusals.add(1, refused(12, 1, "busy"))
    assert refusals.next_due() == pytest.approx(0.03)
    clock.now += 0.05
    assert refusals.due() == [[refused(10), refused(12, 1, "busy")]]


def test_a_chat_does_not_wait_for_another() -> None:
    refusals = Refusals(Clock())
    refusals.add(1, refused(10))
    assert refusals.due() == [[refused(10)]]
    refusals.add(1, refused(11))
    refusals.add(2, refused(12, 2))
    assert refusals.due() == [[refused(12, 2)]]


def test_the_next_notice_is_that_of_the_chat_told_longest_ago() -> None:
    clock = Clock()
    refusals = Refusals(clock, spacing=30)
    for chat_id in (1, 2):
        refusals.add(chat_id, refused(chat_id, chat_id))
        refusals.due()
        clock.now += 10
    refusals.add(2, refused(3, 2))
    assert refusals.next_due() == pytest.approx(20)
    refusals.add(1, refused(4, 1))
    assert refusals.next_due() == pytest.approx(10)


# A step: how far the clock moves, the chats of refusals that come then, and whether `due` is asked.
STEPS = st.lists(st.tuples(st.floats(0, 20), st.lists(st.integers(1, 3), max_size=3), st.booleans()), max_size=30)


@given(STEPS, st.sampled_from([0, 1, 40]))
def test_every_refusal_is_told_exactly_once_in_order_and_never_too_often(
    steps: list[tuple[float, list[int], bool]], gather: float
) -> None:
    clock = Clock()
    refusals = Refusals(clock, spacing=30, gather=gather)
    added: list[Refused] = []
    told: list[Refused] = []
    last: dict[int, float] = defaultdict(lambda: -math.inf)

    def tell() -> None:
        for notice in refusals.due():
            (chat_id,) = {each.chat_id for each in notice}
            assert clock.now - last[chat_id] >= 30 - 1e-5
            last[chat_id] = clock.now
            told.extend(notice)

    for pause, chats, ask in steps:
        clock.now += pause
        for chat_id in chats:
            added.append(refused(len(added), chat_id))
            refusals.add(chat_id, added[-1])
        if ask:
            tell()
    for _ in range(3):  # whoever sleeps as long as `next_due` says needs few looks
        wait = refusals.next_due()
        if wait is None:
            break
        assert wait <= max(30, gather)
        clock.now += wait
        before = len(told)
        tell()
        assert len(told) > before
    assert refusals.next_due() is None
    assert Counter(told) == Counter(added)
    for chat_id in (1, 2, 3):
        of_chat = [each.seq for each in told if each.chat_id == chat_id]
        assert of_chat == sorted(of_chat)


@given(STEPS)
def test_what_is_due_is_not_kept_back(steps: list[tuple[float, list[int], bool]]) -> None:
    clock = Clock()
    refusals = Refusals(clock, spacing=30)
    last: dict[int, float] = {}
    waiting: Counter[int] = Counter()
    for pause, chats, _ in steps:
        clock.now += pause
        for chat_id in chats:
            refusals.add(chat_id, refused(0, chat_id))
            waiting[chat_id] += 1
        for notice in refusals.due():
            assert len(notice) == waiting.pop(notice[0].chat_id)
            last[notice[0].chat_id] = clock.now
        assert all(clock.now - last[chat_id] < 30 + 1e-5 for chat_id in waiting)


@pytest.mark.parametrize("back", [1.0, 3600.0, 1e9])
def test_a_clock_that_is_set_back_delays_notices_by_no_more_than_the_spacing(back: float) -> None:
    clock = Clock()
    refusals = Refusals(clock, spacing=30)
    refusals.add(1, refused(10))
    refusals.due()
    refusals.add(1, refused(11))
    clock.now -= back
    assert refusals.due() == []
    assert refusals.next_due() == pytest.approx(30)
    clock.now += 30.001
    assert refusals.due() == [[refused(11)]]


def test_twenty_thousand_chats_are_each_told_at_once() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for seq in range(20_000):
        clock.now += 0.005
        refusals.add(seq, refused(seq, seq))
        assert refusals.due() == [[refused(seq, seq)]]
    assert refusals.next_due() is None
