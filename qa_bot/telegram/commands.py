"""The commands: dispatch, the menus of Telegram clients, and the tests of the documents read this one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa_bot.telegram import admin, reader

if TYPE_CHECKING:
    from qa_bot.telegram.receiving import Job
    from qa_bot.telegram.services import Services


@dataclass(frozen=True, slots=True)
class Command:
    """One row. The catalogue's `telegram.command.<name>` says what it does."""

    name: str
    run: Callable[[Services, Job], Awaitable[None]]
    admins_only: bool = False


COMMANDS = (
    Command("start", reader.start),
    Command("help", reader.help),
    Command("ask", reader.ask),
    Command("sources", reader.sources),
    Command("article", reader.article),
    Command("why", reader.why),
    Command("lang", reader.lang),
    Command("forget", reader.forget),
    Command("privacy", reader.privacy),
    Command("status", admin.status, admins_only=True),
    Command("rebuild", admin.rebuild, admins_only=True),
    Command("remove", admin.remove, admins_only=True),
    Command("ban", admin.ban, admins_only=True),
    Command("unban", admin.unban, admins_only=True),
)
NAMES = frozenset(command.name for command in COMMANDS)


def find_command(name: str) -> Command | None:
    return next((command for command in COMMANDS if command.name == name), None)
