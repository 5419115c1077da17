"""What a button under a message means, signed. Pure.

Telegram hands back whatever data a client sends for a button, so it is believed only with our signature:
nobody can make up a button, move it to another chat or use it for ever.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

HERE = 0xFFFF

_LAYOUT = struct.Struct(">BQHHI")  # action, ref, n, page, the Unix second after which it has expired
_CHAT = struct.Struct(">q")
_SIGNATURE = 10  # bytes of the HMAC
_LAST_SECOND = 2**32 - 1
_PURPOSE = b"qa-bot button 1"  # what is signed with the same secret for another purpose is no button
# 27 bytes are 36 characters without a bit to spare, so that no two texts mean the same button.
_DATA = re.compile(r"[A-Za-z0-9_-]{36}")


class ButtonError(Exception):
    """A button that is not to be followed."""


class ButtonExpired(ButtonError):
    """Ours, but too old."""


class ButtonForged(ButtonError):
    """Not signed by us for this chat."""


class Action(IntEnum):
    """What a button does, and what its numbers are. Stored in messages out there: never renumber."""

    OPEN = 1  # ref: answer, n: source, page: counted from 0, or HERE for where the quote is
    ARTICLE = 2  # ref: article, page
    VOTE = 3  # ref: answer, n: 1 for, 2 against
    EXAMPLE = 4  # ref: example question
    ADD = 5  # ref: upload
    REMOVE_ASK = 6  # ref: article
    REMOVE = 7  # ref: article
    UNDO = 8  # ref: removal
    CANCEL = 9  # ref: upload


@dataclass(frozen=True, slots=True)
class Press:
    """A button. An article's ref is its id read as a hexadecimal number."""

    action: Action
    ref: int  # 0 to 2**64 - 1
    n: int = 0  # 0 to 2**16 - 1
    page: int = HERE  # 0 to 2**16 - 1


class Signer:
    """Turns presses into callback data (36 characters, Telegram allows 64) and back."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock

    def sign(self, press: Press, chat_id: int, lifetime: float) -> str:
        """Data that `read` takes in the same chat for `lifetime` seconds. Raises struct.error for numbers too big."""
        expires = self._clock() + lifetime
        second = max(0, math.ceil(expires)) if expires < _LAST_SECOND else _LAST_SECOND
        packed = _LAYOUT.pack(press.action, press.ref, press.n, press.page, second)
        return base64.urlsafe_b64encode(packed + self._signature(packed, chat_id)).decode("ascii")

    def read(self, data: str, chat_id: int) -> Press:
        """The press that was signed for this chat. Raises ButtonForged or ButtonExpired, whatever `data` is."""
        if not _DATA.fullmatch(data):
            raise ButtonForged("this is no data of a button of ours")
        raw = base64.urlsafe_b64decode(data)
        packed, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
        if not hmac.compare_digest(signature, self._signature(packed, chat_id)):
            raise ButtonForged("the signature is not ours, or not for this chat")
        action, ref, n, page, second = _LAYOUT.unpack(packed)
        if self._clock() > second:
            raise ButtonExpired("the button is too old")
        try:
            return Press(Action(action), ref, n, page)
        except ValueError:
            raise ButtonForged(f"no button does {action}") from None

    def _signature(self, packed: bytes, chat_id: int) -> bytes:
        return hmac.digest(self._secret, _PURPOSE + _CHAT.pack(chat_id) + packed, hashlib.sha256)[:_SIGNATURE]
