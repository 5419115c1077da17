"""Order within a lane, lanes side by side: a chat's requests are worked on one after another, chats in parallel."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """`work` is awaited for each item; it must not raise (but for being cancelled). One task a lane that has work."""

    def __init__(self, work: Callable[[T], Awaitable[None]]) -> None:
        self._work = work
        self._queues: dict[str, deque[T]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waiting = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def waiting(self) -> int:
        """Items that are not finished, those under way included."""
        return self._waiting

    def add(self, lane: str, item: T) -> None:
        self._waiting += 1
        if lane in self._queues:
            self._queues[lane].append(item)
            return
        self._queues[lane] = deque([item])
        self._tasks[lane] = asyncio.create_task(self._run(lane), name=f"lane {lane}")

    async def room(self, most: int) -> None:
        """Wait until fewer than `most` items wait."""
        while self._waiting >= most:
            self._room.clear()
            await self._room.wait()

    async def drain(self, seconds: float) -> None:
        """Let what is under way end, for at most `seconds`, then cancel it; what only waits is dropped."""
        for queue in self._queues.values():
            self._waiting -= len(queue)
            queue.clear()
        tasks = list(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, lane: str) -> None:
        queue = self._queues[lane]
        try:
            while queue:
                item = queue.popleft()
                try:
                    await self._work(item)
                finally:
                    self._waiting -= 1
                    self._room.set()
        finally:
            del self._queues[lane], self._tasks[lane]
            self._waiting -= len(queue)
