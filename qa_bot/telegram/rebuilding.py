"""Rebuilding under the running bot: one build at a time, its progress by sparse edits, the index swapped at the end."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from embeddings.errors import BotError
from embeddings.pipeline import Progress, Report
from qa_bot.messages import say
from qa_bot.telegram import html, people
from qa_bot.telegram.asking import in_background
from qa_bot.telegram.delivery import Target
from qa_bot.telegram.logs import event
from qa_bot.telegram.pacing import Priority

if TYPE_CHECKING:
    from sqlite3 import Connection

    from embeddings.messages import Language
    from qa_bot.telegram.asking import Asking
    from qa_bot.telegram.delivery import Delivery
    from qa_bot.telegram.state import StateThread

_LOG = logging.getLogger(__name__)

_EVERY_PRIVATE, _EVERY_GROUP = 3.0, 15.0  # seconds between two edits; they count towards the flood limits
_SHOWN_SKIPPED = 3
_WANTED = "rebuild wanted"  # the note that survives a crash in the middle of a rebuild: who asked, as JSON

Build = Callable[[Progress], Report]
"""Builds the index. Runs in a thread. Raises BotError; then the old index still serves."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is told how a rebuild goes. `message`: the bot's own that says so; None: there is none yet."""

    target: Target
    language: Language
    message: int | None = None


class Stages:
    """Progress as the build's thread reports it and the event loop reads it."""

    def __init__(self) -> None:
        self.name, self.total, self.done = "read", 0, 0

    def stage(self, name: str, total: int) -> None:
        self.name, self.total, self.done = name, total, 0

    def advance(self, steps: int = 1) -> None:
        self.done += steps


class Rebuilding:
    """Rebuilds follow each other; those asked for while one runs share the next one."""

    def __init__(self, build: Build, asking: Asking, delivery: Delivery, state: StateThread) -> None:
        self._build = build
        self._asking = asking
        self._delivery = delivery
        self._state = state
        self._now: list[Asked] = []
        self._next: list[Asked] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def ask(self, asked: Asked) -> None:
        """Have the index rebuilt, now or after the build that runs; tells how it goes and how it ended."""
        self._next.append(asked)
        await self._keep()
        if asked not in self._next:
            return  # the build that ran has ended, and its next round has begun
        if self.running:
            await self._say(asked, "telegram.rebuild_waits")
        else:
            self._task = asyncio.create_task(self._run(), name="rebuild")

    async def resume(self) -> None:
        """Make up for a rebuild that an earlier run of the program did not finish, and tell those who asked for it."""
        kept = await self._state.run(lambda db: people.note(db, _WANTED))
        if kept is not None:
            self._next += _read(kept)
            if not self.running:
                self._task = asyncio.create_task(self._run(), name="rebuild")

    async def close(self) -> None:
        """Stop telling; a build under way is left to die with the program, which harms nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._now, self._next = self._next, []
            await self._keep()
            await self._once()
            self._now = []
            if not self._next:
                await self._state.run(_clear)
                return  # who asked meanwhile finds that it has ended

    async def _once(self) -> None:
        stages = Stages()
        self._now = [
            one if one.message else replace(one, message=await self._say(one, "telegram.rebuilding"))
            for one in self._now
        ]
        await self._keep()
        watching = [asyncio.create_task(self._watch(one, one.message, stages)) for one in self._now if one.message]
        try:
            report: Report | str = await in_background(lambda: self._build(stages))
            await self._asking.open()
        except BotError as error:
            report = str(error)
        except Exception:  # noqa: BLE001 - the old index serves on, whatever went wrong
            _LOG.exception("rebuild failed")
            report = "unexpected error, see the log"
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        event(_LOG, logging.INFO, "rebuilt", result=report if isinstance(report, str) else report.generation)
        for one in self._now:
            part = html.text_parts(_outcome(report, one.language))[0]
            if one.message is None:
                await self._delivery.send(one.target, part)
            else:
                await self._delivery.edit(one.target, one.message, part, None, Priority.ASIDE)

    async def _keep(self) -> None:
        """Have the rebuild made up for by the next run of the program, if this one is killed."""
        kept = _written([*self._now, *self._next])
        await self._state.run(lambda db: people.set_note(db, _WANTED, kept))

    async def _watch(self, asked: Asked, message: int, stages: Stages) -> None:
        last = ""
        while True:
            await asyncio.sleep(_EVERY_PRIVATE if asked.target.chat_id > 0 else _EVERY_GROUP)
            stage = say(asked.language, f"stage.{stages.name}")
            text = say(
                asked.language, "telegram.rebuild_stage", stage=stage, done=min(stages.done, stages.total),
                total=stages.total,
            )  # fmt: skip
            if text != last:
                last = text
                await self._delivery.edit(asked.target, message, html.text_parts(text)[0], None, Priority.NOTICE)

    async def _say(self, asked: Asked, name: str) -> int | None:
        part = html.text_parts(say(asked.language, name))[0]
        return await self._delivery.send(asked.target, part, None, Priority.ASIDE)


def _outcome(report: Report | str, language: Language) -> str:
    if isinstance(report, str):
        return say(language, "telegram.rebuild_failed", reason=report)
    if report.unchanged:
        text = say(language, "telegram.rebuilt_unchanged", articles=report.articles, number=report.generation)
    else:
        text = say(
            language, "telegram.rebuilt", articles=report.articles, passages=report.passages,
            seconds=max(1, round(report.seconds)), encoded=report.encoded, number=report.generation,
        )  # fmt: skip
    if report.skipped:
        names = "; ".join(f"{item.path}: {item.reason}" for item in report.skipped[:_SHOWN_SKIPPED])
        names += "; …" if len(report.skipped) > _SHOWN_SKIPPED else ""
        text += "\n" + say(language, "telegram.rebuilt_skipped", count=len(report.skipped), names=names)
    return text


def _written(asked: Sequence[Asked]) -> str:
    return json.dumps([[astuple(one.target), one.language, one.message] for one in asked])


def _read(kept: str) -> list[Asked]:
    return [Asked(Target(*target), language, message) for target, language, message in json.loads(kept)]


def _clear(db: Connection) -> None:
    people.set_note(db, _WANTED, None)
