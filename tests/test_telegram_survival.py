"""The bot against kill -9, and against ten thousand updates of every kind: nothing lost, nothing twice, no growth."""

from __future__ import annotations

import random
import re
import socket
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from tests.bot_api import BotApi, Chat, Event, Limits, Person
from tests.telegram_kills import kill_run, make_index
from tests.telegram_process import Process, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLACES = ("Sông Lô", "Mèo Vạc", "Bình Liêu", "Bảo Thắng")
READERS = [Person(1_000 + number, f"Lan {number}") for number in range(300)]
EAGER = [Person(2_000 + number, f"Hà {number}") for number in range(4)]
STRANGERS = [Person(3_000 + number, f"Lạ {number}") for number in range(80)]
GROUPS = [Chat(-4_000 - number, "supergroup", f"Tổ {number}") for number in range(20)]
COMMANDS = ("/help", "/start", "/privacy", "/sources", "/why", "/lang vi", "/article sông lô", "/nothing")
MANY = 45  # questions that each of the EAGER asks at a time; 30 a minute are answered
GARBAGE: tuple[dict[str, object], ...] = (
    {"message": {}},
    {"message": "Xin chào"},
    {"message": {"message_id": "x", "date": 10**30, "chat": {"id": 1}, "text": 5}},
    {"callback_query": {"id": "1", "data": 7}},
    {"edited_message": {"text": "x" * 5_000}},
    {"update_id": 1, "something_new": {"text": "x"}},
)
_REFUSED = re.compile(r"chưa trả lời (?:được )?(\d+) câu")


def test_killed_again_and_again_the_bot_loses_no_question(tmp_path: Path) -> None:
    outcome = kill_run(kills=12, seed=5, folder=tmp_path)
    print(outcome)  # noqa: T201 - seen with -s
    assert outcome.asked == 1000
    assert outcome.lost == 0
    assert outcome.doubled <= 5
    assert outcome.out_of_order == 0
    assert outcome.violations == 0
    bot = Process(BotApi(), tmp_path)
    assert "Traceback" not in bot.printed
    assert bot.discloses() == []


@dataclass
class Throng:
    """Everybody who writes, and what must become of it."""

    api: BotApi
    generator: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 (no secret)
    pushed: int = 0
    asked: list[Event] = field(default_factory=list)  # questions of those who may ask
    commands: list[Event] = field(default_factory=list)
    inline: dict[int, Event] = field(default_factory=dict)  # the last query of each person
    knocked: set[int] = field(default_factory=set)  # strangers who wrote

    def push(self, count: int) -> None:
        kinds: dict[Callable[[], None], int] = {
            self._chat: 53, self._knock: 15, self._ask: 8, self._repeat: 8, self._throw: 6, self._press: 3,
            self._query: 2, self._edit: 2, self._command: 2, self._ask_in_a_group: 1,
        }  # fmt: skip
        for act in self.generator.choices(list(kinds), list(kinds.values()), k=count):
            act()
        self.pushed += count

    def crowd_in(self) -> None:
        """More questions at a time than one person may ask."""
        self.asked += [self.api.say(person, self._question()) for _ in range(MANY) for person in EAGER]
        self.pushed += MANY * len(EAGER)

    def _question(self) -> str:
        return f"Huyện {self.generator.choice(PLACES)} trồng bao nhiêu cây xanh, lần thứ {self.pushed}?"

    def _ask(self) -> None:
        self.asked.append(self.api.say(self.generator.choice(READERS), self._question()))

    def _ask_in_a_group(self) -> None:
        who, where = self.generator.choice(READERS), self.generator.choice(GROUPS)
        self.asked.append(self.api.say(who, f"@hoidap_bot {self._question()}", chat=where))

    def _command(self) -> None:
        self.commands.append(self.api.say(self.generator.choice(READERS), self.generator.choice(COMMANDS)))

    def _query(self) -> None:
        person = self.generator.choice(READERS)
        self.inline[person.id] = self.api.ask_inline(person, self._question())

    def _chat(self) -> None:
        who = self.generator.choice([*READERS, *STRANGERS])
        self.api.say(who, self._question(), chat=self.generator.choice(GROUPS))

    def _knock(self) -> None:
        person = self.generator.choice(STRANGERS)
        self.knocked.add(person.id)
        self.api.say(person, self._question())

    def _throw(self) -> None:
        self.api.push(dict(self.generator.choice(GARBAGE)))

    def _repeat(self) -> None:
        """Of one that was delivered: what came before its time would confirm those that wait before it."""
        event = self.generator.choice(self.asked[-500:])
        if self.api.answers_to(event):
            self.api.redeliver(event.update_id)

    def _edit(self) -> None:
        event = self.generator.choice(self.asked)
        person = next((person for person in READERS if person.id == event.chat_id), None)
        if person is not None and self.api.answers_to(event):
            self.api.edit(person, event, self._question())

    def _press(self) -> None:
        event = self.generator.choice(self.asked)
        for answer in self.api.answers_to(event)[:1]:
            if answer.buttons and answer.chat_id > 0:
                label, _ = self.generator.choice([button for row in answer.buttons for button in row])
                self.api.press(Person(answer.chat_id, "Lan"), answer, label)

    def unsettled(self) -> list[Event]:
        """Questions of chats where more are open than notices say were refused, and commands without a reply."""
        open_ = defaultdict[int, list[Event]](list)
        for event in self.asked:
            if not self.replies(event):
                open_[event.chat_id or 0].append(event)
        left = [event for chat, events in open_.items() if len(events) != self._refused(chat) for event in events]
        return left + [event for event in self.commands if not self.api.answers_to(event)]

    def _refused(self, chat: int) -> int:
        told = [_REFUSED.search(message.text) for message in self.api.messages(chat)]
        return sum(int(found[1]) for found in told if found)

    def replies(self, event: Event) -> int:
        """Answers, notices of a refusal not counted; a passage opened under an answer replies to the answer."""
        return sum(not _REFUSED.search(message.text) for message in self.api.answers_to(event))


def test_ten_thousand_updates_of_every_kind_leave_nothing_open_and_nothing_behind(tmp_path: Path) -> None:
    make_index(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = {
        "TELEGRAM_ACCESS": ",".join(str(person.id) for person in [*READERS, *EAGER]),
        "TELEGRAM_MESSAGES_PER_SECOND": "1000",
        "TELEGRAM_METRICS_PORT": str(port),
    }

    def figure(name: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(name)))

    def until(settled: Callable[[], bool], seconds: float) -> None:
        """Asked less often than `api.wait` would: to find out takes its time."""
        end = time.monotonic() + seconds
        while not settled():
            assert time.monotonic() < end
            time.sleep(0.2)

    with BotApi(limits=Limits(per_second=1000), keep=50_000) as api, running(api, tmp_path, settings) as bot:
        throng, memory, began = Throng(api), dict[int, float](), time.monotonic()
        throng.crowd_in()
        while throng.pushed < 10_000:
            throng.push(500)
            until(lambda: api.unconfirmed < 100 and figure("qa_bot_waiting") < 200, 60)
            memory[throng.pushed] = bot.memory_mb()
        until(lambda: not throng.unsettled(), 60)
        until(lambda: figure("qa_bot_waiting") == 0, 10)
        seconds, after = time.monotonic() - began, bot.memory_mb()
        before = next(megabytes for count, megabytes in memory.items() if count >= 3_000)
        print(f"{seconds:.0f} s, {len(throng.asked)} questions, {before:.0f} MB, then {after:.0f} MB")  # noqa: T201
        assert after < max(1.1 * before, before + 25)
        assert figure("qa_bot_updates_received_total") > 8_000
        assert all(throng.replies(event) <= 1 for event in throng.asked)
        assert sum(not throng.replies(event) for event in throng.asked) == len(EAGER) * (MANY - 30)
        assert [len(api.messages(number)) for number in throng.knocked] == [1] * len(throng.knocked)
        asked_in_groups = sum(event.chat_id is not None and event.chat_id < 0 for event in throng.asked)
        assert sum(len(api.messages(group)) for group in GROUPS) == asked_in_groups
        for query in throng.inline.values():
            assert api.wait_inline(query, 5).results
        assert api.violations == []
        assert bot.stop() == 0
    assert 'event="stopping" waiting=0' in bot.printed
    assert "Traceback" not in bot.printed
    assert bot.discloses() == []
