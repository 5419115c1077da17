"""The bot as whoever runs it sees it: webhook, health, metrics, logs, menus, start and stop; over real HTTP."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from embeddings.pipeline import build
from tests.bot_api import BotApi, ChatNotFound, Hang, Limits, Person
from tests.fakes import HashingEncoder, index_settings, write_articles
from tests.telegram_process import CHILD, REAL, Process, running

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Limits(per_second=30, per_chat_second=1, per_group_minute=20)
SECRET = "a-secret-of-some-length"  # noqa: S105
PATH = "/updates/PATH-THAT-NOBODY-GUESSES"
QUESTION = "Năm 2021 huyện Sông Lô trồng thêm bao nhiêu cây xanh?"
ADMIN = Person(9, "Hà")
IDS = count(100)
LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(?:info|warning|error|critical) logger=[\w.-]+"
    r' event="(?:[^"\\]|\\.)*"(?: [\w.-]+=(?:"(?:[^"\\]|\\.)*"|true|false|-?\d+(?:\.\d+)?(?:e-?\d+)?))*'
)


def reader() -> Person:
    """One whom the bot does not know yet: chats wait a second between two messages, and not for each other."""
    number = next(IDS)
    return Person(number, f"Lan {number}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def make_index(folder: Path) -> None:
    build(index_settings(write_articles(folder / "seeds"), folder / "index"), HashingEncoder())


def is_answered(api: BotApi) -> None:
    assert "14.500" in api.wait_answer(api.say(reader(), QUESTION)).text


def logged(process: Process) -> list[str]:
    """The lines of the log, all of them in order, and none of them with a secret."""
    lines = process.printed.splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert not [line for line in lines if process.api.token in line or SECRET in line or "traceback=" in line]
    return lines


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A bot that Telegram calls, with a page for Prometheus."""
    folder, port = tmp_path_factory.mktemp("webhook"), free_port()
    make_index(folder)
    settings = {
        "TELEGRAM_ACCESS": "open",
        "TELEGRAM_ADMINS": str(ADMIN.id),
        "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}{PATH}",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "TELEGRAM_WEBHOOK_PORT": str(port),
        "TELEGRAM_METRICS_PORT": str(free_port()),
    }
    with BotApi(limits=QUICK) as api, running(api, folder, settings) as process:
        yield process
    assert len(process.api.violations) <= 2  # after the kill: what was sent just before it is not known any more
    logged(process)


def address(process: Process, page: str, section: str = "METRICS") -> str:
    return f"http://127.0.0.1:{process.settings[f'QA_BOT_TELEGRAM_{section}_PORT']}{page}"


def get(process: Process, page: str, section: str = "METRICS") -> httpx.Response:
    return httpx.get(address(process, page, section), trust_env=False, timeout=5)


def metrics(process: Process) -> dict[str, float]:
    """By name with labels."""
    lines = get(process, "/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


# Webhook


def test_through_the_webhook_questions_are_answered(hooked: Process) -> None:
    events = [hooked.api.say(reader(), QUESTION) for _ in range(10)]
    for event in events:
        assert "14.500" in hooked.api.wait_answer(event).text
    assert hooked.api.calls_of("getUpdates") == []
    (told,) = hooked.api.calls_of("setWebhook")[-1:]
    assert told.params["secret_token"] == SECRET
    assert "message_reaction" in told.params["allowed_updates"]


@pytest.mark.parametrize(("secret", "status"), [("another-secret-of-some-length", 403), (None, 403), (SECRET, 200)])
def test_who_does_not_know_the_secret_is_refused(hooked: Process, secret: str | None, status: int) -> None:
    person = reader()
    chat = {"id": person.id, "type": "private", "first_name": person.first_name}
    message = {"message_id": 1, "date": int(time.time()), "chat": chat, "from": person.json(), "text": "/help"}
    body = json.dumps({"update_id": 1_000_000 + person.id, "message": message})
    headers = {"Content-Type": "application/json"} | ({"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {})
    before = metrics(hooked)["qa_bot_updates_received_total"]
    response = httpx.post(address(hooked, PATH, "WEBHOOK"), content=body, headers=headers, trust_env=False, timeout=5)
    assert response.status_code == status
    assert metrics(hooked)["qa_bot_updates_received_total"] == before + (status == 200)


def test_an_update_that_comes_again_is_answered_once(hooked: Process) -> None:
    events = [hooked.api.say(reader(), QUESTION) for _ in range(5)]
    for event in events:
        hooked.api.wait_answer(event)
    before = metrics(hooked)["qa_bot_updates_duplicate_total"]
    for event in [*events, *events]:
        hooked.api.redeliver(event.update_id)
    hooked.api.wait(lambda: metrics(hooked)["qa_bot_updates_duplicate_total"] == before + 10)
    is_answered(hooked.api)
    assert [len(hooked.api.answers_to(event)) for event in events] == [1] * 5


def test_a_kill_under_the_webhook_loses_no_question(hooked: Process) -> None:
    events = []
    for _ in range(20):
        events.append(hooked.api.say(reader(), QUESTION))
        time.sleep(0.01)
    hooked.kill()
    events += [hooked.api.say(reader(), QUESTION) for _ in range(5)]
    hooked.start()
    for event in events:
        hooked.api.wait_answer(event)
    assert sum(len(hooked.api.answers_to(event)) for event in events) <= len(events) + 2  # those under way


# Health and metrics


def test_health_is_good_on_both_ports(hooked: Process) -> None:
    for section in ("METRICS", "WEBHOOK"):
        response = get(hooked, "/health", section)
        assert (response.status_code, response.text) == (200, "ok\n")
    assert get(hooked, "/metrics", "WEBHOOK").status_code == 404


def test_the_figures_rise_with_what_happens_and_hold_no_secret(hooked: Process) -> None:
    before = metrics(hooked)
    for _ in range(3):
        is_answered(hooked.api)
    hooked.api.wait_answer(hooked.api.say(reader(), "/help"))
    hooked.api.wait(lambda: metrics(hooked)["qa_bot_waiting"] == 0)
    risen = {name: value - before[name] for name, value in metrics(hooked).items()}
    assert risen["qa_bot_updates_received_total"] == 4
    assert risen['qa_bot_answers_total{status="answered"}'] == 3
    assert risen["qa_bot_answer_seconds_count"] == 3
    assert risen["qa_bot_messages_sent_total"] == 4
    assert risen["qa_bot_floods_told_total"] == 0
    now = metrics(hooked)
    assert now["qa_bot_index_articles"] == 3
    assert now["qa_bot_index_passages"] >= 3
    assert abs(now["qa_bot_memory_megabytes"] - hooked.memory_mb()) < 20
    page = get(hooked, "/metrics").text
    for secret in (hooked.api.token, hooked.api.token.partition(":")[2], SECRET, PATH):
        assert secret not in page


def test_without_an_index_it_is_not_healthy_until_there_is_one(tmp_path: Path) -> None:
    settings = {"TELEGRAM_ACCESS": "open", "TELEGRAM_METRICS_PORT": str(free_port())}
    with BotApi(limits=QUICK) as api, running(api, tmp_path, settings) as process:
        ill = get(process, "/health")
        assert (ill.status_code, ill.text) == (503, "index\n")
        assert api.wait_answer(api.say(reader(), QUESTION)).text.startswith("Mình chưa có chỉ mục bài viết")
        make_index(tmp_path)
        api.wait(lambda: get(process, "/health").status_code == 200, 2.5)
        is_answered(api)
    assert any('event="no index yet; admins can send articles"' in line for line in logged(process))


# Start and stop


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_index(tmp_path)
    return tmp_path


def test_menus_are_set_once_and_an_admins_as_soon_as_there_is_a_chat(home: Path) -> None:
    with BotApi(limits=QUICK) as api:
        for fault in (Hang(0), Hang(0), Hang(0), ChatNotFound()):  # three menus for all, then the admin's, unknown yet
            api.inject("setMyCommands", fault)
        settings = {"TELEGRAM_ACCESS": "open", "TELEGRAM_ADMINS": f"{ADMIN.id},10"}
        with running(api, home, settings) as process:
            api.wait(lambda: 'event="ready"' in process.printed)
            assert {code for scope, code in api.commands if scope == "default"} == {"vi", "en", ""}
            everyone = {command["command"] for command in api.commands["default", "vi"]}
            admins = {command["command"] for command in api.commands["chat", "vi"]}
            assert admins - everyone == {"status", "rebuild", "remove", "ban", "unban"}
            assert everyone < admins
            assert _menus(api) == ["default"] * 3 + ["9"] + ["10"] * 3
            assert process.stop() == 0
            process.start()
            api.wait(lambda: process.printed.count('event="ready"') == 2)
            assert _menus(api)[7:] == ["9"] * 3
            assert len(api.calls_of("setMyDescription", "setMyShortDescription")) == 6


def _menus(api: BotApi) -> list[str]:
    """For whom each was set: the chat, or everybody by default."""
    scopes = [call.params["scope"] for call in api.calls_of("setMyCommands")]
    return [str(scope.get("chat_id", scope["type"])) for scope in scopes]


def test_told_to_stop_it_ends_what_is_under_way_and_keeps_the_rest(home: Path) -> None:
    with BotApi(limits=QUICK) as api, running(api, home, {"TELEGRAM_ACCESS": "open"}) as process:
        is_answered(api)
        print(f"{process.memory_mb():.0f} MB")  # noqa: T201 - seen with -s
        assert process.memory_mb() < 400
        people = [reader() for _ in range(10)]
        events = [api.say(person, QUESTION) for _ in range(3) for person in people]
        api.wait_answer(events[0])
        began = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - began < 8
        assert not all(api.answers_to(event) for event in events)
        process.start()
        for event in events:
            api.wait_answer(event)
        assert [len(api.answers_to(event)) for event in events] == [1] * 30
    lines = logged(process)
    assert 'event="stopped"' in lines[-1]


def test_it_can_be_stopped_from_the_keyboard(hooked: Process) -> None:
    assert hooked.running is not None
    hooked.running.send_signal(signal.SIGINT)
    assert hooked.ended(8) == 0
    assert 'event="stopped"' in logged(hooked)[-1]
    hooked.start()
    is_answered(hooked.api)


def test_two_bots_do_not_share_a_folder(hooked: Process) -> None:
    calls = len(hooked.api.calls)
    second = subprocess.run(
        CHILD, cwd=hooked.folder, env=hooked.environment(), capture_output=True, encoding="utf-8", timeout=30,
        check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert hooked.running is not None
    assert second.stderr == (
        f"qa-bot: Another bot uses {hooked.folder / 'state'}: process {hooked.running.pid}. Stop it, or set "
        "QA_BOT_STATE_DIR.\n"
    )
    assert len(hooked.api.calls) == calls
    is_answered(hooked.api)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"TOKEN": ""}, "There is no token. Get one from @BotFather"),
        ({"ACCESS": ""}, "Nobody may ask. Set QA_BOT_TELEGRAM_ACCESS"),
        ({"ADMINS": "@ha"}, "give numeric ids"),
        ({"WEBHOOK_URL": "https://bot.example.vn/updates/x"}, "webhook_url needs webhook_secret"),
    ],
)
def test_settings_that_cannot_work_are_one_line(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    given = {"TOKEN": "123456789:AAExample", "ACCESS": "open", **changed}
    environment = {f"QA_BOT_TELEGRAM_{name}": value for name, value in given.items()} | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "qa_bot.cli", "telegram"], cwd=tmp_path, env=environment, capture_output=True,
        encoding="utf-8", timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.fullmatch(f"qa-bot: [^\n]*{re.escape(told)}[^\n]*\n", done.stderr)
    assert "AAExample" not in done.stderr


def test_the_command_says_what_it_is_for() -> None:
    done = subprocess.run([*REAL, "--help"], capture_output=True, encoding="utf-8", timeout=30, check=False)
    assert done.returncode == 0
    assert "answer in Telegram" in done.stdout
    assert done.stderr == ""
