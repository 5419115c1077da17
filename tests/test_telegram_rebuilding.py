"""Rebuilds follow each other, and nobody who asked is forgotten; Telegram and the index are small stand-ins."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from embeddings.errors import SourceError
from embeddings.pipeline import Progress, Report
from embeddings.records import Skipped
from qa_bot.telegram import people
from qa_bot.telegram.delivery import Target
from qa_bot.telegram.rebuilding import Asked, Rebuilding
from qa_bot.telegram.state import StateThread
from qa_bot.telegram.text import JOINER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from qa_bot.telegram.asking import Asking
    from qa_bot.telegram.delivery import Delivery
    from qa_bot.telegram.html import Part

HA, MINH = (Asked(Target(chat), "vi") for chat in (1, 2))
WANTED = "rebuild wanted"


class Chats:
    """The messages of each chat as they stand."""

    def __init__(self) -> None:
        self.shown: dict[int, list[str]] = {}

    async def send(self, target: Target, part: Part, *_how: object) -> int:
        self.shown.setdefault(target.chat_id, []).append(part.plain)
        return len(self.shown[target.chat_id])

    async def edit(self, target: Target, message_id: int, part: Part, *_how: object) -> int:
        self.shown[target.chat_id][message_id - 1] = part.plain
        return message_id


class Serving:
    async def open(self) -> None: ...


class Builds:
    """Counts; waits and raises as told."""

    def __init__(self, error: Exception | None = None, skipped: tuple[Skipped, ...] = ()) -> None:
        self.number = 0
        self.may_end = threading.Event()
        self.may_end.set()
        self._error = error
        self._skipped = skipped

    def __call__(self, _progress: Progress) -> Report:
        self.number += 1
        assert self.may_end.wait(5)
        if self._error is not None:
            raise self._error
        return Report(self.number, False, 5, 9, 30, 3, 27, self._skipped, 0.2, 1000)


@asynccontextmanager
async def rebuilding_with(build: Builds, folder: Path, chats: Chats) -> AsyncIterator[tuple[Rebuilding, StateThread]]:
    state = StateThread(folder)
    try:
        yield Rebuilding(build, cast("Asking", Serving()), cast("Delivery", chats), state), state
    finally:
        state.close()


async def ended(rebuilding: Rebuilding) -> None:
    async with asyncio.timeout(5):
        while rebuilding.running:
            await asyncio.sleep(0.001)


def test_those_who_ask_while_one_runs_share_the_next(tmp_path: Path) -> None:
    async def run() -> None:
        build, chats = Builds(), Chats()
        async with rebuilding_with(build, tmp_path, chats) as (rebuilding, state):
            build.may_end.clear()
            await rebuilding.ask(HA)
            while build.number == 0:
                await asyncio.sleep(0.001)
            await rebuilding.ask(MINH)
            await rebuilding.ask(MINH)
            build.may_end.set()
            await ended(rebuilding)
            assert await state.run(lambda db: people.note(db, WANTED)) is None
        done = "Xong: 5 bài, 9 đoạn, 1 giây (3 câu mới). Từ giờ mình trả lời theo chỉ mục số"
        waits = "Chỉ mục đang được lập lại; xong lượt đó mình làm tiếp lượt này."
        assert chats.shown == {1: [f"{done} 1."], 2: [waits, waits, f"{done} 2.", f"{done} 2."]}

    asyncio.run(run())


def test_who_asks_at_the_very_end_is_not_forgotten(tmp_path: Path) -> None:
    """What is asked while the end of the last rebuild is written down counts as asked after it."""

    async def run() -> None:
        build, chats, disk_is_free = Builds(), Chats(), threading.Event()
        async with rebuilding_with(build, tmp_path, chats) as (rebuilding, state):
            build.may_end.clear()
            await rebuilding.ask(HA)
            while build.number == 0:
                await asyncio.sleep(0.001)
            slow_disk = asyncio.create_task(state.run(lambda _db: disk_is_free.wait(5)))
            await asyncio.sleep(0)
            asking = asyncio.create_task(rebuilding.ask(MINH))
            await asyncio.sleep(0)
            build.may_end.set()
            while not chats.shown[1][0].startswith("Xong"):
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            disk_is_free.set()
            await asyncio.gather(slow_disk, asking)
            await ended(rebuilding)
        assert build.number == 2
        assert chats.shown[2][-1].startswith("Xong")

    asyncio.run(run())


def test_what_a_killed_run_did_not_finish_is_finished_in_the_same_message(tmp_path: Path) -> None:
    async def killed(chats: Chats) -> None:
        build = Builds()
        build.may_end.clear()
        async with rebuilding_with(build, tmp_path, chats) as (rebuilding, _state):
            await rebuilding.ask(HA)
            while build.number == 0:
                await asyncio.sleep(0.001)
            await rebuilding.close()
            build.may_end.set()

    async def again(chats: Chats) -> int:
        build = Builds()
        async with rebuilding_with(build, tmp_path, chats) as (rebuilding, _state):
            await rebuilding.resume()
            await ended(rebuilding)
            await rebuilding.resume()
            assert not rebuilding.running
        return build.number

    chats = Chats()
    asyncio.run(killed(chats))
    assert chats.shown == {1: ["Đang lập lại chỉ mục…"]}
    assert asyncio.run(again(chats)) == 1
    assert [len(messages) for messages in chats.shown.values()] == [1]
    assert chats.shown[1][0].startswith("Xong")


def test_failures_and_skipped_files_are_told_in_few_words(tmp_path: Path) -> None:
    async def outcome(build: Builds) -> str:
        chats = Chats()
        async with rebuilding_with(build, tmp_path, chats) as (rebuilding, _state):
            await rebuilding.ask(HA)
            await ended(rebuilding)
        return chats.shown[1][-1]

    failed = "Không lập được chỉ mục mới; mọi thứ vẫn như cũ. Lý do: "
    gone = SourceError("The articles folder 'seeds' does not exist.")
    assert asyncio.run(outcome(Builds(gone))) == failed + str(gone)
    assert asyncio.run(outcome(Builds(RuntimeError("/root/secret")))) == failed + "unexpected error, see the log"
    skipped = tuple(Skipped(f"{name}.txt", "it is empty") for name in "abcd")
    last = asyncio.run(outcome(Builds(skipped=skipped))).splitlines()[1]
    assert last.replace(JOINER, "") == "Bỏ qua 4 tệp: a.txt: it is empty; b.txt: it is empty; c.txt: it is empty; …"
