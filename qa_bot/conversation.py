"""One conversation in a terminal: the last answer, the language, and questions that Ctrl-C can stop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Protocol, TypeVar

from rich.text import Text

from embeddings.console import complain
from embeddings.errors import IndexProblem
from embeddings.messages import Language
from qa_bot import filters, seams
from qa_bot.messages import say
from qa_bot.records import EVERYTHING, Filters
from qa_bot.rendering import answer_text, sources_of, title_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from embeddings.index import StoredPassage
    from qa_bot.records import Answer, Citation

_REMEMBERED = 4  # questions before this one that help to understand it
_PATIENCE = 0.3  # seconds before a spinner appears

T = TypeVar("T")
Rebuild = Callable[[Language], object]
"""Builds the index anew and shows its own progress and report. Raises BotError; then the old index still serves."""


class Asks(seams.Asks, Protocol):
    """What a conversation needs of a bot. `ask` runs in another thread than the rest."""

    def passage(self, row: int) -> StoredPassage: ...


class Conversation:
    """Everything is printed to `console`. `running` is False once it should end."""

    def __init__(self, bot: Asks, rebuild: Rebuild, language: Language, console: Console) -> None:
        self.bot = bot
        self.language: Language = language
        self.running = True
        self.answer: Answer | None = None
        self.filters = EVERYTHING
        self._rebuild = rebuild
        self._console = console
        self._questions: deque[str] = deque(maxlen=_REMEMBERED)
        self._titles: list[str] | None = None
        self._passed_over: int | None = None  # a newer generation that could not be used
        self._in_force: dict[tuple[Filters, Language], str] = {}

    def greet(self) -> None:
        self.say("repl.greeting", count=self.bot.index.manifest.articles)
        self.say("repl.hint")

    def warn(self) -> None:
        """Tell of an index that is not as it should be."""
        if self.bot.index.warning:
            complain(self.bot.index.warning)

    def catch_up(self) -> None:
        """Answer from a generation that somebody else built meanwhile; one that cannot be used is told once."""
        newest, current = self.bot.newest(), self.bot.index.manifest.number
        if newest in (None, current, self._passed_over):
            return
        try:
            self.bot.reopen()
        except IndexProblem as error:
            self._passed_over = newest
            complain(str(error))
            return
        if self.bot.index.manifest.number == current:
            self._passed_over = newest
        else:
            self.say("repl.newer", count=self.bot.index.manifest.articles)
        self._forget_articles()
        self.warn()

    def _forget_articles(self) -> None:
        self._titles = None
        self._in_force.clear()

    def ask(self, question: str) -> None:
        """Answer, knowing the last few questions and the filters. Raises BotError; KeyboardInterrupt on Ctrl-C."""
        history, wanted = tuple(self._questions), self.filters
        self.answer = self._wait_for(lambda: self.bot.ask(question, history, wanted))
        self._questions.append(question)
        self.show(answer_text(self.answer, self.language, "" if wanted == EVERYTHING else self.in_force()))

    def narrow(self, wanted: Filters) -> None:
        """From now on only these articles answer; says which. Raises FilterError, and then changes nothing."""
        self.filters = filters.checked(wanted)
        self.show(Text(self.in_force(), "dim"))

    def in_force(self) -> str:
        """The filters on one line; articles are counted once for each generation."""
        key = (self.filters, self.language)
        if key not in self._in_force:
            self._in_force[key] = filters.in_force(self.filters, self.bot.headers(), self.language)
        return self._in_force[key]

    def sources(self) -> dict[int, Citation]:
        """The sources of the last answer by their numbers; where there are none, says so."""
        found = dict(sources_of(self.answer)) if self.answer else {}
        if not found:
            self.say("repl.no_sources" if self.answer else "repl.nothing_asked")
        return found

    def passage(self, row: int) -> StoredPassage:
        """The passage as it stood when the last answer was made, even if the index was rebuilt elsewhere since."""
        ranked = self.answer.ranked if self.answer else ()
        return next((found.stored for found in ranked if found.stored.row == row), None) or self.bot.passage(row)

    def titles(self) -> list[str]:
        """Titles of all articles; read once for each generation."""
        if self._titles is None:
            self._titles = [title_of(header) for header in self.bot.headers()]
        return self._titles

    def rebuild(self) -> None:
        """Read the articles again and answer from them. Raises BotError."""
        self._rebuild(self.language)
        self.bot.reopen()
        self.answer = None  # its passages are numbered as in the generation before
        self._forget_articles()
        self.warn()

    def say(self, message: str, **values: object) -> None:
        self.show(Text(say(self.language, message, **values), "dim"))

    def show(self, renderable: RenderableType) -> None:
        self._console.print(renderable)

    def _wait_for(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread of its own, so that Ctrl-C is heard at once and harms nothing.

        A stopped question runs to its end unseen; the interpreter does not wait for it.
        """
        future: Future[T] = Future()
        threading.Thread(target=_fulfil, args=(future, work), name="question", daemon=True).start()
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            wait([future], timeout=_PATIENCE)
            if not future.done():
                with self._console.status(Text(say(self.language, "repl.thinking"))):
                    return future.result()
        return future.result()


def _fulfil(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised again where the result is waited for
        future.set_exception(error)
