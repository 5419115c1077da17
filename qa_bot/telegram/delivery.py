"""Sending, editing and deleting messages, whatever Telegram answers.

What can be mended is mended: text that Telegram cannot parse goes without markup, a message that is gone is sent anew,
a group that moved is found again. What may pass is tried until it passes. What cannot be delivered is given up quietly,
with None. Nobody is ever shown an error's text, and no log line holds one whole: it may repeat what people wrote.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from telegram import InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import CallbackQueryLimit, ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from qa_bot.telegram.logs import event
from qa_bot.telegram.pacing import MARGIN, FloodLimiter, Priority, seconds
from qa_bot.telegram.styled import Part
from qa_bot.telegram.text import split

if TYPE_CHECKING:
    from telegram import InlineQueryResult, InlineQueryResultsButton
    from telegram.ext import ExtBot

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.5  # seconds between tries, doubled each time
_LONGEST_PAUSE: Final = 30.0
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)  # previews leak addresses, and bury the answer
_TOAST: Final = CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH


class Trouble(Enum):
    """What an error means for a message, and what is done about it. The values are for logs and counts."""

    NETWORK = "network"  # out of reach, a fault of its own, no Bot API answer: try until it works
    TOKEN = "token"  # noqa: S105 (a word) - raised: the bot can do nothing any more
    UNCHANGED = "unchanged"  # it is as we want it
    GONE = "gone"  # cannot be edited: send anew
    BLOCKED = "blocked"  # nobody hears us in this chat, until somebody there writes again
    NO_CHAT = "no_chat"  # no such chat, or no right to write there
    MARKUP = "markup"  # without markup, then
    KEYBOARD = "keyboard"  # without buttons, then
    TOPIC = "topic"  # without the topic, then
    TOO_LONG = "too_long"  # in pieces, then
    REFUSED = "refused"  # whatever else: as bare as can be, then


_WORDS: Final = (
    (Trouble.UNCHANGED, ("message is not modified",)),
    (
        Trouble.GONE,
        (
            "message to edit not found",
            "message can't be edited",
            "message_id_invalid",
            "message identifier is not specified",
            "message_author_required",
        ),
    ),
    (Trouble.TOO_LONG, ("message is too long", "message_too_long", "text is too long")),
    (Trouble.MARKUP, ("can't parse entities", "entities_too_long", "entity_")),
    (Trouble.TOPIC, ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")),
    (
        Trouble.NO_CHAT,
        (
            "chat not found",
            "user not found",
            "not enough rights",
            "have no rights",
            "need administrator rights",
            "user is deactivated",
            "input_user_deactivated",
            "group is deactivated",
            "chat_write_forbidden",
            "chat_send_plain_forbidden",
            "chat_admin_required",
            "chat_restricted",
            "channel_private",
            "peer_id_invalid",
            "user_is_blocked",
        ),
    ),
    (Trouble.KEYBOARD, ("button", "keyboard", "reply markup", "reply_markup")),
)
"""What Telegram's descriptions hold; the library capitalises them, so they are compared in lower case."""


def trouble_of(error: TelegramError) -> Trouble:
    if isinstance(error, InvalidToken) and isinstance(error.__cause__, InvalidToken):
        error = error.__cause__  # what Bot.initialize says, with the token in it
    if isinstance(error.__cause__, TelegramError):
        return Trouble.NETWORK  # 401 or 403 or whatever else, but no JSON: a proxy speaks, not Telegram
    if isinstance(error, InvalidToken):
        return Trouble.TOKEN
    if not isinstance(error, BadRequest | Forbidden):
        return Trouble.NETWORK
    description = error.message.casefold()
    known = next((trouble for trouble, words in _WORDS if any(word in description for word in words)), None)
    if isinstance(error, Forbidden):
        return Trouble.GONE if known is Trouble.GONE else Trouble.BLOCKED
    return known or Trouble.REFUSED


@dataclass(frozen=True, slots=True)
class Target:
    """A chat, the forum topic in it, and the message there that is answered."""

    chat_id: int
    topic: int | None = None
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way."""

    target: Target
    part: Part
    keyboard: InlineKeyboardMarkup | None
    priority: Priority
    message_id: int | None = None  # the one that shall become this; None: a new one
    markup: bool = True


def remedy(letter: Letter, trouble: Trouble) -> Letter | None:
    """What to try after `trouble`; None: nothing. It always has less than `letter` to be refused for."""
    if trouble is Trouble.GONE and letter.message_id is not None:
        return replace(letter, message_id=None)
    if trouble in (Trouble.MARKUP, Trouble.TOO_LONG) and letter.markup:
        return replace(letter, markup=False)
    if trouble is Trouble.KEYBOARD and letter.keyboard is not None:
        return replace(letter, keyboard=None)
    if trouble is Trouble.TOPIC:
        return replace(letter, target=replace(letter.target, topic=None)) if letter.target.topic is not None else None
    if trouble is Trouble.NO_CHAT:
        return None
    target = replace(letter.target, reply_to=None)
    bare = replace(letter, target=target, keyboard=None, markup=False)
    return bare if bare != letter else None


class Delivery:
    """Sends through `bot`, whose rate limiter must be a FloodLimiter.

    `count` is called with "sent" for each new message, "network" for each try that failed, and else with the value of
    the Trouble met. `moved(old, new)` hears of groups that became supergroups; `migrated` maps their ids, and may be
    filled at the start.
    """

    def __init__(
        self,
        bot: ExtBot[int],
        count: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        moved: Callable[[int, int], None] = lambda _old, _new: None,
    ) -> None:
        if not isinstance(bot.rate_limiter, FloodLimiter):
            raise TypeError("Delivery needs a bot made with rate_limiter=FloodLimiter(…)")
        self.migrated: dict[int, int] = {}
        self._bot = bot
        self._limiter = bot.rate_limiter
        self._count = count
        self._sleep = sleep
        self._moved = moved
        self._deaf: set[int] = set()  # chats where nobody hears us

    async def send(
        self,
        target: Target,
        part: Part,
        keyboard: InlineKeyboardMarkup | None = None,
        priority: Priority = Priority.ANSWER,
    ) -> int | None:
        """The id of the message, the last one if it took several; None: it cannot be delivered. Raises InvalidToken."""
        return await self._deliver(Letter(target, part, keyboard, priority))

    async def edit(
        self,
        target: Target,
        message_id: int,
        part: Part,
        keyboard: InlineKeyboardMarkup | None = None,
        priority: Priority = Priority.ASIDE,
    ) -> int | None:
        """The id of the message that shows it now, a new one where the old one is gone. Else as `send`."""
        return await self._deliver(Letter(target, part, keyboard, priority, message_id))

    async def delete(self, chat_id: int, message_id: int) -> None:
        """One try."""
        chat_id = self._current(chat_id)
        if chat_id not in self._deaf:
            await self._try(self._bot.delete_message(chat_id, message_id, rate_limit_args=Priority.ASIDE))

    async def typing(self, target: Target) -> None:
        """One try, and none where it would have to wait: it must not keep an answer waiting."""
        chat_id = self._current(target.chat_id)
        if chat_id not in self._deaf and not self._limiter.would_wait(chat_id):
            await self._try(
                self._bot.send_chat_action(
                    chat_id, ChatAction.TYPING, message_thread_id=target.topic, rate_limit_args=Priority.NOTICE
                )
            )

    async def toast(self, callback_id: str, text: str = "", alert: bool = False, url: str | None = None) -> None:
        """One try. Every press must be answered, if with nothing, or its button goes on turning."""
        await self._try(self._bot.answer_callback_query(callback_id, text[:_TOAST] or None, alert, url))

    async def inline(
        self,
        query_id: str,
        results: Sequence[InlineQueryResult],
        cache_seconds: int,
        personal: bool = True,
        button: InlineQueryResultsButton | None = None,
    ) -> None:
        """One try."""
        await self._try(self._bot.answer_inline_query(query_id, results, cache_seconds, personal, button=button))

    def heard_from(self, chat_id: int) -> None:
        """Somebody wrote there, so we may be heard again."""
        self._deaf.discard(self._current(chat_id))

    async def _deliver(self, letter: Letter) -> int | None:
        pauses = _pauses()
        while (chat_id := self._current(letter.target.chat_id)) not in self._deaf:
            try:
                return await self._post(chat_id, letter)
            except ChatMigrated as error:
                self.move(chat_id, error.new_chat_id)
            except RetryAfter as error:
                await self._sleep(seconds(error) + MARGIN)
            except TelegramError as error:
                trouble = trouble_of(error)
                if trouble is Trouble.TOKEN:
                    raise
                if trouble is Trouble.UNCHANGED:
                    return letter.message_id
                self._note(trouble, error)
                if trouble is Trouble.NETWORK:
                    await self._sleep(next(pauses))
                elif trouble is Trouble.BLOCKED:
                    self._deaf.add(chat_id)
                elif trouble is Trouble.TOO_LONG and len(pieces := _pieces(letter.part.plain)) > 1:
                    return await self._in_pieces(letter, pieces)
                elif (following := remedy(letter, trouble)) is not None:
                    letter = following
                else:
                    return None
        return None

    async def _post(self, chat_id: int, letter: Letter) -> int:
        text = letter.part.html if letter.markup else letter.part.plain
        mode = ParseMode.HTML if letter.markup else None
        if letter.message_id is not None:
            await self._bot.edit_message_text(
                text, chat_id, letter.message_id, parse_mode=mode, reply_markup=letter.keyboard,
                link_preview_options=_NO_PREVIEW, rate_limit_args=letter.priority,
            )  # fmt: skip
            return letter.message_id
        reply_to = letter.target.reply_to
        message = await self._bot.send_message(
            chat_id, text, parse_mode=mode, reply_markup=letter.keyboard, link_preview_options=_NO_PREVIEW,
            message_thread_id=letter.target.topic, rate_limit_args=letter.priority,
            reply_parameters=None if reply_to is None else ReplyParameters(reply_to, allow_sending_without_reply=True),
        )  # fmt: skip
        self._count("sent")
        return message.message_id

    async def _in_pieces(self, letter: Letter, pieces: Sequence[str]) -> int | None:
        """The first in the place of `letter`, the keyboard under the last, whose id is returned."""
        shown = None
        following = replace(letter, target=replace(letter.target, reply_to=None), message_id=None)
        for number, piece in enumerate(pieces):
            keyboard = letter.keyboard if number == len(pieces) - 1 else None
            place = letter if number == 0 else following
            shown = await self._deliver(replace(place, part=Part(piece, piece), keyboard=keyboard, markup=False))
            if shown is None:
                break
        return shown

    async def _try(self, call: Awaitable[object]) -> None:
        try:
            await call
        except TelegramError as error:
            trouble = trouble_of(error)
            if trouble is Trouble.TOKEN:
                raise
            if "query is too old" not in error.message.casefold():
                self._note(trouble, error)

    def _note(self, trouble: Trouble, error: TelegramError) -> None:
        self._count(trouble.value)
        level = logging.INFO if trouble in (Trouble.BLOCKED, Trouble.NO_CHAT, Trouble.GONE) else logging.WARNING
        event(_LOG, level, "not delivered", trouble=trouble.value, error=type(error).__name__, reason=_reason(error))

    def _current(self, chat_id: int) -> int:
        return self.migrated.get(chat_id, chat_id)

    def move(self, old: int, new: int) -> None:
        """What is meant for the group `old` goes to `new` from now on."""
        if self.migrated.get(old) == new:
            return
        self.migrated.update((before, new) for before, after in self.migrated.items() if after == old)
        self.migrated[old] = new
        self.migrated.pop(new, None)
        self._moved(old, new)


def _pieces(text: str) -> list[str]:
    """What fits into one message each; Telegram takes none that is blank."""
    return [piece for piece in split(text) if piece.strip()]


def _pauses() -> Iterator[float]:
    """Seconds, doubled up to the longest, each shortened at random so that not all try again at the same moment."""
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1)  # noqa: S311 (no secret)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _reason(error: TelegramError) -> str | None:
    """The beginning of Telegram's description, up to where it may repeat what people wrote."""
    if not isinstance(error, BadRequest | Forbidden) or isinstance(error.__cause__, TelegramError):
        return None  # these name addresses, or hold whole bodies
    beginning = re.match(r"(?:[A-Za-z0-9_ -]|(?<=[a-z])'(?=[a-z]))*", error.message)
    return beginning[0][:80].strip() if beginning else None
