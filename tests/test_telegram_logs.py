"""The service's log: one line an event, and no token in any of them, whoever writes it."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.telegram.logs import SHOWN, Lines, Redacting, Redactor, event
from tests.fakes import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

TAIL = "AAF1x-Zk_q0123456789abcdefghijklmnop"
TOKEN = f"7123456789:{TAIL}"
SECRET = "a-webhook-secret-of-ours"  # noqa: S105
NAMED: dict[str, Any] = {TOKEN: TOKEN}
LINE = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=\w+ logger=[\w.-]+ event="(?:[^"\\]|\\.)*"( \S.*)?')


def logged(write: Callable[[logging.Logger], None], secrets: tuple[str, ...] = (TOKEN, SECRET)) -> str:
    """What a logger of its own prints while `write` uses it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    handler.addFilter(Redacting(Redactor(secrets)))
    logger = logging.Logger("qa_bot.telegram.test", logging.DEBUG)
    logger.addHandler(handler)
    write(logger)
    return stream.getvalue()


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError(TOKEN)


class Sly:
    """Shows the token in one of its two forms."""

    def __str__(self) -> str:
        return "nothing"

    def __repr__(self) -> str:
        return TOKEN


def test_an_event_is_one_line_of_names_and_values() -> None:
    line = logged(
        lambda log: event(log, logging.INFO, "answered", chat=-100, seconds=0.25, ok=True, who="Hậu", why=None)
    )
    assert LINE.fullmatch(line.rstrip("\n"))
    assert line.endswith(
        'level=info logger=qa_bot.telegram.test event="answered" chat=-100 seconds=0.25 ok=true who="Hậu"\n'
    )


@given(text=st.text(), key=st.text(max_size=8))
def test_no_value_begins_a_new_line_or_steers_a_terminal(text: str, key: str) -> None:
    fields: dict[str, Any] = {key: text}
    for line in (
        logged(lambda log: event(log, logging.INFO, text, **fields)),
        logged(lambda log: log.warning(text, text)),
    ):
        assert len(line.splitlines()) == 1
        assert LINE.fullmatch(line[:-1])
        assert line[:-1].isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u202e\ud800-\udfff]", line[:-1])


def test_a_value_can_be_read_back() -> None:
    line = logged(lambda log: event(log, logging.INFO, "x", text='a "b"\n\\c'))
    assert json.loads(line.split(" text=")[1]) == 'a "b"\n\\c'


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        f"http://127.0.0.1:1/bot{quote(TOKEN)}/getMe",
        f"bot{quote(quote(TOKEN))}",
        f"bot{TOKEN.replace(':', '%3a')}",
        f"only {TAIL} of it",
        f"x{SECRET}y",
        repr({"token": TOKEN}),
        repr(TOKEN.encode()),
        f"{TOKEN}{TOKEN} {TOKEN}\n{TOKEN}",
    ],
)
def test_the_secrets_are_replaced_in_every_spelling(text: str) -> None:
    shown = Redactor([TOKEN, SECRET])(text)
    assert SHOWN in shown
    assert TAIL not in shown
    assert SECRET not in shown


@given(before=st.text(), after=st.text())
def test_no_neighbour_hides_a_token(before: str, after: str) -> None:
    assert TAIL not in Redactor([TOKEN])(before + TOKEN + after)


def test_a_token_that_nobody_named_is_known_by_its_shape() -> None:
    assert Redactor([])(f"bot{TOKEN}/getMe") == f"bot{SHOWN}/getMe"
    assert Redactor(["", "x:y"])("12:34:56 and 2026-11-22T12:00:00") == "12:34:56 and 2026-11-22T12:00:00"


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.info("fetching %s", TOKEN),
        lambda log: log.info("fetching %s", f"https://api.telegram.org/bot{TOKEN}/getMe"),
        lambda log: log.info("%(url)s and %(n)d", {"url": TOKEN, "n": 3}),
        lambda log: log.info("%s %r", TOKEN.encode(), [TOKEN]),
        lambda log: log.info("too few %s %s", TOKEN),
        lambda log: log.info("too many", TOKEN),
        lambda log: log.info("no number: %d", TOKEN),
        lambda log: log.info("%s", Unshowable()),
        lambda log: log.info(Unshowable()),
        lambda log: log.info(RuntimeError(TOKEN)),
        lambda log: log.info({"token": TOKEN}),
        lambda log: log.info("extra", extra={"url": TOKEN, "many": [TOKEN], "sly": Sly(), "bad": Unshowable()}),
        lambda log: event(log, logging.INFO, TOKEN, url=TOKEN, raw=TOKEN.encode(), sly=Sly(), **NAMED),
        lambda log: event(log, logging.INFO, "nested", deep={"a": {"b": TOKEN}, TOKEN: 1}, bad=Unshowable()),
        lambda log: log.info("where", stack_info=True, extra={"stack": f"{TOKEN}"}),
        lambda log: logging.Logger.log(log, 35, "odd level %s", TOKEN),
    ],
)
def test_no_way_of_logging_shows_a_secret(write: Callable[[logging.Logger], None]) -> None:
    line = logged(write)
    assert line.count("\n") == 1
    assert LINE.fullmatch(line[:-1])
    assert TAIL not in line


def test_a_chain_of_exceptions_is_one_line_without_the_token() -> None:
    def write(log: logging.Logger) -> None:
        try:
            try:
                raise ValueError(TOKEN)
            except ValueError as error:
                error.add_note(f"https://api.telegram.org/bot{TOKEN}/sendMessage")
                raise RuntimeError(f"while fetching bot{TOKEN}") from error
        except RuntimeError as error:
            log.exception("failed")
            event(log, logging.ERROR, "failed", exc_info=error)

    lines = logged(write).splitlines()
    assert len(lines) == 2
    for line in lines:
        assert TAIL not in line
        assert "ValueError" in line
        assert "while fetching" in line


def test_other_formatters_behind_the_filter_show_no_secret() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(url)s %(args)s", defaults={"url": ""}))
    handler.addFilter(Redacting(Redactor([TOKEN])))
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(handler)
    try:
        raise OSError(TOKEN)
    except OSError:
        logger.exception("%s", TOKEN, extra={"url": TOKEN}, stack_info=True)
    assert "Traceback" in stream.getvalue()
    assert TAIL not in stream.getvalue()


CHILD = """
import asyncio, logging, sys, threading, warnings
early = logging.getLogger("somebody.early")
early.addHandler(logging.StreamHandler())
early.propagate = False
from qa_bot.telegram.logs import event, install, set_up
from telegram.ext import ExtBot

token = sys.stdin.readline().strip()
set_up([token], sys.stderr)
log = logging.getLogger("qa_bot.telegram.child")
event(log, logging.INFO, "started", bot=ExtBot(token))
log.debug("not shown")
logging.getLogger("httpx").info("also not shown")
for name in ("httpx", "httpcore", "telegram", "tornado.access"):
    logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger(name).info('HTTP Request: %s %s "%s"', "POST", f"https://api.telegram.org/bot{token}/getMe", 200)
early.warning("bot %r", ExtBot(token))
late = logging.getLogger("somebody.late")
late.addHandler(logging.StreamHandler(sys.stderr))
late.error("late %s", token)
try:
    raise OSError(token)
except OSError:
    late.exception("late trace")
logging.getLogger("root.child").warning("wrong %d", token)
warnings.warn(f"a warning with {token}")

def die():
    raise RuntimeError(f"thread {token}")
thread = threading.Thread(target=die, name=token); thread.start(); thread.join()

class Doomed:
    def __del__(self):
        raise RuntimeError(f"collected {token}")
Doomed()

async def run():
    install(asyncio.get_running_loop())
    task = asyncio.create_task(forgotten(), name=token)
    await asyncio.sleep(0)
    del task
    asyncio.get_running_loop().call_soon(die)
    await asyncio.sleep(0.01)

async def forgotten():
    raise RuntimeError(f"task {token}")

asyncio.run(run())
raise ValueError(f"the end {token}") from RuntimeError(token)
"""


def test_a_process_that_fails_in_every_way_prints_no_token() -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=TOKEN,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    printed = child.stdout + child.stderr
    assert child.returncode == 1
    assert TAIL not in printed
    for happened in (
        'event="started" bot="ExtBot[token=<token>]"', "HTTP Request: POST", "somebody.early", "late trace", "wrong %d",
        "a warning with", "thread died", "collected", "task <token>", "unhandled", "crashed", "the end <token>",
    ):  # fmt: skip
        assert happened in printed, happened
    assert "not shown" not in printed
    # What was logged through a handler that others put up is theirs in form; every line of ours is whole.
    ours = [line for line in printed.splitlines() if line.startswith("20")]
    assert all(LINE.fullmatch(line) for line in ours)
    assert sum('event="late trace"' in line for line in ours) == 1
