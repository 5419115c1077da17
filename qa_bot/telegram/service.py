"""The Telegram bot as a service: everything made and put together, started, watched and stopped."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from telegram.error import InvalidToken

from embeddings.errors import BotError, IndexProblem
from qa_bot.errors import StateError, TelegramProblem
from qa_bot.messages import say
from qa_bot.telegram import desk, html, journal, logs, people, threads
from qa_bot.telegram.access import Access
from qa_bot.telegram.addressing import Identity
from qa_bot.telegram.asking import Asking, Asks, in_background
from qa_bot.telegram.buttons import Signer
from qa_bot.telegram.commands import NAMES
from qa_bot.telegram.connecting import connected, insist, revoked
from qa_bot.telegram.delivery import Delivery, Target
from qa_bot.telegram.dispatch import Dispatch
from qa_bot.telegram.keyboards import Keyboards
from qa_bot.telegram.lanes import Lanes
from qa_bot.telegram.library import Library
from qa_bot.telegram.limits import Buckets, Refusals, Refused
from qa_bot.telegram.logs import event
from qa_bot.telegram.menu import set_menu
from qa_bot.telegram.metrics import Metrics
from qa_bot.telegram.pacing import Priority
from qa_bot.telegram.rebuilding import Build, Rebuilding
from qa_bot.telegram.receiving import ALLOWED_UPDATES, Intake, Job, Polling, PollingBot
from qa_bot.telegram.services import Services
from qa_bot.telegram.state import StateThread
from qa_bot.telegram.web import Web, Webhook

if TYPE_CHECKING:
    import sqlite3

    from qa_bot.settings import BotSettings

_LOG = logging.getLogger(__name__)

_TAPS_PER_MINUTE: Final = 120  # button presses and inline queries; every letter typed in inline mode is one
_GATHER_SECONDS: Final = 1.0  # in which questions that come too fast are counted before their asker is told
_DRAIN_SECONDS: Final = 10.0  # for answers under way when the program is told to stop; all in all it takes under 25
_CONFIRM_SECONDS: Final = 3.0
_DEAF_SECONDS: Final = 120.0  # without one successful getUpdates: not healthy
_PURGE_EVERY: Final = 3600.0
_DAY: Final = 86_400.0
_M_ARENA_MAX: Final = -8  # malloc.h
_SWITCH_SECONDS: Final = 0.0002  # turns of threads; each statement to the database waits for up to 30 of them
_JOURNAL_DAYS: Final = 8  # Telegram keeps an update for a day, and may number anew after a week of silence
_REVOKED: Final = (
    "Telegram does not take this token any more. Set QA_BOT_TELEGRAM_TOKEN to the one that @BotFather shows."
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the front end is given: how to open the bot, load its model, make its index, where to keep its things."""

    open_bot: Callable[[], Asks]  # raises IndexProblem
    warm_up: Callable[[], None]
    build: Build
    state_dir: Path


def run(settings: BotSettings, parts: Parts) -> None:
    """Serve until SIGTERM or SIGINT. Raises BotError when it cannot begin or go on."""
    telegram = settings.telegram
    if not telegram.token.get_secret_value():
        raise TelegramProblem("There is no token. Get one from @BotFather and set QA_BOT_TELEGRAM_TOKEN.")
    if not telegram.access and not telegram.admins:
        raise TelegramProblem(
            "Nobody may ask. Set QA_BOT_TELEGRAM_ACCESS to numeric ids, with commas between them, or to open."
        )
    _share_memory()
    sys.setswitchinterval(_SWITCH_SECONDS)
    logs.set_up([telegram.token.get_secret_value(), telegram.webhook_secret.get_secret_value()])
    asyncio.run(_serve(settings, parts))


def _share_memory() -> None:
    """Have all threads allocate from two arenas. With one each, as glibc has it, memory that was freed in one is of no
    use to another: 1,007 MB and rising after 1,100 answers, 944 MB and flat with two. Other C libraries have no arenas.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)


async def _serve(settings: BotSettings, parts: Parts) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    logs.install(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        state = StateThread(parts.state_dir)
        stack.callback(state.close)
        bot = await stack.enter_async_context(connected(settings.telegram, stop, metrics.count))
        if bot is not None:
            services = await make_services(settings, parts, bot, state, metrics)
            await Service(settings, parts, services).serve(stop)


async def make_services(
    settings: BotSettings, parts: Parts, bot: PollingBot, state: StateThread, metrics: Metrics
) -> Services:
    """Everything that handlers work with."""
    telegram = settings.telegram
    secret, banned, languages, moves = await state.run(
        lambda db: (people.secret(db), people.bans(db), people.languages(db), people.moves(db))
    )
    access = Access(telegram.access, telegram.admins, banned)
    while any(access.moved(old, new) for old, new in moves.items()):  # one may have moved twice
        pass
    moved: set[asyncio.Task[None]] = set()

    def move(old: int, new: int) -> None:
        """Follow a group that became a supergroup, and say so: the setting still has its old id."""
        listed = access.moved(old, new)
        banned.update({new} if old in banned else ())
        event(_LOG, logging.WARNING, "a group has a new id", old=old, new=new, listed=listed)
        task = asyncio.create_task(state.run(lambda db: people.moved(db, old, new)))
        moved.add(task)
        task.add_done_callback(moved.discard)

    asking = Asking(parts.open_bot, telegram.answers_at_once, telegram.messages_per_second)
    delivery = Delivery(bot, metrics.count, moved=move)
    signer = Signer(secret)
    return Services(
        settings=telegram,
        max_question=settings.answering.max_question_characters,
        bot=bot,
        me=Identity(bot.id, bot.username),
        state=state,
        asking=asking,
        delivery=delivery,
        signer=signer,
        keyboards=Keyboards(signer, telegram.keep_days * _DAY),
        access=access,
        banned=banned,
        languages=languages,
        buckets=Buckets(telegram.questions_per_minute, time.monotonic),
        taps=Buckets(_TAPS_PER_MINUTE, time.monotonic),
        refusals=Refusals(time.monotonic, gather=_GATHER_SECONDS),
        metrics=metrics,
        library=Library(settings.articles, parts.state_dir / "removed", settings.readers),
        rebuilding=Rebuilding(parts.build, asking, delivery, state),
    )


class Service:
    """Everything that runs side by side while the bot serves."""

    def __init__(self, settings: BotSettings, parts: Parts, services: Services) -> None:
        self._settings = settings.telegram
        self._parts = parts
        self._services = services
        self._dispatch = Dispatch(services)
        self._lanes: Lanes[Job] = Lanes(self._dispatch.work)
        self._intake = Intake(services, self._lanes, NAMES)
        self._dispatch.intake = self._intake
        services.waiting = lambda: self._lanes.waiting
        self._polling = Polling(services.bot, self._intake.receive, services.metrics.count)
        self._listeners: list[Web] = []
        self._telling: set[asyncio.Task[None]] = set()

    async def serve(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises TelegramProblem when the token is taken away, BotError when something ends."""
        await self._open_index()
        ending = {asyncio.create_task(stop.wait()), asyncio.create_task(self._dispatch.lost_token.wait())}
        running = [asyncio.create_task(work, name=name) for name, work in self._work().items()]
        try:
            self._listen()
            done, _ = await asyncio.wait([*ending, *running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            event(_LOG, logging.INFO, "stopping", waiting=self._lanes.waiting)
            await self._stop([*ending, *running])
        for task in done:
            if not task.cancelled() and (error := task.exception()):
                raise TelegramProblem(_REVOKED) if isinstance(error, InvalidToken) else error
        if self._dispatch.lost_token.is_set():
            raise TelegramProblem(_REVOKED)

    def _work(self) -> dict[str, Coroutine[Any, Any, None]]:
        """None of these ends by itself."""
        return {
            "receive": self._receive(),
            "notices": self._tell_refused(),
            "index": self._services.asking.follow(),
            "purge": self._purge(),
            "once": self._once(),
        }

    async def _open_index(self) -> None:
        try:
            await self._services.asking.open()
        except IndexProblem as error:
            event(_LOG, logging.WARNING, "no index yet; admins can send articles", reason=str(error))
        manifest = self._services.asking.bot.index.manifest if self._services.asking.bot else None
        event(
            _LOG, logging.INFO, "started", bot=self._services.me.username,
            access="open" if self._settings.access == "open" else len(self._settings.access),
            articles=manifest.articles if manifest else 0, generation=manifest.number if manifest else None,
        )  # fmt: skip

    async def _once(self) -> None:
        """What is done once after the start, beside the first questions; then it waits to be cancelled."""
        await in_background(self._parts.warm_up)
        await self._services.rebuilding.resume()
        await set_menu(self._services.bot, self._services.state, self._settings.admins)
        event(_LOG, logging.INFO, "ready")
        with suppress(BotError):  # without examples a welcome is a welcome
            await self._services.asking.examples("vi")
        await asyncio.Event().wait()

    async def _receive(self) -> None:
        await self._intake.replay()
        if not self._settings.webhook_url:
            await insist(self._services.bot, self._services.bot.delete_webhook)
            await self._polling.run()
            return
        await insist(
            self._services.bot,
            lambda: self._services.bot.set_webhook(
                self._settings.webhook_url,
                secret_token=self._settings.webhook_secret.get_secret_value(),
                allowed_updates=ALLOWED_UPDATES,
            ),
        )
        await asyncio.Event().wait()

    async def _tell_refused(self) -> None:
        """Notices to people whose questions were refused, as often as `Refusals` allows."""
        services = self._services
        while True:
            wait = services.refusals.next_due()
            with suppress(TimeoutError):
                await asyncio.wait_for(services.refused_now.wait(), wait)
            services.refused_now.clear()
            for group in services.refusals.due():
                task = asyncio.create_task(self._tell(group))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)

    async def _tell(self, group: Sequence[Refused]) -> None:
        last = group[-1]
        text = say(last.language, f"telegram.{last.reason}", count=len(group), seconds=max(1, last.seconds))
        target = Target(last.chat_id, last.topic, last.message_id)
        try:
            await self._services.delivery.send(target, html.text_parts(text)[0], None, Priority.NOTICE)
            await self._services.state.run(lambda db: journal.finish(db, [one.seq for one in group]))
        except InvalidToken:
            if await revoked(self._services.bot):
                self._dispatch.lost_token.set()
        except StateError as error:  # they are told again after the next start
            event(_LOG, logging.ERROR, "state", reason=str(error))

    async def _purge(self) -> None:
        while True:
            now = time.time()

            def purge(db: sqlite3.Connection, now: float = now) -> None:
                kept = now - _DAY * self._settings.keep_days
                journal.purge(db, now - _DAY * _JOURNAL_DAYS)
                for room in (threads, people, desk):
                    room.purge(db, kept)

            try:
                await self._services.state.run(purge)
            except StateError as error:
                event(_LOG, logging.ERROR, "state", reason=str(error))
            await asyncio.sleep(_PURGE_EVERY)

    def _listen(self) -> None:
        """Raises ListenError."""
        telegram, count = self._settings, self._services.metrics.count
        if telegram.webhook_url:
            webhook = Webhook.of(telegram, self._intake.receive)
            self._listeners.append(
                Web.start(
                    telegram.webhook_listen, telegram.webhook_port, health=self._ailment, webhook=webhook, count=count
                )
            )
        if telegram.metrics_port:
            self._listeners.append(
                Web.start(telegram.metrics_listen, telegram.metrics_port, health=self._ailment, metrics=self._figures)
            )

    async def _stop(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        """Take in nothing more, let what is under way end; what waits is in the journal, for the next start."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in self._listeners:
            await listener.stop()
        await self._lanes.drain(_DRAIN_SECONDS)
        for task in list(self._telling):
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self._services.rebuilding.close()
        if not self._settings.webhook_url:
            await self._polling.confirm(_CONFIRM_SECONDS)
        self._services.asking.close()
        event(_LOG, logging.INFO, "stopped")

    def _ailment(self) -> str | None:
        """One word for what is wrong, or None."""
        if self._services.asking.bot is None:
            return "index"
        if not self._settings.webhook_url and time.monotonic() - self._polling.last_success > _DEAF_SECONDS:
            return "network"
        return None

    def _figures(self) -> bytes:
        metrics = self._services.metrics
        metrics.waiting(self._lanes.waiting)
        if self._services.asking.bot is not None:
            manifest = self._services.asking.bot.index.manifest
            metrics.index(manifest.number, manifest.articles, manifest.passages)
        return metrics.text()
