"""The running bot and everything that goes wrong between it and Telegram, over real HTTP.

Four things take long by their nature (a request that hangs, a server that never answers); they run beside the other
tests, from the first one that asks for `patience` on.
"""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pytest

from embeddings.pipeline import build
from tests.bot_api import (
    BadGateway,
    BotApi,
    BrokenJson,
    CantParse,
    Chat,
    ChatNotFound,
    ConflictFault,
    EditNotFound,
    Fault,
    Flood,
    Hang,
    Limits,
    Migrated,
    NotModified,
    Person,
    ResetAfter,
    ResetBefore,
    ServerError,
)
from tests.fakes import HashingEncoder, index_settings, write_articles
from tests.telegram_process import Process, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TELEGRAM = Limits()
QUESTION = "Năm 2021 huyện Sông Lô trồng thêm bao nhiêu cây xanh?"
OTHER = "Huyện Mèo Vạc trồng cây đợt mấy?"
PASSING = (Flood(1), BadGateway(), ServerError(), BrokenJson(), ResetBefore(), ResetAfter())
IDS = count(100)

Settings = dict[str, str]


def person() -> Person:
    """One whom the bot does not know yet: no chat waits for another's limits."""
    number = next(IDS)
    return Person(number, f"Lan {number}")


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of every bot here; they share an index."""
    folder = tmp_path_factory.mktemp("articles")
    build(index_settings(write_articles(folder / "seeds"), folder / "index"), HashingEncoder())
    return {"TELEGRAM_ACCESS": "open", "INDEX_DIR": str(folder / "index")}


@contextmanager
def serving(api: BotApi, folder: Path, settings: Settings, *, wait: bool = True) -> Iterator[Process]:
    """A bot of which, whatever became of it, no output tells a secret or of a mistake of its own."""
    folder.mkdir(exist_ok=True)
    with running(api, folder, settings, wait=wait) as process:
        yield process
    assert_decent(process)


def assert_decent(process: Process) -> None:
    assert process.discloses() == []
    assert "Traceback" not in process.printed


def ended_with(process: Process) -> str:
    """The one line that a bot ended with; all else that it printed is information."""
    assert process.ended() == 1
    lines = [line for line in process.printed.splitlines() if "level=info" not in line]
    assert len(lines) == 1, process.printed
    return lines[0]


@pytest.fixture(scope="module")
def _shared(common: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with BotApi(limits=TELEGRAM) as api, serving(api, tmp_path_factory.mktemp("bot"), common) as process:
        yield process


@pytest.fixture
def bot(_shared: Process) -> Iterator[Process]:
    """One bot for many faults, each in a chat of its own."""
    yield _shared
    _shared.api.release()
    _shared.api.clear_faults()
    assert _shared.api.violations == []
    assert_decent(_shared)
    assert_well(_shared)


def assert_well(process: Process) -> None:
    """It goes on: whoever asks now is answered, once."""
    event = process.api.say(person(), QUESTION)
    assert "14.500" in process.api.wait_answer(event).text
    assert len(process.api.answers_to(event)) == 1


# What takes long by its nature.


@dataclass(frozen=True)
class Patience:
    out_of_reach: Future[None]
    hanging_message: Future[None]
    hanging_poll: Future[None]
    stopping: Future[None]


@pytest.fixture(scope="module")
def patience(common: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patience]:
    folder = tmp_path_factory.mktemp("patience")
    with ThreadPoolExecutor(4) as pool:

        def begin(what: Callable[[Path, Settings], None]) -> Future[None]:
            return pool.submit(what, folder / what.__name__, common)

        yield Patience(
            begin(_out_of_reach), begin(_hanging_message), begin(_hanging_poll), begin(_stopping_while_one_hangs)
        )


def _out_of_reach(folder: Path, common: Settings) -> None:
    with BotApi() as api:
        api.down = True
        began = time.monotonic()
        with serving(api, folder, common, wait=False) as process:
            assert process.ended(60) == 1
            assert time.monotonic() - began > 15
            *_, last = process.printed.splitlines()
            address = api.base_url.removesuffix("/bot")
            assert last.startswith(f"qa-bot: Telegram cannot be reached at {address} (NetworkError). Check the network")
            assert process.printed.count("trying on") == 1
            assert len(process.printed.splitlines()) == 2


def _hanging_message(folder: Path, common: Settings) -> None:
    with BotApi(limits=TELEGRAM) as api, serving(api, folder, common) as process:
        hung = person()
        api.inject("sendMessage", Hang(60), chat_id=hung.id)
        event = api.say(hung, QUESTION)
        api.wait(lambda: api.unconfirmed == 0)
        for _ in range(3):
            assert_well(process)  # nobody else waits
        assert api.answers_to(event) == []
        api.wait_answer(event, 40)
        assert len(api.answers_to(event)) == 1
        assert api.violations == []


def _hanging_poll(folder: Path, common: Settings) -> None:
    with BotApi(limits=TELEGRAM) as api, serving(api, folder, common) as process:
        api.inject("getUpdates", Hang(100))
        assert_well(process)  # through the poll that waits already
        event = api.say(person(), QUESTION)
        api.wait_answer(event, 60)
        assert len(api.answers_to(event)) == 1
        assert len(api.calls_of("getUpdates")) < 10


def _stopping_while_one_hangs(folder: Path, common: Settings) -> None:
    with BotApi(limits=TELEGRAM) as api, serving(api, folder, common) as process:
        hung = person()
        api.inject("sendMessage", Hang(60), chat_id=hung.id)
        crowd = [hung, *(person() for _ in range(30))]
        events = [api.say(crowd[number % len(crowd)], QUESTION) for number in range(3 * len(crowd))]
        api.wait_answer(events[1])
        began = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - began < 25
        assert any(not api.answers_to(event) for event in events)
        process.start()
        api.wait(lambda: all(api.answers_to(event) for event in events), 20)
        assert [len(api.answers_to(event)) for event in events] == [1] * len(events)
        assert api.violations == []


# Errors of a running bot.


def test_whatever_happens_to_a_message_it_arrives_once(bot: Process, patience: Patience) -> None:
    api, events = bot.api, {}
    for fault in PASSING:
        asker = person()
        api.inject("sendMessage", fault, times=2, chat_id=asker.id)
        events[fault] = api.say(asker, QUESTION)
    for fault, event in events.items():
        assert "14.500" in api.wait_answer(event, 15).text, fault
    api.wait(lambda: len(api.answers_to(events[ResetAfter()])) == 3)  # Telegram had taken the first two, unheard
    assert [len(api.answers_to(events[fault])) for fault in PASSING] == [1, 1, 1, 1, 1, 3]


def test_a_chat_that_is_told_to_wait_holds_up_no_other(bot: Process) -> None:
    api, told = bot.api, person()
    api.inject("sendMessage", Flood(2), chat_id=told.id)
    waiting = api.say(told, QUESTION)
    api.wait(lambda: [call for call in api.calls_of("sendMessage") if call.chat_id == told.id])
    others = [api.say(person(), QUESTION) for _ in range(5)]
    answered = [api.wait_answer(event) for event in others]
    assert "14.500" in api.wait_answer(waiting).text
    refused, again = [call for call in api.calls_of("sendMessage") if call.chat_id == told.id]
    assert again.at - refused.at >= 2
    assert max(answer.at for answer in answered) < again.at


@pytest.mark.parametrize("fault", [*PASSING, ConflictFault()], ids=lambda fault: type(fault).__name__)
def test_whatever_happens_to_a_request_for_updates_the_next_one_brings_them(bot: Process, fault: Fault) -> None:
    api = bot.api
    api.inject("getUpdates", fault)
    before = len(api.calls_of("getUpdates"))
    events = [api.say(person(), QUESTION) for _ in range(2)]  # the first may come by the poll that waits already
    for event in events:
        api.wait_answer(event)
    api.wait(lambda: len(api.calls_of("getUpdates")) >= before + 2)
    assert [len(api.answers_to(event)) for event in events] == [1, 1]


def test_an_edit_that_changes_nothing_and_one_of_a_message_that_is_gone(bot: Process) -> None:
    api, asker = bot.api, person()
    question = api.say(asker, QUESTION)
    answer = api.wait_answer(question)
    api.inject("editMessageText", NotModified(), chat_id=asker.id)
    api.edit(asker, question, OTHER)
    api.wait(lambda: [call for call in api.calls_of("editMessageText") if call.chat_id == asker.id])
    assert_well(bot)
    assert api.answers_to(question) == [answer]  # taken for what was wanted, so nothing is sent
    api.inject("editMessageText", EditNotFound(), chat_id=asker.id)
    api.edit(asker, question, QUESTION)
    api.wait(lambda: len(api.answers_to(question)) == 2)


def test_who_blocks_the_bot_is_left_alone_until_they_write_again(bot: Process) -> None:
    api, asker = bot.api, person()
    api.hold()
    lost = [api.say(asker, QUESTION), api.say(asker, OTHER)]
    api.block(asker)
    api.release()
    api.wait(lambda: all(f"update={event.update_id} " in bot.printed for event in lost))  # both are done with
    assert_well(bot)
    refused = [call for call in api.calls_of("sendMessage") if call.chat_id == asker.id]
    assert [call.outcome for call in refused] == ["403"]  # once for both questions
    api.join(asker, Chat(asker.id, "private", asker.first_name))
    assert api.wait_answer(api.say(asker, QUESTION))
    assert [api.answers_to(event) for event in lost] == [[], []]


def test_an_answer_to_a_chat_that_is_not_there_is_dropped(bot: Process) -> None:
    api, asker = bot.api, person()
    api.inject("sendMessage", ChatNotFound(), chat_id=asker.id)
    dropped = api.say(asker, QUESTION)
    assert api.wait_answer(api.say(asker, OTHER))
    assert api.answers_to(dropped) == []


def test_the_answer_to_a_group_that_moved_is_sent_where_it_is_now(bot: Process) -> None:
    api, asker = bot.api, person()
    group = Chat(-next(IDS), "group", "Tổ bạn đọc")
    moved = -1_000_000_000_000 + group.id
    api.inject("sendMessage", Migrated(moved), chat_id=group.id)
    api.say(asker, f"@hoidap_bot {QUESTION}", chat=group)
    assert "14.500" in api.wait(lambda: api.messages(moved))[0].text
    api.say(asker, f"@hoidap_bot {OTHER}", chat=group)  # on its way when the group moved
    api.wait(lambda: len(api.messages(moved)) == 2)
    assert len([call for call in api.calls_of("sendMessage") if call.chat_id == group.id]) == 1


def test_what_telegram_cannot_parse_is_sent_as_plain_text(bot: Process) -> None:
    api, asker = bot.api, person()
    usual = api.wait_answer(api.say(person(), QUESTION))
    api.inject("sendMessage", CantParse(), chat_id=asker.id)
    answer = api.wait_answer(api.say(asker, QUESTION))
    assert answer.parse_mode is None
    assert answer.text.split() == usual.text.split()
    assert [len(row) for row in answer.buttons] == [len(row) for row in usual.buttons]


def test_an_update_that_comes_ten_times_is_answered_once(bot: Process) -> None:
    api = bot.api
    event = api.say(person(), QUESTION)
    for _ in range(9):
        api.redeliver(event.update_id)
    api.wait_answer(event)
    assert_well(bot)
    assert len(api.answers_to(event)) == 1


def test_forged_and_foreign_buttons_do_nothing(bot: Process) -> None:
    api, asker, thief = bot.api, person(), person()
    answer = api.wait_answer(api.say(asker, QUESTION))
    stolen = answer.buttons[0][0][1]
    theirs = api.wait_answer(api.say(thief, OTHER))
    forged = (stolen[:-1] + ("A" if stolen[-1] != "A" else "B"), stolen[::-1], "", "x" * 64, "\x00", "đ" * 32, stolen)
    before = len(api.calls_of("sendMessage"))
    for data in forged:
        assert api.wait_toast(api.press(thief, theirs, data or " ")).text == ""
    assert len(api.calls_of("sendMessage")) == before


# What the bot cannot read.


@dataclass(frozen=True)
class Odd(Fault):
    """200 and a result that Telegram never gave."""

    result: str  # JSON

    def response(self) -> tuple[int, str, bytes]:
        return 200, "application/json", f'{{"ok":true,"result":{self.result}}}'.encode()


WHO = {"id": 77, "is_bot": False, "first_name": "Lạ"}
WHERE = {"id": 77, "type": "private"}
SAID = {"message_id": 1, "date": 1_700_000_000, "chat": WHERE, "from": WHO}
UNREADABLE: tuple[dict[str, object], ...] = (
    {"message": {}},
    {"message": []},
    {"message": "Xin chào"},
    {"message": 7},
    {"message": None},
    {"message": {"message_id": "x", "date": "y", "chat": 5, "text": QUESTION}},
    {"message": {"message_id": 1, "date": 0, "text": QUESTION}},
    {"message": {"message_id": 1, "date": 0, "chat": {"id": 77}, "text": QUESTION}},
    {"message": {"message_id": 1, "date": 10**30, "chat": WHERE, "from": WHO, "text": QUESTION}},
    {"message": {"message_id": 1, "date": -(10**15), "chat": WHERE, "from": WHO, "text": QUESTION}},
    {"message": {"message_id": 10**40, "date": 0, "chat": {"id": 10**40, "type": "private"}, "text": 5}},
    {"message": {**SAID, "text": None}},
    {"message": {**SAID, "text": 5}},
    {"message": {**SAID, "text": ["a"]}},
    {"message": {**SAID, "text": "/help", "entities": [{"type": "bot_command", "offset": -9, "length": 10**18}]}},
    {"message": {**SAID, "text": "x", "entities": "bold"}},
    {"message": {**SAID, "from": None, "text": "x"}},
    {"message": {**SAID, "from": {"id": "77"}, "text": "x"}},
    {"message": {**SAID, "reply_to_message": {"message_id": 3}, "text": "x"}},
    {"message": {**SAID, "document": {"file_id": 5}}},
    {"edited_message": {"text": QUESTION}},
    {"channel_post": {}},
    {"edited_channel_post": 0},
    {"callback_query": {}},
    {"callback_query": {"id": 5, "from": WHO, "data": 7, "chat_instance": "1"}},
    {"callback_query": {"id": "5", "from": WHO, "data": {"a": 1}, "message": SAID, "chat_instance": "1"}},
    {"inline_query": {}},
    {"inline_query": {"id": "1", "from": WHO, "query": None, "offset": ""}},
    {"inline_query": {"id": "1", "from": WHO, "query": 5, "offset": ""}},
    {"message_reaction": {"chat": WHERE, "message_id": 1, "date": 0, "new_reaction": [5]}},
    {"message_reaction": {"chat": WHERE, "message_id": "x", "date": 0, "old_reaction": [], "new_reaction": None}},
    {"my_chat_member": {"chat": {}, "new_chat_member": {"status": 5}}},
    {"update_id": 1, "something_new": {"chat": WHERE, "text": QUESTION}},
    {"update_id": 2, "poll": {}},
    {"update_id": 3, "message": {**SAID, "text": "x" * 2_000_000}},
    {"update_id": 4, "message": {**SAID, "text": QUESTION, "poll": json.loads("[" * 200 + "]" * 200)}},
)
HALVED = json.dumps([{"update_id": 6, "message": {**SAID, "text": "\ud83d \x00 \udc00"}}])  # half a surrogate pair


def test_updates_that_cannot_be_read_hold_up_no_others(bot: Process) -> None:
    api, events = bot.api, []
    api.hold()
    for raw in UNREADABLE:
        api.push(raw)
        events.append(api.say(person(), QUESTION))
    api.release()
    for event in events:
        api.wait_answer(event)
    assert [len(api.answers_to(event)) for event in events] == [1] * len(events)
    assert api.unconfirmed == 0


@pytest.mark.parametrize(
    "result",
    [
        "null",
        "7",
        "{}",
        "[null, 5, []]",
        '[{}, {"update_id": "x"}, {"update_id": null, "message": {}}]',
        '"text"',
        HALVED,
    ],
)
def test_an_odd_answer_to_a_request_for_updates_is_passed_over(bot: Process, result: str) -> None:
    bot.api.inject("getUpdates", Odd(result))
    for _ in range(2):
        assert_well(bot)


# Bots of their own.


def test_two_bots_with_one_token_say_so_once_each_and_cause_no_storm(common: Settings, tmp_path: Path) -> None:
    said = "another program asks for this bot's updates"
    with BotApi(limits=TELEGRAM) as api, serving(api, tmp_path / "1", common) as first:
        with serving(api, tmp_path / "2", common) as second:
            api.wait(lambda: said in first.printed and said in second.printed)
            before = len(api.calls_of("getUpdates"))
            time.sleep(3)
            assert len(api.calls_of("getUpdates")) - before < 15
            assert api.wait_answer(api.say(person(), QUESTION), 20)
            assert first.stop() == 0
            assert_well(second)
        assert [process.printed.count(said) for process in (first, second)] == [1, 1]


def test_under_faults_at_random_every_question_is_answered(common: Settings, tmp_path: Path) -> None:
    with BotApi(limits=TELEGRAM) as api, serving(api, tmp_path / "bot", common):
        api.random_faults(0.1, 7, [*PASSING, ConflictFault(), Hang(0.3)])
        crowd = [person() for _ in range(100)]
        events = [api.say(asker, f"{QUESTION} ({turn})") for turn in range(3) for asker in crowd]
        api.wait(lambda: all(api.answers_to(event) for event in events), 90)
        api.clear_faults()
        unheard = [call for call in api.calls_of("sendMessage") if call.detail == "ResetAfter"]
        assert unheard
        taken = [(call.chat_id, call.params["reply_parameters"]["message_id"]) for call in unheard]
        for event in events:
            assert 1 <= len(api.answers_to(event)) <= 1 + taken.count((event.chat_id, event.message_id))
        assert {call.detail for call in api.calls if call.outcome == "fault"} >= {type(f).__name__ for f in PASSING}
        assert api.violations == []


def test_telegram_may_be_out_of_reach_for_a_while_when_the_bot_starts(common: Settings, tmp_path: Path) -> None:
    with BotApi() as api:
        api.down = True
        with serving(api, tmp_path / "bot", common, wait=False) as process:
            event = api.say(person(), QUESTION)
            api.wait(lambda: "trying on" in process.printed, 20)
            time.sleep(1)
            api.down = False
            assert api.wait_answer(event, 20)
            assert process.printed.count("trying on") == 1


@pytest.mark.parametrize("token", ["123456789:" + "B" * 35, "nonsense", "123456789:AA"])
def test_a_token_that_telegram_does_not_know_is_one_line(common: Settings, tmp_path: Path, token: str) -> None:
    with BotApi() as api, serving(api, tmp_path / "bot", {**common, "TELEGRAM_TOKEN": token}, wait=False) as process:
        said = ended_with(process)
        assert said.startswith("qa-bot: Telegram does not know this token. Copy it again from @BotFather")
        assert token not in process.printed


def test_a_token_that_is_taken_back_ends_the_bot_with_one_line(common: Settings, tmp_path: Path) -> None:
    settings = common | {"TELEGRAM_QUESTIONS_PER_MINUTE": "1"}
    with BotApi(limits=TELEGRAM) as api, serving(api, tmp_path / "bot", settings) as process:
        assert_well(process)
        old, api.token = api.token, "123456789:" + "N" * 35
        crowd = [person() for _ in range(3)]
        answered = [api.say(asker, QUESTION) for asker in crowd]  # they come by the poll that waits already
        refused = [api.say(asker, OTHER) for asker in crowd]
        said = ended_with(process)
        assert said.startswith("qa-bot: Telegram does not take this token any more. Set QA_BOT_TELEGRAM_TOKEN")
        assert old not in process.printed
        process.start()
        for event in answered + refused:
            api.wait_answer(event)
        assert [len(api.answers_to(event)) for event in answered + refused] == [1] * 6


@pytest.mark.parametrize("damage", [b"no database at all" * 300, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_database_is_one_line(common: Settings, tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "bot" / "state").mkdir(parents=True)
    (tmp_path / "bot" / "state" / "telegram.sqlite").write_bytes(damage)
    with BotApi() as api, serving(api, tmp_path / "bot", common, wait=False) as process:
        assert "telegram.sqlite is damaged" in ended_with(process)
        assert api.calls == []
    assert (tmp_path / "bot" / "state" / "telegram.sqlite").read_bytes() == damage


def test_a_port_that_is_taken_is_one_line(common: Settings, tmp_path: Path) -> None:
    with BotApi() as api, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = {
            "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/updates/x",
            "TELEGRAM_WEBHOOK_SECRET": "a-secret-of-some-length",
            "TELEGRAM_WEBHOOK_PORT": str(port),
        }
        with serving(api, tmp_path / "bot", common | settings, wait=False) as process:
            assert str(port) in ended_with(process)


# What took long.


def test_without_telegram_the_bot_gives_up_after_a_while_with_one_line(patience: Patience) -> None:
    patience.out_of_reach.result()


def test_told_to_stop_while_one_message_hangs_it_ends_in_time_and_answers_the_rest_later(patience: Patience) -> None:
    patience.stopping.result()


def test_a_message_that_hangs_is_sent_again_and_holds_up_nobody_else(patience: Patience) -> None:
    patience.hanging_message.result()


def test_a_request_for_updates_that_hangs_is_given_up_and_made_again(patience: Patience) -> None:
    patience.hanging_poll.result()
