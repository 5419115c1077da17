"""How conversations go: every story below is told at the same time, each by people of its own, to the real program.

A chat takes one message a second, so the stories last, and none waits for another.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embeddings import pipeline
from qa_bot.messages import say
from qa_bot.telegram.text import JOINER
from tests.bot_api import BotApi, BotMessage, Chat, Event, Migrated, Person
from tests.bot_api_people import entities_of
from tests.fakes import HashingEncoder, index_settings
from tests.samples import HOSTILE_TEXT, HOSTILE_TITLE
from tests.telegram_process import Process, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ARTICLES = {
    "cho.txt": "Chợ phiên Vân Đình\n\n05/06/2023\n\nChợ phiên Vân Đình họp 4 lần một tháng ở bãi ven sông.\n\n"
    "Chợ phiên có 120 gian hàng của 35 xã.\n\nTác giả: Hà Trần\n",
    "lang-may.txt": "Sổ tay làng Mây\n\n"
    + "".join(f"Điều {n} của làng Mây: mỗi nhà góp {n}0 ngày công trồng mây ở đồi số {n}.\n\n" for n in range(11, 24)),
    "hoi-den.md": "---\ntitle: '<b>Hội</b> đèn & <a href=\"tg://user?id=1\">hoa</a> @everyone #hoa /forget evil.com'\n"
    "author: '<script> & Tác'\nurl: https://example.vn/hoi?a=1&b=2\n---\n"
    'Hội đèn <b>có 77 thuyền</b> &amp; <a href="tg://resolve?domain=x">hoa</a>, hỏi @admin_that hay '
    "https://evil.example/x?y=1&z=2 hoặc gõ /start &lt;i&gt; \u202eđảo\u202c \x1b[2J.\n",
    "rau-ca.txt": f"{HOSTILE_TITLE}\n\n{HOSTILE_TEXT}\n",
}
MARKET = "Chợ phiên họp mấy lần một tháng?"
LANTERNS = "Hội đèn có bao nhiêu thuyền?"
LEANING = "Chợ đó có bao nhiêu gian hàng?"  # points back: it is understood after the question before it
COMPLETED = "Hiểu là: Chợ phiên"
PATIENCE = 25.0
ME = "@hoidap_bot"
ADMIN = Person(1, "Quản trị")

_people, _chats = itertools.count(1000), itertools.count(-5000, -1)


def somebody(language_code: str = "vi") -> Person:
    """Whom the bot has never met."""
    return Person(next(_people), "Lan", language_code)


def some_group(kind: str = "supergroup", *, is_forum: bool = False) -> Chat:
    return Chat(next(_chats), kind, "Tổ bạn đọc", is_forum=is_forum)


@dataclass(frozen=True)
class World:
    api: BotApi
    bot: Process

    def ask(self, person: Person, text: str, chat: Chat | None = None, **more: Any) -> BotMessage:
        return self.api.wait_answer(self.api.say(person, text, chat, **more), PATIENCE)

    def press(self, person: Person, message: BotMessage, label: str) -> str:
        """What the toast says."""
        return self.api.wait_toast(self.api.press(person, message, label), PATIENCE).text

    def following(self, message: BotMessage, number: int = 0) -> BotMessage:
        """A message that replies to one of the bot's."""
        return self.api.wait(lambda: self.api.answers_to(message)[number:], PATIENCE)[0]

    def changed(self, message: BotMessage, edits: int = 1) -> BotMessage:
        """The message when it was edited so often."""
        return self.api.wait(lambda: [m for m in self.shown(message) if m.edits >= edits], PATIENCE)[0]

    def shown(self, message: BotMessage) -> list[BotMessage]:
        now = self.api.now(message)
        return [] if now is None else [now]

    def answered(self, person: Person) -> int:
        return sum("4 lần" in message.text for message in self.api.messages(person.id))

    def rows(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.bot.folder}/state/telegram.sqlite?mode=ro", uri=True)) as db:
            return db.execute(query, values).fetchall()


Story = Callable[[World], None]
StoryOfItsOwn = Callable[[Path], None]  # begins with an empty folder
STORIES: list[Story] = []
STORIES_OF_THEIR_OWN: list[StoryOfItsOwn] = []


def story(told: Story) -> Story:
    STORIES.append(told)
    return told


def with_a_bot_of_its_own(told: StoryOfItsOwn) -> StoryOfItsOwn:
    STORIES_OF_THEIR_OWN.append(told)
    return told


@contextmanager
def another_bot(folder: Path, **settings: str) -> Iterator[World]:
    with BotApi() as api:
        settings = {"TELEGRAM_ACCESS": "open", "TELEGRAM_ADMINS": str(ADMIN.id), **settings}
        with running(api, folder, settings) as bot:
            world = World(api, bot)
            yield world
        assert sound(world)


def publish(folder: Path, articles: Mapping[str, str]) -> None:
    """These articles and no others, indexed anew."""
    seeds = folder / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for name in {file.name for file in seeds.iterdir()} - articles.keys():
        (seeds / name).unlink()
    for name, text in articles.items():
        (seeds / name).write_text(text, "utf-8")
    pipeline.build(index_settings(seeds, folder / "index"), HashingEncoder())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    """Each story as it goes on, by name. Those in which somebody waits for half a minute begin first."""
    telling: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(len(STORIES) + len(STORIES_OF_THEIR_OWN)) as threads:

        def begin(stories: Sequence[StoryOfItsOwn]) -> None:
            for one in stories:
                telling[one.__name__] = threads.submit(one, tmp_path_factory.mktemp(one.__name__[:20]))

        begin(STORIES_OF_THEIR_OWN[:2])
        folder = tmp_path_factory.mktemp("together")
        publish(folder, ARTICLES)
        with another_bot(folder) as world:
            for together in STORIES:
                telling[together.__name__] = threads.submit(together, world)
            begin(STORIES_OF_THEIR_OWN[2:])
            yield telling


def sound(world: World) -> bool:
    assert world.api.violations == []
    assert world.api.token not in world.bot.printed
    assert "Traceback" not in world.bot.printed
    return True


@story
def a_newcomer_is_welcomed_and_a_tap_on_an_example_is_answered_below_its_question(world: World) -> None:
    lan, jane = somebody(), somebody("en-GB")
    welcome = world.ask(lan, "/start")
    assert welcome.text.startswith("Chào bạn! Mình trả lời từ 4 bài viết")
    examples = [label for row in welcome.buttons for label, _ in row]
    assert examples
    assert world.press(lan, welcome, examples[0]) == ""
    answer = world.following(welcome)
    assert answer.text.startswith(f"❓ {examples[0]}\n")
    assert "[1]" in answer.text
    assert world.ask(jane, "/start").text.startswith("Hello! I answer from 4 articles")


@story
def a_reply_to_an_older_answer_goes_on_from_there(world: World) -> None:
    lan = somebody()
    first = world.ask(lan, MARKET)
    assert "4 lần" in first.text
    world.ask(lan, "Chợ Đình có mấy cổng?")
    assert world.ask(lan, LEANING).text.startswith("Hiểu là: Chợ Đình có bao nhiêu gian hàng?")
    assert world.ask(lan, LEANING, reply_to=first).text.startswith(COMPLETED)


@story
def what_others_ask_in_a_group_is_not_mixed_into_my_conversation(world: World) -> None:
    lan, minh, group = somebody(), somebody(), some_group()
    first = world.ask(lan, f"{ME} {MARKET}", group)
    assert not world.ask(minh, f"{ME} {LEANING}", group).text.startswith("Hiểu là")
    assert world.ask(lan, f"{ME} {LEANING}", group).text.startswith(COMPLETED)
    assert world.ask(minh, LEANING, group, reply_to=first).text.startswith(COMPLETED)


@story
def topics_are_conversations_of_their_own(world: World) -> None:
    lan, forum = somebody(), some_group(is_forum=True)
    assert world.ask(lan, f"{ME} {MARKET}", forum, topic=5).thread == 5
    other = world.ask(lan, f"{ME} {LEANING}", forum, topic=6)
    assert not other.text.startswith("Hiểu là")
    assert other.thread == 6
    assert world.ask(lan, f"/ask {LEANING}", forum, topic=5).text.startswith(COMPLETED)


@story
def an_edit_that_leaves_the_text_alone_changes_nothing(world: World) -> None:
    lan = somebody()
    question = world.api.say(lan, MARKET)
    answer = world.api.wait_answer(question, PATIENCE)
    world.api.edit(lan, question, MARKET)
    world.ask(lan, "/help")
    assert world.api.now(answer) == answer
    assert world.api.answers_to(question) == [answer]


@story
def an_edited_question_has_its_answer_changed_in_place_and_its_conversation_with_it(world: World) -> None:
    lan, group = somebody(), some_group()
    question = world.api.say(lan, f"/ask {LANTERNS}", group)
    answer = world.api.wait_answer(question, PATIENCE)
    world.api.edit(lan, question, f"/ask {MARKET}")
    assert "4 lần" in world.changed(answer).text
    world.api.edit(lan, question, "không hỏi bot nữa")
    assert world.ask(lan, f"{ME} {LEANING}", group).text.startswith(COMPLETED)
    assert "4 lần" in world.api.messages(group)[0].text
    assert world.api.answers_to(question) == [world.api.now(answer)]


@story
def a_question_edited_before_its_answer_came_has_one_answer_to_what_it_says_now(world: World) -> None:
    lan = somebody()
    question = world.api.say(lan, LANTERNS)
    world.api.edit(lan, question, MARKET)
    world.api.wait(lambda: [m for m in world.api.answers_to(question) if "4 lần" in m.text], PATIENCE)
    world.ask(lan, "/help")
    assert len(world.api.answers_to(question)) == 1


@story
def an_edit_after_the_answer_was_deleted_brings_a_new_one(world: World) -> None:
    lan = somebody()
    question = world.api.say(lan, LANTERNS)
    gone = world.api.wait_answer(question, PATIENCE)
    world.api.delete(Event(0, gone.chat_id, gone.id))
    world.api.edit(lan, question, MARKET)
    answer = world.api.wait_answer(question, PATIENCE)
    assert "4 lần" in answer.text
    assert world.press(lan, answer, "1") == ""
    assert "Đoạn" in world.following(answer).text


@story
def a_question_edited_to_nothing_keeps_its_answer(world: World) -> None:
    lan = somebody()
    question = world.api.say(lan, MARKET)
    answer = world.api.wait_answer(question, PATIENCE)
    world.api.edit(lan, question, "🙈")
    told = world.api.wait(lambda: world.api.answers_to(question)[1:], PATIENCE)[0]
    assert told.text == say("vi", "telegram.empty_question")
    assert world.api.now(answer) == answer


@story
def odd_questions_are_answered_or_turned_down_kindly(world: World) -> None:
    def told(text: str) -> str:
        return world.ask(somebody(), text).text

    assert told("🤔🤔 ?!") == say("vi", "telegram.empty_question")
    assert told("\u200b\u2060\u202e\u202c.") == say("vi", "telegram.empty_question")
    assert told("a" * 4096) == say("vi", "telegram.long_question", count=4096, limit=4000)
    assert told("chợ phiên " * 400)
    plain = told(MARKET)
    assert "4 lần" in plain
    assert told(unicodedata.normalize("NFD", MARKET)) == plain
    assert told("\u202e" + MARKET.replace(" ", "\u200b \ufeff") + "\u202c") == plain
    assert told("  \n" + MARKET.upper() + "\n\n") == plain


@story
def what_people_write_never_becomes_markup(world: World) -> None:
    lan, hostile = somebody(), "<b>Chợ đó</b> &lt; & @everyone"
    world.ask(lan, MARKET)
    told = [
        world.ask(lan, "<b>cho phien</b> &lt; & @everyone hop may lan mot thang"),  # restored, so it is said again
        world.ask(lan, f"/article {hostile}"),
        world.ask(lan, f"/ask {hostile} t.me/x <a href='tg://user?id=1'>"),
    ]
    assert told[0].text.startswith("Hiểu là: <b>")
    assert "</b> &lt; & @" in told[0].text
    assert "<b>Chợ đó</b> &lt; &" in told[1].text
    for message in told:
        assert allowed_only(message)
        assert "text_link" not in {entity["type"] for entity in message.entities}


def allowed_only(message: BotMessage) -> bool:
    """No formatting but ours, no link but an article's own, nothing that Telegram would make a link of by itself."""
    links = {entity.get("url") for entity in message.entities if entity["type"] == "text_link"}
    kinds = {entity["type"] for entity in message.entities}
    assert kinds <= {"bold", "italic", "underline", "blockquote", "expandable_blockquote", "text_link"}
    assert links <= {"https://example.vn/hoi?a=1&b=2"}
    assert [found for found in entities_of(message.text) if found["type"] != "bot_command"] == []
    assert "\x1b" not in message.text
    assert not message.previews
    return True


@story
def what_articles_hold_never_becomes_markup(world: World) -> None:
    lan = somebody()
    answer = world.ask(lan, LANTERNS)
    assert "<b>Hội</b> đèn & <a href=" in answer.text.replace(JOINER, "")
    world.press(lan, answer, "1")
    told = [answer, world.following(answer), *(world.ask(lan, command) for command in ("/sources", "/why"))]
    told += [world.ask(lan, "/article hoi-den"), world.ask(lan, "/article rau-ca")]
    assert "[link=http:" in told[-1].text
    assert any(target == "https://example.vn/hoi?a=1&b=2" for row in told[1].buttons for _, target in row)
    for message in told:
        assert allowed_only(message)
        assert "bot_command" not in {entity["type"] for entity in entities_of(message.text)}
    listed = world.ask(lan, "/article")
    assert any(label.startswith("<b>Hội</b> đèn & ") for row in listed.buttons for label, _ in row)
    found = world.api.wait_inline(world.api.ask_inline(lan, LANTERNS), PATIENCE).results
    assert "&lt;b&gt;Hội&lt;/b&gt;" in json.dumps(found, ensure_ascii=False)


@story
def commands_work_in_any_case_and_unknown_ones_are_met_with_a_line_in_private_alone(world: World) -> None:
    lan, minh, group = somebody(), somebody(), some_group()
    assert world.ask(lan, "/HELP").text == say("vi", "telegram.help", bot="hoidap_bot")
    assert world.ask(lan, "/Xyz thử").text == say("vi", "telegram.unknown_command", name="xyz")
    quiet = [world.api.say(minh, text, group) for text in ("/xyz", f"/xyz{ME}", "/help@other_bot", "/start@other_bot")]
    quiet.append(world.api.say(lan, "/help@other_bot"))
    assert "4 lần" in world.ask(minh, f"/ASK@HoiDap_Bot {MARKET}", group).text
    assert world.ask(lan, "/Ask").text == say("vi", "telegram.ask_usage")
    assert [answer for event in quiet for answer in world.api.answers_to(event)] == []


@story
def everybody_chooses_a_language_of_their_own(world: World) -> None:
    lan, minh, group = somebody(), somebody(), some_group()
    assert world.ask(lan, "/Lang EN", group).text == say("en", "telegram.language")
    assert world.ask(minh, "/ask", group).text == say("vi", "telegram.ask_usage")
    assert world.ask(lan, "/ask", group).text == say("en", "telegram.ask_usage")
    assert world.ask(lan, "/lang fr").text == say("en", "telegram.language_usage")
    assert world.ask(lan, "/lang auto").text == say("vi", "telegram.language")


@story
def who_is_forgotten_has_no_history_and_no_buttons_and_others_keep_theirs(world: World) -> None:
    lan, minh, group = somebody(), somebody(), some_group()
    mine, theirs = world.ask(lan, f"{ME} {MARKET}", group), world.ask(minh, f"{ME} {MARKET}", group)
    assert world.press(lan, theirs, "👍") == say("vi", "telegram.thanks")
    assert world.ask(lan, "/forget", group).text == say("vi", "telegram.forgotten", answers=1, votes=1)
    assert world.press(lan, mine, "👍") == say("vi", "telegram.expired")
    world.press(lan, mine, "1")
    assert world.following(mine).text == say("vi", "telegram.expired")
    world.press(minh, theirs, "1")
    assert "Đoạn" in world.following(theirs).text
    assert world.ask(lan, "/sources", group).text == say("vi", "telegram.nothing_asked")
    assert not world.ask(lan, f"{ME} {LEANING}", group).text.startswith("Hiểu là")
    assert world.rows("SELECT 1 FROM votes WHERE user_id = ?", lan.id) == []


@story
def pages_lead_from_one_end_of_an_article_to_the_other_and_no_further(world: World) -> None:
    lan = somebody()
    page = world.ask(lan, "/article lang may")
    number, count = map(int, re.findall(r"Đoạn (\d+)/(\d+)", page.text)[0])
    assert (number, count > 2) == (1, True)
    seen, first = page.text, page
    for turn in range(1, count):
        assert [label for label, _ in page.buttons[0]] == (["▶"] if turn == 1 else ["◀", "▶"])
        world.press(lan, page, "▶")
        page = world.changed(page, turn)
        assert f"Đoạn {turn + 1}/{count}" in page.text
        seen += page.text
    assert [label for label, _ in page.buttons[0]] == ["◀"]
    assert all(f"Điều {n} của làng Mây" in seen for n in range(11, 24))
    world.press(lan, page, "◀")
    world.press(lan, page, "◀")  # the same button again, before its message changed: nothing to change
    assert f"Đoạn {count - 1}/{count}" in world.changed(page, count).text
    world.press(lan, first, first.buttons[0][0][1])  # the way to page 2, whatever the message shows by now
    assert len(world.api.messages(page.chat_id)) == 1


@story
def links_lead_to_the_passage_or_say_that_it_is_gone_or_welcome(world: World) -> None:
    lan = somebody()
    found = world.api.wait_inline(world.api.ask_inline(lan, MARKET), PATIENCE).results
    link = re.search(r"https://t\.me/hoidap_bot\?start=p_([0-9a-f]{16})_(\d+)", json.dumps(found))
    assert link
    article, offset = link.groups()
    gone, welcome = say("vi", "telegram.article_gone"), "Chào bạn!"
    expected = {
        f"p_{article}_{offset}": "họp 4 lần",
        f"a_{article}": "Chợ phiên Vân Đình",
        f"p_{article}_999999999": "Đoạn 1/",
        f"p_{article}_-5": "Đoạn 1/",
        f"p_{article}": "Đoạn 1/",
        "p_ffffffffffffffff_3": gone,
        "a_zz": gone,
        "p_../../etc/passwd_1": gone,
        f"p_{article}'--_1": gone,
        "a_": welcome,
        "inline": welcome,
        "ref_12345": welcome,
        "<b>&amp;": welcome,
        "📎" * 40: welcome,
    }
    asked = {payload: world.api.say(somebody(), f"/start {payload}") for payload in expected}
    for payload, event in asked.items():
        assert expected[payload] in world.api.wait_answer(event, PATIENCE).text, payload


@story
def inline_mode_hints_answers_and_does_not_search_for_each_key(world: World) -> None:
    api, lan, minh = world.api, somebody(), somebody()
    hint = api.wait_inline(api.ask_inline(lan, "  "), PATIENCE)
    assert (hint.results, hint.button and hint.button["text"]) == ([], say("vi", "telegram.inline_hint"))
    assert api.wait_inline(api.ask_inline(lan, "🙂"), PATIENCE).results == []
    api.wait_inline(api.ask_inline(lan, "chợ phiên " * 25 + "họp mấ"), PATIENCE)
    keys = [api.ask_inline(minh, MARKET[: n + 1]) for n in range(len(MARKET) - 20, len(MARKET))]
    last = api.wait_inline(keys[-1], PATIENCE)
    assert "họp <b>4 lần</b>" in last.results[0]["input_message_content"]["message_text"]
    assert last.is_personal
    answered = {str(call.params["inline_query_id"]) for call in api.calls_of("answerInlineQuery")}
    assert len(keys) == 20
    assert len(answered & {key.query_id for key in keys}) <= 5


@story
def reactions_are_votes_and_taking_them_back_takes_the_vote_back(world: World) -> None:
    lan, minh = somebody(), somebody()
    answer, other = world.ask(lan, MARKET), world.ask(minh, MARKET)

    def votes(person: Person, expected: list[int]) -> None:
        query = "SELECT value FROM votes WHERE user_id = ?"
        world.api.wait(lambda: [value for (value,) in world.rows(query, person.id)] == expected, PATIENCE)

    for emoji, value in (("👍", [1]), ("👎", [-1]), ("❤", [1]), (None, []), ("🔥", [1]), ("🤔", [])):
        world.api.react(lan, answer, emoji)
        votes(lan, value)
    world.press(minh, other, "👎")
    votes(minh, [-1])
    world.api.react(minh, other, "🤔")  # says neither, and was no vote before: the button's stays
    world.api.react(minh, other, None)
    world.ask(minh, "/help")
    votes(minh, [-1])


@story
def the_same_update_ten_times_is_answered_once(world: World) -> None:
    lan = somebody()
    question = world.api.say(lan, MARKET)
    for _ in range(9):
        world.api.redeliver(question.update_id)
    world.api.wait_answer(question, PATIENCE)
    world.ask(lan, "/help")
    world.api.redeliver(question.update_id)
    world.ask(lan, "/help")
    assert world.api.reply_counts()[question.update_id] == 1
    assert len(world.api.messages(lan.id)) == 3


@story
def a_channel_is_answered_where_the_bot_is_called(world: World) -> None:
    lan, channel = somebody(), some_group("channel")
    quiet = [world.api.post_in_channel(channel, text) for text in (MARKET, "/help", f"/ask {MARKET}")]
    question = world.api.post_in_channel(channel, f"{ME} {LANTERNS}")
    answer = world.api.wait_answer(question, PATIENCE)
    world.api.edit(lan, question, f"{ME} {MARKET}")
    assert "4 lần" in world.changed(answer).text
    assert world.press(lan, answer, "👍") == say("vi", "telegram.thanks")
    assert [one for event in quiet for one in world.api.answers_to(event)] == []


@story
def a_group_that_moves_is_answered_where_it_went(world: World) -> None:
    lan, old, new = somebody(), some_group("group"), some_group()
    world.api.inject("sendMessage", Migrated(new.id), chat_id=old.id)
    world.api.say(lan, f"{ME} {MARKET}", old)
    answer = world.api.wait(lambda: world.api.messages(new), PATIENCE)[0]
    assert "4 lần" in answer.text
    assert "4 lần" in world.ask(lan, f"{ME} {MARKET}", new).text
    assert len(world.api.messages(new)) == 2
    assert world.api.messages(old) == []


@with_a_bot_of_its_own
def who_asks_too_fast_is_told_so_once_and_is_answered_again_a_little_later(folder: Path) -> None:
    publish(folder, ARTICLES)
    with another_bot(folder, TELEGRAM_QUESTIONS_PER_MINUTE="6") as world:
        lan, minh, group, begun = somebody(), somebody(), some_group(), time.monotonic()
        asked = [world.api.say(lan, MARKET) for _ in range(10)]
        in_group = world.api.say(lan, f"{ME} {MARKET}", group)
        assert "4 lần" in world.ask(minh, MARKET).text
        told = world.api.wait_answer(in_group, PATIENCE).text
        assert told.startswith("Bạn hỏi hơi nhanh, mình chưa trả lời 1 câu vừa rồi.")
        world.api.wait(lambda: world.answered(lan) == 6 and counted(world, lan, "telegram.too_fast"), PATIENCE)
        assert all("4 lần" in world.api.answers_to(event)[0].text for event in asked[:6])
        time.sleep(max(0.0, begun + 11 - time.monotonic()))
        assert "4 lần" in world.ask(lan, MARKET).text
        (count,) = counted(world, lan, "telegram.too_fast")
        assert count + still_to_be_told(world) == 4


def counted(world: World, person: Person, name: str) -> list[int]:
    """How many questions each notice to the person says are not answered."""
    text = say("vi", name, count="#", seconds="#")
    notice = re.compile(re.escape(text).replace("\\#", r"(\d+)"))
    return [int(found[1]) for one in world.api.messages(person.id) if (found := notice.fullmatch(one.text))]


def still_to_be_told(world: World) -> int:
    """How many refused questions wait in the journal for the next notice, which comes half a minute after one."""
    return int(world.rows("SELECT count(*) FROM updates WHERE refused = 1 AND payload IS NOT NULL")[0][0])


@with_a_bot_of_its_own
def when_too_many_ask_everybody_is_answered_or_told(folder: Path) -> None:
    publish(folder, ARTICLES)
    with another_bot(folder, TELEGRAM_MAX_WAITING="3") as world:
        lan = somebody()
        world.api.hold()
        crowd = [world.api.say(somebody(), MARKET) for _ in range(60)]
        many = [world.api.say(lan, MARKET) for _ in range(8)]
        world.api.release()
        said = [world.api.wait_answer(event, PATIENCE).text for event in crowd]
        refused = [text for text in said if text == say("vi", "telegram.busy", count=1)]
        assert len(refused) + sum("4 lần" in text for text in said) == 60
        assert refused

        def dealt_with() -> bool:
            told = counted(world, lan, "telegram.busy")
            assert len(told) <= 1
            return world.answered(lan) + sum(told) + still_to_be_told(world) == len(many)

        world.api.wait(dealt_with, PATIENCE)
        assert "4 lần" in world.ask(lan, MARKET).text


@with_a_bot_of_its_own
def a_group_on_the_list_stays_on_it_when_it_becomes_a_supergroup(folder: Path) -> None:
    publish(folder, ARTICLES)
    lan, old, new = somebody(), some_group("group"), some_group()
    with another_bot(folder, TELEGRAM_ACCESS=str(old.id)) as world:
        assert "4 lần" in world.ask(lan, f"{ME} {MARKET}", old).text
        facts = {"message_id": 90, "date": int(time.time()), "from": lan.json()}
        world.api.push({"message": {**facts, "chat": old.json(), "migrate_to_chat_id": new.id}})
        world.api.push({"message": {**facts, "chat": new.json(), "migrate_from_chat_id": old.id}})
        assert "4 lần" in world.ask(lan, f"{ME} {MARKET}", new).text
        assert world.bot.stop() == 0
        world.bot.start()
        assert "4 lần" in world.ask(lan, f"{ME} {MARKET}", new).text
        elsewhere = world.api.say(lan, f"{ME} {MARKET}", some_group())
        assert "4 lần" in world.ask(lan, f"/ask {MARKET}", new).text
        assert world.api.answers_to(elsewhere) == []


@with_a_bot_of_its_own
def an_index_that_comes_later_is_picked_up_and_so_is_each_new_one(folder: Path) -> None:
    with another_bot(folder, TELEGRAM_CONVERSATION_MINUTES="0.05") as world:
        nothing_yet(world)
        publish(folder, {"may.txt": "Ghi chép\n\nTrời xanh, mây trắng bay qua núi.\n"})
        welcome = world.api.wait(lambda: welcomed(world), 3)[0]
        assert welcome.text.endswith("có dấu hay không dấu đều được.")  # not "for example", as there is no example
        publish(folder, ARTICLES)
        world.api.wait(lambda: "từ 4 bài" in welcomed(world)[0].text, 3)
        conversation_ends(world)
        article_changes(world)


def nothing_yet(world: World) -> None:
    not_ready = say("vi", "telegram.not_ready")
    for text in (MARKET, "/start", "/article chợ", "/ask " + MARKET):
        assert world.ask(somebody(), text).text == not_ready
    assert world.ask(somebody("en"), MARKET).text == say("en", "telegram.not_ready")
    assert world.ask(somebody(), "/start p_0123456789abcdef_1").text == say("vi", "telegram.article_gone")
    assert world.api.wait_inline(world.api.ask_inline(somebody(), MARKET)).results == []
    assert not_ready in world.ask(ADMIN, "/status").text


def welcomed(world: World) -> list[BotMessage]:
    """The welcome to somebody new; none while there is nothing to welcome to."""
    welcome = world.ask(somebody(), "/start")
    return [welcome] if welcome.text.startswith("Chào bạn!") else []


def conversation_ends(world: World) -> None:
    lan = somebody()
    world.ask(lan, MARKET)
    assert world.ask(lan, LEANING).text.startswith("Hiểu là")
    time.sleep(3.2)
    assert not world.ask(lan, LEANING).text.startswith("Hiểu là")


def article_changes(world: World) -> None:
    lan, minh = somebody(), somebody()
    old = world.ask(lan, MARKET)
    page = world.ask(minh, "/article chợ phiên")
    changed = {**ARTICLES, "cho.txt": ARTICLES["cho.txt"].replace("4 lần", "9 lần")}
    publish(world.bot.folder, changed)
    world.api.wait(lambda: "9 lần" in world.ask(somebody(), MARKET).text, 3)
    world.press(lan, old, "1")
    cited = world.following(old)
    assert cited.text.startswith(say("vi", "telegram.article_changed"))
    assert "họp 4 lần" in cited.text
    world.press(minh, page, page.buttons[0][0][0])
    assert world.following(page).text == say("vi", "telegram.article_gone")


@with_a_bot_of_its_own
def long_answers_come_in_parts_that_belong_together(folder: Path) -> None:
    about = "Về việc trồng mây ven suối và nuôi cá trong lồng của các hộ dân thuộc tổ hợp tác liên xã "
    many = {f"{n}.txt": f"{about * 2} số {n}\n\nTổ {n} trồng mây ven suối đã lâu.\n" for n in range(30)}
    publish(folder, {**many, "cho.txt": ARTICLES["cho.txt"]})
    with another_bot(folder, ANSWERING_PASSAGES="40", ANSWERING_NEAREST="40") as world:
        lan = somebody()
        question = world.api.say(lan, "Tổ nào trồng mây ven suối vào tháng giêng?")
        world.api.wait(lambda: len(world.api.answers_to(question)) > 1, PATIENCE)
        time.sleep(0.2)
        parts = world.api.answers_to(question)
        assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]
        assert parts[-1].buttons[-1][0][0] == "👍"
        said = "".join(part.text for part in parts)
        assert [n for n in range(1, 31) if f"[{n}] " not in said] == []
        assert world.ask(lan, "Còn tổ đó?", reply_to=parts[0]).text.startswith("Hiểu là: Tổ trồng mây")
        why = world.api.say(lan, "/why", reply_to=parts[0])
        world.api.wait(lambda: len(world.api.answers_to(why)) > 1, PATIENCE)
        world.api.edit(lan, question, MARKET)
        world.api.wait(lambda: "4 lần" in world.shown(parts[0])[0].text, PATIENCE)
        world.api.wait(lambda: not any(map(world.shown, parts[1:])), PATIENCE)
        world.press(lan, world.shown(parts[0])[0], "1")
        assert "Đoạn" in world.following(parts[0]).text


@pytest.mark.parametrize("one", [told.__name__ for told in (*STORIES, *STORIES_OF_THEIR_OWN)])
def test_a_conversation_in_which(one: str, told: dict[str, Future[None]]) -> None:
    told[one].result()
