"""What admins do in Telegram: the program as a process, a Bot API server over HTTP, real files, kills among them."""

from __future__ import annotations

import re
import sys
import threading
import time
from contextlib import chdir, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from embeddings import generations
from embeddings.pipeline import build
from tests.bot_api import BotApi, BotMessage, Event, Limits, Person
from tests.fakes import HashingEncoder, index_settings, write_articles
from tests.telegram_process import Process, running
from tests.telegram_slow_child import PATIENCE, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = (sys.executable, "-m", "tests.telegram_slow_child")
QUICK = Limits(per_second=30, per_chat_second=1, per_group_minute=20)
ADMINS = [Person(9000 + number, f"Hà {number}") for number in range(70)]
ADMIN_IDS = ",".join(str(one.id) for one in ADMINS)
READER_IDS = count(100)
TREES = "Năm 2021 huyện Sông Lô trồng thêm bao nhiêu cây xanh?"
JOINER = "\u2060"  # in file names and addresses that are shown, so that they do not become links
ENDED = re.compile(r"Xong:|Chỉ mục đã đủ|Không lập được")


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    with BotApi(limits=QUICK) as server:
        yield server


@pytest.fixture(scope="module")
def bot(api: BotApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One bot for all stories of this file; each story has articles and people of its own."""
    folder = tmp_path_factory.mktemp("admin")
    seeds = write_articles(folder / "seeds", 5)
    (seeds / "tam-duong.txt").write_text(bridge("Tam Đường", 111), "utf-8")
    (seeds / "sin-ho.txt").write_text(bridge("Sìn Hồ", 121), "utf-8")
    for number in range(10):
        text = f"Hội xuân bản Hon {number}\n\nBản Hon {number} mở hội ném còn.\n"
        (seeds / f"hoi-xuan-{number}.txt").write_text(text, "utf-8")
    write_edition(seeds, 7001)
    build_in(folder)
    settings = {"TELEGRAM_ACCESS": "open", "TELEGRAM_ADMINS": ADMIN_IDS, "TELEGRAM_PRIVATE_LINKS": "true"}
    with running(api, folder, settings, SLOW) as process:
        yield process
    assert len(api.violations) <= 2  # one a kill: what was sent just before it is not known after it
    assert api.token not in process.printed
    assert "Traceback" not in process.printed


def build_in(folder: Path) -> None:
    """As rebuild-index in that folder."""
    with chdir(folder):
        build(index_settings(Path("seeds"), Path("index")), HashingEncoder())


@pytest.fixture
def admin() -> Person:
    """One whom the bot does not know yet: chats wait a second between two messages, and not for each other."""
    return ADMINS.pop()


@pytest.fixture
def lan() -> Person:
    return reader()


def reader() -> Person:
    """Likewise."""
    number = next(READER_IDS)
    return Person(number, f"Lan {number}")


def text_of(message: BotMessage) -> str:
    return message.text.replace(JOINER, "")


def shows(api: BotApi, message: BotMessage, words: str, timeout: float = 10.0) -> BotMessage:
    """The message as soon as it holds `words`."""
    return api.wait(lambda: [m for m in [api.now(message)] if m and words in text_of(m)], timeout)[0]


def replied(api: BotApi, message: BotMessage, text: str) -> None:
    """Wait for that answer to the message."""
    api.wait(lambda: text in [answer.text for answer in api.answers_to(message)])


def ends(api: BotApi, admin: Person, timeout: float = 15.0) -> str:
    """What the admin is told at the end of the first rebuild that they heard of."""
    found = api.wait(lambda: [m for m in api.messages(admin.id) if ENDED.match(m.text)], timeout)
    return text_of(found[0])


def offered(api: BotApi, admin: Person, name: str, text: str | bytes, caption: str | None = None) -> BotMessage:
    """The question whether the document shall be added."""
    data = text.encode() if isinstance(text, str) else text
    return api.wait_answer(api.send_document(admin, name, data, caption=caption))


def rebuilt(api: BotApi, admin: Person) -> None:
    """Wait for a rebuild that begins now."""
    api.say(admin, "/rebuild")
    assert ends(api, admin).startswith(("Xong:", "Chỉ mục đã đủ"))


def bridge(place: str, metres: int) -> str:
    return (
        f"Xã {place} khánh thành cầu treo\n\n"
        f"Ngày 12/03/2024, xã {place} khánh thành cầu treo dài {metres} mét bắc qua suối Nậm.\n"
    )


def length_of(api: BotApi, place: str) -> str:
    return api.wait_answer(api.say(reader(), f"Cầu treo xã {place} dài bao nhiêu mét?")).text


def learns(api: BotApi, place: str, metres: int, seconds: float = 10.0) -> None:
    """Ask until that is the answer."""
    until = time.monotonic() + seconds
    while f"{metres} mét" not in (told := length_of(api, place)):
        assert time.monotonic() < until, told
        time.sleep(0.1)


def files(bot: Process) -> set[str]:
    return {path.name for path in (bot.folder / "seeds").rglob("*")}


# Documents


def test_documents_are_asked_about_then_added_and_answered_from(api: BotApi, bot: Process) -> None:
    ha, minh = ADMINS.pop(), ADMINS.pop()
    text = offered(api, ha, "yen-son.txt", bridge("Yên Sơn", 87))
    markdown = offered(api, minh, "Tân Lập.md", f"---\nauthor: Lò Văn Bình\n---\n{bridge('Tân Lập', 45)}")
    assert text_of(text) == "Thêm “yen-son.txt” (1 kB) vào kho bài viết?"
    assert [[label for label, _ in row] for row in text.buttons] == [["Thêm", "Thôi"]]
    assert not files(bot) & {"yen-son.txt", "Tân Lập.md"}
    api.press(ha, text, "Thêm")
    api.press(minh, markdown, "Thêm")
    assert shows(api, text, "Đã thêm seeds/yen-son.txt").buttons == []
    shows(api, markdown, "Đã thêm seeds/Tân Lập.md")
    learns(api, "Yên Sơn", 87)
    learns(api, "Tân Lập", 45)


def test_what_cannot_become_an_article_is_refused_in_one_line(api: BotApi, bot: Process) -> None:
    before = files(bot)
    sent = {
        "phu-luc.doc": api.send_document(ADMINS.pop(), "phu-luc.doc", b"\xd0\xcf\x11\xe0"),
        "Makefile": api.send_document(ADMINS.pop(), "Makefile", b"all:"),
        "README.md": api.send_document(ADMINS.pop(), "README.md", b"# Xin"),
        "bao-cao.txt": api.send_document(ADMINS.pop(), "bao-cao.txt", b"x", size=25_000_000),
    }
    told = {name: text_of(api.wait_answer(event)) for name, event in sent.items()}
    for name in ("phu-luc.doc", "Makefile"):
        assert told[name].startswith(f"Không thêm được “{name}”: mình chỉ đọc được tệp .txt, .md, .html")
    assert "articles.ignore" in told["README.md"]
    assert re.search(r"bao-cao.txt.* 25.0 MB.* 20.0 MB", told["bao-cao.txt"])
    for name, line in told.items():
        assert name in line
        assert "\n" not in line
        assert str(bot.folder) not in line
    assert files(bot) == before


def test_a_document_that_turns_out_to_be_no_text_is_refused_when_it_is_read(api: BotApi, bot: Process) -> None:
    before = files(bot)
    contents = {"rong.txt": b"", "anh.txt": b"\x89PNG\r\n\x1a\n\x00\x00\x00", "cu.txt": b"B\xb5i"}
    asked = {}
    for name, data in contents.items():
        admin = ADMINS.pop()
        asked[name] = offered(api, admin, name, data)
        api.press(admin, asked[name], "Thêm")
    for name, message in asked.items():
        line = text_of(shows(api, message, "Không thêm được"))
        assert name in line
        assert "\n" not in line
        assert str(bot.folder) not in line
    assert files(bot) == before


def test_hostile_names_become_harmless_files_in_the_folder(api: BotApi, bot: Process) -> None:
    names = {
        "../../../etc/cron.d/x.txt": "x.txt",
        "..\\..\\thoi-su\\<b>nong</b>.txt": "b.txt",
        "\u202etxt.exe\u202c\nhai dong.TXT": "txt.exe hai dong.txt",
        ".....ẩn.md": "ẩn.md",
        "a" * 300 + ".txt": "a" * 116 + ".txt",
        " .txt": "bai-viet.txt",
    }
    before, asked = files(bot), {}
    for number, name in enumerate(names):
        admin = ADMINS.pop()
        asked[name] = offered(api, admin, name, bridge(f"Lạ {number}", 200 + number))
        assert "\n" not in asked[name].text
        api.press(admin, asked[name], "Thêm")
    for message in asked.values():
        shows(api, message, "Đã thêm seeds/")
    added = files(bot) - before
    assert len(added) == len(names)
    assert all("/" not in name and not name.startswith(".") and len(name.encode()) <= 120 for name in added)
    assert {"x.txt", "ẩn.md", "bai-viet.txt", "a" * 116 + ".txt"} <= added
    assert not any(path.name == "x.txt" for path in bot.folder.parent.glob("*"))
    learns(api, "Lạ 3", 203)


def test_the_same_document_again_is_one_file_and_another_of_its_name_gets_a_number(api: BotApi, bot: Process) -> None:
    texts = [bridge("Nà Hang", 31), bridge("Nà Hang", 31), bridge("Nà Rì", 32)]
    admins = [ADMINS.pop() for _ in texts]
    offers = [offered(api, admin, "na.txt", text) for admin, text in zip(admins, texts, strict=True)]
    for admin, offer in zip(admins, offers, strict=True):
        yes = offer.buttons[0][0][1]
        api.press(admin, offer, yes)
        api.press(admin, offer, yes)
    for offer in offers:
        shows(api, offer, "Đã thêm seeds/na")
    assert {name for name in files(bot) if name.startswith("na")} == {"na.txt", "na (2).txt"}
    learns(api, "Nà Hang", 31)
    learns(api, "Nà Rì", 32)


def test_a_caption_does_not_make_a_question_of_a_document(api: BotApi, bot: Process, admin: Person) -> None:
    message = offered(api, admin, "chu-thich.txt", bridge("Mù Cả", 77), caption="/rebuild Cầu dài bao nhiêu mét?")
    assert "chu-thich.txt" in text_of(message)
    assert len(api.messages(admin.id)) == 1


def test_a_document_of_a_reader_is_not_taken(api: BotApi, bot: Process, lan: Person) -> None:
    message = offered(api, lan, "lan.txt", bridge("Pa Ủ", 99))
    assert message.text == "Chỉ quản trị viên mới thêm được bài viết. Bạn cứ gõ câu hỏi nhé."
    assert message.buttons == []


def test_a_reader_who_presses_an_admins_button_changes_nothing(
    api: BotApi, bot: Process, admin: Person, lan: Person
) -> None:
    message = offered(api, admin, "cua-admin.txt", bridge("Ka Lăng", 98))
    press = api.press(lan, message, "Thêm")
    assert api.wait_toast(press).text == "Việc này chỉ dành cho quản trị viên."
    assert "cua-admin.txt" not in files(bot)


def test_no_means_no(api: BotApi, bot: Process, admin: Person) -> None:
    message = offered(api, admin, "thoi.txt", bridge("Thu Lũm", 97))
    api.press(admin, message, "Thôi")
    assert shows(api, message, "Đã hủy, không có gì thay đổi.").buttons == []
    assert "thoi.txt" not in files(bot)


# Links


class Site(BaseHTTPRequestHandler):
    """A few pages, as a web server has them."""

    pages: ClassVar = {
        "/tin/bai%20cau.md": (200, "text/markdown; charset=utf-8", bridge("Chiềng Ơn", 64)),
        "/tin/ban-tin.txt": (200, "text/plain", bridge("Mường Giôn", 65)),
        "/trang.html": (200, "text/html; charset=utf-8", f"<title>Cầu mới</title><p>{bridge('Cà Nàng', 66)}</p>"),
        "/anh.png": (200, "image/png", "no text"),
        "/khong-co.md": (404, "text/plain", "không có"),
    }

    def do_GET(self) -> None:
        status, kind, text = self.pages[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_address_alone_is_fetched_when_an_admin_says_so(api: BotApi, bot: Process, site: str) -> None:
    sent = {path: (ADMINS.pop(), f"{site}{path}") for path in Site.pages}
    asked = {path: api.wait_answer(api.say(admin, address)) for path, (admin, address) in sent.items()}
    for path, (admin, address) in sent.items():
        assert text_of(asked[path]) == f"Tải {address} về và thêm vào kho bài viết?"
        api.press(admin, asked[path], "Thêm")
    shows(api, asked["/tin/bai%20cau.md"], "Đã thêm seeds/bai cau.md")
    shows(api, asked["/tin/ban-tin.txt"], "Đã thêm seeds/ban-tin.md")
    shows(api, asked["/trang.html"], "Đã thêm seeds/trang.html")
    for path, why in {"/anh.png": "image/png is not read from links", "/khong-co.md": "answers 404"}.items():
        line = text_of(shows(api, asked[path], "Không thêm được"))
        assert why in line
        assert line.count(site) == 1
        assert "\n" not in line
    assert {"bai cau.md", "ban-tin.md", "trang.html"} <= files(bot)
    learns(api, "Chiềng Ơn", 64)
    learns(api, "Cà Nàng", 66)
    learns(api, "Mường Giôn", 65)


def test_an_address_in_a_sentence_or_from_a_reader_is_a_question(
    api: BotApi, bot: Process, site: str, admin: Person, lan: Person
) -> None:
    for person, text in ((admin, f"Trang {site}/tin/ban-tin.txt nói gì?"), (lan, f"{site}/tin/ban-tin.txt")):
        answer = api.wait_answer(api.say(person, text))
        assert "Thêm" not in [label for row in answer.buttons for label, _ in row]


def test_the_first_article_makes_the_first_index_and_the_local_network_is_closed(
    api: BotApi, site: str, tmp_path: Path
) -> None:
    (tmp_path / "seeds").mkdir()
    with BotApi(limits=QUICK) as own, running(own, tmp_path, {"TELEGRAM_ACCESS": "open", "TELEGRAM_ADMINS": "8,9"}):
        ha, minh = Person(8, "Hà"), Person(9, "Minh")
        assert own.wait_answer(own.say(reader(), "Có gì mới?")).text.startswith("Mình chưa có chỉ mục bài viết")
        linked = own.wait_answer(own.say(ha, f"{site}/tin/ban-tin.txt"))
        offer = offered(own, minh, "muong-te.txt", bridge("Mường Tè", 131))
        own.press(ha, linked, "Thêm")
        own.press(minh, offer, "Thêm")
        refused = text_of(shows(own, linked, "Không thêm được"))
        assert refused.endswith(
            f"“{site}/tin/ban-tin.txt”: leads into a private or reserved network, and such are never fetched. "
            "Send the text as a file instead."
        )
        assert "\n" not in refused
        learns(own, "Mường Tè", 131)


# Rebuilds


def long_article(place: str, sentences: int) -> str:
    """One that takes SECONDS for each of its sentences to index."""
    told = (f"Thôn {place} số {n} năm nay trồng thêm {n + 1000} cây xoài dọc suối." for n in range(sentences))
    return f"{place} trồng xoài\n\n" + " ".join(told) + "\n"


def test_a_rebuild_is_told_by_sparse_edits_while_the_old_index_answers(
    api: BotApi, bot: Process, admin: Person
) -> None:
    other = ADMINS.pop()
    (bot.folder / "seeds" / "dai.txt").write_text(long_article("Phiêng Khoài", round(3.7 / SECONDS)), "utf-8")
    api.say(admin, "/rebuild")
    first = api.wait(lambda: [m for m in api.messages(admin.id) if m.text == "Đang lập lại chỉ mục…"])[0]
    waits = api.wait_answer(api.say(other, "/rebuild"))
    assert waits.text == "Chỉ mục đang được lập lại; xong lượt đó mình làm tiếp lượt này."
    seen = set()
    while not ENDED.match((now := api.now(first) or first).text):
        seen.add(now.text)
        answer = api.wait_answer(api.say(reader(), TREES), 2)
        assert "14.500" in answer.text
        time.sleep(0.2)
    assert re.match(r"Xong: \d+ bài, \d+ đoạn, \d+ giây", now.text)
    ((done, total),) = (map(int, found.groups()) for text in seen if (found := re.search(r"câu: (\d+)/(\d+)$", text)))
    assert 0 < done < total
    edits = [call for call in api.calls_of("editMessageText") if call.chat_id == admin.id]
    assert len(edits) == 2
    assert edits[0].at - first.at > 2.8
    assert ends(api, other).startswith("Chỉ mục đã đủ")


def test_a_rebuild_that_fails_is_one_line_and_the_old_index_answers(api: BotApi, bot: Process, admin: Person) -> None:
    with moved_away(bot):
        api.say(admin, "/rebuild")
        told = ends(api, admin)
        assert "14.500" in api.wait_answer(api.say(reader(), TREES)).text
    assert told.startswith("Không lập được chỉ mục mới; mọi thứ vẫn như cũ. Lý do: There is no article in seeds.")
    assert "\n" not in told
    assert str(bot.folder) not in told


@contextmanager
def moved_away(bot: Process) -> Iterator[None]:
    """An empty articles' folder."""
    seeds = bot.folder / "seeds"
    seeds.rename(bot.folder / "elsewhere")
    seeds.mkdir()
    try:
        yield
    finally:
        seeds.rmdir()
        (bot.folder / "elsewhere").rename(seeds)


PLACES = ("Ta Gia", "Pha Mu", "Tà Hừa", "Khoen On", "Mường Kim", "Tà Mung")


def write_edition(folder: Path, number: int) -> None:
    """Articles that have `number` in their titles and in their texts."""
    for place in PLACES:
        text = f"Bản tin {number} của xã {place}\n\nTheo bản tin {number}, xã {place} có {number} hộ trồng chè.\n"
        (folder / f"ban-tin {place}.txt").write_text(text, "utf-8")


def editions(message: BotMessage) -> set[str]:
    return set(re.findall(r"\b70\d\d\b", message.text))


def test_an_answer_holds_one_index_or_the_other_never_both(api: BotApi, bot: Process, admin: Person) -> None:
    seeds = bot.folder / "seeds"
    asked: list[Event] = []
    for number in range(48):
        if number == 8:
            write_edition(seeds, 7002)
            api.say(admin, "/rebuild")
        if number == 28:
            write_edition(seeds, 7003)
            build_in(bot.folder)
        question = f"Xã {PLACES[number % len(PLACES)]} có bao nhiêu hộ trồng chè?"
        asked.append(api.say(reader(), question))
        time.sleep(0.05)
    answers = [api.wait_answer(event) for event in asked]
    assert all(len(api.answers_to(event)) == 1 for event in asked)
    assert all(len(editions(answer)) == 1 for answer in answers)
    assert {number for answer in answers for number in editions(answer)} == {"7001", "7002", "7003"}


def test_an_index_that_another_program_builds_answers_within_two_seconds(api: BotApi, bot: Process) -> None:
    (bot.folder / "seeds" / "tu-ngoai.txt").write_text(bridge("Nậm Cắn", 53), "utf-8")
    build_in(bot.folder)
    learns(api, "Nậm Cắn", 53, 2.5)


# Removing and bringing back


def test_a_removed_article_is_gone_from_answers_until_it_is_brought_back(
    api: BotApi, bot: Process, admin: Person
) -> None:
    question = api.wait_answer(api.say(admin, "/remove tam duong"))
    assert text_of(question) == "Gỡ “Xã Tam Đường khánh thành cầu treo” (seeds/tam-duong.txt) khỏi kho bài viết?"
    assert [[label for label, _ in row] for row in question.buttons] == [["Gỡ", "Thôi"]]
    yes = question.buttons[0][0][1]
    api.press(admin, question, yes)
    api.press(admin, question, yes)
    removed = shows(api, question, "Đã gỡ seeds/tam-duong.txt")
    assert "tam-duong.txt" not in files(bot)
    api.wait(lambda: "111 mét" not in length_of(api, "Tam Đường"))
    assert [[label for label, _ in row] for row in (api.now(question) or question).buttons] == [["Hoàn tác"]]
    undo = removed.buttons[0][0][1]
    api.press(admin, question, undo)
    api.press(admin, question, undo)
    assert shows(api, question, "Đã đưa seeds/tam-duong.txt trở lại").buttons == []
    replied(api, question, "Nút này đã dùng rồi hoặc đã hết hạn.")
    assert "tam-duong.txt" in files(bot)


def test_of_several_articles_one_is_chosen_and_no_leaves_it_there(api: BotApi, bot: Process, admin: Person) -> None:
    which = api.wait_answer(api.say(admin, "/remove hội xuân"))
    assert which.text == "Gỡ bài nào? (hiện 8/10 bài; viết thêm chữ của tiêu đề để lọc bớt)"
    assert len(which.buttons) == 8
    api.press(admin, which, "Hội xuân bản Hon 3")
    question = shows(api, which, "Gỡ “Hội xuân bản Hon 3”")
    api.press(admin, question, "Thôi")
    assert shows(api, which, "Đã hủy").buttons == []
    assert "hoi-xuan-3.txt" in files(bot)


def test_words_that_no_article_has_remove_nothing(api: BotApi, bot: Process) -> None:
    before = files(bot)
    none, empty = api.say(ADMINS.pop(), "/remove sông Hằng <b>"), api.say(ADMINS.pop(), "/remove")
    assert api.wait_answer(none).text == "Không bài nào có “sông Hằng <b>” trong tiêu đề hay tên tệp."
    assert api.wait_answer(empty).text.startswith("Viết vài chữ của tiêu đề hay tên tệp sau lệnh")
    assert files(bot) == before


# People


def test_a_ban_holds_at_once_and_ends_at_once(api: BotApi, bot: Process, admin: Person, lan: Person) -> None:
    other = ADMINS.pop()
    assert "14.500" in api.wait_answer(api.say(lan, TREES)).text
    assert api.wait_answer(api.say(admin, f"/ban {lan.id}")).text == f"Đã chặn {lan.id}."
    unheard = api.say(lan, TREES)
    assert api.wait_answer(api.say(other, f"/unban {lan.id}")).text == f"Đã bỏ chặn {lan.id}."
    assert api.wait_answer(api.say(lan, TREES))
    assert api.answers_to(unheard) == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (f"/ban {ADMINS[0].id}", "Đó là quản trị viên, không chặn được."),
        ("/ban", "Viết số Telegram"),
        ("/unban lan", "Viết số Telegram"),
        ("/ban 99999999999999999999", "Viết số Telegram"),
    ],
)
def test_nobody_is_banned_by_mistake(api: BotApi, bot: Process, admin: Person, command: str, told: str) -> None:
    assert api.wait_answer(api.say(admin, command)).text.startswith(told)


def test_help_tells_admins_what_only_they_can_do(api: BotApi, bot: Process, admin: Person, lan: Person) -> None:
    of_admin, of_lan = (api.wait_answer(api.say(person, "/help")).text for person in (admin, lan))
    assert of_admin.startswith(of_lan)
    only = set(re.findall(r"/[a-z]+", of_admin)) - set(re.findall(r"/[a-z]+", of_lan))
    assert only == {"/remove", "/rebuild", "/status", "/ban", "/unban"}


def test_the_status_tells_what_is_so(api: BotApi, bot: Process, admin: Person) -> None:
    rebuilt(api, ADMINS.pop())
    api.wait_answer(api.say(reader(), TREES))
    told = api.wait_answer(api.say(admin, "/status")).text
    newest = generations.numbers(bot.folder / "index")[0]
    manifest = generations.read_manifest(generations.folder_of(bot.folder / "index", newest))
    assert f"Chỉ mục số {manifest.number}: {manifest.articles} bài, {manifest.passages} đoạn" in told
    figures = {name: int(found[1]) for name in ("Đang chờ", "đã trả lời", "Lỗi", "429\\)", "bộ nhớ")
               if (found := re.search(rf"{name}:? (\d+)", told))}  # fmt: skip
    assert figures["Đang chờ"] <= 1  # the answer is there a moment before its question is done with
    assert figures["đã trả lời"] >= 1
    assert figures["429\\)"] == 0
    assert abs(figures["bộ nhớ"] - bot.memory_mb()) < 20
    p50, p95, p99 = (int(number) for number in re.findall(r"p\d\d (\d+) ms", told))
    assert 0 < p50 <= p95 <= p99 < 5000


# Kills


def test_a_rebuild_that_a_kill_ends_is_made_up_for_and_told(api: BotApi, bot: Process, admin: Person) -> None:
    offer = offered(api, admin, "than-uyen.txt", long_article("Than Uyên", round(1.2 / SECONDS)))
    api.press(admin, offer, "Thêm")
    api.wait(lambda: any(m.text == "Đang lập lại chỉ mục…" for m in api.messages(admin.id)))
    before = generations.numbers(bot.folder / "index")[0]
    time.sleep(0.3)
    bot.kill()
    assert generations.numbers(bot.folder / "index")[0] == before
    bot.start()
    told = ends(api, admin)
    assert told.startswith("Xong:")
    assert len([m for m in api.messages(admin.id) if "chỉ mục" in m.text]) == 1
    answer = api.wait_answer(api.say(reader(), "Thôn Than Uyên số 7 trồng thêm bao nhiêu cây xoài?"))
    assert "1007" in answer.text


def test_what_waits_for_a_button_and_who_is_banned_outlive_a_kill(
    api: BotApi, bot: Process, admin: Person, lan: Person
) -> None:
    api.wait_answer(api.say(admin, f"/ban {lan.id}"))
    ha, minh = ADMINS.pop(), ADMINS.pop()
    offer = offered(api, ha, "phong-tho.txt", bridge("Phong Thổ", 122))
    question = api.wait_answer(api.say(minh, "/remove sin ho"))
    api.press(minh, question, "Gỡ")
    api.wait(lambda: "sin-ho.txt" not in files(bot))
    time.sleep(0.1)
    bot.kill()  # before it could say so: its question is not a second old
    unheard = api.say(lan, TREES)
    bot.start()
    removed = shows(api, question, "Đã gỡ")
    api.press(ha, offer, "Thêm")
    api.press(minh, removed, "Hoàn tác")
    api.wait(lambda: {"sin-ho.txt", "phong-tho.txt"} <= files(bot))
    time.sleep(0.1)
    bot.kill()
    bot.start()
    shows(api, offer, "Đã thêm seeds/phong-tho.txt")
    assert shows(api, question, "Đã đưa seeds/sin-ho.txt trở lại").buttons == []
    learns(api, "Sìn Hồ", 121)
    learns(api, "Phong Thổ", 122)
    assert api.answers_to(unheard) == []


def test_a_question_that_takes_long_shows_typing_and_holds_up_nobody_else(api: BotApi, bot: Process) -> None:
    patient, other = ADMINS.pop(), ADMINS.pop()
    slow = api.say(patient, f"Xin {PATIENCE} kể: {TREES}")
    assert api.wait_answer(api.say(other, "/help"))
    assert api.answers_to(slow) == []
    assert api.wait_answer(slow, 40)
    assert patient.id in [call.chat_id for call in api.calls_of("sendChatAction")]
