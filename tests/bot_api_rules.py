"""Telegram's limits: what is refused, and in which words. Pure but for the windows, which remember arrival times."""

from __future__ import annotations

import json
import math
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from tests.bot_api_html import CantParse, Json, Parsed, is_web_address, parse, trimmed, utf16_length, words

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXT_LIMIT = 4096  # UTF-16 units after entity parsing
RAW_TEXT_LIMIT = 1 << 15  # bytes before it
ENTITY_LIMIT = 100
BUTTON_LIMIT = 100
ACTIONS = words(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note"
)
REACTIONS = words(
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 "
    "🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡"
)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_START_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BUTTON_ACTIONS = words(
    "url callback_data web_app login_url switch_inline_query switch_inline_query_current_chat "
    "switch_inline_query_chosen_chat copy_text callback_game pay"
)
_ENTITY_TYPES = words(
    "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler blockquote "
    "expandable_blockquote code pre text_link text_mention custom_emoji"
)


class Refused(Exception):
    """An answer with ok=false. `parameters` is Telegram's ResponseParameters: retry_after, migrate_to_chat_id."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> bytes:
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return json.dumps(answer).encode()


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests that one chat and all chats together may receive in any window of time, by when they arrive here.

    A window is `slack` seconds shorter than its name: a sender that keeps to the limit exactly is not blamed for the
    time that one request spent longer under way than the next.
    """

    per_second: int = 30
    per_chat_second: int = 1
    per_group_minute: int = 20
    enforce: bool = True  # False: nothing is refused, nothing counted
    slack: float = 0.1


class _Window:
    __slots__ = ("seconds", "times")

    def __init__(self, count: int, seconds: float) -> None:
        self.times: deque[float] = deque(maxlen=count)
        self.seconds = seconds

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0.0: now."""
        if len(self.times) < (self.times.maxlen or 0):
            return 0.0
        return max(self.times[0] + self.seconds - now, 0.0)


class Windows:
    """The sliding windows of Telegram's flood control. What is refused is not counted."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._overall = _Window(limits.per_second, 1 - limits.slack)
        self._chats: dict[int, tuple[_Window, ...]] = {}

    def take(self, chat_id: int, now: float) -> float:
        """0.0 when the request fits and is counted, otherwise the seconds until it would."""
        windows = (self._overall, *self._of_chat(chat_id, now))
        wait = max(window.wait(now) for window in windows)
        if wait == 0.0:
            for window in windows:
                window.times.append(now)
        return wait

    def _of_chat(self, chat_id: int, now: float) -> tuple[_Window, ...]:
        windows = self._chats.get(chat_id)
        if windows is None:
            if len(self._chats) >= 4096:
                self._forget(now)
            windows = (_Window(self.limits.per_chat_second, 1 - self.limits.slack),)
            if chat_id < 0:
                windows = (*windows, _Window(self.limits.per_group_minute, 60 - self.limits.slack))
            self._chats[chat_id] = windows
        return windows

    def _forget(self, now: float) -> None:
        """Drops the chats in which the last minute saw nothing."""
        self._chats = {
            chat_id: windows
            for chat_id, windows in self._chats.items()
            if windows[0].times and now - windows[0].times[-1] < 60
        }


def flooded(wait: float) -> Refused:
    seconds = max(1, math.ceil(wait))
    return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def bad_request(what: str) -> NoReturn:
    raise Refused(400, f"Bad Request: {what}")


def message_text(params: Json, *, edit: bool = False, may_be_empty: bool = False) -> Parsed:
    """The text of a message, after entity parsing, trimmed."""
    text = str(params.get("text") or "")
    if not text:
        if may_be_empty:
            return Parsed("")
        bad_request("message text is empty")
    parsed = formatted(text, params.get("parse_mode"), params.get("entities"))
    if not parsed.text and not may_be_empty:
        bad_request("text must be non-empty")
    if utf16_length(parsed.text) > TEXT_LIMIT:
        bad_request("MESSAGE_TOO_LONG" if edit else "message is too long")
    return parsed


def formatted(text: str, parse_mode: object, entities: object) -> Parsed:
    if len(text.encode()) > RAW_TEXT_LIMIT:
        bad_request("text is too long")
    mode = str(parse_mode or "").lower()
    if mode == "html":
        try:
            parsed = parse(text)
        except CantParse as error:
            bad_request(f"can't parse entities: {error}")
    elif mode:
        bad_request("unsupported parse_mode")
    else:
        parsed = trimmed(Parsed(text, _explicit(entities, utf16_length(text))))
    if len(parsed.entities) > ENTITY_LIMIT:
        note = f"{len(parsed.entities)} entities; Telegram keeps the first {ENTITY_LIMIT}"
        return Parsed(parsed.text, parsed.entities[:ENTITY_LIMIT], [*parsed.notes, note])
    return parsed


def _explicit(entities: object, length: int) -> list[Json]:
    checked = []
    for entity in entities if isinstance(entities, list) else []:
        start, size = int(entity["offset"]), int(entity["length"])
        if entity.get("type") not in _ENTITY_TYPES:
            bad_request("can't parse MessageEntity: Unsupported type specified")
        if start < 0:
            bad_request(f"receive an entity with incorrect offset {start}")
        if start >= length:
            bad_request(f"entity begins after the end of the text at UTF-16 offset {start}")
        if start + size > length:
            bad_request(
                f"entity beginning at UTF-16 offset {start} ends after the end of the text "
                f"at UTF-16 offset {start + size}"
            )
        checked.append(dict(entity))
    return checked


def inline_keyboard(markup: object) -> Json | None:
    """The markup that a message will carry; None: none, or one that is not part of the message."""
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        return None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        bad_request('field "inline_keyboard" must be of type Array')
    if sum(len(row) for row in rows) > BUTTON_LIMIT:
        bad_request("reply markup is too long")
    kept = [[_button(button) for button in row] for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _button(button: Any) -> Json:
    def refuse(what: str) -> NoReturn:
        bad_request(f"can't parse inline keyboard button: {what}")

    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        refuse('Can\'t find field "text"')
    if not button["text"].strip():
        refuse("Text of the button must be non-empty")
    actions = [name for name in _BUTTON_ACTIONS if button.get(name) or (name in button and name.startswith("switch"))]
    if not actions:
        refuse("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        refuse("Exactly one of the optional fields must be used")
    data, url = button.get("callback_data"), button.get("url")
    if data is not None and len(str(data).encode()) > 64:
        bad_request("BUTTON_DATA_INVALID")
    if url is not None and not is_web_address(str(url)):
        why = (
            "Unsupported URL protocol" if re.match(r"(?!https?:)[a-z]+:", str(url), re.IGNORECASE) else "Wrong HTTP URL"
        )
        bad_request(f"inline keyboard button URL '{url}' is invalid: {why}")
    copied = button.get("copy_text")
    if copied is not None and not 1 <= utf16_length(copied["text"]) <= 256:
        bad_request("BUTTON_COPY_TEXT_INVALID")
    return dict(button)


def checked_commands(commands: object) -> list[Json]:
    if not isinstance(commands, list):
        bad_request("commands must be specified")
    if len(commands) > 100:
        bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(str(command.get("command", ""))):
            bad_request("BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(str(command.get("description", "")).strip()) <= 256:
            bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return [dict(command) for command in commands]


def checked_results(results: object) -> Iterable[str]:
    """Refuses what an inline answer may not hold; returns the notes on its texts."""
    if not isinstance(results, list):
        bad_request("can't parse inline query results: Expected an Array")
    if len(results) > 50:
        bad_request("RESULTS_TOO_MUCH")
    identifiers = [str(result.get("id", "")) for result in results]
    if not all(1 <= len(identifier.encode()) <= 64 for identifier in identifiers):
        bad_request("RESULT_ID_INVALID")
    if len(set(identifiers)) < len(identifiers):
        bad_request("RESULT_ID_DUPLICATE")
    notes: list[str] = []
    for result in results:
        if result.get("type") == "article" and not str(result.get("title", "")).strip():
            bad_request("ARTICLE_TITLE_EMPTY")
        content = result.get("input_message_content")
        if not isinstance(content, dict):
            bad_request("can't parse inline query result: Message content is not specified")
        text = {"text": content.get("message_text"), **{k: content.get(k) for k in ("parse_mode", "entities")}}
        notes += message_text(text).notes
        inline_keyboard(result.get("reply_markup"))
    return notes


def checked_inline_button(button: object) -> None:
    """A deep link button over inline results: its start parameter is 1 to 64 of A-Z, a-z, 0-9, _ and -."""
    if not isinstance(button, dict):
        return
    if not str(button.get("text", "")).strip():
        bad_request("SWITCH_PM_TEXT_EMPTY")
    if "web_app" not in button and not _START_PARAMETER.fullmatch(str(button.get("start_parameter", ""))):
        bad_request("START_PARAM_INVALID")


def checked_toast(params: Json, username: str) -> None:
    if utf16_length(str(params.get("text") or "")) > 200:
        bad_request("MESSAGE_TOO_LONG")
    url = params.get("url")
    if url:
        start = re.fullmatch(rf"(?:https?://)?t\.me/{username}\?start=(.*)", str(url), re.IGNORECASE)
        if start is None or not _START_PARAMETER.fullmatch(start[1]):
            bad_request("URL_INVALID")
