"""What the Telegram bot needs to begin: a token, somebody who may ask, and a database that is whole."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from embeddings.articles import shown
from qa_bot.doctor import databases
from qa_bot.doctor.findings import Finding, Message, shown_size, told
from qa_bot.doctor.places import room_in
from qa_bot.errors import StateError
from qa_bot.settings import BotSettings, Telegram, state_dir
from qa_bot.telegram import state
from qa_bot.telegram.schema import MIGRATIONS

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{20,}")
_ROOM = 64_000_000  # bytes; a busy bot's month


def telegram(settings: BotSettings) -> Iterator[Finding]:
    """The token is never shown, nor tried."""
    folder = state_dir(settings)
    token = bool(settings.telegram.token.get_secret_value())
    yield from _setup(settings.telegram) if token else [Finding("telegram", "good", told("doctor.telegram.no_token"))]
    if not os.path.lexists(folder) and not token:
        return
    room = room_in(folder)
    if not room.writable:
        what = told("doctor.telegram.closed", folder=shown(folder))
        yield Finding("telegram", "bad" if token else "notice", what, told("doctor.cure.state_dir"))
        return
    yield from _database(folder / state.FILE)
    if room.free < _ROOM:
        what = told("doctor.telegram.no_space", folder=shown(folder), free=shown_size(room.free))
        yield Finding("telegram", "notice", what, told("doctor.cure.space"))


def _setup(telegram: Telegram) -> Iterator[Finding]:
    if not _TOKEN.fullmatch(telegram.token.get_secret_value()):
        yield Finding("telegram", "bad", told("doctor.telegram.odd_token"), told("doctor.cure.token"))
    elif not telegram.access and not telegram.admins:
        yield Finding("telegram", "bad", told("doctor.telegram.nobody"), told("doctor.cure.access"))
    else:
        yield Finding("telegram", "good", told("doctor.telegram.token"))


def _database(file: Path) -> Iterator[Finding]:
    if not os.path.lexists(file):
        yield Finding("telegram", "good", told("doctor.telegram.new", folder=shown(file.parent)))
        return
    seen = databases.look(file, thorough=True)
    values: dict[str, object] = {"file": shown(file), "problem": seen.reason}
    if seen.state == "damaged":
        what = told("doctor.telegram.damaged", **values)
        yield Finding("telegram", "bad", what, told("doctor.cure.database"), partial(_put_aside, file))
    elif seen.state == "unreadable":
        yield Finding("telegram", "notice", told("doctor.telegram.unreadable", **values), told("doctor.cure.state_dir"))
    elif not seen.empty and seen.application != state._APPLICATION:
        yield Finding("telegram", "bad", told("doctor.telegram.foreign", **values), told("doctor.cure.state_dir"))
    elif seen.version > len(MIGRATIONS):
        what = told("doctor.telegram.newer", **values, version=seen.version, known=len(MIGRATIONS))
        yield Finding("telegram", "bad", what, told("doctor.cure.newer"))
    else:
        yield Finding("telegram", "good", told("doctor.telegram.good", **values))


def _put_aside(file: Path) -> Message:
    """Give the damaged database another name, with what belongs to it. Raises StateError while a bot uses it."""
    with _own(file):
        if databases.look(file, thorough=True).state != "damaged":
            return told("doctor.done.whole", file=shown(file))
        aside = f"{file.name}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        for suffix in ("-shm", "-wal", ""):  # the file last: a new one must not find another's log
            if os.path.lexists(path := file.with_name(file.name + suffix)):
                os.rename(path, file.with_name(aside + suffix))
        _flush(file.parent)
    return told("doctor.done.database", file=shown(file), aside=shown(file.with_name(aside)))


@contextmanager
def _own(file: Path) -> Iterator[None]:
    """Keeps bots from the folder of `file`, while it is open."""
    try:
        lock = os.open(file.parent / state._LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # no bot was ever there; a lock made by this user might be closed to the bot's
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StateError(f"A bot is running and uses {file}. Stop it, then try again.") from error
    finally:
        os.close(lock)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
