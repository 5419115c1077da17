"""What can go wrong between a bot and Telegram, on demand: scripted one by one, or at random with a seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tests.bot_api_html import Json
from tests.bot_api_rules import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

_EDITS = frozenset({"editmessagetext", "editmessagereplymarkup"})
_TEXTS = frozenset({"sendmessage", "editmessagetext", "sendmessagedraft"})


class Fault:
    """By default a refusal that says what Telegram says; the request is not carried out."""

    methods: ClassVar[frozenset[str] | None] = None  # lower case; None: it can happen to any method
    in_chats: ClassVar[bool] = False  # True: only to requests with a chat_id

    def refusal(self) -> Refused:
        raise NotImplementedError

    def response(self) -> tuple[int, str, bytes]:
        """Status, content type, body."""
        refusal = self.refusal()
        return refusal.code, "application/json", refusal.body()

    def suits(self, method: str, params: Json) -> bool:
        """Whether Telegram could answer this request so. Only random faults ask."""
        return (self.methods is None or method in self.methods) and (not self.in_chats or "chat_id" in params)


@dataclass(frozen=True, slots=True)
class Flood(Fault):
    retry_after: int

    def refusal(self) -> Refused:
        after = self.retry_after
        return Refused(429, f"Too Many Requests: retry after {after}", {"retry_after": after})


@dataclass(frozen=True, slots=True)
class BadGateway(Fault):
    """502 from the proxy in front, with a page for people."""

    def response(self) -> tuple[int, str, bytes]:
        head = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
        body = b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        return 502, "text/html", head + body


@dataclass(frozen=True, slots=True)
class ServerError(Fault):
    def refusal(self) -> Refused:
        return Refused(500, "Internal Server Error")


@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """Nothing for so many seconds; then the request is carried out and answered if the client is still there."""

    seconds: float


@dataclass(frozen=True, slots=True)
class BrokenJson(Fault):
    """200, but the body breaks off. Not carried out."""

    def response(self) -> tuple[int, str, bytes]:
        return 200, "application/json", json.dumps({"ok": True, "result": {"message_id": 1}}).encode()[:-7]


@dataclass(frozen=True, slots=True)
class ResetBefore(Fault):
    """The connection is closed; the request was not carried out."""


@dataclass(frozen=True, slots=True)
class ResetAfter(Fault):
    """The request is carried out; the connection is closed before the answer."""


@dataclass(frozen=True, slots=True)
class ConflictFault(Fault):
    methods = frozenset({"getupdates"})

    def refusal(self) -> Refused:
        return Refused(409, CONFLICT)


@dataclass(frozen=True, slots=True)
class ForbiddenFault(Fault):
    in_chats = True

    def refusal(self) -> Refused:
        return Refused(403, "Forbidden: bot was blocked by the user")


@dataclass(frozen=True, slots=True)
class ChatNotFound(Fault):
    in_chats = True

    def refusal(self) -> Refused:
        return Refused(400, "Bad Request: chat not found")


@dataclass(frozen=True, slots=True)
class Migrated(Fault):
    """The group became a supergroup with a new id, which the server knows from then on."""

    new_chat_id: int
    in_chats = True

    def refusal(self) -> Refused:
        parameters = {"migrate_to_chat_id": self.new_chat_id}
        return Refused(400, "Bad Request: group chat was upgraded to a supergroup chat", parameters)


@dataclass(frozen=True, slots=True)
class CantParse(Fault):
    methods = _TEXTS

    def refusal(self) -> Refused:
        return Refused(400, 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 0')

    def suits(self, method: str, params: Json) -> bool:
        return method in _TEXTS and bool(params.get("parse_mode"))


@dataclass(frozen=True, slots=True)
class EditNotFound(Fault):
    methods = _EDITS

    def refusal(self) -> Refused:
        return Refused(400, "Bad Request: message to edit not found")


@dataclass(frozen=True, slots=True)
class NotModified(Fault):
    methods = _EDITS

    def refusal(self) -> Refused:
        return Refused(400, NOT_MODIFIED)


@dataclass(frozen=True, slots=True)
class Unauthorized(Fault):
    def refusal(self) -> Refused:
        return Refused(401, "Unauthorized")


CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


@dataclass(slots=True)
class _Scripted:
    method: str
    chat_id: int | None
    fault: Fault
    left: int


class Faults:
    """Scripted faults come first, in the order in which they were given; then the random ones."""

    def __init__(self) -> None:
        self._scripted: list[_Scripted] = []
        self._random = random.Random(0)  # noqa: S311 (not for secrets: soaks repeat by their seed)
        self._rate = 0.0
        self._choices: tuple[Fault, ...] = ()

    def inject(self, method: str, fault: Fault, times: int, chat_id: int | None) -> None:
        self._scripted.append(_Scripted(method.lower(), chat_id, fault, times))

    def at_random(self, rate: float, seed: int, faults: Sequence[Fault]) -> None:
        self._random.seed(seed)
        self._rate, self._choices = rate, tuple(faults)

    def clear(self) -> None:
        self._scripted.clear()
        self._rate = 0.0

    def choose(self, method: str, params: Json) -> Fault | None:
        for scripted in self._scripted:
            if scripted.method in (method, "*") and scripted.chat_id in (None, params.get("chat_id")):
                scripted.left -= 1
                if scripted.left <= 0:
                    self._scripted.remove(scripted)
                return scripted.fault
        if self._rate and self._choices and self._random.random() < self._rate:
            fault = self._random.choice(self._choices)
            return fault if fault.suits(method, params) else None
        return None
