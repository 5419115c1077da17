"""The Bot API server behaves as Telegram does, seen through plain HTTP and through python-telegram-bot."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters, Update
from telegram import error as telegram_error
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from tests.bot_api import (
    BadGateway,
    BotApi,
    BotMessage,
    BrokenJson,
    CantParse,
    Chat,
    ChatNotFound,
    ConflictFault,
    EditNotFound,
    Fault,
    Flood,
    ForbiddenFault,
    Hang,
    Limits,
    Migrated,
    NotModified,
    Person,
    ResetAfter,
    ResetBefore,
    ServerError,
    Toast,
    Unauthorized,
    private,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.bot_api_html import Json

LAN = Person(7, "Lan", username="lan")
MINH = Person(8, "Minh", "en")
GROUP = Chat(-1001, "supergroup", "Hỏi đáp Hải Hậu")
UNLIMITED = Limits(enforce=False)
IMPATIENT = httpx.Timeout(5, read=0.05)
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; loading the certificates for each client takes longer

# Without it RetryAfter warns of a coming change when it is made, and warnings are errors here.
os.environ.setdefault("PTB_TIMEDELTA", "true")


class Caller(Protocol):
    def __call__(self, method: str, **params: object) -> httpx.Response: ...


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi(limits=UNLIMITED) as server:
        yield server


@pytest.fixture
def call(api: BotApi) -> Iterator[Caller]:
    with _client(api) as client:
        yield _caller(client)


def _client(api: BotApi) -> httpx.Client:
    return httpx.Client(base_url=f"{api.base_url}{api.token}/", verify=TLS, trust_env=False, timeout=5)


def _caller(client: httpx.Client) -> Caller:
    def call(method: str, **params: object) -> httpx.Response:
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        return client.post(method, data=form)

    return call


def _bot(api: BotApi) -> ExtBot[None]:
    requests = [HTTPXRequest(httpx_kwargs={"verify": TLS, "trust_env": False}, read_timeout=2) for _ in range(2)]
    return ExtBot(
        api.token,
        base_url=api.base_url,
        base_file_url=api.base_file_url,
        request=requests[0],
        get_updates_request=requests[1],
    )


def _with_bot(api: BotApi, story: Callable[[ExtBot[None]], Awaitable[None]]) -> None:
    async def told() -> None:
        async with _bot(api) as bot:
            await story(bot)

    asyncio.run(told())


def _ids(response: httpx.Response) -> list[int]:
    return [update["update_id"] for update in response.json()["result"]]


def _refusal(response: httpx.Response) -> tuple[int, str]:
    answer = response.json()
    assert answer["ok"] is False
    assert answer["error_code"] == response.status_code
    return response.status_code, answer["description"].removeprefix("Bad Request: ")


def test_only_the_right_token_and_known_methods_are_served(api: BotApi, call: Caller) -> None:
    assert call("getMe").json()["result"]["username"] == "hoidap_bot"
    assert _refusal(call("getNothing")) == (404, "Not Found: method not found")
    origin = api.base_url.removesuffix("/bot")
    assert _refusal(httpx.get(f"{origin}/bot12:wrong/getMe", verify=TLS)) == (401, "Unauthorized")
    assert _refusal(httpx.get(f"{origin}/botwrong/getMe", verify=TLS)) == (404, "Not Found")
    assert _refusal(httpx.get(f"{origin}/elsewhere", verify=TLS)) == (404, "Not Found")


def test_parameters_come_as_form_json_multipart_or_query(api: BotApi) -> None:
    question = api.say(LAN, "Chào")
    params: dict[str, Any] = {"chat_id": LAN.id, "text": "Xin chào", "reply_parameters": {"message_id": 1}}
    flat = {**params, "chat_id": str(LAN.id), "reply_parameters": '{"message_id": 1}'}
    with _client(api) as client:
        answers = [
            client.post("sendMessage", data=flat),
            client.post("sendmessage", json=params),
            client.post("sendMessage", files={name: (None, value) for name, value in flat.items()}),
            client.get("sendMessage", params=flat),
        ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [message.text for message in api.answers_to(question)] == ["Xin chào"] * 4


def test_updates_stay_until_a_higher_offset_confirms_them(api: BotApi, call: Caller) -> None:
    first, second, third = (api.say(LAN, text).update_id for text in ("a", "b", "c"))
    assert _ids(call("getUpdates")) == _ids(call("getUpdates")) == [first, second, third]
    assert _ids(call("getUpdates", limit=1)) == [first]
    assert _ids(call("getUpdates", offset=second)) == [second, third]
    assert _ids(call("getUpdates", offset=-1)) == [third]
    assert _ids(call("getUpdates", offset=first)) == [third]
    assert api.unconfirmed == 1
    api.redeliver(first)
    assert _ids(call("getUpdates", offset=third + 1)) == [first]
    assert _ids(call("getUpdates", offset=third + 1)) == []


def test_at_most_a_hundred_updates_come_at_once(api: BotApi, call: Caller) -> None:
    for n in range(120):
        api.say(LAN, str(n))
    assert len(_ids(call("getUpdates"))) == len(_ids(call("getUpdates", limit=500))) == 100


def test_a_long_poll_returns_as_soon_as_there_is_something(api: BotApi, call: Caller) -> None:
    threading.Timer(0.1, api.say, (LAN, "a")).start()
    began = time.monotonic()
    assert len(_ids(call("getUpdates", timeout=5))) == 1
    assert 0.05 < time.monotonic() - began < 2


def test_a_long_poll_ends_empty_and_held_updates_wait(api: BotApi, call: Caller) -> None:
    api.hold()
    api.say(LAN, "a")
    assert _ids(call("getUpdates", timeout=1)) == []
    api.release()
    assert len(_ids(call("getUpdates"))) == 1


def test_a_bot_gets_only_the_kinds_of_updates_it_asked_for(api: BotApi, call: Caller) -> None:
    said = api.say(LAN, "a")
    api.react(LAN, said, "👍")  # not among the default kinds
    assert _ids(call("getUpdates", allowed_updates=["message_reaction"])) == [said.update_id]
    api.say(LAN, "b")
    reacted = api.react(LAN, said, None)
    assert _ids(call("getUpdates", offset=said.update_id + 1)) == [reacted.update_id]
    call("getUpdates", allowed_updates=[])
    api.react(LAN, said, "👍")
    assert len(_ids(call("getUpdates"))) == 1


def test_an_update_may_bring_an_id_of_its_own(api: BotApi, call: Caller) -> None:
    first = api.say(LAN, "a").update_id
    assert api.push({"update_id": first + 1000, "message": {"message_id": 9}}) == first + 1000
    assert api.say(LAN, "b").update_id == first + 1001
    assert _ids(call("getUpdates")) == [first, first + 1000, first + 1001]
    assert set(api.reply_counts()) == {first, first + 1000, first + 1001}


def test_a_newer_long_poll_ends_the_older_with_409(api: BotApi) -> None:
    async def story() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=f"{api.base_url}{api.token}/", verify=TLS) as client:
            older = asyncio.create_task(client.post("getUpdates", data={"timeout": "5"}))
            await asyncio.to_thread(api.wait, lambda: api.calls_of("getUpdates"))
            newer = asyncio.create_task(client.post("getUpdates", data={"timeout": "5"}))
            refused = await older
            api.say(LAN, "a")
            return [refused, await newer]

    refused, served = asyncio.run(story())
    words = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    assert _refusal(refused) == (409, words)
    assert len(_ids(served)) == 1


def test_a_poller_that_went_away_takes_no_updates_with_it(api: BotApi, call: Caller) -> None:
    with _client(api) as client, pytest.raises(httpx.ReadTimeout):
        client.post("getUpdates", data={"timeout": "5"}, timeout=IMPATIENT)
    api.say(LAN, "a")
    assert len(_ids(call("getUpdates", timeout=1))) == 1


def test_replies_topics_and_chats_must_exist(api: BotApi, call: Caller) -> None:
    question = api.say(LAN, "Hỏi", GROUP, topic=40)

    def send(**params: object) -> httpx.Response:
        return call("sendMessage", **{"chat_id": GROUP.id, "text": "x", **params})

    assert _refusal(send(chat_id=99)) == (400, "chat not found")
    assert _refusal(send(chat_id="@nobody")) == (400, "chat not found")
    assert _refusal(call("sendMessage", text="x")) == (400, "chat_id is empty")
    assert _refusal(send(message_thread_id=41)) == (400, "message thread not found")
    assert _refusal(send(reply_parameters={"message_id": 9})) == (400, "message to be replied not found")
    assert _refusal(call("sendChatAction", chat_id=GROUP.id, action="sing")) == (
        400,
        "wrong parameter action in request",
    )
    assert send(reply_parameters={"message_id": 9, "allow_sending_without_reply": True}).status_code == 200
    answer = send(reply_parameters={"message_id": question.message_id}).json()["result"]
    assert answer["message_thread_id"] == 40
    assert answer["reply_to_message"]["text"] == "Hỏi"
    assert [message.thread for message in api.messages(GROUP)] == [None, 40]
    api.delete_topic(GROUP, 40)
    assert _refusal(send(message_thread_id=40)) == (400, "message thread not found")
    api.kick(LAN, GROUP)
    assert _refusal(send()) == (403, "Forbidden: bot was kicked from the supergroup chat")


def test_messages_are_edited_and_deleted_as_telegram_does(api: BotApi, call: Caller) -> None:
    question = api.say(LAN, "Hỏi")
    keyboard = {"inline_keyboard": [[{"text": "Nguồn 1", "callback_data": "s1"}]]}
    sent = call("sendMessage", chat_id=LAN.id, text="<b>Đáp</b>", parse_mode="HTML", reply_markup=keyboard)
    message_id = sent.json()["result"]["message_id"]

    def edit(text: str = "Đáp", message_id: int = message_id, **params: object) -> httpx.Response:
        return call("editMessageText", chat_id=LAN.id, message_id=message_id, text=text, **params)

    same = edit("<strong>Đáp</strong>", parse_mode="HTML", reply_markup=keyboard)
    assert _refusal(same)[1].startswith("message is not modified: specified new message content and reply markup")
    assert _refusal(edit(message_id=99)) == (400, "message to edit not found")
    assert _refusal(edit(message_id=question.message_id or 0)) == (400, "message can't be edited")
    assert _refusal(edit("x" * 4097)) == (400, "MESSAGE_TOO_LONG")
    assert edit("Mới").json()["result"]["edit_date"]
    (message,) = api.messages(private(LAN))
    assert (message.text, message.buttons, message.edits) == ("Mới", [], 1)
    assert call("editMessageReplyMarkup", chat_id=LAN.id, message_id=message_id, reply_markup=keyboard).is_success
    now = api.now(message)
    assert now is not None
    assert now.buttons == [[("Nguồn 1", "s1")]]
    assert call("deleteMessage", chat_id=LAN.id, message_id=message_id).is_success
    assert _refusal(call("deleteMessage", chat_id=LAN.id, message_id=message_id)) == (
        400,
        "message to delete not found",
    )
    assert _refusal(edit("Lại")) == (400, "message to edit not found")
    assert api.messages(private(LAN)) == []


def test_drafts_go_to_private_chats_and_may_be_empty(api: BotApi, call: Caller) -> None:
    api.meet(private(LAN))
    api.meet(GROUP)
    assert call("sendMessageDraft", chat_id=LAN.id, draft_id=1, text="Đang").is_success
    assert call("sendMessageDraft", chat_id=LAN.id, draft_id=1).is_success
    assert _refusal(call("sendMessageDraft", chat_id=GROUP.id, draft_id=1, text="x")) == (400, "TEXTDRAFT_PEER_INVALID")
    assert _refusal(call("sendMessageDraft", chat_id=LAN.id, draft_id=0, text="x")) == (400, "RANDOM_ID_INVALID")


def test_a_query_is_answered_once_and_while_it_is_young(api: BotApi, call: Caller) -> None:
    old = "query is too old and response timeout expired or query ID is invalid"
    said = api.say(LAN, "a")
    press, late = api.press(LAN, said, "forged"), api.press(LAN, said, "forged")
    assert call("answerCallbackQuery", callback_query_id=press.query_id, text="Ừ", show_alert=True).is_success
    assert api.wait_toast(press) == Toast("Ừ", alert=True, url=None)
    assert _refusal(call("answerCallbackQuery", callback_query_id=press.query_id)) == (400, old)
    assert _refusal(call("answerCallbackQuery", callback_query_id="5")) == (400, old)
    api.query_age = 0.01
    time.sleep(0.02)
    assert _refusal(call("answerCallbackQuery", callback_query_id=late.query_id)) == (400, old)
    query = api.ask_inline(LAN, "cây xanh")
    content = {"message_text": "x"}
    results = [{"type": "article", "id": "1", "title": "Cây", "input_message_content": content}]
    api.query_age = 5
    assert call("answerInlineQuery", inline_query_id=query.query_id, results=results, cache_time=1).is_success
    assert api.wait_inline(query).results == results
    assert _refusal(call("answerInlineQuery", inline_query_id=query.query_id, results=[])) == (400, old)


def test_a_profile_is_kept_within_its_limits(api: BotApi, call: Caller) -> None:
    commands = [{"command": "hoi", "description": "Hỏi"}]
    assert call("setMyCommands", commands=commands, language_code="vi").is_success
    assert api.commands == {("default", "vi"): commands}
    assert (
        _refusal(call("setMyCommands", commands=[{"command": "Hỏi", "description": "x"}]))[1] == "BOT_COMMAND_INVALID"
    )
    assert call("setMyDescription", description="x" * 512).is_success
    assert _refusal(call("setMyDescription", description="x" * 513)) == (400, "description is too long")
    assert _refusal(call("setMyShortDescription", short_description="x" * 121))[1] == "short description is too long"
    assert api.profile == {("description", ""): "x" * 512}


def test_floods_are_refused_and_recorded() -> None:
    with BotApi(limits=Limits(per_second=4, per_chat_second=1)) as api, _client(api) as client:
        call = _caller(client)
        api.meet(private(LAN))
        assert call("sendChatAction", chat_id=LAN.id, action="typing").is_success
        refused = call("sendMessage", chat_id=LAN.id, text="x")
        assert _refusal(refused) == (429, "Too Many Requests: retry after 1")
        assert refused.json()["parameters"] == {"retry_after": 1}
        assert call("getChat", chat_id=LAN.id).is_success  # what sends nothing is not counted
        others = [call("sendMessage", chat_id=chat_id, text="x").status_code for chat_id in (11, 12, 13, 14)]
        assert others == [400, 400, 400, 429]
        assert [(seen.method, seen.chat_id) for seen in api.violations] == [
            ("sendMessage", LAN.id),
            ("sendMessage", 14),
        ]
        assert [seen.outcome for seen in api.calls_of("sendMessage")] == ["429", "400", "400", "400", "429"]


def test_a_group_has_a_limit_for_each_minute_too() -> None:
    with BotApi(limits=Limits(per_chat_second=10, per_group_minute=2)) as api, _client(api) as client:
        call = _caller(client)
        for chat in (private(LAN), GROUP):
            api.meet(chat)
            for _ in range(2):
                assert call("sendChatAction", chat_id=chat.id, action="typing").is_success
        assert call("sendMessage", chat_id=LAN.id, text="x").is_success
        refused = call("deleteMessage", chat_id=GROUP.id, message_id=1)
        assert 50 < refused.json()["parameters"]["retry_after"] <= 60


def test_who_waits_after_a_flood_may_go_on() -> None:
    with BotApi(limits=Limits(slack=0.8)) as api, _client(api) as client:  # a second of 0.2 s
        api.meet(private(LAN))
        api.wait(lambda: client.post("sendMessage", data={"chat_id": "7", "text": "x"}).status_code == 429)
        time.sleep(0.2)
        assert client.post("sendMessage", data={"chat_id": "7", "text": "y"}).is_success


def test_what_telegram_mends_in_silence_is_a_violation(api: BotApi, call: Caller) -> None:
    api.meet(private(LAN))
    assert call("sendMessage", chat_id=LAN.id, text="A & B", parse_mode="HTML").is_success
    assert [violation.what for violation in api.violations] == ["a bare & at character 2: '& B'"]


class _Receiver(BaseHTTPRequestHandler):
    """A webhook that answers with the statuses in `statuses`, then with 200."""

    statuses: list[int]
    received: list[tuple[str | None, int]]  # secret, update id

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).received.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], json.loads(body)["update_id"]))
        self.send_response(self.statuses.pop(0) if self.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None: ...


def test_a_webhook_gets_each_update_in_order_with_the_secret(api: BotApi, call: Caller) -> None:
    _Receiver.statuses, _Receiver.received = [500, 302], []
    with HTTPServer(("127.0.0.1", 0), _Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.01,)).start()
        first = api.say(LAN, "a").update_id
        assert _refusal(call("setWebhook", url="http://example.com"))[1].startswith("bad webhook: An HTTPS URL")
        hook = {"url": f"http://127.0.0.1:{receiver.server_port}/", "secret_token": "s-1"}
        assert call("setWebhook", **hook).is_success
        second = api.say(LAN, "b").update_id
        api.wait(lambda: not api.unconfirmed)
        assert _Receiver.received == [("s-1", first), ("s-1", first), ("s-1", first), ("s-1", second)]
        info = call("getWebhookInfo").json()["result"]
        assert info["last_error_message"].startswith("Wrong response from the webhook: 302")
        assert _refusal(call("getUpdates"))[1].startswith(
            "Conflict: can't use getUpdates method while webhook is active"
        )
        receiver.shutdown()
    third = api.say(LAN, "c").update_id
    assert call("deleteWebhook").is_success
    assert _ids(call("getUpdates")) == [third]


REFUSALS: list[tuple[Fault, type[Exception], str]] = [
    (Flood(3), telegram_error.RetryAfter, "Retry in"),
    (BadGateway(), telegram_error.NetworkError, "Bad Gateway"),
    (ServerError(), telegram_error.NetworkError, "Internal Server Error"),
    (BrokenJson(), telegram_error.TelegramError, "Invalid server response"),
    (ResetBefore(), telegram_error.NetworkError, "RemoteProtocolError"),
    (ConflictFault(), telegram_error.Conflict, "terminated by other getUpdates request"),
    (ForbiddenFault(), telegram_error.Forbidden, "bot was blocked by the user"),
    (ChatNotFound(), telegram_error.BadRequest, "Chat not found"),
    (Migrated(-1002), telegram_error.ChatMigrated, "New chat id: -1002"),
    (CantParse(), telegram_error.BadRequest, "Can't parse entities"),
    (EditNotFound(), telegram_error.BadRequest, "Message to edit not found"),
    (NotModified(), telegram_error.BadRequest, "Message is not modified"),
    (Unauthorized(), telegram_error.InvalidToken, "Unauthorized"),
]


def test_each_injected_fault_reaches_the_client_as_telegrams_would(api: BotApi) -> None:
    async def story(bot: ExtBot[None]) -> None:
        for fault, error, words in REFUSALS:
            api.inject("sendMessage", fault, chat_id=LAN.id)
            with pytest.raises(error, match=words):
                await bot.send_message(LAN.id, "x")
        await bot.send_message(-1002, "Mới")
        api.inject("getUpdates", ConflictFault(), times=2)
        for _ in range(2):
            with pytest.raises(telegram_error.Conflict):
                await bot.get_updates()
        assert await bot.get_updates() == ()

    api.meet(private(LAN))
    _with_bot(api, story)
    assert api.messages(LAN.id) == []
    assert [message.text for message in api.messages(-1002)] == ["Mới"]
    assert api.violations == []
    assert [call.outcome for call in api.calls_of("sendMessage")] == ["fault"] * len(REFUSALS) + ["ok"]


def test_a_reset_after_the_request_loses_only_the_answer(api: BotApi, call: Caller) -> None:
    question = api.say(LAN, "a")
    api.inject("*", ResetAfter(), times=2)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        call("getUpdates")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        call("sendMessage", chat_id=LAN.id, text="x", reply_parameters={"message_id": 1})
    assert len(api.answers_to(question)) == 1
    assert _ids(call("getUpdates")) == [question.update_id]


def test_a_request_that_hangs_is_carried_out_for_those_who_wait(api: BotApi, call: Caller) -> None:
    api.meet(private(LAN))
    api.inject("sendMessage", Hang(0.2), times=2)
    with _client(api) as client, pytest.raises(httpx.ReadTimeout):
        client.post("sendMessage", data={"chat_id": "7", "text": "x"}, timeout=IMPATIENT)
    assert call("sendMessage", chat_id=LAN.id, text="y").is_success
    assert [message.text for message in api.messages(private(LAN))] == ["y"]
    assert [seen.outcome for seen in api.calls] == ["fault", "ok"]


def test_random_faults_repeat_with_their_seed_and_fit_the_method(api: BotApi, call: Caller) -> None:
    api.meet(private(LAN))
    seen = []
    for _ in range(2):
        api.random_faults(0.5, 3, [Flood(1), BadGateway(), NotModified()])
        seen.append([call("sendMessage", chat_id=LAN.id, text="x").status_code for _ in range(40)])
    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 429, 502}
    api.clear_faults()
    assert call("sendMessage", chat_id=LAN.id, text="x").is_success


def test_while_it_is_down_every_connection_is_closed(api: BotApi, call: Caller) -> None:
    threading.Timer(0.1, setattr, (api, "down", True)).start()
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            call("getUpdates", timeout=5)
    api.say(LAN, "a")
    api.down = False
    assert len(_ids(call("getUpdates"))) == 1


def test_the_updates_of_people_are_whole(api: BotApi) -> None:
    """Each is read by python-telegram-bot, which fails on missing fields."""
    channel = Chat(-1003, "channel", "Tin")
    first = api.say(LAN, "😀 /hoi@hoidap_bot @lan https://a.vn/x ở đâu?", GROUP, topic=5)
    api.say(MINH, "và xã?", GROUP, reply_to=first, topic=5, date=1_700_000_000)
    api.edit(LAN, first, "/hoi khác")
    api.anonymous(GROUP, "x")
    api.post_in_channel(channel, "x")
    api.join(LAN, GROUP)
    api.block(LAN)
    api.press(LAN, first, "forged")
    api.ask_inline(MINH, "cây", "20")
    api.send_document(LAN, "bài.pdf", b"%PDF", "application/pdf", caption="/them")

    async def story(bot: ExtBot[None]) -> None:
        raws: list[Json] = await bot.do_api_request("getupdates")  # with a capital U it warns
        said, replied, edited, anonymous, posted, joined, blocked, pressed, asked, sent = (
            Update.de_json(raw, bot) for raw in raws
        )
        assert said.message and replied.message and edited.edited_message and anonymous.message  # noqa: PT018
        entities = said.message.parse_entities()
        assert list(entities.values()) == ["/hoi@hoidap_bot", "@lan", "https://a.vn/x"]
        assert (said.message.message_thread_id, said.message.is_topic_message, said.message.chat.is_forum) == (
            5,
            True,
            True,
        )
        assert replied.message.reply_to_message
        assert replied.message.reply_to_message.text == said.message.text
        assert replied.message.date.timestamp() == 1_700_000_000
        assert edited.edited_message.text == "/hoi khác"
        assert edited.edited_message.edit_date
        assert anonymous.message.from_user
        assert anonymous.message.from_user.id == 1087968824
        assert anonymous.message.sender_chat == anonymous.message.chat
        assert posted.channel_post
        assert posted.effective_user is None
        assert joined.my_chat_member
        assert joined.my_chat_member.new_chat_member.status == "member"
        assert blocked.my_chat_member
        assert blocked.my_chat_member.new_chat_member.status == "kicked"
        assert pressed.callback_query
        assert pressed.callback_query.data == "forged"
        assert asked.inline_query
        assert asked.inline_query.offset == "20"
        assert sent.message
        assert sent.message.document
        file = await sent.message.document.get_file()
        assert await file.download_as_bytearray() == b"%PDF"
        with pytest.raises(telegram_error.Forbidden, match="bot was blocked by the user"):
            await bot.send_message(LAN.id, "x")

    _with_bot(api, story)


def test_a_file_over_20_megabytes_cannot_be_fetched(api: BotApi, call: Caller) -> None:
    api.send_document(LAN, "to.pdf", b"%PDF", size=20 * 1024 * 1024 + 1)
    document = call("getUpdates").json()["result"][0]["message"]["document"]
    assert _refusal(call("getFile", file_id=document["file_id"])) == (400, "file is too big")
    assert _refusal(call("getFile", file_id="x"))[1].startswith("wrong file_id")


def test_a_conversation_is_seen_from_both_sides(api: BotApi) -> None:
    keyboard = InlineKeyboardMarkup(
        [[InlineKeyboardButton("1", callback_data="s1"), InlineKeyboardButton("Mở", "https://a.vn")]]
    )

    async def story(bot: ExtBot[None]) -> None:
        question = api.say(LAN, "Bao nhiêu?")
        other = api.say(MINH, "Gì?")
        for update in await bot.get_updates():
            assert update.message
            await bot.send_message(
                update.message.chat.id,
                "<b>96,46%</b> &amp; hơn",
                "HTML",
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=keyboard,
                reply_parameters=ReplyParameters(update.message.message_id),
            )
        answer = api.wait_answer(question)
        assert (answer.text, answer.html) == ("96,46% & hơn", "<b>96,46%</b> &amp; hơn")
        assert answer.entities == [{"type": "bold", "offset": 0, "length": 6}]
        assert answer.buttons == [[("1", "s1"), ("Mở", "https://a.vn")]]
        assert (answer.reply_to, answer.edits, answer.previews) == (question.message_id, 0, False)
        assert api.reply_counts() == {question.update_id: 1, other.update_id: 1}
        assert all(0 < seconds < 5 for seconds in api.latencies())
        pressed = [api.press(LAN, answer, text).query_id for text in ("1", "s1", "s2")]
        with pytest.raises(ValueError, match=r"opens https://a\.vn"):
            api.press(LAN, answer, "Mở")
        queries = [update.callback_query for update in await bot.get_updates(offset=other.update_id + 1)]
        assert [(query.id, query.data) for query in queries if query] == list(
            zip(pressed, ["s1", "s1", "s2"], strict=True)
        )
        assert queries[0]
        assert await queries[0].edit_message_text("Nguồn 1")
        stale = api.press(LAN, answer, "1")
        (update,) = await bot.get_updates(offset=stale.update_id)
        assert update.callback_query
        assert update.callback_query.data == "s1"

    _with_bot(api, story)
    assert isinstance(api.messages(private(LAN))[0], BotMessage)


def test_a_reaction_of_the_bot_is_one_of_telegrams(api: BotApi, call: Caller) -> None:
    said = api.say(LAN, "a")
    thumb, thinking = {"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "🌵"}
    assert call("setMessageReaction", chat_id=LAN.id, message_id=1, reaction=[thumb]).is_success
    assert api.reactions(said) == ["👍"]
    assert _refusal(call("setMessageReaction", chat_id=LAN.id, message_id=1, reaction=[thinking])) == (
        400,
        "REACTION_INVALID",
    )
    assert call("setMessageReaction", chat_id=LAN.id, message_id=1).is_success
    assert api.reactions(said) == []


def test_waiting_in_vain_says_what_was_called(api: BotApi, call: Caller) -> None:
    call("sendMessage", chat_id=99, text="lạc")
    with pytest.raises(
        AssertionError, match=r"in vain; 0 updates unconfirmed.*\n  sendMessage 400 .*chat not found.*lạc"
    ):
        api.wait(lambda: False, timeout=0.05)


def test_memory_is_bounded_but_counts_are_not() -> None:
    with BotApi(limits=UNLIMITED, keep=10) as api, _client(api) as client:
        call = _caller(client)
        questions = [api.say(LAN, f"câu {n}") for n in range(50)]
        for question in questions[:40]:
            reply = {"message_id": question.message_id}
            assert call("sendMessage", chat_id=LAN.id, text="x", reply_parameters=reply).is_success
        assert len(api.calls) == 10
        assert len(api.messages(private(LAN))) == 10
        assert api.answers_to(questions[0]) == []
        assert len(api.answers_to(questions[39])) == 1
        assert api.reply_counts() == {question.update_id: int(n < 40) for n, question in enumerate(questions)}


def test_a_mistake_of_the_server_fails_the_test_that_met_it() -> None:
    with (
        pytest.raises(AssertionError, match="server itself failed"),
        BotApi(limits=UNLIMITED) as api,
        _client(api) as client,
        pytest.raises(httpx.RemoteProtocolError, match="without sending a response"),
    ):
        _caller(client)("getUpdates", timeout="soon")
