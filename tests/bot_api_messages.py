"""Messages of the bot: sending, editing, deleting, drafts, typing and reactions, with Telegram's refusals."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests import bot_api_rules as rules
from tests.bot_api_faults import NOT_MODIFIED
from tests.bot_api_html import Json, Parsed
from tests.bot_api_rules import Refused, bad_request
from tests.bot_api_state import BotMessage, Chats, Kept, Room, Updates

if TYPE_CHECKING:
    from collections.abc import Callable


class Messages:
    def __init__(self, me: Json, chats: Chats, updates: Updates, note: Callable[[str, int | None, str], None]) -> None:
        """`note(method, chat_id, what)` hears what Telegram would let pass in silence."""
        self._me, self._chats, self._updates, self._note = me, chats, updates, note

    def _send_message(self, params: Json, now: float) -> Json:
        parsed = rules.message_text(params)
        markup = rules.inline_keyboard(params.get("reply_markup"))
        room = self._chats.room(params.get("chat_id"))
        reply_to = self._reply_to(room, params)
        thread = self._thread(room, params)
        replied = room.kept.get(reply_to) if reply_to is not None else None
        if thread is None and replied is not None and replied.raw.get("is_topic_message"):
            thread = replied.raw["message_thread_id"]
        raw: Json = {"message_id": room.next_id(), "chat": room.chat.json(), "date": int(time.time())}
        raw |= {"sender_chat": raw["chat"]} if room.chat.type == "channel" else {"from": _person(self._me)}
        raw |= _content(parsed, markup)
        if thread is not None:
            raw |= {"message_thread_id": thread, "is_topic_message": True}
        if replied is not None:
            raw["reply_to_message"] = {k: v for k, v in replied.raw.items() if k != "reply_to_message"}
        shown = BotMessage(
            id=raw["message_id"],
            chat_id=room.chat.id,
            text=parsed.text,
            html=str(params["text"]),
            parse_mode=params.get("parse_mode"),
            entities=parsed.entities,
            reply_to=reply_to,
            thread=thread,
            buttons=_buttons(markup),
            previews=_previews(params),
            edits=0,
            at=now,
        )
        self._heed(parsed, "sendMessage", room.chat.id)
        self._chats.add(room, Kept(raw, shown))
        if reply_to is not None:
            self._updates.answered(room.update_of[reply_to], time.monotonic())
        return raw

    @staticmethod
    def _reply_to(room: Room, params: Json) -> int | None:
        reply = params.get("reply_parameters")
        if reply is None and params.get("reply_to_message_id"):
            reply = {
                "message_id": params["reply_to_message_id"],
                "allow_sending_without_reply": params.get("allow_sending_without_reply"),
            }
        if not reply:
            return None
        if "message_id" not in reply:
            bad_request('can\'t find field "message_id"')
        if room.has(reply["message_id"]):
            return int(reply["message_id"])
        if not reply.get("allow_sending_without_reply"):
            bad_request("message to be replied not found")
        return None

    @staticmethod
    def _thread(room: Room, params: Json) -> int | None:
        thread = params.get("message_thread_id")
        if thread and thread not in room.topics:
            bad_request("message thread not found")
        return thread or None

    def _heed(self, parsed: Parsed, method: str, chat_id: int | None) -> None:
        for what in parsed.notes:
            self._note(method, chat_id, what)

    def _editable(self, params: Json) -> tuple[Room, Kept, BotMessage]:
        if params.get("inline_message_id"):
            bad_request("MESSAGE_ID_INVALID")
        room = self._chats.room(params.get("chat_id"))
        if not params.get("message_id"):
            bad_request("message identifier is not specified")
        kept = room.kept.get(params["message_id"])
        if kept is None:
            bad_request("message to edit not found")
        if kept.shown is None:
            bad_request("message can't be edited")
        return room, kept, kept.shown

    def _edit_text(self, params: Json, _now: float) -> Json:
        parsed = rules.message_text(params, edit=True)
        markup = rules.inline_keyboard(params.get("reply_markup"))
        room, kept, shown = self._editable(params)
        if (parsed.text, parsed.entities, markup) == (shown.text, shown.entities, kept.raw.get("reply_markup")):
            raise Refused(400, NOT_MODIFIED)
        self._heed(parsed, "editMessageText", room.chat.id)
        raw = {k: v for k, v in kept.raw.items() if k not in ("text", "entities", "reply_markup")}
        kept.raw = raw | _content(parsed, markup) | {"edit_date": int(time.time())}
        kept.shown = replace(
            shown,
            text=parsed.text,
            html=str(params["text"]),
            parse_mode=params.get("parse_mode"),
            entities=parsed.entities,
            buttons=_buttons(markup),
            previews=_previews(params),
            edits=shown.edits + 1,
        )
        return kept.raw

    def _edit_markup(self, params: Json, _now: float) -> Json:
        markup = rules.inline_keyboard(params.get("reply_markup"))
        _, kept, shown = self._editable(params)
        if markup == kept.raw.get("reply_markup"):
            raise Refused(400, NOT_MODIFIED)
        raw = {k: v for k, v in kept.raw.items() if k != "reply_markup"} | {"edit_date": int(time.time())}
        kept.raw = raw | ({"reply_markup": markup} if markup else {})
        kept.shown = replace(shown, buttons=_buttons(markup), edits=shown.edits + 1)
        return kept.raw

    def _delete_message(self, params: Json, _now: float) -> bool:
        room = self._chats.room(params.get("chat_id"))
        if not room.has(params.get("message_id")):
            bad_request("message to delete not found")
        self._chats.delete(room, params["message_id"])
        return True

    def _send_action(self, params: Json, _now: float) -> bool:
        if params.get("action") not in rules.ACTIONS:
            bad_request("wrong parameter action in request")
        self._thread(self._chats.room(params.get("chat_id")), params)
        return True

    def _send_draft(self, params: Json, _now: float) -> bool:
        parsed = rules.message_text(params, may_be_empty=True)
        room = self._chats.room(params.get("chat_id"))
        if room.chat.type != "private":
            bad_request("TEXTDRAFT_PEER_INVALID")
        if not params.get("draft_id"):
            bad_request("RANDOM_ID_INVALID")
        self._thread(room, params)
        self._heed(parsed, "sendMessageDraft", room.chat.id)
        return True

    def _set_reaction(self, params: Json, _now: float) -> bool:
        room = self._chats.room(params.get("chat_id"))
        reactions = params.get("reaction") or []
        if not room.has(params.get("message_id")):
            bad_request("message to react not found")
        if len(reactions) > 1:
            bad_request("REACTIONS_TOO_MANY")
        if any(str(reaction.get("emoji", "")).replace("\ufe0f", "") not in rules.REACTIONS for reaction in reactions):
            bad_request("REACTION_INVALID")
        kept = room.kept.get(params["message_id"])
        if kept is not None:
            kept.reactions[self._me["id"]] = reactions
        return True


def _person(me: Json) -> Json:
    return {k: me[k] for k in ("id", "is_bot", "first_name", "username")}


def _content(parsed: Parsed, markup: Json | None) -> Json:
    content: Json = {"text": parsed.text}
    if parsed.entities:
        content["entities"] = parsed.entities
    if markup:
        content["reply_markup"] = markup
    return content


def _buttons(markup: Json | None) -> list[list[tuple[str, str]]]:
    rows: list[list[Json]] = markup["inline_keyboard"] if markup else []
    return [[(button["text"], _target(button)) for button in row] for row in rows]


def _target(button: Json) -> str:
    """What the button leads to: callback data, an address, or for other kinds the value of their one field."""
    if "callback_data" in button:
        return str(button["callback_data"])
    if "url" in button:
        return str(button["url"])
    return next((str(value) for name, value in button.items() if name != "text"), "")


def _previews(params: Json) -> bool:
    options: Any = params.get("link_preview_options") or {}
    return not (options.get("is_disabled") or params.get("disable_web_page_preview"))
