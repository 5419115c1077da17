"""Example questions: well-formed, answered by the bot from the article that they were made of, few and in time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.pipeline import build
from embeddings.records import Kind
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.cloze import Place, clozes
from qa_bot.examples import examples
from qa_bot.settings import Answering, BotSettings
from tests.fakes import WORDS, HashingEncoder, index_settings, pages, time_limit
from tests.samples import MARKET_CITATION, RIVER, RIVER_PASSAGE, answer, answered, article

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from embeddings.index import StoredPassage
    from embeddings.records import Article
    from qa_bot.records import Answer

HAI_HAU = Place("Hải Hậu", "huyện")


def questions(sentence: str, place: Place | None = None) -> list[str]:
    return [cloze.question for cloze in clozes(sentence, place)]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        (
            "Đảng bộ huyện Hải Hậu có trên 14.500 đảng viên, sinh hoạt tại 90 tổ chức cơ sở đảng.",
            "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?",
        ),
        (
            "Năm 2021, huyện Hải Hậu trồng thêm 14.500 cây xanh.",
            "Năm 2021, huyện Hải Hậu trồng thêm bao nhiêu cây xanh?",
        ),
        (
            "Lễ hội cồng chiêng Tây Nguyên quy tụ hơn 1.000 nghệ nhân",
            "Lễ hội cồng chiêng Tây Nguyên quy tụ bao nhiêu nghệ nhân?",
        ),
        ("Hơn 8 tấn cá ở Hà Tĩnh nhiễm chất độc", "Bao nhiêu tấn cá ở Hà Tĩnh nhiễm chất độc?"),
        ("Trung Quốc đã cam kết đổ 126 tỷ USD vào BRI.", "Trung Quốc đã cam kết đổ bao nhiêu tỷ USD vào BRI?"),
        ("Ở Hải Hậu, thu nhập bình quân là 53 triệu đồng.", "Ở Hải Hậu, thu nhập bình quân là bao nhiêu?"),
        ("Video của Alan thu hút 3 triệu lượt xem.", "Video của Alan thu hút bao nhiêu lượt xem?"),
        ("Ở Hải Hậu, số hộ có nước sạch đạt 96,46%.", "Ở Hải Hậu, số hộ có nước sạch đạt bao nhiêu phần trăm?"),
        ("Bão số 12 khiến gần 90 người ở Khánh Hòa mất nhà.", "Bão số 12 khiến bao nhiêu người ở Khánh Hòa mất nhà?"),
    ],
)
def test_a_clause_with_one_number_becomes_a_question(sentence: str, question: str) -> None:
    assert questions(sentence) == [question]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Đảng bộ huyện có 2.400 đảng viên.", "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?"),
        ("Toàn huyện có 34 trạm y tế.", "Toàn huyện Hải Hậu có bao nhiêu trạm y tế?"),
        ("Năm 2021, huyện trồng thêm 14.500 cây.", "Năm 2021, huyện Hải Hậu trồng thêm bao nhiêu cây?"),
        ("Thu nhập bình quân đầu người đạt 53 triệu đồng.", "Ở Hải Hậu, thu nhập bình quân đầu người đạt bao nhiêu?"),
        ("Ban Thường vụ Huyện ủy ra 3 nghị quyết.", "Ở Hải Hậu, Ban Thường vụ Huyện ủy ra bao nhiêu nghị quyết?"),
        ("34 xã đã đạt chuẩn.", "Ở Hải Hậu, bao nhiêu xã đã đạt chuẩn?"),
    ],
)
def test_a_sentence_that_names_nobody_gets_the_articles_place(sentence: str, question: str) -> None:
    assert questions(sentence, HAI_HAU) == [question]
    assert questions(sentence) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "BTV Huyện ủy Mèo Vạc vừa ban hành Nghị quyết số 16.",  # a name, not a count
        "Hội nghị Trung ương Đảng ra Nghị quyết 16 về đất đai ở Hà Nội.",
        "Ông Nguyễn Văn Hải sống ở quận 1 từ lâu.",
        "Đại hội Đảng bộ huyện Sông Lô họp ngày 26/11/2020.",
        "Từ năm 2015 đến nay, Hà Nội có 8 cầu vượt và 12 hầm chui.",  # two numbers
        "Huyện Hải Hậu có từ 3 - 5 trạm bơm.",
        "Đảng bộ huyện Bình Liêu hiện có 25 chi, đảng bộ cơ sở.",  # half a list
        "Các nghi phạm người Triều Tiên gồm 4 người là Hong Song, Ri Ji và hai người nữa.",
        "Trong đó, Hà Nội có 12 trường.",  # goes on with the sentence before
        "Tuy nhiên Hà Nội chỉ có 12 trường.",
        "Huyện này có 12 trường ở Hà Nội.",
        "Ở Hà Nội, bà có 3 người con.",
        "Mỗi xã của Hải Hậu có 3 trạm.",
        "của Hà Nội có 12 trường.",  # torn apart
        "Hà Nội có 12 “trường chuẩn”.",  # quotes and brackets
        "Hà Nội có 12 trường (kể cả trường nghề).",
        "Ông Thành cho biết Hà Nội có 12 trường.",  # reported
        "Công ty có 12 nhân viên.",  # of whom, nobody knows
        "Hà Nội phục vụ 3 giờ mỗi ngày.",
        "Công an Hà Nội đã bắt 3 đối tượng ở TP. Cần Thơ.",
        "Huyện Hải Hậu không có con số nào.",
        "",
    ],
)
def test_what_would_make_a_poor_question_makes_none(sentence: str) -> None:
    assert questions(sentence) == []


def test_another_district_than_the_articles_is_not_called_by_its_name() -> None:
    assert questions("Các huyện có 34 trạm y tế.", HAI_HAU) == []
    assert questions("Xã có 3 trạm y tế.", HAI_HAU) == []
    assert questions("Trường có 3 phòng học.", HAI_HAU) == []
    assert questions("Huyện Sông Lô có 3 con sông.", HAI_HAU) == ["Huyện Sông Lô có bao nhiêu con sông?"]


@given(text=pages, place=st.sampled_from([None, HAI_HAU, Place("Sông Lô")]))
def test_every_question_is_one_short_clause_that_asks_for_a_number_of_the_text(text: str, place: Place | None) -> None:
    for cloze in clozes(text, place):
        assert cloze.number in text
        assert cloze.question.count("bao nhiêu") + cloze.question.count("Bao nhiêu") == 1
        assert cloze.question.endswith("?")
        assert len(cloze.question) <= 90
        assert cloze.question[0].isupper()
        assert not re.search(r"[\n\"“”()\[\]:;]|\s\s|\s[,?]", cloze.question)


def test_a_line_of_a_million_numbers_takes_no_time() -> None:
    with time_limit(1):
        for text in ("12 " * 1_000_000, "có 12 " * 500_000, "12, " * 500_000, "A " * 1_000_000 + "có 3 cây."):
            assert questions(text) == []


ARTICLES = {
    "bao-thang.txt": "Huyện Bảo Thắng có 3 trạm bơm mới. Nước về đồng sớm hơn mọi năm, bà con phấn khởi xuống đồng.",
    "binh-lieu.txt": "Đường mới ở huyện Bình Liêu\n\nThứ 7, 12/06/2021 | 06:42\n\nCon đường nối các thôn của huyện "
    "Bình Liêu vừa được làm xong, người dân đi chợ gần hơn, trẻ em đi học đỡ vất vả hơn trước nhiều.",
    "song-lo.txt": "Huyện Sông Lô trồng rừng ven sông\n\nMùa mưa đến sớm, các xã ven sông của huyện Sông Lô cùng nhau "
    "trồng rừng để giữ đất bãi, mỗi thôn nhận chăm một đoạn bờ, nhà nào cũng góp công.\n\nHồng Chiến",
}


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    (tmp_path / "articles").mkdir()
    for name, text in ARTICLES.items():
        (tmp_path / "articles" / name).write_text(text + "\n", "utf-8")
    opened = _bot(tmp_path, Answering(min_confidence=0))
    yield opened
    opened.close()


def _bot(folder: Path, answering: Answering) -> Bot:
    section = index_settings(folder / "articles", folder / "index")
    build(section, HashingEncoder())
    settings = BotSettings(articles=section.articles, index=section.index, answering=answering)
    return Bot(settings, HashingEncoder(), Answerer(answering), WORDS)


def test_examples_are_of_different_kinds_and_articles(bot: Bot) -> None:
    assert examples(bot, "vi") == [
        "Huyện Bảo Thắng có bao nhiêu trạm bơm mới?",
        "Ai viết bài về Sông Lô?",
        "Bài về Bình Liêu đăng ngày nào?",
    ]


def test_english_readers_get_english_questions_where_only_names_are_vietnamese(bot: Bot) -> None:
    assert examples(bot, "en") == [
        "Huyện Bảo Thắng có bao nhiêu trạm bơm mới?",
        "Who wrote the article on Song Lo?",
        "When was the article on Binh Lieu published?",
    ]


def test_as_many_as_wanted_and_no_more_than_there_are(bot: Bot) -> None:
    assert [len(examples(bot, "vi", count)) for count in (0, 1, 2, 9)] == [0, 1, 2, 3]


def test_what_the_bot_refuses_is_not_offered(bot: Bot, tmp_path: Path) -> None:
    strict = _bot(tmp_path, Answering(min_confidence=1))
    assert examples(strict, "vi") == []
    strict.close()


def test_the_passages_of_an_article_come_in_order_and_of_an_unknown_one_none(bot: Bot) -> None:
    (found,) = (article for article in bot.articles() if article.path.endswith("song-lo.txt"))
    passages = bot.passages_of(found.id)
    assert [stored.passage.kind for stored in passages] == [Kind.BODY, Kind.BYLINE]
    assert [stored.passage.start for stored in passages] == sorted(stored.passage.start for stored in passages)
    assert bot.passages_of("0" * 16) == []


class Library:
    """Many copies of one article, and always the same answer."""

    def __init__(self, says: Answer, count: int = 1) -> None:
        self.asked: list[str] = []
        self.read = 0
        self._says = says
        self._articles = [article(id=RIVER.id if count == 1 else f"{n}") for n in range(count)]

    def headers(self) -> list[Article]:
        return self._articles

    def passages_of(self, article_id: str) -> list[StoredPassage]:  # noqa: ARG002
        self.read += 1
        return [RIVER_PASSAGE]

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:  # noqa: ARG002
        self.asked.append(question)
        return self._says


def test_only_the_very_thing_from_the_very_article_counts() -> None:
    right = answered("")  # cites RIVER, and holds 14.500 but neither author nor date
    wrong = answer("", [RIVER_PASSAGE], text="14.500 [1]", citations=[MARKET_CITATION])
    assert examples(Library(wrong), "vi") == []
    library = Library(right)
    assert examples(library, "vi") == []
    assert library.asked == [
        "Ai viết bài “Sông Lô thêm cây xanh”?",
        "Bài “Sông Lô thêm cây xanh” đăng ngày nào?",
    ]


def test_a_large_library_is_neither_read_nor_asked_whole() -> None:
    library = Library(answered(""), 1000)
    assert examples(library, "vi") == []
    assert len(library.asked) == 30
    assert library.read <= 60


def test_an_empty_library_gives_no_examples() -> None:
    assert examples(Library(answered(""), 0), "vi") == []
