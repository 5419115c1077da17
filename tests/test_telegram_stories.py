"""What readers and editors do in Telegram: the installed command, the real model, the articles that ship, real HTTP."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bot_api import BotApi, Chat, Limits, Person
from tests.bot_api import private as chat_of
from tests.fakes import SEEDS
from tests.telegram_process import REAL, Process, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTICLES = len([*SEEDS.glob("*.txt"), *SEEDS.glob("[!R]*.md")])  # whoever adds one of their own runs these tests too
READERS = [Person(100 + number, f"Lan {number}") for number in range(40)]
JANE = Person(8, "Jane", language_code="en")
EDITOR = Person(9, "Hà")
STRANGER = Person(666, "Lạ")
GROUP = Chat(-1001, "supergroup", "Tổ bạn đọc", is_forum=True)
QUICK = Limits(per_second=30, per_chat_second=1, per_group_minute=20)


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    with BotApi(limits=QUICK) as server:
        yield server


@pytest.fixture(scope="module")
def bot(api: BotApi, tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Process]:
    """One bot for all stories of this file, over a copy of the articles that ship."""
    folder = tmp_path_factory.mktemp("telegram")
    (folder / "seeds").mkdir()
    for file in SEEDS.iterdir():
        (folder / "seeds" / file.name).write_bytes(file.read_bytes())
    environment = {"QA_BOT_ENCODER_CACHE_DIR": str(model_cache), "PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1"}
    built = subprocess.run(
        [str(Path(REAL[0]).parent / "rebuild-index")], cwd=folder, env=environment, capture_output=True, check=False
    )
    assert built.returncode == 0, built.stderr
    settings = {
        "ENCODER_CACHE_DIR": str(model_cache),
        "TELEGRAM_ACCESS": ",".join(str(number) for number in [*(one.id for one in READERS), JANE.id, GROUP.id]),
        "TELEGRAM_ADMINS": str(EDITOR.id),
    }
    with running(api, folder, settings, REAL) as process:
        yield process
    assert api.violations == []
    assert api.token not in process.printed
    assert "Traceback" not in process.printed


@pytest.fixture
def lan() -> Person:
    """A reader whom the bot does not know yet; a chat of their own, so that nobody waits for another's flood limit."""
    return READERS.pop()


def test_a_reader_is_welcomed_in_their_language_with_three_questions_that_work(
    api: BotApi, bot: Process, lan: Person
) -> None:
    welcome = api.wait_answer(api.say(lan, "/start"), 40)
    assert welcome.text.startswith(f"Chào bạn! Mình trả lời từ {ARTICLES} bài viết")
    assert welcome.text.count("\n") == 1
    labels = [label for row in welcome.buttons for label, _ in row]
    assert len(labels) == 3
    api.press(lan, welcome, labels[0])
    answer = api.wait_answer(welcome)
    assert "[1]" in answer.text
    assert answer.text.startswith("❓ ")
    assert api.wait_answer(api.say(JANE, "/start")).text.startswith(f"Hello! I answer from {ARTICLES} articles")


def test_a_question_without_diacritics_gets_a_short_cited_answer_and_buttons(
    api: BotApi, bot: Process, lan: Person
) -> None:
    answer = api.wait_answer(api.say(lan, "dang bo huyen hai hau co bao nhieu dang vien?"))
    said, _, sources = answer.text.partition("\n\n")
    assert "14.500" in said
    assert "[1]" in said
    assert len(said) <= 400
    assert sources.startswith("[1] Đảng bộ huyện Hải Hậu")
    assert "<blockquote expandable>" in answer.html
    assert not answer.previews
    labels = [[label for label, _ in row] for row in answer.buttons]
    assert labels[0][0] == "1"
    assert labels[-1] == ["👍", "👎"]


def test_a_tap_opens_the_exact_passage_and_another_pages_on(api: BotApi, bot: Process, lan: Person) -> None:
    answer = api.wait_answer(api.say(lan, "Thu nhập bình quân đầu người ở Hải Hậu là bao nhiêu?"))
    press = api.press(lan, answer, "1")
    api.wait_toast(press)
    passage = api.wait_answer(answer)
    article = (SEEDS / "hai-hau.txt").read_text("utf-8")
    quoted = re.sub(r"<[^>]+>", "", "".join(re.findall(r"<b>(.*?)</b>", passage.html.partition("<blockquote>")[2])))
    assert "53 triệu" in quoted
    assert "".join(quoted.split()) in "".join(article.split())
    page, pages = map(int, re.findall(r"Đoạn (\d+)/(\d+)", passage.text)[0])
    assert 1 <= page <= pages
    forward = page < pages
    api.press(lan, passage, "▶" if forward else "◀")
    api.wait(lambda: (shown := api.now(passage)) and f"Đoạn {page + (1 if forward else -1)}/{pages}" in shown.text)


def test_a_follow_up_knows_the_question_before_and_a_reply_goes_back_to_its_own_thread(
    api: BotApi, bot: Process, lan: Person
) -> None:
    first = api.wait_answer(api.say(lan, "Ai viết bài về Mèo Vạc?"))
    follow_up = api.wait_answer(api.say(lan, "Người này giữ chức vụ gì?", reply_to=first))
    assert follow_up.text.startswith("Hiểu là: Hầu Minh Lợi giữ chức vụ gì?")
    assert "Bí thư Huyện ủy Mèo Vạc" in follow_up.text
    api.wait_answer(api.say(lan, "Bảo Thắng tổ chức mấy cuộc hội thảo?"))
    back = api.wait_answer(api.say(lan, "Người này giữ chức vụ gì?", reply_to=first))
    assert "Mèo Vạc" in back.text
    assert "Bảo Thắng tổ chức" not in back.text.partition("\n")[0]


def test_what_the_articles_do_not_say_is_refused_and_the_nearest_passages_are_buttons(
    api: BotApi, bot: Process, lan: Person
) -> None:
    answer = api.wait_answer(api.say(lan, "Giá vàng hôm nay bao nhiêu một lượng?"))
    assert "các bài viết không nói tới điều này" in answer.text
    assert answer.buttons[0][0][0] == "1"
    api.press(lan, answer, "1")
    assert "Đoạn" in api.wait_answer(answer).text


def test_an_edited_question_is_answered_again_in_place(api: BotApi, bot: Process, lan: Person) -> None:
    question = api.say(lan, "Ai viết bài về Sông Lô?")
    answer = api.wait_answer(question)
    assert "Hồng Chiến" in answer.text
    api.edit(lan, question, "Ai viết bài về Bình Liêu?")
    changed = api.wait(lambda: [m for m in api.messages(answer.chat_id) if m.id == answer.id and m.edits])[0]
    assert "Hồng Chiến" not in changed.text
    assert "12/06/2021" in changed.text
    assert len(api.answers_to(question)) == 1


def test_in_a_group_it_speaks_only_when_spoken_to_and_stays_in_the_topic(
    api: BotApi, bot: Process, lan: Person
) -> None:
    api.meet(GROUP)
    chatter = api.say(lan, "Ai viết bài về Sông Lô?", chat=GROUP, topic=5)
    asked = api.say(lan, "@hoidap_bot Ai viết bài về Sông Lô?", chat=GROUP, topic=5)
    answer = api.wait_answer(asked)
    assert "Hồng Chiến" in answer.text
    assert answer.thread == 5
    assert api.answers_to(chatter) == []
    by_command = api.wait_answer(api.say(STRANGER, "/ask@hoidap_bot Ai viết bài về Mèo Vạc?", chat=GROUP, topic=5))
    assert "Hầu Minh Lợi" in by_command.text


def test_inline_mode_offers_the_answer_with_its_source_in_any_chat(api: BotApi, bot: Process, lan: Person) -> None:
    found = api.wait_inline(api.ask_inline(lan, "hải hậu đảng viên"))
    assert found.results
    text = json.dumps(found.results, ensure_ascii=False)
    assert "14.500" in text
    link = re.search(r"https://t\.me/hoidap_bot\?start=(p_[0-9a-f]{16}_\d+)", text)
    assert link
    opened = api.wait_answer(api.say(lan, f"/start {link[1]}"))
    assert "Đoạn" in opened.text


def test_commands_show_sources_reasons_and_articles(api: BotApi, bot: Process, lan: Person) -> None:
    api.wait_answer(api.say(lan, "Ai viết bài về Sông Lô?"))
    assert "[1]" in api.wait_answer(api.say(lan, "/sources")).text
    assert "Độ tin cậy" in api.wait_answer(api.say(lan, "/why")).text
    listed = api.wait_answer(api.say(lan, "/article"))
    assert len(listed.buttons) == min(8, ARTICLES)
    api.press(lan, listed, listed.buttons[0][0][0])
    assert "Đoạn 1/" in api.wait_answer(listed).text
    assert "Đoạn 1/" in api.wait_answer(api.say(lan, "/article song lo")).text
    for command in ("/help", "/privacy", "/ask", "/lang fr"):
        assert api.wait_answer(api.say(lan, command)).text
    assert api.wait_answer(api.say(lan, "/lang en")).text == "I speak English with you from now on."
    assert api.wait_answer(api.say(lan, "/lang auto")).text.startswith("Từ giờ")


def test_ratings_and_reactions_become_lines_that_eval_reads(api: BotApi, bot: Process, tmp_path: Path) -> None:
    liked = api.wait_answer(api.say(JANE, "Ai viết bài về Sông Lô?"))
    press = api.press(JANE, liked, "👍")
    assert api.wait_toast(press).text == "Thank you!"
    reacted = api.wait_answer(api.say(JANE, "Bài về Bình Liêu đăng ngày nào?"))
    api.react(JANE, reacted, "👍")
    api.wait_answer(api.say(JANE, "/help"))  # answered in order: the reaction is stored
    exported = tmp_path / "liked.jsonl"
    command = [REAL[0], "feedback", "--out", str(exported)]
    done = subprocess.run(command, cwd=bot.folder, env=bot.environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    assert {row["question"] for row in rows} == {"Ai viết bài về Sông Lô?", "Bài về Bình Liêu đăng ngày nào?"}
    figures = subprocess.run(
        [REAL[0], "eval", str(exported), "--json"], cwd=bot.folder, env=bot.environment(), capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert figures.returncode == 0, figures.stderr
    assert json.loads(figures.stdout)["kinds"]["answerable"]["evidence"] == 2


def test_what_is_stored_of_a_person_is_deleted_when_they_ask(api: BotApi, bot: Process) -> None:
    answer = api.wait_answer(api.say(JANE, "Ai viết bài về Sông Lô?"))
    told = api.wait_answer(api.say(JANE, "/forget")).text
    assert re.match(r"Deleted: [1-9]\d* questions", told)
    api.press(JANE, answer, "1")
    assert api.wait_answer(answer).text == "This button has expired. Please ask again."
    assert api.wait_answer(api.say(JANE, "/sources")).text == "You have not asked anything here yet."


def test_an_editor_sends_an_article_and_it_is_answered_from_while_others_ask(
    api: BotApi, bot: Process, lan: Person
) -> None:
    text = "Xã Yên Sơn khánh thành cầu\n\nNgày 12/03/2024, xã Yên Sơn khánh thành cầu treo dài 87 mét qua suối Nậm.\n"
    asked = api.wait_answer(api.send_document(EDITOR, "../../yen-son.txt", text.encode()))
    assert "yen-son.txt" in asked.text.replace("\u2060", "")  # a joiner: file names shall not become links
    assert not (bot.folder / "seeds" / "yen-son.txt").exists()
    api.press(EDITOR, asked, "Thêm")
    api.wait(lambda: (bot.folder / "seeds" / "yen-son.txt").exists())
    assert "Hồng Chiến" in api.wait_answer(api.say(lan, "Ai viết bài về Sông Lô?")).text
    api.wait(lambda: any(f"Xong: {ARTICLES + 1} bài" in message.text for message in api.messages(chat_of(EDITOR))), 60)
    assert "87 mét" in api.wait_answer(api.say(lan, "Cầu treo xã Yên Sơn dài bao nhiêu mét?")).text

    which = api.wait_answer(api.say(EDITOR, "/remove yen son"))
    api.press(EDITOR, which, "Gỡ")
    removed = api.wait(lambda: [m for m in api.messages(which.chat_id) if "Đã gỡ" in m.text])[0]
    api.wait(lambda: any(f"Xong: {ARTICLES} bài" in message.text for message in api.messages(chat_of(EDITOR))), 60)
    assert "87 mét" not in api.wait_answer(api.say(lan, "Cầu treo xã Yên Sơn dài bao nhiêu mét vậy?")).text
    api.press(EDITOR, removed, "Hoàn tác")
    api.wait(lambda: (bot.folder / "seeds" / "yen-son.txt").exists())


def test_an_editor_sees_how_the_bot_is_doing_and_readers_do_not(api: BotApi, bot: Process, lan: Person) -> None:
    told = api.wait_answer(api.say(EDITOR, "/status")).text
    assert "p95" in told
    assert "bài" in told
    for command in ("/status", "/rebuild", "/remove sông lô", "/ban 9"):
        assert api.wait_answer(api.say(lan, command)).text == "Việc này chỉ dành cho quản trị viên."


def test_a_stranger_learns_their_number_and_nothing_else(api: BotApi, bot: Process, lan: Person) -> None:
    told = api.wait_answer(api.say(STRANGER, "Ai viết bài về Sông Lô?"))
    assert str(STRANGER.id) in told.text
    assert "Hồng Chiến" not in told.text
    answer = api.wait_answer(api.say(lan, "Ai viết bài về Sông Lô?"))
    assert api.wait_toast(api.press(STRANGER, answer, "1")).text == "Bạn chưa được dùng bot này."
    assert api.wait_inline(api.ask_inline(STRANGER, "sông lô")).results == []


def test_the_menu_and_the_profile_are_set_in_both_languages(api: BotApi, bot: Process) -> None:
    api.wait(lambda: ("default", "vi") in api.commands and ("default", "") in api.commands, 30)
    names = [command["command"] for command in api.commands["default", "vi"]]
    assert {"start", "help", "ask", "sources", "article", "why", "lang", "forget", "privacy"} == set(names)
    assert api.profile["description", "vi"] != api.profile["description", "en"]
    assert api.profile["short_description", "vi"]
