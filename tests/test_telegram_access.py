"""Who may ask, over every kind of update, kind of chat and person. The tables below are the oracle, written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from telegram import Update

from qa_bot.telegram.access import NOBODY, Access, Asker, asker_of

Json = dict[str, Any]

DATE = 1_750_000_000
ME = {"id": 999, "is_bot": True, "first_name": "Hỏi đáp", "username": "hoidap_bot"}

PEOPLE = {
    "admin": {"id": 11, "is_bot": False, "first_name": "An"},
    "listed": {"id": 12, "is_bot": False, "first_name": "Bình"},
    "stranger": {"id": 13, "is_bot": False, "first_name": "Chi"},
    "banned": {"id": 14, "is_bot": False, "first_name": "Dũng"},
    "a bot": {"id": 15, "is_bot": True, "first_name": "Máy"},
    "Telegram": {"id": 777000, "is_bot": False, "first_name": "Telegram"},
}
LISTED_GROUP, OTHER_GROUP, BANNED_GROUP = -1001, -1002, -1003
LISTED_CHANNEL, OTHER_CHANNEL, BANNED_CHANNEL = -1011, -1012, -1013
CHANNELS = {
    "as listed channel": LISTED_CHANNEL,
    "as other channel": OTHER_CHANNEL,
    "as banned channel": BANNED_CHANNEL,
}

# Bots, stand-ins and banned ids are listed too: to be listed must not help them.
LIST = (12, 14, 15, 777000, 1087968824, 136817688, LISTED_GROUP, BANNED_GROUP, LISTED_CHANNEL, BANNED_CHANNEL)
ADMINS = (11, 15, 777000, 1087968824, 136817688)
BANNED = frozenset({11, 14, BANNED_GROUP, BANNED_CHANNEL})  # 11 is an admin, who cannot be banned

POLICIES = {
    "nothing": Access((), (), BANNED),
    "admins": Access((), ADMINS, BANNED),
    "list": Access(LIST, ADMINS, BANNED),
    "open": Access("open", ADMINS, BANNED),
}

# A row for each sender. Letters: inline, in private; then in a listed, in another, in a banned group or channel.
# y: may ask, n: may not, -: cannot happen.
ORACLE = {
    "nothing": """
        admin               n n n n n
        listed              n n n n n
        stranger            n n n n n
        banned              n n n n n
        a bot               n n n n n
        Telegram            n n n n n
        anonymous           - - n n n
        as listed channel   - - n n n
        as other channel    - - n n n
        as banned channel   - - n n n
    """,
    "admins": """
        admin               y y y y y
        listed              n n n n n
        stranger            n n n n n
        banned              n n n n n
        a bot               n n n n n
        Telegram            n n n n n
        anonymous           - - n n n
        as listed channel   - - n n n
        as other channel    - - n n n
        as banned channel   - - n n n
    """,
    "list": """
        admin               y y y y y
        listed              y y y y n
        stranger            n n y n n
        banned              n n n n n
        a bot               n n n n n
        Telegram            n n n n n
        anonymous           - - y n n
        as listed channel   - - y y n
        as other channel    - - y n n
        as banned channel   - - n n n
    """,
    "open": """
        admin               y y y y y
        listed              y y y y n
        stranger            y y y y n
        banned              n n n n n
        a bot               n n n n n
        Telegram            n n n n n
        anonymous           - - y y n
        as listed channel   - - y y n
        as other channel    - - y y n
        as banned channel   - - n n n
    """,
}
PLACES = ("inline", "private", "listed", "other", "banned")
GROUPS = dict(zip(PLACES[2:], (LISTED_GROUP, OTHER_GROUP, BANNED_GROUP), strict=True))
POSTS = dict(zip(PLACES[2:], (LISTED_CHANNEL, OTHER_CHANNEL, BANNED_CHANNEL), strict=True))


def verdicts(policy: str) -> Iterator[tuple[str, str, bool]]:
    """(sender, place, may ask) of one policy."""
    for line in ORACLE[policy].strip().splitlines():
        sender, letters = line.strip()[:20].strip(), line.strip()[20:].split()
        for place, letter in zip(PLACES, letters, strict=True):
            if letter != "-":
                yield sender, place, letter == "y"


def chats(sender: str, place: str) -> list[Json]:
    """Every kind of chat that `place` can be."""
    if place == "private":
        return [{"id": PEOPLE[sender]["id"], "type": "private", "first_name": "X"}]
    return [
        {"id": GROUPS[place], "type": "group", "title": "Nhóm"},
        {"id": GROUPS[place], "type": "supergroup", "title": "Nhóm"},
        {"id": GROUPS[place], "type": "supergroup", "title": "Nhóm", "is_forum": True},
    ]


def channel(chat_id: int) -> Json:
    return {"id": chat_id, "type": "channel", "title": "Kênh"}


def sent_by(sender: str, chat: Json) -> Json:
    """The sender's fields of a message, as Telegram fills them in."""
    if sender in PEOPLE:
        return {"from": PEOPLE[sender]}
    if sender == "anonymous":
        group = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        return {"from": group, "sender_chat": chat}
    fake = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
    return {"from": fake, "sender_chat": channel(CHANNELS[sender])}


def message(chat: Json, sender: Json) -> Json:
    topic = {"is_topic_message": True, "message_thread_id": 4} if chat.get("is_forum") else {}
    return {"message_id": 5, "date": DATE, "chat": chat, "text": "Ai viết?", **topic, **sender}


def press(sender: str, **where: object) -> Json:
    return {"id": "1", "from": PEOPLE[sender], "chat_instance": "1", "data": "x", **where}


def update(**content: object) -> Update:
    return Update.de_json({"update_id": 1, **content}, None)


def reaction(sender: str, chat: Json) -> Json:
    actor = {"user": PEOPLE[sender]} if sender in PEOPLE else {"actor_chat": sent_by(sender, chat)["sender_chat"]}
    return {"chat": chat, "message_id": 5, "date": DATE, "old_reaction": [], "new_reaction": [], **actor}


def membership(sender: str, chat: Json) -> Json:
    """The bot was added to the chat; an anonymous admin appears as its stand-in alone."""
    before, after = {"status": "left", "user": ME}, {"status": "member", "user": ME}
    change = {"date": DATE, "old_chat_member": before, "new_chat_member": after}
    return {"chat": chat, "from": sent_by(sender, chat)["from"], **change}


def updates(kind: str, sender: str, place: str) -> list[Update]:
    """Every update of that kind, from that sender, at that place; none where Telegram sends none."""
    return inline_updates(kind, sender) if place == "inline" else list(chat_updates(kind, sender, place))


def inline_updates(kind: str, sender: str) -> list[Update]:
    person = PEOPLE[sender]
    match kind:
        case "inline_query":
            query = {"id": "1", "from": person, "query": "Ai viết?", "offset": ""}
            types = ("sender", "private", "group", "supergroup", "channel")
            return [update(inline_query={**query, "chat_type": asked_in}) for asked_in in types]
        case "chosen_inline_result":
            return [update(chosen_inline_result={"result_id": "1", "from": person, "query": "Ai viết?"})]
        case "press under an inline message":
            return [update(callback_query=press(sender, inline_message_id="AAA"))]
    return []


def chat_updates(kind: str, sender: str, place: str) -> Iterator[Update]:
    groups = chats(sender, place)
    everywhere = [*groups, channel(POSTS[place])] if place in POSTS and sender != "anonymous" else groups
    match kind:
        case "message":
            yield from (update(message=message(chat, sent_by(sender, chat))) for chat in groups)
        case "edited_message":
            edited = [{**message(chat, sent_by(sender, chat)), "edit_date": DATE} for chat in groups]
            yield from (update(edited_message=each) for each in edited)
        case "message_reaction":
            yield from (update(message_reaction=reaction(sender, chat)) for chat in everywhere)
        case "my_chat_member" | "chat_member" if sender in PEOPLE or sender == "anonymous":
            yield from (update(**{kind: membership(sender, chat)}) for chat in groups)
        case "press" if sender in PEOPLE:
            # The bot's message may have been sent as a listed channel; that is not who presses.
            owns: list[Json] = [{"from": ME}, {"sender_chat": channel(LISTED_CHANNEL)}]
            under = [message(chat, own) for chat in everywhere for own in owns]
            yield from (update(callback_query=press(sender, message=each)) for each in under)
        case "press under an old message" if sender in PEOPLE:
            old = [{"chat": chat, "message_id": 5, "date": 0} for chat in everywhere]
            yield from (update(callback_query=press(sender, message=each)) for each in old)


KINDS = (
    "message",
    "edited_message",
    "press",
    "press under an old message",
    "press under an inline message",
    "inline_query",
    "chosen_inline_result",
    "message_reaction",
    "my_chat_member",
    "chat_member",
)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", KINDS)
def test_exactly_those_of_the_table_may_ask(kind: str, policy: str) -> None:
    seen, wrong = 0, []
    for sender, place, expected in verdicts(policy):
        for each in updates(kind, sender, place):
            seen += 1
            if POLICIES[policy].may_ask(asker_of(each)) is not expected:
                wrong.append((sender, place, expected, each))
    assert wrong == []
    assert seen >= 6  # every person at least


# Posts of a channel: without a person, and signed with the profile of one. Listed, other, banned channel.
POST_ORACLE = {
    "nothing": {"": "nnn", "admin": "nnn", "listed": "nnn", "stranger": "nnn", "banned": "nnn", "a bot": "nnn"},
    "admins": {"": "nnn", "admin": "yyy", "listed": "nnn", "stranger": "nnn", "banned": "nnn", "a bot": "nnn"},
    "list": {"": "ynn", "admin": "yyy", "listed": "yyn", "stranger": "ynn", "banned": "nnn", "a bot": "nnn"},
    "open": {"": "yyn", "admin": "yyy", "listed": "yyn", "stranger": "yyn", "banned": "nnn", "a bot": "nnn"},
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", ["channel_post", "edited_channel_post"])
def test_a_post_is_judged_by_its_channel_unless_a_person_signs_it(kind: str, policy: str) -> None:
    for signed, letters in POST_ORACLE[policy].items():
        for place, letter in zip(POSTS.values(), letters, strict=True):
            chat = channel(place)
            senders = [{"from": PEOPLE[signed]}] if signed else [{"sender_chat": chat}, {}]
            for sender in senders:
                post = update(**{kind: message(chat, sender)})
                assert POLICIES[policy].may_ask(asker_of(post)) is (letter == "y"), (signed, place, sender)


PRIVATE, GROUP = chats("admin", "private")[0], chats("admin", "listed")[1]
ADMIN = {"from": PEOPLE["admin"]}
BUSINESS = {"business_connection_id": "b"}
ADDRESS = {"country_code": "VN", "state": "", "city": "Hà Nội", "street_line1": "", "street_line2": "", "post_code": ""}
UNSUPPORTED: list[Json] = [
    {"business_message": message(PRIVATE, ADMIN | BUSINESS)},
    {"edited_business_message": message(PRIVATE, ADMIN | BUSINESS)},
    {"deleted_business_messages": {"chat": PRIVATE, "message_ids": [5]} | BUSINESS},
    {"business_connection": {"id": "b", "user": ADMIN["from"], "user_chat_id": 11, "date": DATE, "is_enabled": True}},
    {"callback_query": press("admin", message=message(PRIVATE, {"from": ME} | BUSINESS))},
    {"guest_message": message(GROUP, ADMIN | {"guest_query_id": "g"})},
    {"poll_answer": {"poll_id": "1", "user": ADMIN["from"], "option_ids": [0], "option_persistent_ids": ["0"]}},
    {"chat_join_request": {"chat": GROUP, "user_chat_id": 11, "date": DATE} | ADMIN},
    {"message_reaction_count": {"chat": channel(LISTED_CHANNEL), "message_id": 5, "date": DATE, "reactions": []}},
    {"shipping_query": {"id": "1", "invoice_payload": "x", "shipping_address": ADDRESS} | ADMIN},
    {"pre_checkout_query": {"id": "1", "currency": "VND", "total_amount": 1, "invoice_payload": "x"} | ADMIN},
    {"something_new": {"chat": GROUP} | ADMIN},
    {},
]


@pytest.mark.parametrize("content", UNSUPPORTED, ids=lambda content: next(iter(content), "empty"))
@pytest.mark.parametrize("policy", POLICIES)
def test_nobody_asks_by_an_update_that_is_not_supported(content: Json, policy: str) -> None:
    assert asker_of(update(**content)) == NOBODY
    assert not POLICIES[policy].may_ask(NOBODY)


def test_every_kind_of_update_was_thought_of() -> None:
    named = {next(iter(content), "") for content in UNSUPPORTED} | {*KINDS, "channel_post", "edited_channel_post"}
    # These carry no person's or chat's words at all.
    silent = {"poll", "chat_boost", "removed_chat_boost", "purchased_paid_media", "managed_bot"}
    assert {str(kind) for kind in Update.ALL_TYPES} - named == silent


def test_an_asker_is_a_person_or_a_chat_and_never_a_stand_in() -> None:
    group = chats("stranger", "other")[1]
    assert asker_of(update(message=message(group, sent_by("stranger", group)))) == Asker(13, OTHER_GROUP, None, False)
    assert asker_of(update(message=message(group, sent_by("a bot", group)))) == Asker(None, OTHER_GROUP, None, True)
    anonymous = asker_of(update(message=message(group, sent_by("anonymous", group))))
    assert anonymous == Asker(None, OTHER_GROUP, OTHER_GROUP, False)
    posing = asker_of(update(message=message(group, sent_by("as listed channel", group))))
    assert posing == Asker(None, OTHER_GROUP, LISTED_CHANNEL, False)


@pytest.mark.parametrize("access", ["open", LIST])
def test_admins_are_people_by_their_id(access: Literal["open"] | tuple[int, ...]) -> None:
    may = Access(access, ADMINS, BANNED)
    assert may.is_admin(11)
    assert not any(may.is_admin(id_) for id_ in (None, 0, 12, 13, 14, -11, 777000, 1087968824, 136817688))
    group = chats("admin", "listed")[1]
    for sender in ("a bot", "Telegram", "anonymous", "as listed channel"):
        assert not may.is_admin(asker_of(update(message=message(group, sent_by(sender, group)))).user_id)


def test_an_admins_id_lets_neither_a_bot_nor_a_chat_in() -> None:
    may = Access((), (11,), frozenset())
    assert may.may_ask(Asker(11, -5, None, False))
    assert not may.may_ask(Asker(11, -5, None, True))
    assert not may.may_ask(Asker(11, -5, -5, False))


def test_the_id_of_a_listed_person_opens_no_chat_to_others() -> None:
    assert not Access((12,), (), frozenset()).may_ask(Asker(13, 12, None, False))


def test_a_ban_counts_from_the_moment_it_is_made() -> None:
    banned: set[int] = set()
    may = Access("open", (), banned)
    asker = Asker(13, -5, None, False)
    assert may.may_ask(asker)
    banned.add(13)
    assert not may.may_ask(asker)
    banned.clear()
    banned.add(-5)
    assert not may.may_ask(asker)


def test_a_group_keeps_its_place_in_the_list_when_it_gets_another_id() -> None:
    access = Access((-5,), (), set())
    member = Asker(7, -1005, None, False)
    assert not access.may_ask(member)
    assert not access.moved(-6, -1006)
    assert access.moved(-5, -1005)
    assert not access.moved(-5, -1005)
    assert access.may_ask(member)
