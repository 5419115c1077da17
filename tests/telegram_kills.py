"""kill -9 again and again while people ask, and what became of every question: the bot as a process, a real server.

    outcome = kill_run(kills=12, seed=1, folder=tmp_path)

Telegram's limits hold, and the bot sends as much as they allow, so that there is always something under way.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embeddings.pipeline import build
from tests.bot_api import BotApi, Event, Person
from tests.fakes import HashingEncoder, index_settings, write_articles
from tests.telegram_process import Process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PEOPLE = 100
_PER_KILL = 60  # questions
_START_SECONDS = 2.5  # a bot asks for its first updates about then
_MOMENT = 0.05  # seconds; in fewer, an update is received and its answer begun
_WHILE = 1.5  # seconds
_STUCK = 30.0  # seconds without a new reply: what has none by then is lost
_SETTINGS = {
    "QA_BOT_TELEGRAM_ACCESS": "open",
    "QA_BOT_TELEGRAM_QUESTIONS_PER_MINUTE": "100000",
    "QA_BOT_TELEGRAM_MAX_WAITING": "1000000",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`violations`: of Telegram's limits. `seconds`: from the first start to the last reply."""

    asked: int
    lost: int  # questions without a reply
    doubled: int  # questions with more than one
    out_of_order: int  # questions whose first reply came after that to a later question of their chat
    violations: int
    seconds: float


def kill_run(kills: int, seed: int, folder: Path, people: int = PEOPLE, each: int | None = None) -> Outcome:
    """`people` ask `each` (ten, or _PER_KILL for every kill) while the bot is killed; the last start answers the rest.

    The folder gets an index if it has none, the bot's state, and all that the bot prints in `printed.log`.
    """
    rounds = each or max(10, kills * _PER_KILL // people)
    make_index(folder)
    with BotApi(keep=4 * people * rounds + 1000) as api:
        bot = Process(api, folder, settings=_SETTINGS)
        crowd = _Crowd(api, people, rounds)
        generator = random.Random(seed)  # noqa: S311 (no secret)
        began = time.monotonic()
        crowd.ask_up_to(rounds // 2)
        try:
            for number in range(kills):
                _kill(bot, crowd, generator)
                crowd.ask_up_to(rounds // 2 + (number + 1) * rounds // (2 * kills))
            crowd.ask_up_to(rounds)
            bot.start()
            crowd.wait_for_replies()
            seconds = time.monotonic() - began
            assert bot.stop() == 0
        finally:
            if bot.running is not None and bot.running.poll() is None:
                bot.kill()
        return crowd.outcome(seconds)


def make_index(folder: Path) -> None:
    """An index as the bot with the hashing encoder wants it."""
    if not (folder / "index").exists():
        build(index_settings(write_articles(folder / "seeds"), folder / "index"), HashingEncoder())


def _kill(bot: Process, crowd: _Crowd, generator: random.Random) -> None:
    """Start the bot, and kill it while it starts, as updates come in, or some time after its first answer."""
    match generator.choice(("starting", "receiving", "answering", "answering")):
        case "starting":
            bot.start(wait=False)
            time.sleep(generator.uniform(0, _START_SECONDS))
        case "receiving":
            bot.start()
            crowd.ask_one_more()
            time.sleep(generator.uniform(0, _MOMENT))
        case _:
            bot.start()
            crowd.wait_for_a_reply()
            time.sleep(generator.uniform(0, _WHILE))
    bot.kill()


class _Crowd:
    def __init__(self, api: BotApi, people: int, rounds: int) -> None:
        self._api = api
        self._people = [Person(10_000 + number, f"Người {number}") for number in range(people)]
        self._rounds = rounds
        self._asked: list[Event] = []

    def ask_up_to(self, rounds: int) -> None:
        while len(self._asked) < rounds * len(self._people):
            self._ask()

    def ask_one_more(self) -> None:
        if len(self._asked) < self._rounds * len(self._people):
            self._ask()

    def _ask(self) -> None:
        turn, who = divmod(len(self._asked), len(self._people))
        text = f"Đợt {turn + 1} trồng bao nhiêu cây xanh, theo người thứ {who}?"
        self._asked.append(self._api.say(self._people[who], text))

    def wait_for_a_reply(self) -> None:
        before = len(self._api.latencies())
        self._wait(lambda replies: replies > before)

    def wait_for_replies(self) -> None:
        self._wait(lambda _replies: False)

    def _wait(self, enough: Callable[[int], bool]) -> None:
        last, since = -1, time.monotonic()
        while time.monotonic() - since < _STUCK:
            replies = len(self._api.latencies())
            if enough(replies) or not self._unanswered():
                return
            if replies != last:
                last, since = replies, time.monotonic()
            time.sleep(0.01)

    def _unanswered(self) -> int:
        counts = self._api.reply_counts()
        return sum(not counts[event.update_id] for event in self._asked)

    def outcome(self, seconds: float) -> Outcome:
        counts = self._api.reply_counts()
        replies = [counts[event.update_id] for event in self._asked]
        return Outcome(
            asked=len(replies),
            lost=sum(count == 0 for count in replies),
            doubled=sum(count > 1 for count in replies),
            out_of_order=sum(self._overtaken(person) for person in self._people),
            violations=len(self._api.violations),
            seconds=round(seconds, 1),
        )

    def _overtaken(self, person: Person) -> int:
        """How many of a person's questions were answered for the first time after a later one was."""
        answered = list(dict.fromkeys(m.reply_to for m in self._api.messages(person.id) if m.reply_to is not None))
        return sum(question < max(answered[:at], default=0) for at, question in enumerate(answered))
