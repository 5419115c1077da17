"""The bot behind threads: searching, encoding and reading never run on the event loop."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from math import inf
from typing import TYPE_CHECKING, Protocol, TypeVar

from embeddings.errors import IndexProblem
from qa_bot import seams
from qa_bot.examples import examples
from qa_bot.telegram.logs import event

if TYPE_CHECKING:
    from embeddings.index import StoredPassage
    from embeddings.messages import Language
    from embeddings.records import Article
    from qa_bot.records import Answer

_LOG = logging.getLogger(__name__)
_LOOK_AGAIN = 0.5  # seconds between two looks for a generation that somebody else built

T = TypeVar("T")


class Asks(seams.Asks, Protocol):
    """What this front end needs of a bot."""

    def passages_of(self, article_id: str) -> list[StoredPassage]: ...

    def close(self) -> None: ...


class Turns:
    """For `async with`: `at_once` have their turn at a time, in the order of coming, and `per_second` in a second.

    More answers than that cannot be sent. Made ahead they would only wait, and keep those waiting that are being sent:
    with it 1 answer in 1000 was sent twice after 12 kills, without it 10 were.
    """

    def __init__(self, at_once: int, per_second: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._gap = 1 / per_second  # seconds
        self._next = -inf

    async def __aenter__(self) -> None:
        await self._free.acquire()
        now = asyncio.get_running_loop().time()
        wait, self._next = self._next - now, max(self._next, now) + self._gap
        if wait > 0:
            try:
                await asyncio.sleep(wait)
            except asyncio.CancelledError:
                self._free.release()
                raise

    async def __aexit__(self, *_: object) -> None:
        self._free.release()


class Asking:
    """Questions in threads. There may be no index at first; `bot` is None until there is one."""

    def __init__(self, open_bot: Callable[[], Asks], at_once: int, per_second: float = inf) -> None:
        self._open_bot = open_bot
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="question")
        self._looking = ThreadPoolExecutor(2, thread_name_prefix="reading")  # passages never wait behind questions
        self.turn = Turns(at_once, per_second)  # to be held while a question is prepared and asked
        self._opening = asyncio.Lock()
        self._making_examples = asyncio.Lock()
        self._examples: dict[tuple[int, Language], list[str]] = {}  # by generation
        self.bot: Asks | None = None

    async def open(self) -> None:
        """Open the newest generation, or change over to it. Raises IndexProblem; then what was open goes on."""
        async with self._opening:
            if self.bot is None:
                self.bot = await in_background(self._open_bot)
            else:
                await in_background(self.bot.reopen)
        if self.bot.index.warning:
            event(_LOG, logging.WARNING, "index", warning=self.bot.index.warning)

    async def follow(self) -> None:
        """Change over to each new generation, whoever built it, until cancelled."""
        tried = None
        while True:
            await asyncio.sleep(_LOOK_AGAIN)
            newest = await self._reading(self.bot.newest) if self.bot else None
            if self.bot is None or (newest not in (None, tried) and newest != self.bot.index.manifest.number):
                tried = newest
                try:
                    await self.open()
                except IndexProblem as error:
                    if newest is not None:
                        event(_LOG, logging.WARNING, "index", problem=str(error))

    async def ask(self, question: str, history: Sequence[str]) -> Answer:
        """Raises QuestionError, IndexProblem."""
        return await self._run(self._threads, functools.partial(self._ready().ask, question, history))

    async def examples(self, language: Language) -> list[str]:
        """A few questions that the articles answer; made once for each index. Raises IndexProblem."""
        bot = self._ready()
        key = (bot.index.manifest.number, language)
        async with self._making_examples:
            if key not in self._examples:
                made = await self._run(self._looking, functools.partial(examples, bot, language))
                self._examples = {k: v for k, v in self._examples.items() if k[0] == key[0]} | {key: made}
            return self._examples[key]

    async def articles(self) -> list[Article]:
        return await self._reading(self._ready().articles)

    async def passages_of(self, article_id: str) -> list[StoredPassage]:
        """The passages of an article in order; none when it is not in the index (any more)."""
        return await self._reading(functools.partial(self._ready().passages_of, article_id))

    def close(self) -> None:
        """Questions under way are waited for; those that have not begun are dropped."""
        self._threads.shutdown(cancel_futures=True)
        self._looking.shutdown(cancel_futures=True)
        if self.bot is not None:
            self.bot.close()

    def _ready(self) -> Asks:
        if self.bot is None:
            raise IndexProblem("There is no index yet.")
        return self.bot

    def _reading(self, work: Callable[[], T]) -> Awaitable[T]:
        return self._run(self._looking, work)

    @staticmethod
    def _run(threads: ThreadPoolExecutor, work: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(threads, work)


async def in_background(work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread that the interpreter does not wait for when it ends."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # whoever waits may stop waiting; the work goes on, and may still end

    def fulfil() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is awaited
            future.set_exception(error)

    threading.Thread(target=fulfil, name="background", daemon=True).start()
    return await asyncio.wrap_future(future)
