"""What a question cannot do without is read whole: the counted thing, the office, the time, the name; so are lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.pipeline import build
from qa_bot import kinds
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.settings import BotSettings
from tests.fakes import TODAY, WORDS, HashingEncoder, asked, index_settings, knowledge_over

ITEMS = ("Rõ người chịu trách nhiệm", "Rõ việc phải làm", "Rõ thời gian hoàn thành")
LIST = "Huyện ủy Hòa An nêu ba yêu cầu với cán bộ cấp xã:"
AROUND = "Sáng nay Ban Thường vụ họp bàn về công tác cán bộ trong năm, có đông đủ bí thư các xã tham dự và phát biểu."


def test_party_members_are_counted_though_dang_also_asks() -> None:
    own = knowledge_over(["Huyện có 2.400 đảng viên và 34 bạn trẻ, 12 ban."])
    assert asked("Huyện có bao nhiêu đảng viên?", (), own).counted == ("dang", "vien")


def test_an_office_keeps_words_that_look_like_asking_ones_without_diacritics() -> None:
    office = asked("Bí thư Đảng ủy xã là ai?").office
    assert office is not None
    assert office.words == ("bi", "thu", "dang", "uy", "xa")
    chair = asked("Chủ tịch Ủy ban nhân dân huyện Bảo Thắng là ai?").office
    assert chair is not None
    assert {"uy", "ban", "nhan", "dan"} <= set(chair.words)


def test_party_members_of_a_year_are_not_asked_of_articles_published_then() -> None:
    period = asked("Hải Hậu có bao nhiêu đảng viên năm 2020?").period
    assert period is not None
    assert not period.published


def test_a_name_right_after_the_place_asked_about_is_found() -> None:
    sentence, query = "Bí thư Huyện ủy Mèo Vạc Hầu Minh Lợi cho biết.", asked("Bí thư Huyện ủy Mèo Vạc là ai?")
    assert [sentence[a:b] for a, b in kinds.names(sentence, query, WORDS)] != []


def test_a_year_is_no_answer_to_which_congress() -> None:
    assert kinds.candidates("Đại hội khai mạc năm 2020.", asked("Đây là đại hội lần thứ mấy?"), WORDS) == []


def test_the_number_of_a_document_is_required_where_a_document_is_named() -> None:
    assert asked("Nghị quyết số 05-NQ/HU nói về vấn đề gì?").documents == {"05"}
    assert asked("Chỉ thị số 08 nói gì?").documents == {"08"}
    assert asked("Hải Hậu có bao nhiêu đảng viên?").documents == frozenset()


@pytest.mark.parametrize("bullet", ["- ", "• ", "* ", "+ ", "1. ", "a) "])
def test_a_list_is_cited_with_what_announces_it_in_the_order_of_the_article(tmp_path: Path, bullet: str) -> None:
    items = "\n".join(bullet + item for item in ITEMS)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_text(f"Họp bàn công tác\n\n{AROUND}\n\n{LIST}\n\n{items}\n\n{AROUND}\n")
    indexing = index_settings(tmp_path / "seeds", tmp_path / "index")
    build(indexing, HashingEncoder())
    settings = BotSettings(articles=indexing.articles, index=indexing.index)
    bot = Bot(settings, HashingEncoder(), Answerer(settings.answering), WORDS, lambda: TODAY)
    answer = bot.ask("Huyện ủy Hòa An nêu những yêu cầu gì với cán bộ cấp xã?")
    bot.close()
    (citation, *_) = answer.citations
    assert citation.quote.startswith(LIST)
    assert [citation.quote.index(item) for item in ITEMS] == sorted(citation.quote.index(item) for item in ITEMS)
    assert all(item in answer.text for item in ITEMS)


def test_where_no_article_is_of_the_time_asked_about_what_the_articles_tell_of_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_text(f"Chuyện cây đa\n\n{AROUND}\n\nBài báo năm 1999 kể về cây đa ở Hòa An.\n")
    index_dir = tmp_path / "index"
    build(index_settings(tmp_path / "seeds", index_dir), HashingEncoder())
    settings = BotSettings.model_validate({"index": {"dir": str(index_dir)}})
    bot = Bot(settings, HashingEncoder(), Answerer(settings.answering), WORDS, lambda: TODAY)
    question = "Các bài báo đăng năm 1999 kể về cây gì ở Hòa An?"
    period = asked(question).period
    assert period is not None
    assert period.published
    assert "1999" in bot.search(question, 1)[0].stored.passage.text
    bot.close()
