"""Delivery over real HTTP, by the library's bot and the flood limiter, against a server that says what Telegram says.

Time runs a hundred times as fast for the limiter, but where the limits themselves are tested.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from qa_bot.telegram.delivery import Delivery, Target, Trouble, trouble_of
from qa_bot.telegram.pacing import FloodLimiter, Priority
from qa_bot.telegram.styled import Part
from tests.bot_api import (
    BadGateway,
    BotApi,
    BotMessage,
    BrokenJson,
    CantParse,
    Chat,
    ChatNotFound,
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
    Unauthorized,
    private,
)
from tests.bot_api_rules import Refused

_FASTER = 100
_LAN = Person(7, "Lan")
_CHAT = private(_LAN)
_GROUP = Chat(-1007, "supergroup", "Nhóm")
_HERE = Target(_CHAT.id)
_PART = Part("<b>Đúng</b> vậy", "Đúng vậy")
_BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("1", callback_data="one")]])
_LOGGER = "qa_bot.telegram.delivery"


@dataclass(frozen=True)
class Says(Fault):
    """Any refusal, word by word."""

    description: str
    code: int = 400

    def refusal(self) -> Refused:
        return Refused(self.code, self.description)


@dataclass(frozen=True)
class Page(Fault):
    """A page for people from some proxy, whatever its status."""

    code: int

    def response(self) -> tuple[int, str, bytes]:
        return self.code, "text/html", b"<html><body>secret words</body></html>"


@dataclass
class Post:
    """A bot that delivers, and what it did meanwhile."""

    delivery: Delivery
    limiter: FloodLimiter
    counted: list[str]
    moved: list[tuple[int, int]]
    slept: list[float]  # seconds between tries
    asleep: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture(scope="module")
def server() -> Iterator[BotApi]:
    with BotApi(limits=Limits(enforce=False)) as api:
        yield api


@pytest.fixture
def api(server: BotApi) -> BotApi:
    server.clear_faults()
    server.meet(_CHAT)
    server.meet(_GROUP)
    return server


def posted(
    api: BotApi, story: Callable[[Post], Awaitable[None]], *, faster: float = _FASTER, timeout: float = 5
) -> None:
    """Run `story` with a bot that is connected to `api`; `timeout` is that of a response."""

    async def main() -> None:
        async def soon(seconds: float) -> None:
            await asyncio.sleep(seconds / faster)

        async def recorded(seconds: float) -> None:
            post.slept.append(seconds)
            post.asleep.set()
            await asyncio.sleep(0)

        counted: list[str] = []
        moved: list[tuple[int, int]] = []
        limiter = FloodLimiter(
            30, 20, clock=lambda: time.monotonic() * faster, sleep=soon, flooded=lambda: counted.append("flood")
        )
        polling, request = (HTTPXRequest(read_timeout=timeout, httpx_kwargs={"verify": False}) for _ in range(2))
        async with ExtBot(
            api.token, api.base_url, request=request, get_updates_request=polling, rate_limiter=limiter
        ) as bot:
            delivery = Delivery(bot, counted.append, recorded, lambda old, new: moved.append((old, new)))
            post = Post(delivery, limiter, counted, moved, [])
            await story(post)

    asyncio.run(asyncio.wait_for(main(), 20))


def shown(api: BotApi, message_id: int | None, chat: int = _CHAT.id) -> BotMessage:
    return next(message for message in api.messages(chat) if message.id == message_id)


def params(api: BotApi, method: str = "sendMessage") -> list[dict[str, object]]:
    """Of the calls made, newest last."""
    return [call.params for call in api.calls_of(method)]


def test_a_message_is_sent_in_html_without_preview_as_a_reply_in_its_topic(api: BotApi) -> None:
    async def story(post: Post) -> None:
        question = api.say(_LAN, "Ai?", _GROUP, topic=3)
        target = Target(_GROUP.id, 3, question.message_id)
        message = shown(api, await post.delivery.send(target, _PART, _BUTTONS), _GROUP.id)
        assert (message.text, message.parse_mode, message.previews) == ("Đúng vậy", "HTML", False)
        assert (message.reply_to, message.thread) == (question.message_id, 3)
        assert message.buttons == [[("1", "one")]]
        assert post.counted == ["sent"]

    posted(api, story)


def test_a_reply_to_a_message_that_was_taken_back_is_sent_all_the_same(api: BotApi) -> None:
    async def story(post: Post) -> None:
        question = api.say(_LAN, "Ai?")
        api.delete(question)
        message = shown(api, await post.delivery.send(Target(_CHAT.id, None, question.message_id), _PART))
        assert message.reply_to is None

    posted(api, story)


def test_an_edit_changes_the_message_and_its_keyboard(api: BotApi) -> None:
    async def story(post: Post) -> None:
        sent = await post.delivery.send(_HERE, _PART, _BUTTONS)
        assert sent is not None
        assert await post.delivery.edit(_HERE, sent, Part("<i>Sai</i>", "Sai")) == sent
        message = shown(api, sent)
        assert (message.text, message.parse_mode, message.buttons, message.previews) == ("Sai", "HTML", [], False)
        await post.delivery.delete(_CHAT.id, sent)
        assert sent not in [message.id for message in api.messages(_CHAT)]

    posted(api, story)


def test_retry_after_is_waited_for_and_the_message_arrives_once(api: BotApi) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", Flood(1))
        before, began = len(api.messages(_CHAT)), time.monotonic()
        assert await post.delivery.send(_HERE, _PART) is not None
        assert time.monotonic() - began >= 1
        assert len(api.messages(_CHAT)) == before + 1
        assert post.counted == ["flood", "sent"]

    posted(api, story, faster=1)


def test_what_is_as_it_should_be_counts_as_edited(api: BotApi) -> None:
    async def story(post: Post) -> None:
        sent = await post.delivery.send(_HERE, _PART)
        assert sent is not None
        assert await post.delivery.edit(_HERE, sent, _PART) == sent
        api.inject("editMessageText", NotModified())
        assert await post.delivery.edit(_HERE, sent, Part("x", "x")) == sent
        assert post.counted == ["sent"]

    posted(api, story)


@pytest.mark.parametrize(
    "fault",
    [
        EditNotFound(),
        Says("Bad Request: message can't be edited"),
        Says("Bad Request: MESSAGE_ID_INVALID"),
        Says("Forbidden: MESSAGE_AUTHOR_REQUIRED", 403),
    ],
)
def test_a_message_that_cannot_be_edited_is_sent_anew(api: BotApi, fault: Fault) -> None:
    async def story(post: Post) -> None:
        sent = await post.delivery.send(_HERE, _PART)
        assert sent is not None
        api.inject("editMessageText", fault)
        anew = await post.delivery.edit(_HERE, sent, Part("<b>Khác</b>", "Khác"), _BUTTONS)
        assert anew not in (None, sent)
        assert (shown(api, anew).text, shown(api, anew).buttons) == ("Khác", [[("1", "one")]])

    posted(api, story)


@pytest.mark.parametrize(
    "fault",
    [
        ForbiddenFault(),
        Says("Forbidden: bot was kicked from the supergroup chat", 403),
        Says("Forbidden: user is deactivated", 403),
        Says("Forbidden: bot can't initiate conversation with a user", 403),
    ],
)
def test_nothing_more_is_sent_where_the_bot_is_blocked_until_somebody_writes_there(api: BotApi, fault: Fault) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", fault)
        assert await post.delivery.send(_HERE, _PART) is None
        before = len(api.calls)
        assert await post.delivery.send(_HERE, _PART) is None
        assert await post.delivery.edit(_HERE, 1, _PART) is None
        await post.delivery.typing(_HERE)
        await post.delivery.delete(_CHAT.id, 1)
        assert len(api.calls) == before
        assert await post.delivery.send(Target(_GROUP.id), _PART) is not None
        post.delivery.heard_from(_CHAT.id)
        assert await post.delivery.send(_HERE, _PART) is not None
        assert post.counted == ["blocked", "sent", "sent"]

    posted(api, story)


@pytest.mark.parametrize(
    "fault",
    [
        ChatNotFound(),
        Says("Bad Request: not enough rights to send text messages to the chat"),
        Says("Bad Request: CHAT_WRITE_FORBIDDEN"),
        Says("Bad Request: user is deactivated"),
    ],
)
def test_where_the_bot_cannot_write_it_gives_up_for_this_once(api: BotApi, fault: Fault) -> None:
    async def story(post: Post) -> None:
        api.inject("*", fault, times=2)
        assert await post.delivery.send(_HERE, _PART) is None
        assert await post.delivery.edit(_HERE, 1, _PART) is None
        assert await post.delivery.send(_HERE, _PART) is not None
        assert post.slept == []

    posted(api, story)


def test_a_group_that_moved_is_found_now_and_from_then_on(api: BotApi) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", Migrated(-1008), chat_id=_GROUP.id)
        old = Target(_GROUP.id)
        assert shown(api, await post.delivery.send(old, _PART), -1008).text == "Đúng vậy"
        assert await post.delivery.send(old, _PART) is not None
        assert [call["chat_id"] for call in params(api)[-3:]] == [_GROUP.id, -1008, -1008]
        api.inject("sendMessage", Migrated(-1009), chat_id=-1008)
        assert await post.delivery.send(old, _PART) is not None
        assert post.moved == [(_GROUP.id, -1008), (-1008, -1009)]
        assert post.delivery.migrated == {_GROUP.id: -1009, -1008: -1009}

    posted(api, story)


@pytest.mark.parametrize("fault", [CantParse(), Says("Bad Request: ENTITIES_TOO_LONG")])
def test_what_cannot_be_parsed_goes_as_plain_text(api: BotApi, fault: Fault) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", fault)
        message = shown(api, await post.delivery.send(_HERE, _PART, _BUTTONS))
        assert (message.text, message.parse_mode, message.buttons) == ("Đúng vậy", None, [[("1", "one")]])
        assert await post.delivery.edit(_HERE, message.id, Part("<x>a", "a < b")) == message.id
        assert (shown(api, message.id).text, shown(api, message.id).parse_mode) == ("a < b", None)

    posted(api, story)


@pytest.mark.parametrize(
    "fault",
    [BadGateway(), ServerError(), BrokenJson(), ResetBefore(), Hang(0.4), Page(200), Page(400), Page(403), Page(404)],
)
def test_what_may_pass_is_tried_until_it_passes(api: BotApi, fault: Fault) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", fault, times=2)
        assert await post.delivery.send(_HERE, _PART) is not None
        assert post.counted == ["network", "network", "sent"]
        assert len(post.slept) == 2

    posted(api, story, timeout=0.2)


def test_the_pauses_between_tries_grow_to_half_a_minute_and_no_more(api: BotApi) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", BadGateway(), times=12)
        assert await post.delivery.send(_HERE, _PART) is not None
        for slept, pause in zip(post.slept, [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30], strict=True):
            assert pause / 2 <= slept <= pause

    posted(api, story, faster=1000)


def test_an_edit_that_was_done_before_the_connection_broke_is_done(api: BotApi) -> None:
    async def story(post: Post) -> None:
        sent = await post.delivery.send(_HERE, _PART)
        assert sent is not None
        api.inject("editMessageText", ResetAfter())
        assert await post.delivery.edit(_HERE, sent, Part("Khác", "Khác")) == sent
        assert shown(api, sent).edits == 1

    posted(api, story)


def test_waiting_for_the_network_ends_when_the_task_is_cancelled(api: BotApi) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", BadGateway(), times=10_000)
        task = asyncio.create_task(post.delivery.send(_HERE, _PART))
        await post.asleep.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        api.clear_faults()
        assert await post.delivery.send(_HERE, _PART) is not None

    posted(api, story)


def test_a_token_that_is_refused_is_raised_by_everything(api: BotApi) -> None:
    async def story(post: Post) -> None:
        api.inject("*", Unauthorized(), times=6)
        for call in (
            post.delivery.send(_HERE, _PART),
            post.delivery.edit(_HERE, 1, _PART),
            post.delivery.delete(_CHAT.id, 1),
            post.delivery.typing(Target(_GROUP.id)),
            post.delivery.toast("1"),
            post.delivery.inline("1", [], 0),
        ):
            with pytest.raises(InvalidToken, match="Unauthorized"):
                await call

    posted(api, story)


@pytest.mark.parametrize("description", ["Bad Request: message thread not found", "Bad Request: TOPIC_CLOSED"])
def test_a_topic_that_is_gone_is_left_out_once(api: BotApi, description: str) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", Says(description))
        message = shown(api, await post.delivery.send(Target(_GROUP.id, 9), _PART, _BUTTONS), _GROUP.id)
        assert (message.thread, message.buttons, message.parse_mode) == (None, [[("1", "one")]], "HTML")
        api.inject("sendMessage", Says(description), times=2)
        assert await post.delivery.send(Target(_GROUP.id, 9), _PART) is None

    posted(api, story)


def test_a_text_that_is_too_long_goes_in_pieces_and_nothing_is_lost(api: BotApi) -> None:
    async def story(post: Post) -> None:
        words = " ".join(f"từ{n}" for n in range(1600))
        long = Part(f"<b>{words}</b>", words)
        question = api.say(_LAN, "Ai?")
        before = len(api.messages(_CHAT))
        last = await post.delivery.send(Target(_CHAT.id, None, question.message_id), long, _BUTTONS)
        pieces = api.messages(_CHAT)[before:]
        assert len(pieces) == 3
        assert " ".join(piece.text for piece in pieces) == words
        assert [piece.reply_to for piece in pieces] == [question.message_id, None, None]
        assert [piece.buttons for piece in pieces] == [[], [], [[("1", "one")]]]
        assert last == pieces[-1].id

        first = await post.delivery.send(_HERE, _PART)
        assert first is not None
        last = await post.delivery.edit(_HERE, first, long, _BUTTONS)
        edited, *others = api.messages(_CHAT)[-3:]
        assert (edited.id, edited.edits, others[-1].id) == (first, 1, last)
        assert " ".join(piece.text for piece in (edited, *others)) == words

    posted(api, story)


def test_a_short_text_that_telegram_calls_too_long_goes_without_markup(api: BotApi) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", Says("Bad Request: message is too long"))
        message = shown(api, await post.delivery.send(_HERE, _PART, _BUTTONS))
        assert (message.text, message.parse_mode, message.buttons) == ("Đúng vậy", None, [[("1", "one")]])
        api.inject("sendMessage", Says("Bad Request: message is too long"), times=99)
        assert await post.delivery.send(_HERE, _PART, _BUTTONS) is None

    posted(api, story)


def test_a_keyboard_that_is_refused_is_left_out(api: BotApi) -> None:
    async def story(post: Post) -> None:
        long = InlineKeyboardMarkup([[InlineKeyboardButton("1", callback_data="x" * 64, api_kwargs={"url": "y"})]])
        message = shown(api, await post.delivery.send(_HERE, _PART, long))
        assert (message.text, message.parse_mode, message.buttons) == ("Đúng vậy", "HTML", [])

    posted(api, story)


def test_whatever_else_is_refused_goes_bare_once(api: BotApi) -> None:
    async def story(post: Post) -> None:
        question = api.say(_LAN, "Ai?")
        target = Target(_CHAT.id, None, question.message_id)
        api.inject("sendMessage", Says("Bad Request: something new"))
        message = shown(api, await post.delivery.send(target, _PART, _BUTTONS))
        assert (message.text, message.parse_mode, message.buttons, message.reply_to) == ("Đúng vậy", None, [], None)
        api.inject("sendMessage", Says("Bad Request: something new"), times=2)
        before = len(api.calls)
        assert await post.delivery.send(target, _PART, _BUTTONS) is None
        assert len(api.calls) == before + 2
        api.clear_faults()

    posted(api, story)


def test_logs_name_the_trouble_and_repeat_nothing_that_people_wrote(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(post: Post) -> None:
        api.inject("sendMessage", Says('Bad Request: can\'t parse entities: Unsupported start tag "secret" at 0'))
        await post.delivery.send(_HERE, Part("<secret>", "secret"))
        for fault in (Page(403), Says("Bad Request: isn't it \"secret\" or 'secret' or {secret}"), Page(502)):
            api.inject("sendMessage", fault)
            await post.delivery.send(_HERE, _PART)

    with caplog.at_level(logging.INFO, _LOGGER):
        posted(api, story)
    ours = [record for record in caplog.records if record.name == _LOGGER]
    fields = [record.__dict__["event_fields"] for record in ours]
    assert [entry["trouble"] for entry in fields] == ["markup", "network", "refused", "network"]
    assert [entry["reason"] for entry in fields] == ["Can't parse entities", None, "Isn't it", None]
    assert "secret" not in str([record.__dict__ for record in ours])


def test_toasts_and_inline_results_arrive(api: BotApi) -> None:
    async def story(post: Post) -> None:
        sent = await post.delivery.send(_HERE, _PART, _BUTTONS)
        press = api.press(_LAN, shown(api, sent), "1")
        assert press.query_id
        await post.delivery.toast(press.query_id, "ạ" * 300, alert=True)
        toast = api.wait_toast(press)
        assert (toast.text, toast.alert) == ("ạ" * 200, True)
        query = api.ask_inline(_LAN, "Ai?")
        assert query.query_id
        result = InlineQueryResultArticle("1", "Lan", InputTextMessageContent("Lan"))
        await post.delivery.inline(query.query_id, [result], 5)
        answer = api.wait_inline(query)
        assert (len(answer.results), answer.cache_time, answer.is_personal) == (1, 5, True)

    posted(api, story)


@pytest.mark.parametrize(
    "fault",
    [Flood(30), BadGateway(), BrokenJson(), ResetBefore(), Says("Bad Request: no"), ForbiddenFault(), Page(404)],
)
def test_typing_deleting_toasts_and_inline_results_are_tried_once_and_never_raise(api: BotApi, fault: Fault) -> None:
    async def story(post: Post) -> None:
        began = time.monotonic()
        for method in ("sendChatAction", "deleteMessage", "answerCallbackQuery", "answerInlineQuery"):
            if not (isinstance(fault, Flood) and method == "deleteMessage"):
                api.inject(method, fault)
        before = len(api.calls)
        await post.delivery.typing(Target(_GROUP.id))
        await post.delivery.delete(_CHAT.id, 10_000)
        await post.delivery.toast("1", "a")
        await post.delivery.inline("1", [], 0)
        assert len(api.calls) == before + 4
        assert time.monotonic() - began < 1
        assert await post.delivery.send(_HERE, _PART) is not None

    posted(api, story)


def test_an_answer_to_a_query_that_is_too_old_is_nothing_to_speak_of(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(post: Post) -> None:
        await post.delivery.toast("123", "a")
        assert post.counted == []

    with caplog.at_level(logging.DEBUG, _LOGGER):
        posted(api, story)
    assert not [record for record in caplog.records if record.name == _LOGGER]


def test_typing_is_left_out_where_it_would_wait(api: BotApi) -> None:
    async def story(post: Post) -> None:
        before = len(api.calls_of("sendChatAction"))
        await post.delivery.typing(_HERE)
        await post.delivery.typing(_HERE)
        await post.delivery.typing(Target(_GROUP.id))
        assert len(api.calls_of("sendChatAction")) == before + 2
        sending = asyncio.create_task(post.delivery.send(_HERE, _PART))
        await asyncio.sleep(0)
        await post.delivery.typing(_HERE)
        await sending
        assert len(api.calls_of("sendChatAction")) == before + 2

    posted(api, story, faster=10)


def test_the_flood_limits_are_kept_over_http_in_real_time() -> None:
    with BotApi(limits=Limits(slack=0.0)) as strict:

        async def story(post: Post) -> None:
            people = [Chat(number, "private", "Ai") for number in range(1, 46)]
            for chat in (*people, _GROUP):
                strict.meet(chat)
            targets = [Target(_GROUP.id), Target(_GROUP.id), *(Target(chat.id) for chat in people)]
            sending = [
                post.delivery.send(target, _PART, None, Priority(number % 3)) for number, target in enumerate(targets)
            ]
            assert None not in await asyncio.gather(*sending)
            assert post.counted == ["sent"] * len(targets)
            assert strict.violations == []

        posted(strict, story, faster=1)


def test_a_bot_without_a_flood_limiter_is_refused() -> None:
    bot: ExtBot[int] = ExtBot("1:a", rate_limiter=None)
    with pytest.raises(TypeError, match="FloodLimiter"):
        Delivery(bot)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (NetworkError("Bad Gateway (502)"), Trouble.NETWORK),
        (TimedOut(), Trouble.NETWORK),
        (TelegramError("Invalid server response"), Trouble.NETWORK),
        (Conflict("Conflict: terminated by other getUpdates request"), Trouble.NETWORK),
        (RetryAfter(3), Trouble.NETWORK),
        (InvalidToken(), Trouble.TOKEN),
        (BadRequest("Message_too_long"), Trouble.TOO_LONG),
        (BadRequest("Can't parse inline keyboard button: text buttons are unallowed"), Trouble.KEYBOARD),
        (BadRequest("Button_data_invalid"), Trouble.KEYBOARD),
        (BadRequest("Have no rights to send a message"), Trouble.NO_CHAT),
        (BadRequest("Message text is empty"), Trouble.REFUSED),
        (Forbidden("Forbidden: chat not found"), Trouble.BLOCKED),
    ],
)
def test_each_error_has_its_meaning(error: TelegramError, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble
