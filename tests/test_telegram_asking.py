"""Whose turn it is to have a question answered; all time is virtual."""

from __future__ import annotations

import asyncio

import pytest

from qa_bot.telegram.asking import Turns
from tests.test_telegram_pacing import now, virtually


def test_turns_come_in_order_so_many_at_a_time_and_so_many_in_a_second() -> None:
    async def story() -> None:
        turns, began, under_way, most = Turns(2, 10), list[tuple[int, float]](), 0, 0

        async def have(number: int, seconds: float) -> None:
            nonlocal under_way, most
            async with turns:
                began.append((number, now()))
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(seconds)
                under_way -= 1

        await asyncio.gather(*(have(number, 0.01 if number < 5 else 0.5) for number in range(10)))
        assert [number for number, _ in began] == list(range(10))
        assert most == 2
        times = [at for _, at in began]
        assert times[:6] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5], abs=0.02)
        assert times[-1] > 1.4  # two at a time, half a second each

    virtually(story())


def test_a_lone_question_has_its_turn_at_once() -> None:
    async def story() -> None:
        turns = Turns(4, 30)
        for _ in range(3):
            await asyncio.sleep(1)
            before = now()
            async with turns:
                assert now() == before

    virtually(story())


@pytest.mark.parametrize("after", [0.0, 0.05])
def test_who_is_cancelled_while_waiting_takes_no_turn(after: float) -> None:
    async def story() -> None:
        turns = Turns(1, 10)

        async def have() -> None:
            async with turns:
                pass

        await have()
        waiting = [asyncio.create_task(have()) for _ in range(3)]  # one for its time, two for the one before
        await asyncio.sleep(after)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.wait_for(have(), 1)

    virtually(story())
