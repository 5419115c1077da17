"""The bot's command menu, description and short description in Telegram's clients, in both languages."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

from telegram import BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from qa_bot.messages import CATALOGUE, say
from qa_bot.telegram import people
from qa_bot.telegram.commands import COMMANDS
from qa_bot.telegram.delivery import Trouble, trouble_of
from qa_bot.telegram.logs import event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram.ext import ExtBot

    from embeddings.messages import Language
    from qa_bot.telegram.state import StateThread

_LOG = logging.getLogger(__name__)

_NOTE = "menu"
_LANGUAGES: tuple[tuple[str | None, Language], ...] = (("vi", "vi"), ("en", "en"), (None, "en"))
"""(Telegram's code, what is said); None is for everybody whose language has no menu of its own."""


async def set_menu(bot: ExtBot[int], state: StateThread, admins: Sequence[int]) -> None:
    """Tell Telegram, unless it was told the same before: these calls have tight limits of their own.

    What Telegram refuses is logged and tried again at the next start; nothing depends on it.
    """
    digest = _digest(bot.id)
    if not await _was_told(state, _NOTE, digest):
        try:
            for code, language in _LANGUAGES:
                await bot.set_my_commands(_commands(language), BotCommandScopeDefault(), language_code=code)
                await bot.set_my_short_description(say(language, "telegram.about"), language_code=code)
                await bot.set_my_description(say(language, "telegram.description"), language_code=code)
        except TelegramError as error:
            if trouble_of(error) is not Trouble.TOKEN:  # the token's loss is told by whoever asks for updates
                event(_LOG, logging.WARNING, "menu not set", error=type(error).__name__)
            return
        await _note(state, _NOTE, digest)
    for admin in admins:
        name = f"{_NOTE} of {admin}"
        if await _was_told(state, name, digest):
            continue
        try:
            for code, language in _LANGUAGES:
                await bot.set_my_commands(
                    _commands(language, admin=True), BotCommandScopeChat(admin), language_code=code
                )
        except TelegramError as error:  # an admin who has not written to the bot yet has no chat with it
            event(_LOG, logging.INFO, "no menu for an admin", error=type(error).__name__)
        else:
            await _note(state, name, digest)


async def _was_told(state: StateThread, name: str, digest: str) -> bool:
    return await state.run(lambda db: people.note(db, name)) == digest


async def _note(state: StateThread, name: str, digest: str) -> None:
    await state.run(lambda db: people.set_note(db, name, digest))


def _commands(language: Language, *, admin: bool = False) -> list[BotCommand]:
    return [
        BotCommand(command.name, say(language, f"telegram.command.{command.name}"))
        for command in COMMANDS
        if admin or not command.admins_only
    ]


def _digest(bot_id: int) -> str:
    words = {name: texts for name, texts in CATALOGUE.items() if name.startswith("telegram.")}
    return hashlib.sha256(json.dumps([bot_id, words], sort_keys=True).encode()).hexdigest()
