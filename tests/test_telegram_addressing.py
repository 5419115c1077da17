"""Which messages speak to the bot, and what they say to it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Message

from qa_bot.telegram.addressing import Identity, Spoken, spoken

Json = dict[str, Any]

ME = Identity(999, "HoiDap_bot")
KNOWN = frozenset({"ask", "start", "help"})
DATE = 1_750_000_000
PERSON = {"id": 12, "is_bot": False, "first_name": "Bình"}
BOT = {"id": 999, "is_bot": True, "first_name": "Hỏi đáp", "username": "HoiDap_bot"}
OTHER_BOT = {"id": 998, "is_bot": True, "first_name": "Khác", "username": "other_bot"}

PRIVATE = {"id": 12, "type": "private", "first_name": "Bình"}
CHANNEL = {"id": -1011, "type": "channel", "title": "Kênh"}
GROUPS = [
    {"id": -5, "type": "group", "title": "Nhóm"},
    {"id": -1001, "type": "supergroup", "title": "Nhóm"},
    {"id": -1002, "type": "supergroup", "title": "Nhóm", "is_forum": True},
]
GROUP = GROUPS[1]

_MARKED = re.compile(r"(?<!\w)(?:@\w{5,32}|/\w{1,32}(?:@\w{5,32})?)")


def units(text: str) -> int:
    """UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def marks(text: str) -> list[Json]:
    """The entities that Telegram's servers find in a text by themselves."""
    kinds = {"@": "mention", "/": "bot_command"}
    return [
        {"type": kinds[found[0][0]], "offset": units(text[: found.start()]), "length": units(found[0])}
        for found in _MARKED.finditer(text)
    ]


def message(text: str | None, chat: Json, more: Json) -> Message:
    written = {} if text is None else {"text": text, "entities": marks(text)}
    sender = {"sender_chat": chat} if chat["type"] == "channel" else {"from": PERSON}
    topic = {"is_topic_message": True, "message_thread_id": 40} if chat.get("is_forum") else {}
    raw = {"message_id": 50, "date": DATE, "chat": chat, **sender, **topic, **written, **more}
    return Message.de_json(raw, None)


def earlier(sender: Json, chat: Json = GROUP, **more: object) -> Json:
    return {"message_id": 41, "date": DATE, "chat": chat, "from": sender, "text": "Bà Lan viết.", **more}


def said(text: str | None, chat: Json = GROUP, **more: object) -> Spoken | None:
    return spoken(message(text, chat, more), ME, KNOWN)


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("Ai viết bài này?", None, "Ai viết bài này?"),
        ("  Ai viết?\nKhi nào? ", None, "Ai viết?\nKhi nào?"),
        ("/start", "start", ""),
        ("/start eyJhIjoxfQ-_", "start", "eyJhIjoxfQ-_"),
        ("/ask Ai viết?", "ask", "Ai viết?"),
        ("/ASK@hoidap_BOT Ai viết?", "ask", "Ai viết?"),
        ("/ask\nAi viết?\nỞ đâu?", "ask", "Ai viết?\nỞ đâu?"),
        ("/nonsense 1", "nonsense", "1"),
        ("Gõ /ask để hỏi", None, "Gõ /ask để hỏi"),
        ("@hoidap_bot Ai viết?", None, "Ai viết?"),
        ("1/2 là gì", None, "1/2 là gì"),
    ],
)
def test_everything_in_a_private_chat_is_for_the_bot(text: str, command: str | None, rest: str) -> None:
    assert said(text, PRIVATE) == Spoken(command, rest, None)


@pytest.mark.parametrize("chat", GROUPS)
@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("/ask Ai viết?", "ask", "Ai viết?"),
        ("/Ask Ai viết?", "ask", "Ai viết?"),
        ("/ask@HoiDap_bot Ai viết?", "ask", "Ai viết?"),
        ("/ask@hoidap_bot\nAi viết?", "ask", "Ai viết?"),
        ("/nonsense@hoidap_bot", "nonsense", ""),
        ("/nonsense @hoidap_bot", "nonsense", ""),
        ("/ask @hoidap_bot ai viết?", "ask", "ai viết?"),
        ("@HoiDap_bot ai viết?", None, "ai viết?"),
        ("@HOIDAP_BOT ai viết?", None, "ai viết?"),
        ("@hoidap_bot, ai viết?", None, "ai viết?"),
        ("@hoidap_bot:\nai viết?", None, "ai viết?"),
        ("Ai viết bài này @hoidap_bot?", None, "Ai viết bài này?"),
        ("Ai viết @hoidap_bot bài này?", None, "Ai viết bài này?"),
        ("Chào @hoidap_bot\nAi viết?", None, "Chào\nAi viết?"),
        ("@hoidap_bot ai viết? @hoidap_bot @hoidap_bot", None, "ai viết?"),
        ("@hoidap_bot @other_bot ai viết?", None, "@other_bot ai viết?"),
        ("😀👨‍👩‍👧 @hoidap_bot 😀 ai viết 𝐚?", None, "😀👨‍👩‍👧 😀 ai viết 𝐚?"),
        ("@hoidap_bot", None, ""),
        (" @hoidap_bot  @hoidap_bot ", None, ""),
        ("@hoidap_bot /ask ai viết?", None, "/ask ai viết?"),
    ],
)
def test_a_group_speaks_to_the_bot_by_its_name_or_a_command(
    chat: Json, text: str, command: str | None, rest: str
) -> None:
    assert said(text, chat) == Spoken(command, rest, None)


@pytest.mark.parametrize("chat", GROUPS)
@pytest.mark.parametrize(
    "text",
    [
        "Ai viết bài này?",
        "/nonsense",
        "/ask@other_bot Ai viết?",
        "/ask@other_bot @hoidap_bot Ai viết?",
        "@other_bot ai viết?",
        "@hoidap_bot2 ai viết?",
        "ban@hoidap_bot.vn là thư của ai?",
        "gõ /ask để hỏi",
        "hoidap_bot ai viết?",
        "",
    ],
)
def test_what_a_group_says_otherwise_is_not_for_the_bot(chat: Json, text: str) -> None:
    assert said(text, chat) is None


def test_a_command_for_another_bot_is_not_for_this_one_in_private_or_in_a_reply_either() -> None:
    assert said("/ask@other_bot Ai viết?", PRIVATE) is None
    assert said("/ask@other_bot Ai viết?", GROUP, reply_to_message=earlier(BOT)) is None


def test_the_order_of_entities_does_not_matter() -> None:
    text = "/ask @hoidap_bot ai @hoidap_bot viết?"
    assert said(text, entities=marks(text)[::-1]) == Spoken("ask", "ai viết?", None)


def test_a_bot_is_mentioned_by_a_link_to_it_as_well() -> None:
    def linked(user: Json) -> Spoken | None:
        entity = {"type": "text_mention", "offset": units("😀 Này "), "length": units("Hỏi đáp"), "user": user}
        return said("😀 Này Hỏi đáp, ai viết?", GROUP, entities=[entity])

    assert linked(BOT) == Spoken(None, "😀 Này, ai viết?", None)
    assert linked(OTHER_BOT) is None


@pytest.mark.parametrize("chat", [*GROUPS, PRIVATE])
def test_a_reply_to_the_bot_is_for_the_bot(chat: Json) -> None:
    assert said("Còn ai nữa?", chat, reply_to_message=earlier(BOT, chat)) == Spoken(None, "Còn ai nữa?", 41)
    assert said("@hoidap_bot", chat, reply_to_message=earlier(BOT, chat)) == Spoken(None, "", 41)
    assert said("/why", chat, reply_to_message=earlier(BOT, chat)) == Spoken("why", "", 41)


@pytest.mark.parametrize("chat", GROUPS)
def test_a_reply_to_somebody_else_is_not(chat: Json) -> None:
    assert said("Còn ai nữa?", chat, reply_to_message=earlier(PERSON, chat)) is None
    assert said("Còn ai nữa?", chat, reply_to_message=earlier(OTHER_BOT, chat)) is None
    assert said("@hoidap_bot còn ai?", chat, reply_to_message=earlier(PERSON, chat)) == Spoken(None, "còn ai?", None)
    assert said("@hoidap_bot", chat, reply_to_message=earlier(PERSON, chat)) == Spoken(None, "", None)


def test_messages_of_a_topic_that_the_bot_opened_are_no_replies_to_it() -> None:
    opening = {"message_id": 40, "date": DATE, "chat": GROUPS[2], "from": BOT}
    opening["forum_topic_created"] = {"name": "Hỏi đáp", "icon_color": 7322096}
    assert said("Ai viết?", GROUPS[2], reply_to_message=opening) is None
    assert said("@hoidap_bot ai viết?", GROUPS[2], reply_to_message=opening) == Spoken(None, "ai viết?", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@hoidap_bot ai viết?", Spoken(None, "ai viết?", None)),
        ("/ask@hoidap_bot ai viết?", Spoken("ask", "ai viết?", None)),
        ("/ask ai viết?", None),
        ("/ask@other_bot ai viết?", None),
        ("Ai viết?", None),
    ],
)
def test_a_channel_speaks_to_the_bot_only_by_its_name(text: str, expected: Spoken | None) -> None:
    assert said(text, CHANNEL) == expected


def test_a_post_of_a_channel_that_follows_one_of_the_bots_is_not_for_it() -> None:
    assert said("Ai viết?", CHANNEL, reply_to_message=earlier(BOT, CHANNEL)) is None


@pytest.mark.parametrize("chat", [GROUP, PRIVATE])
def test_a_caption_is_read_like_a_text(chat: Json) -> None:
    caption = "📷 @hoidap_bot ai đây?"
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    shown = {"photo": photo, "caption": caption, "caption_entities": marks(caption)}
    assert said(None, chat, **shown) == Spoken(None, "📷 ai đây?", None)


@pytest.mark.parametrize("chat", [GROUP, PRIVATE, CHANNEL])
@pytest.mark.parametrize(
    "content",
    [
        {"new_chat_members": [BOT]},
        {"left_chat_member": BOT},
        {"new_chat_title": "@hoidap_bot"},
        {"sticker": {"file_id": "f", "file_unique_id": "u", "type": "regular", "width": 1, "height": 1,
                     "is_animated": False, "is_video": False}},
        {"voice": {"file_id": "f", "file_unique_id": "u", "duration": 1}},
    ],
)  # fmt: skip
def test_a_message_without_words_says_nothing(chat: Json, content: Json) -> None:
    assert said(None, chat, reply_to_message=earlier(BOT, chat), **content) is None


@pytest.mark.parametrize("chat", [GROUP, PRIVATE])
@pytest.mark.parametrize("machine", [{"from": BOT}, {"via_bot": BOT}, {"is_automatic_forward": True}])
def test_the_bot_does_not_answer_its_own_words_or_copied_posts(chat: Json, machine: Json) -> None:
    assert said("/ask@hoidap_bot @hoidap_bot ai viết?", chat, **machine) is None


def test_what_a_person_sends_through_another_bot_is_the_persons() -> None:
    assert said("@hoidap_bot ai viết?", GROUP, via_bot=OTHER_BOT) == Spoken(None, "ai viết?", None)


PIECES = ["ai", "viết", "😀", "𝐚", "👨‍👩‍👧", "Sông\nLô", "?", ",", "e\u0323", "\ud83d", "@other_bot", "\u00a0"]
WORDS = st.lists(st.sampled_from(PIECES), max_size=6)


@given(WORDS, st.lists(WORDS, min_size=1, max_size=4), st.sampled_from([" ", "\n", "  "]))
def test_only_mentions_are_cut_and_words_stay_apart(first: list[str], rest: list[list[str]], space: str) -> None:
    pieces = [space.join(words) for words in [first, *rest]]
    found = said(f"{space}@HoiDap_bot{space}".join(pieces))
    assert found is not None
    assert found.text == found.text.strip()

    def letters(text: str) -> list[str]:
        return re.sub(r"[\s,:;?]+", " ", text).split()

    assert letters(found.text) == letters(" ".join(pieces))


@given(st.text(), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=4), st.booleans())
def test_no_entities_break_it(text: str, spans: list[tuple[int, int]], command: bool) -> None:
    kind = "bot_command" if command else "text_mention"
    entities = [{"type": kind, "offset": offset, "length": length, "user": BOT} for offset, length in spans]
    found = said(text, PRIVATE, entities=entities)
    assert found is None or Counter("".join(found.text.split())) <= Counter(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/start a_1", Spoken("start", "a_1", None)),
        ("/ASK@Hoidap_Bot Ai viết?", Spoken("ask", "Ai viết?", None)),
        ("@hoidap_bot Ai viết?", Spoken(None, "Ai viết?", None)),
        ("/ask@other_bot Ai viết?", None),
        ("gửi thư cho lan@hoidap_bot.vn nhé", None),
        ("@hoidap_bot2 Ai viết?", None),
    ],
)
def test_commands_and_mentions_are_heard_from_servers_that_mark_none(text: str, expected: Spoken | None) -> None:
    raw = {
        "message_id": 1, "date": 0, "chat": {"id": -5, "type": "supergroup", "title": "Nhóm"}, "text": text,
        "from": {"id": 7, "is_bot": False, "first_name": "Lan"},
    }  # fmt: skip
    message = Message.de_json(raw, None)
    assert spoken(message, Identity(99, "hoidap_bot"), {"start", "ask"}) == expected
