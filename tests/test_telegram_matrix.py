"""Who gets to read an article, and who does not: every kind of update, place, person and access, through the program.

Every cell of the matrix happens in a chat of its own, but for those that need an answer of the bot to press, to reply
or to react to: these happen where one was given while everybody was still let in, so all its buttons are real.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter, defaultdict
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from embeddings import pipeline
from qa_bot.messages import say
from qa_bot.telegram import people
from qa_bot.telegram.buttons import Action, Press, Signer
from qa_bot.telegram.text import JOINER
from tests.bot_api import BotApi, BotMessage, Chat, Event, Limits, Person, private
from tests.bot_api_people import ANONYMOUS_ADMIN
from tests.fakes import HashingEncoder, index_settings
from tests.telegram_process import running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tests.bot_api_html import Json

MARK = "quyxax"  # in every line of every article and in every file's name, and in nothing that people write
ARTICLES = {
    "quyxax-cho.txt": "Chợ phiên Quyxax\n\n05/06/2023\n\nChợ phiên Quyxax họp 4 lần một tháng ở bãi Quyxax.\n\n"
    + "\n\n".join(f"Dãy Quyxax số {n} có {n}2 gian bán rau, theo sổ của thôn Quyxax." for n in range(2, 12)),
    "quyxax-cau.txt": "Khánh thành cầu Ngân Hà của Quyxax\n\nSáng 12/03/2024, thợ Quyxax dựng xong cầu dài 87 mét.\n",
    "quyxax-dem.txt": "Hội đêm Quyxax\n\nHội đêm Quyxax có 30 gian hàng.\n",
}
QUESTION = "Chợ phiên họp mấy lần một tháng?"
BOT_NAME = "@hoidap_bot"


class Mode(StrEnum):
    OPEN = "open to everybody"
    ALLOWLIST = "for those on a list"
    ADMINS = "for admins alone"


class Kind(StrEnum):
    PRIVATE, GROUP, SUPERGROUP, TOPIC, CHANNEL = "private", "group", "supergroup", "topic", "channel"


class Who(StrEnum):
    """OTHER is a stranger, and in a place that is on the list a member of it."""

    ADMIN, LISTED, OTHER, BANNED, BOT = "admin", "on the list", "other", "banned", "another bot"
    ANONYMOUS = "in the name of the place"  # an anonymous admin of a group; whoever posts in a channel
    AS_CHANNEL = "in the name of a channel"


class Act(StrEnum):
    MESSAGE, EDITED, COMMAND, NAMED, MENTION = "message", "edited", "/ask", "/ask@bot", "mention"
    FORWARDED, VIA_BOT, VIA_US = "forwarded", "via another bot", "via this bot"
    ARTICLE, LINK, STATUS, DOCUMENT, INLINE = "/article", "deep link", "/status", "document", "inline"
    REPLY, SOURCES, REACTION = "reply", "/sources in reply", "reaction"
    SOURCE, PAGE, VOTE, EXAMPLE = "press source", "press page", "press vote", "press example"
    ADD, CANCEL, REMOVE_ASK, REMOVE, UNDO = "press add", "press no", "press which", "press remove", "press undo"


class Outcome(StrEnum):
    ARTICLE = "words of an article"
    POLITE = "words, none of an article"
    SILENCE = "nothing"


READER_PRESSES = (Act.SOURCE, Act.PAGE, Act.VOTE, Act.EXAMPLE)
ADMIN_PRESSES = (Act.ADD, Act.CANCEL, Act.REMOVE_ASK, Act.REMOVE, Act.UNDO)
PRESSES = (*READER_PRESSES, *ADMIN_PRESSES)
TO_AN_ANSWER = (Act.REPLY, Act.SOURCES, *PRESSES, Act.REACTION)  # in this order, one after another
POSTS = (Act.MESSAGE, Act.EDITED, Act.COMMAND, Act.NAMED, Act.MENTION, Act.ARTICLE, Act.LINK, Act.STATUS)
PERSONS = (Who.ADMIN, Who.LISTED, Who.OTHER, Who.BANNED, Who.BOT)


@dataclass(frozen=True, slots=True)
class Place:
    kind: Kind
    listed: bool = False
    banned: bool = False


PLACES = {
    Mode.OPEN: (*map(Place, Kind), Place(Kind.SUPERGROUP, banned=True)),
    Mode.ALLOWLIST: (*map(Place, Kind), *(Place(kind, listed=True) for kind in Kind if kind is not Kind.PRIVATE)),
    Mode.ADMINS: tuple(map(Place, Kind)),
}


@dataclass(frozen=True, slots=True)
class Cell:
    mode: Mode
    place: Place
    who: Who
    act: Act


def can_be(cell: Cell) -> bool:
    """Whether Telegram knows such a thing, and whether it belongs here: what admins' buttons do for them comes last."""
    kind, who, act = cell.place.kind, cell.who, cell.act
    if act is Act.INLINE:
        return kind is Kind.PRIVATE and who in PERSONS
    if act in PRESSES:
        bot_alone = kind is Kind.PRIVATE and who is Who.BOT  # it was never answered
        return who in PERSONS and not bot_alone and not (who is Who.ADMIN and act in ADMIN_PRESSES)
    if kind is Kind.CHANNEL:
        return act in POSTS if who is Who.ANONYMOUS else act is Act.REACTION and who in PERSONS
    if kind is Kind.PRIVATE:
        return who in PERSONS and not (act in TO_AN_ANSWER and who is Who.BOT)
    return who in PERSONS or act not in (Act.DOCUMENT, Act.REACTION)


# What should come of each, by what docs/telegram.md promises.


def may_ask(cell: Cell) -> bool:
    if cell.who in (Who.ADMIN, Who.BOT):
        return cell.who is Who.ADMIN
    if cell.who is Who.BANNED or cell.place.banned or cell.mode is Mode.ADMINS:
        return False
    return cell.mode is Mode.OPEN or cell.who is Who.LISTED or cell.place.listed


def meant_for_the_bot(cell: Cell) -> bool:
    if cell.act is Act.VIA_US:
        return False
    if cell.place.kind is Kind.PRIVATE:
        return True
    return cell.act is not Act.MESSAGE and not (cell.place.kind is Kind.CHANNEL and cell.act is Act.COMMAND)


def expected(cell: Cell) -> Outcome:
    asked, alone = may_ask(cell), cell.place.kind is Kind.PRIVATE
    if cell.who is Who.BOT or cell.act is Act.REACTION or not meant_for_the_bot(cell):
        return Outcome.SILENCE
    if not asked and (cell.act in PRESSES or cell.act is Act.INLINE):
        return Outcome.POLITE
    if not asked:  # told once what their number is; by the reply, where there is more than one
        told = alone and cell.who is not Who.BANNED and cell.act is not Act.SOURCES
        return Outcome.POLITE if told else Outcome.SILENCE
    without_text = (Act.VOTE, Act.STATUS, *ADMIN_PRESSES, *([Act.DOCUMENT] if alone else []))
    return Outcome.POLITE if cell.act in without_text else Outcome.ARTICLE


def cells() -> Iterator[Cell]:
    """All that ends without text of an article; and of what ends with it, each act everywhere by one at least."""
    seen: set[tuple[Mode, Place, Act]] = set()
    for mode in Mode:
        for place, who, act in product(PLACES[mode], Who, Act):
            cell = Cell(mode, place, who, act)
            answered = can_be(cell) and expected(cell) is Outcome.ARTICLE
            if can_be(cell) and not (answered and act not in (Act.MENTION, Act.SOURCE) and (mode, place, act) in seen):
                yield cell
            if answered:
                seen.add((mode, place, act))


CELLS = list(cells())

# How each is done.

HOST = Person(1, "Chủ nhà")
EDITORS = [Person(number, "Biên tập") for number in range(2, 6)]
BANNED = Person(6, "Bị chặn")
CHANNEL_BOT = Person(136_817_688, "Channel", None, is_bot=True, username="Channel_Bot")
SOME_CHANNEL = Chat(-900_000_000, "channel", "Kênh lạ")
TOPIC = 7


@dataclass
class Matrix:
    api: BotApi
    folder: Path
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    answers: dict[int, BotMessage] = field(default_factory=dict)  # by the number of a chat: what was answered there
    buttons: dict[Act, Press] = field(default_factory=dict)
    article_id: str = ""
    banned: list[int] = field(default_factory=list)
    events: dict[Cell, Event] = field(default_factory=dict)
    calls: dict[int | str, list[Json]] = field(default_factory=lambda: defaultdict(list))  # by chat or query
    disk: list[dict[str, bytes]] = field(default_factory=list)  # before, and after each mode
    printed: str = ""

    def number(self, cell: Cell) -> int:
        """Of the cell's chat and person; one number for all presses, and one for all replies, to the same answer."""
        done = "presses" if cell.act in PRESSES else "replies" if cell.act in TO_AN_ANSWER else cell.act
        key = (cell.mode, cell.place, cell.who, done)
        return self.numbers.setdefault(key, 10_000 + len(self.numbers))

    def person(self, cell: Cell) -> Person:
        if cell.place.kind is not Kind.PRIVATE and cell.who in (Who.ADMIN, Who.BANNED):
            return HOST if cell.who is Who.ADMIN else BANNED
        return Person(self.number(cell), cell.who, is_bot=cell.who is Who.BOT)

    def chat(self, cell: Cell) -> Chat:
        kind = cell.place.kind
        if kind is Kind.PRIVATE:
            return private(self.person(cell))
        telegrams = "supergroup" if kind is Kind.TOPIC else str(kind)
        return Chat(-1_000_000 - self.number(cell), telegrams, "Nhóm", is_forum=kind is Kind.TOPIC)

    def admins(self) -> list[Person]:
        return [HOST, *EDITORS, *(self.person(cell) for cell in CELLS if cell.who is Who.ADMIN)]

    def settings(self, mode: Mode) -> dict[str, str]:
        listed = {self.person(cell).id for cell in CELLS if cell.who is Who.LISTED}
        listed |= {self.chat(cell).id for cell in CELLS if cell.place.listed}
        return {
            "TELEGRAM_ACCESS": {Mode.OPEN: "open", Mode.ALLOWLIST: _commas(listed), Mode.ADMINS: ""}[mode],
            "TELEGRAM_ADMINS": _commas({one.id for one in self.admins()}),
            "TELEGRAM_QUESTIONS_PER_MINUTE": "100000",
            "TELEGRAM_MESSAGES_PER_SECOND": "100000",
            "RETRIEVAL_DEPTH": "10",
            "ANSWERING_PASSAGES": "1",
            "ANSWERING_NEAREST": "1",
        }

    def write(
        self, cell: Cell, text: str, reply_to: BotMessage | None = None, more: Json | None = None, *, host: bool = False
    ) -> Event:
        """What the cell's person writes there; with `host`, what an admin who is there too does."""
        chat = self.chat(cell)
        if chat.type == "channel":
            return self.api.post_in_channel(chat, text)
        names: Json = {
            Who.ANONYMOUS: {"from": ANONYMOUS_ADMIN.json(), "sender_chat": chat.json()},
            Who.AS_CHANNEL: {"from": CHANNEL_BOT.json(), "sender_chat": SOME_CHANNEL.json()},
        }
        more = {} if host else {**names.get(cell.who, {}), **(more or {})}
        topic = TOPIC if cell.place.kind is Kind.TOPIC else None
        return self.api.say(HOST if host else self.person(cell), text, chat, reply_to, topic, more=more)

    def do(self, cell: Cell) -> Event:
        api, act, person, mention = self.api, cell.act, self.person(cell), f"{BOT_NAME} {QUESTION}"
        if act is Act.INLINE:
            return api.ask_inline(person, QUESTION)
        if act is Act.DOCUMENT:
            return api.send_document(person, "tep.txt", b"tep", caption=mention, chat=self.chat(cell))
        if act is Act.EDITED:
            event = self.write(cell, "🙂")
            return api.edit(person if cell.who in PERSONS else ANONYMOUS_ADMIN, event, mention)
        if act is Act.REACTION:
            return api.react(person, self.answers[self.number(cell)], "👍")
        if act in PRESSES:
            answer = self.answers[self.number(cell)]
            return api.press(person, answer, {Act.SOURCE: "1", Act.VOTE: "👍"}.get(act) or self.signed(act, answer))
        texts = {
            Act.MESSAGE: QUESTION,
            Act.COMMAND: f"/ask {QUESTION}",
            Act.NAMED: f"/ask{BOT_NAME} {QUESTION}",
            Act.ARTICLE: f"/article{BOT_NAME} cho phien",
            Act.LINK: f"/start{BOT_NAME} p_{self.article_id}_40",
            Act.STATUS: f"/status{BOT_NAME}",
            Act.REPLY: QUESTION,
            Act.SOURCES: f"/sources{BOT_NAME}",
        }
        more: dict[Act, Json] = {
            Act.FORWARDED: {"forward_origin": {"type": "hidden_user", "sender_user_name": "Ai đó", "date": 1}},
            Act.VIA_BOT: {"via_bot": Person(4242, "Bot khác", is_bot=True).json()},
            Act.VIA_US: {"via_bot": Person(api.me["id"], "Hỏi đáp", is_bot=True).json()},
        }
        reply_to = self.answers[self.number(cell)] if act in TO_AN_ANSWER else None
        return self.write(cell, texts.get(act, mention), reply_to, more.get(act))

    def signed(self, act: Act, answer: BotMessage) -> str:
        """A button of another message, as the bot would have signed it for the chat of `answer`."""
        press = replace(self._read(answer, "1"), page=1) if act is Act.PAGE else self.buttons[act]
        return self._signer().sign(press, answer.chat_id, 600)

    def _read(self, message: BotMessage, label: str) -> Press:
        data = next(data for row in message.buttons for shown, data in row if shown == label)
        return self._signer().read(data, message.chat_id)

    def _signer(self) -> Signer:
        with self.state() as db:
            return Signer(people.secret(db))

    @contextmanager
    def state(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(f"file:{self.folder}/state/telegram.sqlite?mode=ro", uri=True)) as db:
            yield db

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.state() as db:
            return db.execute(query).fetchall()

    def files(self) -> dict[str, bytes]:
        found = [file for name in ("seeds", "state/removed") for file in (self.folder / name).rglob("*")]
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in found if file.is_file()}

    def settle(self) -> None:
        """Until everything that happened was dealt with."""
        unfinished = "SELECT seq, payload FROM updates WHERE payload IS NOT NULL LIMIT 3"
        deadline = time.monotonic() + 30
        while left := self.api.unconfirmed or self.rows(unfinished):
            assert time.monotonic() < deadline, left
            time.sleep(0.03)

    def prepare(self) -> None:
        """While everybody may ask: answers to press and to reply to, and something that waits for an admin."""
        api = self.api
        asked: dict[int, Event] = {}
        welcome = api.say(HOST, "/start")
        add, cancel = (api.send_document(one, f"quyxax-{one.id}.txt", b"Quyxax co 5 nha.\n") for one in EDITORS[:2])
        which, choice = api.say(EDITORS[2], "/remove hội đêm"), api.say(EDITORS[3], "/remove quyxax")
        for cell in CELLS:
            if cell.act in TO_AN_ANSWER and self.number(cell) not in asked:
                host = cell.place.kind is not Kind.PRIVATE
                asked[self.number(cell)] = self.write(cell, f"{BOT_NAME} {QUESTION}", host=host)
        remove = api.wait_answer(which)
        api.press(EDITORS[2], remove, "Gỡ")
        self.settle()
        undo = api.now(remove)
        assert undo is not None
        self.answers = {number: api.wait_answer(event) for number, event in asked.items()}
        self.buttons = {
            Act.EXAMPLE: self._signer().read(api.wait_answer(welcome).buttons[0][0][1], HOST.id),
            Act.ADD: self._read(api.wait_answer(add), "Thêm"),
            Act.CANCEL: self._read(api.wait_answer(cancel), "Thôi"),
            Act.REMOVE_ASK: self._read(api.wait_answer(choice), "Chợ phiên Quyxax"),
            Act.REMOVE: replace(self._read(api.wait_answer(choice), "Chợ phiên Quyxax"), action=Action.REMOVE),
            Act.UNDO: self._read(undo, "Hoàn tác"),
        }
        self.article_id = f"{self.buttons[Act.REMOVE].ref:016x}"

    def ban(self) -> None:
        chats = {self.chat(cell).id for cell in CELLS if cell.place.banned}
        self.banned = sorted(chats | {self.person(cell).id for cell in CELLS if cell.who is Who.BANNED})
        for at, number in enumerate(self.banned):
            self.api.say(HOST, f"/ban {number}", Chat(-2_000_000 - at, "group", "Nhóm quản trị"))
        self.settle()

    def run(self) -> None:
        for mode in Mode:
            with running(self.api, self.folder, self.settings(mode)) as process:
                if mode is Mode.OPEN:
                    self.prepare()
                    self.ban()
                    self.disk.append(self.files())
                before = len(self.api.calls)
                for cell in CELLS:
                    if cell.mode is mode:
                        self.events[cell] = self.do(cell)
                self.settle()
                self.disk.append(self.files())
                for call in self.api.calls[before:]:
                    query = call.params.get("callback_query_id") or call.params.get("inline_query_id")
                    self.calls[query or call.chat_id or "elsewhere"].append(call.params)
                if mode is Mode.ADMINS:
                    self.edit()
            self.printed = process.printed

    def edit(self) -> None:
        """What admins do with the very buttons that others pressed in vain."""
        api, (adding, leaving, undoing, removing) = self.api, EDITORS
        which = api.say(removing, "/remove cau")
        shown = [api.messages(private(one))[0] for one in (adding, leaving, undoing)]
        for editor, message, label in zip(EDITORS, shown, ("Thêm", "Thôi", "Hoàn tác"), strict=False):
            api.press(editor, message, label)
        api.press(removing, api.wait_answer(which), "Gỡ")
        self.settle()
        self.disk.append(self.files())

    def received(self, cell: Cell) -> list[Json]:
        """What the bot sent because of this: to its person, and into its chat."""
        event = self.events[cell]
        calls, toasts = self.calls[event.chat_id or ""], self.calls[event.query_id or ""]
        if cell.act not in TO_AN_ANSWER:
            return [*calls, *toasts]
        answer = self.answers[self.number(cell)].id
        replies: dict[int, list[Json]] = defaultdict(list)
        for call in calls:
            replies[call.get("reply_parameters", {}).get("message_id", 0)].append(call)
        match cell.act:
            case Act.REPLY | Act.SOURCES:
                return replies[event.message_id or 0]
            case Act.EXAMPLE:
                return [*toasts, *(call for call in replies[answer] if call["text"].startswith("❓"))]
            case Act.SOURCE:
                return [*toasts, *(call for call in replies[answer] if not call["text"].startswith("❓"))]
            case Act.PAGE:
                return [*toasts, *(call for call in calls if call.get("message_id") == answer)]
            case _:
                return toasts


def _commas(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


def words(params: Json) -> str:
    """All that a request holds, without what only keeps Telegram from making links of it."""
    return json.dumps(params, ensure_ascii=False).replace(JOINER, "").replace("\\u2060", "").casefold()


def _shown(params: Json) -> str:
    """What a person reads of it."""
    button: Json = params.get("button", {})
    return str(params.get("text") or button.get("text") or "")


def outcome(calls: Sequence[Json]) -> Outcome:
    if any(MARK in words(call) for call in calls):
        return Outcome.ARTICLE
    # An empty toast only stops a button's turning.
    noticed = any("chat_id" in call or call.get("results") or _shown(call) for call in calls)
    return Outcome.POLITE if noticed else Outcome.SILENCE


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "seeds").mkdir()
    for name, text in ARTICLES.items():
        (folder / "seeds" / name).write_text(text, "utf-8")
    pipeline.build(index_settings(folder / "seeds", folder / "index"), HashingEncoder())
    with BotApi(limits=Limits(enforce=False), keep=100_000) as api:
        made = Matrix(api, folder)
        made.run()
        yield made
        assert api.violations == []
        assert api.token not in made.printed
        assert "Traceback" not in made.printed


@pytest.mark.parametrize("mode", Mode)
def test_everybody_gets_what_the_rules_say_whatever_they_do(matrix: Matrix, mode: Mode) -> None:
    done = [cell for cell in CELLS if cell.mode is mode]
    assert len(done) > 400
    wrong = [(cell, got) for cell in done if (got := outcome(matrix.received(cell))) is not expected(cell)]
    assert wrong == []


@pytest.mark.parametrize("mode", Mode)
def test_who_may_not_ask_hears_a_polite_line_at_most_and_never_a_word_of_an_article(matrix: Matrix, mode: Mode) -> None:
    """By all that the server ever received for their chats and queries, however it came to be sent."""
    for cell in CELLS:
        if cell.mode is mode and not may_ask(cell):
            event, number = matrix.events[cell], matrix.number(cell)
            calls = [*matrix.calls[event.chat_id or ""], *matrix.calls[event.query_id or ""]]
            polite = {say("vi", "telegram.stranger", id=number), say("vi", "telegram.stranger_short"), ""}
            assert {_shown(call) for call in calls} <= polite, cell
            assert not any(MARK in words(call) for call in calls), cell


def test_what_is_sent_to_no_chat_holds_nothing_of_the_articles(matrix: Matrix) -> None:
    assert matrix.calls["elsewhere"]
    assert not any(MARK in words(call) for call in matrix.calls["elsewhere"])


def test_an_answer_in_a_topic_stays_in_it(matrix: Matrix) -> None:
    asked = [
        c for c in CELLS if c.place.kind is Kind.TOPIC and expected(c) is Outcome.ARTICLE and c.act is not Act.DOCUMENT
    ]
    sent = [call for cell in asked for call in matrix.received(cell) if "reply_parameters" in call]
    assert len(sent) > 30
    assert {call.get("message_thread_id") for call in sent} == {TOPIC}


def test_nothing_is_recorded_of_who_may_not_ask(matrix: Matrix) -> None:
    """But the answers that were given in the same chats before, while everybody might ask."""
    prepared = {answer.chat_id for answer in matrix.answers.values()}
    recorded = Counter(row[0] for row in matrix.rows("SELECT chat_id FROM answers"))
    voted = {user for (user,) in matrix.rows("SELECT user_id FROM votes")}
    for cell in CELLS:
        chat = matrix.chat(cell).id
        if not may_ask(cell):
            assert recorded[chat] == (1 if chat in prepared else 0), cell
            assert matrix.person(cell).id not in voted, cell
        elif cell.act in (Act.MENTION, Act.COMMAND) and expected(cell) is Outcome.ARTICLE:
            assert recorded[chat] == 1, cell
        elif cell.act in (Act.VOTE, Act.REACTION):
            assert matrix.person(cell).id in voted, cell
    assert {user for (user,) in matrix.rows("SELECT user_id FROM uploads")} <= {one.id for one in matrix.admins()}
    assert sorted(number for (number,) in matrix.rows("SELECT id FROM bans")) == matrix.banned
    assert matrix.rows("SELECT user_id FROM languages") == []


def test_buttons_of_admins_change_nothing_for_others_and_work_for_admins(matrix: Matrix) -> None:
    before, *after, changed = matrix.disk
    assert after == [before] * len(Mode)
    assert {file for file in before if file.startswith("seeds/")} == {"seeds/quyxax-cho.txt", "seeds/quyxax-cau.txt"}
    assert {file for file in changed if file.startswith("seeds/")} == {
        "seeds/quyxax-cho.txt",
        "seeds/quyxax-dem.txt",
        "seeds/quyxax-2.txt",
    }
