"""Whether a message speaks to the bot, and what it says. Pure; who may say it is for `access`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate

from telegram import Message, MessageEntity
from telegram.constants import ChatType, MessageEntityType

_COMMAND = re.compile(r"/[A-Za-z0-9_]{1,32}(?:@\w+)?(?!\S)")
_CALLED_FIRST = re.compile(r"\A[\s,:;]+")  # what stands between "@bot" and the question: "@bot, ai viết?"
_CLOSING = tuple(",.;:!?…)]}»”’")


@dataclass(frozen=True, slots=True)
class Identity:
    """The bot's own: what getMe said. `username` is without the @."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a message says to the bot."""

    command: str | None  # lower case, without slash and @bot
    text: str  # the question, or what follows the command; without mentions of the bot, perhaps empty
    reply_to: int | None  # the bot's message that is replied to


def spoken(message: Message, me: Identity, known: Container[str]) -> Spoken | None:
    """None: not for the bot. `known`: the commands that it has, in lower case.

    In private everything is for the bot. In groups a mention of it, a reply to it, a command with its name and, without
    a name, a command that it knows. In channels a mention and a command with its name. A command with the name of
    another bot is not for it anywhere.
    """
    text = message.text if message.text is not None else message.caption
    if text is None or _by_a_machine(message, me):
        return None
    entities = message.entities if message.text is not None else message.caption_entities
    spans = _spans(text, entities) if entities else _unmarked(text, me)
    command, named, begin = None, "", 0
    for start, end, entity in spans:
        if entity.type == MessageEntityType.BOT_COMMAND and start == 0:
            command, _, named = text[1:end].lower().partition("@")
            begin = end
    if named and named != me.username.lower():
        return None
    mentions = [(start, end) for start, end, entity in spans if _is_mention(entity, text[start:end], me)]
    reply_to = _replied(message, me)
    called = bool(named or mentions)
    match message.chat.type:
        case ChatType.PRIVATE:
            meant = True
        case ChatType.CHANNEL:
            meant = called
        case _:
            meant = called or reply_to is not None or (command is not None and command in known)
    return Spoken(command, _without(text, begin, mentions), reply_to) if meant else None


def _by_a_machine(message: Message, me: Identity) -> bool:
    """The bot's own messages, those that people send through it inline, and posts that Telegram copies to a group."""
    senders = (message.from_user, message.via_bot)
    return bool(message.is_automatic_forward) or any(user is not None and user.id == me.id for user in senders)


def _replied(message: Message, me: Identity) -> int | None:
    replied = message.reply_to_message
    if replied is None or replied.from_user is None or replied.from_user.id != me.id:
        return None
    # Whatever is written in a topic "replies" to the message that opened it, the bot's when the bot opened it.
    return None if replied.forum_topic_created else replied.message_id


def _is_mention(entity: MessageEntity, said: str, me: Identity) -> bool:
    if entity.type == MessageEntityType.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    return entity.type == MessageEntityType.MENTION and said.lower() == f"@{me.username}".lower()


def _spans(text: str, entities: Sequence[MessageEntity]) -> list[tuple[int, int, MessageEntity]]:
    """Start and end of each entity in characters, in order; Telegram counts UTF-16 code units, two for an emoji."""
    units = list(accumulate((1 + (character > "\uffff") for character in text), initial=0))
    ordered = sorted(entities, key=lambda entity: entity.offset)
    return [(bisect_left(units, e.offset), bisect_left(units, e.offset + e.length), e) for e in ordered]


def _unmarked(text: str, me: Identity) -> list[tuple[int, int, MessageEntity]]:
    """Commands and mentions in a text without any entity: Telegram marks them, bridges and other servers may not."""
    found = [(match, MessageEntityType.BOT_COMMAND) for match in [_COMMAND.match(text)] if match]
    mention = re.compile(rf"(?<![\w@])@{re.escape(me.username)}(?!\w)", re.IGNORECASE)
    found += [(match, MessageEntityType.MENTION) for match in mention.finditer(text)]
    return [(m.start(), m.end(), MessageEntity(kind, m.start(), m.end() - m.start())) for m, kind in found]


def _without(text: str, begin: int, mentions: Sequence[tuple[int, int]]) -> str:
    """The text from `begin` on without the mentions; its words stay apart, its lines stay lines."""
    pieces = []
    for start, end in mentions:
        pieces.append(text[begin:start])
        begin = end
    return reduce(_join, [*pieces, text[begin:]]).strip()


def _join(left: str, right: str) -> str:
    before, after = left.rstrip(), right.lstrip()
    if not before:
        return _CALLED_FIRST.sub("", right)
    gap = left[len(before) :] + right[: len(right) - len(after)]
    if "\n" in gap:
        return f"{before}\n{after}"
    return before + after if after.startswith(_CLOSING) else f"{before} {after}"
