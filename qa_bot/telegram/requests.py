"""What an update asks of the bot, if anything. Pure: who may ask it is for `access` to say."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from telegram import MaybeInaccessibleMessage, Message, Update
from telegram.constants import ChatType

from qa_bot.telegram.access import Asker, asker_of
from qa_bot.telegram.addressing import Identity, spoken

if TYPE_CHECKING:
    from collections.abc import Container


class Kind(StrEnum):
    QUESTION = "question"
    COMMAND = "command"
    DOCUMENT = "document"
    PRESS = "press"  # of a button
    INLINE = "inline"
    REACTION = "reaction"
    LEFT = "left"  # the bot was blocked, or thrown out of a chat
    UNHEARD = "unheard"  # nothing that is meant for the bot, but its chat is alive


@dataclass(frozen=True, slots=True)
class Request:
    """One update as the bot sees it. `text` is the question, a command's argument, callback data or inline query."""

    kind: Kind
    update: Update
    asker: Asker
    chat_id: int | None = None  # None: an inline query
    topic: int | None = None
    message_id: int | None = None  # what an answer replies to; for a press, the message with the button
    text: str = ""
    command: str = ""
    reply_to: int | None = None  # the bot's message that is replied to
    edited: bool = False
    private: bool = False
    language_code: str | None = None  # of the asker's Telegram
    sent: float = 0.0  # unix seconds

    @property
    def lane(self) -> str:
        """Requests of one lane are answered in order: those of a chat, and the inline queries of a person."""
        return f"inline {self.asker.user_id}" if self.chat_id is None else f"chat {self.chat_id}"

    @property
    def costs(self) -> bool:
        """Whether somebody has to be answered by a search."""
        return self.kind is Kind.QUESTION or (self.kind is Kind.COMMAND and self.command == "ask")


def request_of(update: Update, me: Identity, commands: Container[str]) -> Request | None:
    """What `update` asks; None when it is nothing that concerns the bot. `commands`: names that it knows."""
    if message := update.message or update.edited_message or update.channel_post or update.edited_channel_post:
        return _of_message(update, message, me, commands)
    if press := update.callback_query:
        return _of_press(update, press.message, press.data or "")
    if query := update.inline_query:
        return Request(
            Kind.INLINE, update, asker_of(update), text=query.query, language_code=query.from_user.language_code,
            sent=time.time(),
        )  # fmt: skip
    if reaction := update.message_reaction:
        emoji = [getattr(item, "emoji", "") for item in reaction.new_reaction]
        return Request(
            Kind.REACTION, update, asker_of(update), reaction.chat.id, message_id=reaction.message_id,
            text=" ".join(emoji), sent=reaction.date.timestamp(),
        )  # fmt: skip
    if (member := update.my_chat_member) and member.new_chat_member.status in ("kicked", "left"):
        return Request(Kind.LEFT, update, asker_of(update), member.chat.id, sent=member.date.timestamp())
    return None


def _of_message(update: Update, message: Message, me: Identity, commands: Container[str]) -> Request:
    edited = update.edited_message is not None or update.edited_channel_post is not None
    private = message.chat.type == ChatType.PRIVATE
    said = spoken(message, me, commands)
    kind, text, command = Kind.UNHEARD, "", ""
    if private and message.document is not None and not edited:
        kind = Kind.DOCUMENT
    elif said is not None:
        kind, text = (Kind.COMMAND, said.text) if said.command is not None else (Kind.QUESTION, said.text)
        command = said.command or ""
    elif private and not edited and message.effective_attachment is not None and message.via_bot is None:
        kind = Kind.QUESTION  # a voice message, a photo, a sticker: without a word, it gets a word back
    return Request(
        kind,
        update,
        asker_of(update),
        message.chat.id,
        topic=topic_of(message),
        message_id=message.message_id,
        text=text,
        command=command,
        reply_to=said.reply_to if said else None,
        edited=edited,
        private=private,
        language_code=message.from_user.language_code if message.from_user else None,
        sent=(message.edit_date if edited and message.edit_date else message.date).timestamp(),
    )


def _of_press(update: Update, message: MaybeInaccessibleMessage | None, data: str) -> Request:
    press = update.callback_query
    person = press.from_user if press else None
    return Request(
        Kind.PRESS,
        update,
        asker_of(update),
        message.chat.id if message else None,
        topic=topic_of(message) if isinstance(message, Message) else None,
        message_id=message.message_id if message else None,
        text=data,
        private=message is not None and message.chat.type == ChatType.PRIVATE,
        language_code=person.language_code if person else None,
        sent=time.time(),
    )


def topic_of(message: Message) -> int | None:
    """The forum topic that a message stands in; replies in ordinary groups carry a thread id that is none."""
    return message.message_thread_id if message.is_topic_message else None
