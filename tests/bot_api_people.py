"""People who write, press and react: each helper makes the update that Telegram would send, field by field."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from tests.bot_api_html import Json, utf16_length
from tests.bot_api_observing import Event, Observing
from tests.bot_api_state import BotMessage, Chat, Kept, Room

Reference = Event | BotMessage | int  # a message; an int is an id in the chat at hand

_ENTITIES = re.compile(
    r"(?P<url>https?://[^\s<>\"]+)"
    r"|(?<![\w/<>@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/<>@])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z0-9_]{3,32})(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    first_name: str
    language_code: str | None = "vi"
    is_bot: bool = False
    username: str | None = None

    def json(self) -> Json:
        shown: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username is not None:
            shown["username"] = self.username
        if self.language_code is not None:
            shown["language_code"] = self.language_code
        return shown


ANONYMOUS_ADMIN = Person(1087968824, "Group", None, is_bot=True, username="GroupAnonymousBot")


def private(person: Person) -> Chat:
    return Chat(person.id, "private", person.first_name, person.username)


def entities_of(text: str) -> list[Json]:
    """Commands, mentions and addresses as Telegram marks them, offsets in UTF-16 units."""
    return [
        {"type": found.lastgroup, "offset": utf16_length(text[: found.start()]), "length": utf16_length(found[0])}
        for found in _ENTITIES.finditer(text)
    ]


class People(Observing):
    """`date` is Unix time, now if None; `more` adds to or replaces fields of the message."""

    def push(self, raw: Json) -> int:
        """Queues any update; returns its id, which is the next one unless `raw` holds one."""
        with self._changed:
            update_id = self._updates.push(raw)
        self._wake()
        return update_id

    def _wake(self) -> None:
        """Lets whoever waits for updates look again."""
        raise NotImplementedError

    def say(
        self,
        person: Person,
        text: str,
        chat: Chat | None = None,
        reply_to: Reference | None = None,
        topic: int | None = None,
        date: int | None = None,
        more: Json | None = None,
    ) -> Event:
        return self._bring(chat or private(person), {"from": person.json(), **_said(text)}, reply_to, topic, date, more)

    def anonymous(self, chat: Chat, text: str, reply_to: Reference | None = None, date: int | None = None) -> Event:
        """An administrator of a group who writes in the group's own name."""
        content = {"from": ANONYMOUS_ADMIN.json(), "sender_chat": chat.json(), **_said(text)}
        return self._bring(chat, content, reply_to, date=date)

    def post_in_channel(self, chat: Chat, text: str, date: int | None = None) -> Event:
        return self._bring(chat, {"sender_chat": chat.json(), **_said(text)}, date=date, kind="channel_post")

    def send_document(
        self,
        person: Person,
        name: str,
        data: bytes,
        mime: str = "application/octet-stream",
        caption: str | None = None,
        chat: Chat | None = None,
        size: int | None = None,
        reply_to: Reference | None = None,
        date: int | None = None,
    ) -> Event:
        """`size`: what Telegram says the file holds, if not len(data)."""
        claimed = len(data) if size is None else size
        with self._changed:
            file_id = self._files.add(name, data, claimed)
        document = {"file_id": file_id, "file_unique_id": file_id[-8:], "file_name": name, "mime_type": mime}
        content: Json = {"from": person.json(), "document": {**document, "file_size": claimed}}
        if caption is not None:
            content |= {"caption": caption, "caption_entities": entities_of(caption)}
        return self._bring(chat or private(person), content, reply_to, date=date)

    def _bring(
        self,
        chat: Chat,
        content: Json,
        reply_to: Reference | None = None,
        topic: int | None = None,
        date: int | None = None,
        more: Json | None = None,
        kind: str = "message",
    ) -> Event:
        with self._changed:
            room = self._chats.meet(chat)
            raw: Json = {"message_id": room.next_id(), "chat": chat.json(), "date": _date(date), **content}
            if topic is not None:
                room.topics.add(topic)
                raw |= {"message_thread_id": topic, "is_topic_message": True, "chat": chat.json() | {"is_forum": True}}
            if reply_to is not None:
                raw["reply_to_message"] = self._replied(room, reply_to)
            raw |= more or {}
            update_id = self._updates.next_id
            self._chats.add(room, Kept(raw), update_id)
            self.push({kind: raw})
        return Event(update_id, chat.id, raw["message_id"])

    @staticmethod
    def _replied(room: Room, reply_to: Reference) -> Json:
        """The message replied to, in full, but without the one that it replies to."""
        message_id = _id(reply_to)
        kept = room.kept.get(message_id)
        if kept is None:
            return {"message_id": message_id, "chat": room.chat.json(), "date": 0}
        return {name: value for name, value in kept.raw.items() if name != "reply_to_message"}

    def edit(self, person: Person, message: Event, new_text: str, date: int | None = None) -> Event:
        with self._changed:
            room, message_id = self._place(message)
            kept = room.kept[message_id]
            raw = {name: value for name, value in kept.raw.items() if name not in ("text", "entities")}
            kept.raw = raw | {"from": person.json(), "edit_date": _date(date), **_said(new_text)}
            kind = "edited_channel_post" if room.chat.type == "channel" else "edited_message"
            return Event(self.push({kind: kept.raw}), room.chat.id, message_id)

    def press(self, person: Person, message: BotMessage | Event, label_or_data: str) -> Event:
        """Presses the button with that label or data; any other text is sent as callback data nobody offered."""
        with self._changed:
            room, message_id = self._place(message)
            kept = room.kept.get(message_id)
            raw = kept.raw if kept else {"chat": room.chat.json(), "message_id": message_id, "date": 0}
            shown = kept.shown.buttons if kept and kept.shown else []
            earlier = message.buttons if isinstance(message, BotMessage) else []
            data = _data(shown, label_or_data) or _data(earlier, label_or_data) or label_or_data
            query_id = self._queries.ask(time.monotonic())
            callback = {"id": query_id, "from": person.json(), "message": raw, "data": data}
            update_id = self.push({"callback_query": {**callback, "chat_instance": str(7_000_000 - room.chat.id)}})
            return Event(update_id, room.chat.id, message_id, query_id)

    def ask_inline(self, person: Person, query: str, offset: str = "", chat_type: str = "sender") -> Event:
        with self._changed:
            query_id = self._queries.ask(time.monotonic())
            asked = {"id": query_id, "from": person.json(), "query": query, "offset": offset, "chat_type": chat_type}
            return Event(self.push({"inline_query": asked}), query_id=query_id)

    def react(self, person: Person, message: BotMessage | Event, emoji: str | None, date: int | None = None) -> Event:
        """None takes the reaction back. Bots hear of it only if they ask for message_reaction."""
        with self._changed:
            room, message_id = self._place(message)
            kept = room.kept.get(message_id)
            reactions = kept.reactions if kept else {}
            new = [] if emoji is None else [{"type": "emoji", "emoji": emoji}]
            changed = {"chat": room.chat.json(), "message_id": message_id, "user": person.json(), "date": _date(date)}
            changed |= {"old_reaction": reactions.get(person.id, []), "new_reaction": new}
            reactions[person.id] = new
            return Event(self.push({"message_reaction": changed}), room.chat.id, message_id)

    def join(self, person: Person, chat: Chat, date: int | None = None) -> Event:
        """The person adds the bot to a group, or unblocks it."""
        return self._member(person, chat, "kicked" if chat.type == "private" else "left", "member", None, date)

    def kick(self, person: Person, chat: Chat, date: int | None = None) -> Event:
        """The person removes the bot from a group, or blocks it; it can write there no more."""
        where = "blocked by the user" if chat.type == "private" else f"kicked from the {chat.type} chat"
        return self._member(person, chat, "member", "kicked", f"Forbidden: bot was {where}", date)

    def block(self, person: Person, date: int | None = None) -> Event:
        return self.kick(person, private(person), date)

    def _member(self, person: Person, chat: Chat, old: str, new: str, closed: str | None, date: int | None) -> Event:
        def member(status: str) -> Json:
            user = {name: self.me[name] for name in ("id", "is_bot", "first_name", "username")}
            return {"user": user, "status": status, **({"until_date": 0} if status == "kicked" else {})}

        with self._changed:
            self._chats.meet(chat).closed = closed
            changed = {"chat": chat.json(), "from": person.json(), "date": _date(date)}
            changed |= {"old_chat_member": member(old), "new_chat_member": member(new)}
            return Event(self.push({"my_chat_member": changed}), chat.id)

    def meet(self, chat: Chat) -> None:
        """Makes the chat known to the bot without an update."""
        with self._changed:
            self._chats.meet(chat).closed = None

    def delete_topic(self, chat: Chat, topic: int) -> None:
        with self._changed:
            self._chats.meet(chat).topics.discard(topic)

    def delete(self, message: Event) -> None:
        """A person takes a message back; bots are not told."""
        with self._changed:
            room, message_id = self._place(message)
            self._chats.delete(room, message_id)

    def redeliver(self, update_id: int) -> None:
        """Delivers an update once more, even if it was confirmed."""
        with self._changed:
            self._updates.redeliver(update_id)
        self._wake()

    def hold(self) -> None:
        """Updates queue up; getUpdates and the webhook get none until release()."""
        with self._changed:
            self._updates.held = True

    def release(self) -> None:
        with self._changed:
            self._updates.held = False
        self._wake()

    def _place(self, message: BotMessage | Event) -> tuple[Room, int]:
        room = self._chats.find(message.chat_id)
        if room is None:
            raise ValueError(f"no chat holds this message: {message}")
        return room, _id(message)


def _said(text: str) -> Json:
    entities = entities_of(text)
    return {"text": text, **({"entities": entities} if entities else {})}


def _date(date: int | None) -> int:
    return int(time.time()) if date is None else date


def _id(message: Reference) -> int:
    if isinstance(message, int):
        return message
    message_id = message.id if isinstance(message, BotMessage) else message.message_id
    if message_id is None:
        raise ValueError(f"there is no message in {message}")
    return message_id


def _data(buttons: list[list[tuple[str, str]]], label_or_data: str) -> str | None:
    for label, target in (button for row in buttons for button in row):
        if label_or_data in (label, target):
            if target.startswith(("http://", "https://", "tg://")):
                raise ValueError(f"the button {label!r} opens {target}; it cannot be pressed")
            return target
    return None
