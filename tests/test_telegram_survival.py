"""The bot outlives SIGKILL with a thousand questions under way, and ten thousand updates of every kind."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.bot_api import BotApi, Chat, Event, Limits, Person
from tests.telegram_kills import kill_run, make_index
from tests.telegram_process import running

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 8
UPDATES = 10_000
READERS = [Person(1000 + number, f"Người {number}") for number in range(300)]
STRANGERS = [Person(5000 + number, f"Lạ {number}") for number in range(50)]
GROUPS = [Chat(-1000 - number, "supergroup", f"Nhóm {number}") for number in range(50)]
DELIVERED_BEFORE = 250  # questions ago, what was asked has been delivered to the bot
QUESTIONS = 1500  # of the updates; each reader may be sent one message a second, whatever the server allows


def test_killed_again_and_again_it_answers_a_thousand_questions_and_loses_none(tmp_path: Path) -> None:
    outcome = kill_run(KILLS, 3, tmp_path, people=100, each=10)
    assert outcome.asked == 1000
    assert outcome.lost == 0
    assert outcome.doubled <= KILLS  # what Telegram had, and the bot had not heard of, when it was killed
    assert outcome.out_of_order == 0
    assert outcome.violations == 0


@pytest.fixture
def generator() -> random.Random:
    return random.Random(5)  # noqa: S311 - no secret


def test_ten_thousand_updates_of_every_kind_leave_nothing_behind(tmp_path: Path, generator: random.Random) -> None:
    make_index(tmp_path)
    settings = {
        "TELEGRAM_ACCESS": ",".join(str(person.id) for person in READERS),
        "TELEGRAM_MESSAGES_PER_SECOND": "1000",
        "TELEGRAM_QUESTIONS_PER_MINUTE": "1000",
    }
    with BotApi(limits=Limits(enforce=False), keep=20_000) as api, running(api, tmp_path, settings) as bot:
        for group in GROUPS:
            api.meet(group)
        asked: list[Event] = []
        sent, early = 0, 0.0
        kinds = ["question"] * QUESTIONS + ["chatter"] * 5000 + ["stranger"] * 300 + ["again"] * 2500
        kinds += ["garbage"] * 300 + ["reaction"] * 200 + ["inline"] * 200
        generator.shuffle(kinds)
        for kind in kinds:
            person = READERS[len(asked) % len(READERS)]
            if kind == "question" or not asked:
                asked.append(api.say(person, f"Đợt {len(asked) % 3 + 1} trồng bao nhiêu cây xanh? ({len(asked)})"))
            elif kind == "chatter":
                api.say(generator.choice(READERS), "Hôm nay trời đẹp quá", chat=generator.choice(GROUPS))
            elif kind == "stranger":
                api.say(generator.choice(STRANGERS), "Trồng bao nhiêu cây?")
            elif kind == "again":
                long_delivered = asked[: max(1, len(asked) - DELIVERED_BEFORE)]
                api.redeliver(generator.choice(long_delivered).update_id)
            elif kind == "garbage":
                api.push({"message": {"message_id": "?", "chat": {}}})
            elif kind == "reaction":
                api.react(person, generator.choice(asked), "👍")
            else:
                api.ask_inline(person, "cây xanh")
            sent += 1
            if sent % 500 == 0:
                # As fast as the bot takes them, and no faster: the server's own memory is no part of this.
                api.wait(lambda: api.unconfirmed < 500, 60)
            if sent == UPDATES // 3:
                early = bot.memory_mb()
        api.wait(lambda: all(api.reply_counts()[event.update_id] for event in asked), 60)
        assert sent == UPDATES
        assert {api.reply_counts()[event.update_id] for event in asked} == {1}
        assert bot.memory_mb() < early + 40
        assert api.token not in bot.printed
        assert "Traceback" not in bot.printed
