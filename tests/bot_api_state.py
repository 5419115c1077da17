"""What the server remembers, with bounds: chats and their messages, updates under way, queries that await an answer.

Per update and per message only a few bytes of numbers stay for ever; everything else is dropped, oldest first.
"""

from __future__ import annotations

import json
from array import array
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from tests.bot_api_html import Json
from tests.bot_api_rules import Refused, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_UPDATE = 700_000_001
OUT_OF_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(frozen=True, slots=True)
class Chat:
    """`type` is private, group, supergroup or channel; `title` is the person's first name in a private chat."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None
    is_forum: bool = False

    def json(self) -> Json:
        shown: Json = {"id": self.id, "type": self.type}
        if self.title is not None:
            shown["first_name" if self.type == "private" else "title"] = self.title
        if self.username is not None:
            shown["username"] = self.username
        if self.is_forum:
            shown["is_forum"] = True
        return shown


@dataclass(frozen=True, slots=True)
class BotMessage:
    """A message of the bot as it stands: `text` after entity parsing, `html` as it was sent."""

    id: int
    chat_id: int
    text: str
    html: str
    parse_mode: str | None
    entities: list[Json]
    reply_to: int | None
    thread: int | None
    buttons: list[list[tuple[str, str]]]  # label; callback data or address
    previews: bool  # whether Telegram may show a preview of a link in it
    edits: int
    at: float  # monotonic, when it was sent


@dataclass(slots=True)
class Kept:
    """A message: `raw` as Telegram shows it, `shown` if the bot wrote it."""

    raw: Json
    shown: BotMessage | None = None
    reactions: dict[int, list[Json]] = field(default_factory=dict)  # by person


class Room:
    """One chat. Message ids count from 1, so that the same ids occur in every chat."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.topics: set[int] = set()
        self.closed: str | None = None  # the description of the 403 that every request gets
        self.kept: dict[int, Kept] = {}
        self.deleted: set[int] = set()
        self.replies: dict[int, list[int]] = {}  # message id: the bot's messages that reply to it
        self.update_of = array("q", [0])  # by message id: the update that brought it; 0: the bot wrote it

    def next_id(self) -> int:
        return len(self.update_of)

    def has(self, message_id: object) -> bool:
        return isinstance(message_id, int) and 0 < message_id < len(self.update_of) and message_id not in self.deleted


class Chats:
    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._rooms: dict[int, Room] = {}
        self._order: deque[tuple[Room, int]] = deque()

    def meet(self, chat: Chat) -> Room:
        room = self._rooms.get(chat.id)
        if room is None:
            room = self._rooms[chat.id] = Room(chat)
        return room

    def find(self, chat_id: object) -> Room | None:
        if isinstance(chat_id, str) and chat_id.startswith("@"):
            return next((room for room in self._rooms.values() if room.chat.username == chat_id[1:]), None)
        return self._rooms.get(chat_id) if isinstance(chat_id, int) else None

    def room(self, chat_id: object) -> Room:
        """Raises Refused: the bot does not know the chat, or may not write there."""
        if chat_id in (None, ""):
            bad_request("chat_id is empty")
        room = self.find(chat_id)
        if room is None:
            bad_request("chat not found")
        if room.closed is not None:
            raise Refused(403, room.closed)
        return room

    def add(self, room: Room, kept: Kept, update_id: int = 0) -> None:
        """Files a message under the next id of its chat, which `kept` already carries."""
        message_id = room.next_id()
        room.update_of.append(update_id)
        room.kept[message_id] = kept
        self._order.append((room, message_id))
        if kept.shown is not None and kept.shown.reply_to is not None:
            room.replies.setdefault(kept.shown.reply_to, []).append(message_id)
        if len(self._order) > self._keep:
            self._drop(*self._order.popleft())

    @staticmethod
    def _drop(room: Room, message_id: int) -> None:
        kept = room.kept.pop(message_id, None)
        if kept is not None and kept.shown is not None and kept.shown.reply_to is not None:
            replies = room.replies.get(kept.shown.reply_to, [])
            if message_id in replies:
                replies.remove(message_id)
            if not replies:
                room.replies.pop(kept.shown.reply_to, None)

    def delete(self, room: Room, message_id: int) -> None:
        room.deleted.add(message_id)
        self._drop(room, message_id)


class Updates:
    """Updates from when they happen until they are confirmed, and for each how often and how soon it was answered."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._recent: OrderedDict[int, bytes] = OrderedDict()
        self._replies = array("i")  # by update: replies to its message; -1: there is no message to reply to
        self._served = array("d")  # by update: monotonic time of the first delivery; 0.0: none yet
        self.pending: deque[tuple[int, bytes]] = deque()
        self.again: deque[tuple[int, bytes]] = deque()  # delivered once more, whatever was confirmed
        self.allowed: frozenset[str] | None = None  # None: all but OUT_OF_DEFAULT
        self.held = False
        self.latencies = array("d")

    @property
    def next_id(self) -> int:
        return FIRST_UPDATE + len(self._replies)

    def push(self, raw: Json) -> int:
        """Queues an update; one with an `update_id` of its own keeps it, and ids go on from there if it is higher.

        A kind of update that the bot did not ask for is dropped, as Telegram does when it happens.
        """
        update_id = int(raw.get("update_id", self.next_id))
        body = json.dumps({"update_id": update_id, **raw}, ensure_ascii=False).encode()
        if update_id < self.next_id:
            self.again.append((update_id, body))
            return update_id
        skipped = update_id - self.next_id
        answerable = "message" in raw or "channel_post" in raw
        self._replies.extend([-1] * skipped + [0 if answerable else -1])
        self._served.extend([0.0] * (skipped + 1))
        if self._wanted(next(kind for kind in raw if kind != "update_id")):
            self.pending.append((update_id, body))
            self._recent[update_id] = body
            if len(self._recent) > self._keep:
                self._recent.popitem(last=False)
        return update_id

    def _wanted(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed is not None else kind not in OUT_OF_DEFAULT

    def allow(self, kinds: Iterable[str] | None) -> None:
        """None: as before; empty: the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds) or None

    def redeliver(self, update_id: int) -> None:
        self.again.append((update_id, self._recent[update_id]))

    def confirm(self, offset: int) -> None:
        """Forgets what lies before `offset`; a negative one keeps only that many at the end."""
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
        while self.pending and self.pending[0][0] < offset:
            self.pending.popleft()

    def take(self, limit: int, now: float) -> list[bytes]:
        """What getUpdates answers; all but the redelivered stay until they are confirmed."""
        if self.held:
            return []
        taken = [self.again.popleft() for _ in range(min(limit, len(self.again)))]
        taken += islice(self.pending, limit - len(taken))
        for update_id, _ in taken:
            self.serve(update_id, now)
        return [body for _, body in taken]

    def head(self) -> tuple[int, bytes] | None:
        """What the webhook gets next."""
        if self.held:
            return None
        return self.again[0] if self.again else self.pending[0] if self.pending else None

    def drop(self, update_id: int) -> None:
        queue = self.again if self.again and self.again[0][0] == update_id else self.pending
        if queue and queue[0][0] == update_id:
            queue.popleft()

    def serve(self, update_id: int, now: float) -> None:
        at = update_id - FIRST_UPDATE
        if 0 <= at < len(self._served) and self._served[at] == 0.0:
            self._served[at] = now

    def answered(self, update_id: int, now: float) -> None:
        at = update_id - FIRST_UPDATE
        if 0 <= at < len(self._replies) and self._replies[at] >= 0:
            self._replies[at] += 1
            if self._served[at]:
                self.latencies.append(now - self._served[at])

    def reply_counts(self) -> dict[int, int]:
        return {FIRST_UPDATE + at: replies for at, replies in enumerate(self._replies) if replies >= 0}


@dataclass(frozen=True, slots=True)
class Toast:
    text: str
    alert: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    results: list[Json]
    button: Json | None
    cache_time: int  # seconds
    is_personal: bool
    next_offset: str


@dataclass(slots=True)
class _Query:
    asked: float  # monotonic
    answer: Toast | InlineAnswer | None = None


class Queries:
    """Callback and inline queries: each is answered once, and only while it is young."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._queries: OrderedDict[str, _Query] = OrderedDict()
        self._last = 4_382_000_000_000_000
        self.age = 15.0  # seconds

    def ask(self, now: float) -> str:
        self._last += 1
        self._queries[str(self._last)] = _Query(now)
        if len(self._queries) > self._keep:
            self._queries.popitem(last=False)
        return str(self._last)

    def answer(self, query_id: str, answer: Toast | InlineAnswer, now: float) -> None:
        query = self._queries.get(query_id)
        if query is None or query.answer is not None or now - query.asked > self.age:
            bad_request("query is too old and response timeout expired or query ID is invalid")
        query.answer = answer

    def answer_to(self, query_id: str) -> Toast | InlineAnswer | None:
        query = self._queries.get(query_id)
        return None if query is None else query.answer
