"""Who may ask. Pure; whoever is not let in by a rule below stays out.

Ids are numeric, since names move. Those of groups and channels are negative, those of people positive.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from telegram import Chat, Message, Update, User
from telegram.constants import ChatID, ChatType

# Users that Telegram shows in the place of a group, a channel or itself. Everybody's, so never somebody's.
_STAND_INS = frozenset({ChatID.ANONYMOUS_ADMIN.value, ChatID.FAKE_CHANNEL.value, ChatID.SERVICE_CHAT.value})


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent an update, and where: a person (`user_id`) or a chat (`sender_chat_id`), never both.

    A chat speaks when a channel posts, when an admin of a group is anonymous, and when a person writes as a channel.
    With neither, nobody asks: a bot, or an update that is not supported.
    """

    user_id: int | None
    chat_id: int | None  # None: an inline query, or a button under a message sent by one
    sender_chat_id: int | None
    is_bot: bool


NOBODY = Asker(None, None, None, False)


def asker_of(update: Update) -> Asker:
    """Never raises; business messages and updates that ask nothing have NOBODY."""
    if message := update.message or update.edited_message or update.channel_post or update.edited_channel_post:
        return _asker(message.from_user, message.chat, message.sender_chat)
    if press := update.callback_query:
        if isinstance(press.message, Message) and press.message.business_connection_id:
            return NOBODY
        # Who sent the message with the button says nothing about who presses it.
        return _asker(press.from_user, press.message.chat if press.message else None)
    if reaction := update.message_reaction:
        return _asker(reaction.user, reaction.chat, reaction.actor_chat)
    if member := update.my_chat_member or update.chat_member:
        return _asker(member.from_user, member.chat)
    if inline := update.inline_query or update.chosen_inline_result:
        return _asker(inline.from_user)
    return NOBODY


def _asker(user: User | None, chat: Chat | None = None, sender_chat: Chat | None = None) -> Asker:
    chat_id = chat.id if chat else None
    if sender_chat is not None:
        return Asker(None, chat_id, sender_chat.id, False)
    if user is None or user.id == ChatID.ANONYMOUS_ADMIN:
        shared = chat is not None and chat.type != ChatType.PRIVATE
        return Asker(None, chat_id, chat_id if shared else None, False)
    if user.is_bot or user.id in _STAND_INS:
        return Asker(None, chat_id, None, user.is_bot)
    return Asker(user.id, chat_id, None, False)


class Access:
    """`access`: "open", or ids of people, groups and channels; `banned` is looked at anew each time.

    - Admins always may, and cannot be banned. Bots never may.
    - A banned person may ask nowhere; in a banned chat, and as a banned chat, nobody may.
    - Else everybody may when access is open.
    - Else a listed person may everywhere, and everybody may in a listed group or channel: by what is written there and
      by the buttons there. A listed channel may wherever somebody writes as that channel. Inline queries have no chat.
    """

    def __init__(
        self, access: Literal["open"] | tuple[int, ...], admins: tuple[int, ...], banned: Container[int]
    ) -> None:
        self._open = access == "open"
        self._listed = set[int]() if access == "open" else set(access)
        self._admins = frozenset(admins) - _STAND_INS
        self._banned = banned

    def moved(self, old: int, new: int) -> bool:
        """A group has another id from now on, and keeps its place in the list. Returns whether the list changed."""
        before = len(self._listed)
        if old in self._listed:
            self._listed.add(new)
        return len(self._listed) > before

    def may_ask(self, asker: Asker) -> bool:
        chats = [chat for chat in (asker.chat_id, asker.sender_chat_id) if chat is not None]
        person = asker.user_id if asker.sender_chat_id is None and not asker.is_bot else None
        if person is None and asker.sender_chat_id is None:
            return False
        if self.is_admin(person):
            return True
        if asker.user_id in self._banned or any(chat in self._banned for chat in chats):
            return False
        # A private chat has its person's id; only the person counts there.
        return self._open or person in self._listed or any(chat < 0 and chat in self._listed for chat in chats)

    def is_admin(self, user_id: int | None) -> bool:
        """Of an asker's `user_id`, which is None for chats and bots, or of an id that somebody typed."""
        return user_id in self._admins
