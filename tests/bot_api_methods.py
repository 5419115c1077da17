"""What each method of the Bot API does. Methods raise Refused; getUpdates, which waits, is the server's own."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests import bot_api_rules as rules
from tests.bot_api_html import Json, utf16_length, words
from tests.bot_api_messages import Messages
from tests.bot_api_rules import bad_request
from tests.bot_api_state import Chats, InlineAnswer, Queries, Toast, Updates

if TYPE_CHECKING:
    from collections.abc import Callable

DOWNLOAD_LIMIT = 20 * 1024 * 1024  # bytes
FLOOD_CONTROLLED = words(
    "sendmessage editmessagetext editmessagereplymarkup sendchataction sendmessagedraft deletemessage "
    "setmessagereaction"
)


@dataclass(slots=True)
class Webhook:
    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error: str | None = None
    last_error_date: int = 0


@dataclass(frozen=True, slots=True)
class File:
    path: str
    data: bytes
    size: int


class Files:
    """The last hundred files that people sent, by file id."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, File] = OrderedDict()
        self._count = 0

    def add(self, name: str, data: bytes, size: int) -> str:
        self._count += 1
        file_id = f"BQACAgUAAxkBAAI{self._count:08d}"
        self._files[file_id] = File(f"documents/file_{self._count}.{name.rpartition('.')[2]}", data, size)
        if len(self._files) > 100:
            self._files.popitem(last=False)
        return file_id

    def get(self, file_id: str) -> File:
        file = self._files.get(file_id)
        if file is None:
            bad_request("wrong file_id or the file is temporarily unavailable")
        if file.size > DOWNLOAD_LIMIT:
            bad_request("file is too big")
        return file

    def at(self, path: str) -> File | None:
        return next((file for file in self._files.values() if file.path == path), None)


class Methods(Messages):
    def __init__(
        self,
        me: Json,
        chats: Chats,
        updates: Updates,
        queries: Queries,
        files: Files,
        note: Callable[[str, int | None, str], None],
    ) -> None:
        super().__init__(me, chats, updates, note)
        self.webhook = Webhook()
        self.commands: dict[tuple[str, str], list[Json]] = {}  # (scope type, language code)
        self.profile: dict[tuple[str, str], str] = {}  # (name | description | short_description, language code)
        self._queries, self._files = queries, files
        self._by_name: dict[str, Callable[[Json, float], object]] = {
            "getme": lambda _params, _now: self._me,
            "logout": lambda _params, _now: True,
            "close": lambda _params, _now: True,
            "sendmessage": self._send_message,
            "editmessagetext": self._edit_text,
            "editmessagereplymarkup": self._edit_markup,
            "deletemessage": self._delete_message,
            "sendchataction": self._send_action,
            "sendmessagedraft": self._send_draft,
            "setmessagereaction": self._set_reaction,
            "answercallbackquery": self._answer_callback,
            "answerinlinequery": self._answer_inline,
            "getfile": self._get_file,
            "getchat": self._get_chat,
            "setmycommands": self._set_commands,
            "setmyname": self._profile("name", 64),
            "setmydescription": self._profile("description", 512),
            "setmyshortdescription": self._profile("short_description", 120),
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._webhook_info,
        }

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def carry_out(self, name: str, params: Json, now: float) -> object:
        """`name` in lower case; `now` is monotonic. The result, ready for JSON."""
        return self._by_name[name](params, now)

    def _answer_callback(self, params: Json, now: float) -> bool:
        rules.checked_toast(params, self._me["username"])
        toast = Toast(str(params.get("text") or ""), bool(params.get("show_alert")), params.get("url"))
        self._queries.answer(str(params.get("callback_query_id")), toast, now)
        return True

    def _answer_inline(self, params: Json, now: float) -> bool:
        results, button = params.get("results"), params.get("button")
        for what in rules.checked_results(results):
            self._note("answerInlineQuery", None, what)
        rules.checked_inline_button(button)
        next_offset = str(params.get("next_offset") or "")
        if len(next_offset.encode()) > 64:
            bad_request("NEXT_OFFSET_INVALID")
        answer = InlineAnswer(
            results if isinstance(results, list) else [],
            button,
            int(params.get("cache_time", 300)),
            bool(params.get("is_personal")),
            next_offset,
        )
        self._queries.answer(str(params.get("inline_query_id")), answer, now)
        return True

    def _get_file(self, params: Json, _now: float) -> Json:
        file_id = str(params.get("file_id"))
        file = self._files.get(file_id)
        return {"file_id": file_id, "file_unique_id": file_id[-8:], "file_size": file.size, "file_path": file.path}

    def _get_chat(self, params: Json, _now: float) -> Json:
        kinds = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        gifts = dict.fromkeys(kinds, False)
        required = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
        return self._chats.room(params.get("chat_id")).chat.json() | required

    def _set_commands(self, params: Json, _now: float) -> bool:
        scope = params.get("scope") or {"type": "default"}
        self.commands[str(scope["type"]), _language(params)] = rules.checked_commands(params.get("commands"))
        return True

    def _profile(self, what: str, limit: int) -> Callable[[Json, float], bool]:
        def set_profile(params: Json, _now: float) -> bool:
            text = str(params.get(what) or "")
            if utf16_length(text) > limit:
                bad_request(f"{what.replace('_', ' ')} is too long")
            self.profile[what, _language(params)] = text
            return True

        return set_profile

    def _set_webhook(self, params: Json, _now: float) -> bool:
        url, secret = str(params.get("url") or ""), str(params.get("secret_token") or "")
        if url and not url.startswith(("https://", "http://127.0.0.1:")):  # tests have no certificates
            bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if len(secret) > 256 or not all(c.isascii() and (c.isalnum() or c in "_-") for c in secret):
            bad_request("secret token contains unallowed characters")
        self._updates.allow(params.get("allowed_updates"))
        self._drop_pending(params)
        self.webhook = Webhook(url, secret, int(params.get("max_connections") or 40))
        return True

    def _delete_webhook(self, params: Json, _now: float) -> bool:
        self._drop_pending(params)
        self.webhook = Webhook()
        return True

    def _drop_pending(self, params: Json) -> None:
        if params.get("drop_pending_updates"):
            self._updates.pending.clear()

    def _webhook_info(self, _params: Json, _now: float) -> Json:
        hook = self.webhook
        info: Json = {"url": hook.url, "has_custom_certificate": False}
        info["pending_update_count"] = len(self._updates.pending)
        if hook.url:
            info["max_connections"] = hook.max_connections
        if hook.last_error is not None:
            info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
        if self._updates.allowed is not None:
            info["allowed_updates"] = sorted(self._updates.allowed)
        return info


def _language(params: Json) -> str:
    code = str(params.get("language_code") or "")
    if code and not (len(code) == 2 and code.isascii() and code.islower()):
        bad_request("invalid language code specified")
    return code
