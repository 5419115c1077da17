"""What tests see of a bot: its calls, its messages as they stand, its answers and how soon they came."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tests.bot_api_html import Json
from tests.bot_api_methods import Files, Methods
from tests.bot_api_state import BotMessage, Chat, Chats, InlineAnswer, Queries, Toast, Updates

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `outcome`: "ok", "fault" (injected), or the code of a refusal; `detail` names it."""

    method: str
    params: Json
    chat_id: int | None
    at: float  # monotonic, when it arrived
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """The bot did what Telegram forbids or what it silently mends: too many requests, too many entities, a bare &."""

    method: str
    chat_id: int | None
    what: str
    at: float  # monotonic


@dataclass(frozen=True, slots=True)
class Event:
    """What a person did. `message_id`: the message it brought, or the one that was edited, pressed or reacted to."""

    update_id: int
    chat_id: int | None = None
    message_id: int | None = None
    query_id: str | None = None  # of a callback or inline query


class Observing:
    """The state behind the server, and everything that reads it. Every method may be called from any thread."""

    def __init__(self, token: str, username: str, keep: int) -> None:
        """Of calls, messages and updates the last `keep` each are kept."""
        self.token = token
        self.me: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Hỏi đáp",
            "username": username,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": True,
        }
        self._changed = threading.Condition()  # holds a reentrant lock over all state; see _notify
        self._changes = 0
        self._chats = Chats(keep)
        self._updates = Updates(keep)
        self._queries = Queries(keep)
        self._files = Files()
        self._methods = Methods(self.me, self._chats, self._updates, self._queries, self._files, self._violated)
        self._calls: deque[Call] = deque(maxlen=keep)
        self._violations: deque[Violation] = deque(maxlen=keep)

    def _violated(self, method: str, chat_id: int | None, what: str) -> None:
        self._violations.append(Violation(method, chat_id, what, time.monotonic()))

    def _notify(self) -> None:
        """Wakes those who wait. With the lock held, after each request."""
        self._changes += 1
        self._changed.notify_all()

    @property
    def calls(self) -> list[Call]:
        with self._changed:
            return list(self._calls)

    def calls_of(self, *methods: str) -> list[Call]:
        names = {method.lower() for method in methods}
        with self._changed:
            return [call for call in self._calls if call.method.lower() in names]

    @property
    def violations(self) -> list[Violation]:
        with self._changed:
            return list(self._violations)

    @property
    def commands(self) -> dict[tuple[str, str], list[Json]]:
        """By scope type and language code, as setMyCommands left them."""
        return self._methods.commands

    @property
    def profile(self) -> dict[tuple[str, str], str]:
        """By "name", "description" or "short_description", and language code."""
        return self._methods.profile

    @property
    def query_age(self) -> float:
        """Seconds for which a callback or inline query can be answered."""
        return self._queries.age

    @query_age.setter
    def query_age(self, seconds: float) -> None:
        self._queries.age = seconds

    @property
    def unconfirmed(self) -> int:
        """Updates that the bot has not confirmed yet."""
        with self._changed:
            return len(self._updates.pending)

    def messages(self, chat: Chat | int) -> list[BotMessage]:
        """The bot's messages in a chat, oldest first, without the deleted ones."""
        with self._changed:
            room = self._chats.find(chat.id if isinstance(chat, Chat) else chat)
            return [kept.shown for kept in room.kept.values() if kept.shown is not None] if room else []

    def answers_to(self, message: Event | BotMessage) -> list[BotMessage]:
        """The bot's messages that reply to it."""
        message_id = message.id if isinstance(message, BotMessage) else message.message_id
        with self._changed:
            room = self._chats.find(message.chat_id)
            if room is None or message_id is None:
                return []
            found = [room.kept[reply].shown for reply in room.replies.get(message_id, [])]
            return [shown for shown in found if shown is not None]

    def now(self, message: BotMessage) -> BotMessage | None:
        """The same message as it stands now; None: it was deleted."""
        with self._changed:
            room = self._chats.find(message.chat_id)
            kept = room.kept.get(message.id) if room else None
            return kept.shown if kept else None

    def reactions(self, message: Event | BotMessage) -> list[str]:
        """The bot's own reactions to a message."""
        message_id = message.id if isinstance(message, BotMessage) else message.message_id
        with self._changed:
            room = self._chats.find(message.chat_id)
            kept = room.kept.get(message_id) if room and message_id else None
            return [str(reaction["emoji"]) for reaction in kept.reactions.get(self.me["id"], [])] if kept else []

    def latencies(self) -> list[float]:
        """Seconds from the first delivery of a message to each reply to it, in the order of the replies."""
        with self._changed:
            return list(self._updates.latencies)

    def reply_counts(self) -> dict[int, int]:
        """For each update that brought a message, by update id: how many messages of the bot reply to it."""
        with self._changed:
            return self._updates.reply_counts()

    def wait(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """The first true value of `predicate`, which is asked after every request and ten times a second besides.

        It is asked without the lock, so that it may talk to the bot or to this server.
        """
        deadline = time.monotonic() + timeout
        while True:
            before = self._changes
            if value := predicate():
                return value
            left = deadline - time.monotonic()
            with self._changed:
                if left <= 0:
                    raise AssertionError(f"waited {timeout} s in vain; {self._last_calls()}")
                self._changed.wait_for(lambda: self._changes != before, min(left, 0.1))  # noqa: B023

    def wait_answer(self, message: Event | BotMessage, timeout: float = 10.0) -> BotMessage:
        return self.wait(lambda: self.answers_to(message), timeout)[0]

    def wait_toast(self, press: Event, timeout: float = 10.0) -> Toast:
        answer = self.wait(lambda: self._queries.answer_to(press.query_id or ""), timeout)
        assert isinstance(answer, Toast), f"not a press of a button: {press}"
        return answer

    def wait_inline(self, query: Event, timeout: float = 10.0) -> InlineAnswer:
        answer = self.wait(lambda: self._queries.answer_to(query.query_id or ""), timeout)
        assert isinstance(answer, InlineAnswer), f"not an inline query: {query}"
        return answer

    def _last_calls(self) -> str:
        calls = [call for call in self._calls if call.method != "getUpdates" or call.outcome != "ok"][-12:]
        lines = [f"  {call.method} {call.outcome} {call.detail} {_short(call.params)}" for call in calls]
        waiting = f"{len(self._updates.pending)} updates unconfirmed"
        return "\n".join([f"{waiting}; the last of {len(self._calls)} calls:", *lines])


def _short(params: Json) -> str:
    text = str(params)
    return text if len(text) <= 240 else text[:240] + "…"
