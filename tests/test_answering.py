"""Choice, citation, refusal, over a small index with the hashing encoder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embeddings.errors import NoIndex, StaleIndex
from embeddings.pipeline import build
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.citations import BrokenCitation, cite
from qa_bot.confidence import models
from qa_bot.errors import QuestionError
from qa_bot.evidence import NAMES
from qa_bot.records import Answer, Filters, Typing
from qa_bot.settings import Answering, BotSettings
from tests.fakes import TODAY, WORDS, HashingEncoder, index_settings, write_articles

if TYPE_CHECKING:
    from collections.abc import Iterator

MakeBot = Callable[..., Bot]
MARKET = "Chợ phiên Đồng Văn họp vào sáng chủ nhật hằng tuần, bán rau, lợn và vải."


OLD, NEW, REPRINT, LIST = "cu.txt", "moi.txt", "lai.txt", "yeu-cau.txt"
PLANTED = (
    "Năm nay huyện Hải Hậu đã trồng 14.500 cây xanh dọc các tuyến đường. Người dân mong cây sớm khép tán.",
    "Theo báo cáo, huyện Hải Hậu trồng được cả thảy 12.000 cây xanh. Chợ họp đông hơn mọi năm.",
)
STORIES = {
    OLD: f"Hải Hậu trồng cây\n\n09/02/2018\n\n{PLANTED[0]}\n",
    NEW: f"Tin từ Hải Hậu\n\n12/06/2021\n\n{PLANTED[1]}\n",
    REPRINT: f"Hải Hậu trồng cây (đăng lại)\n\n{PLANTED[0]}\n",
    LIST: """Bình Liêu đổi mới

Mùa mưa năm nay đến sớm hơn mọi năm, nhiều xã ven sông bị sạt lở nặng, có nơi mất tới năm mét đất bãi.

Huyện Bình Liêu nêu ba yêu cầu đối với cán bộ:
1. rõ người chịu trách nhiệm trước dân
2. rõ việc phải làm hằng ngày
3. rõ thời gian hoàn thành từng việc
Người dân huyện Bình Liêu đồng tình với cách làm này.

Hồng Chiến
""",
}


@pytest.fixture
def stories(tmp_path: Path) -> Iterator[Bot]:
    """A bot that refuses nothing, over a story, its reprint, another source that disagrees, and a list."""
    (tmp_path / "articles").mkdir()
    for name, text in STORIES.items():
        (tmp_path / "articles" / name).write_text(text, "utf-8")
    section = index_settings(tmp_path / "articles", tmp_path / "index")
    build(section, HashingEncoder())
    answering = Answering(min_confidence=0)
    settings = BotSettings(articles=section.articles, index=section.index, answering=answering)
    bot = Bot(settings, HashingEncoder(), Answerer(answering), WORDS, lambda: TODAY)
    yield bot
    bot.close()


def sources(answer: Answer) -> list[str]:
    return [Path(citation.path).name for citation in answer.citations]


@pytest.fixture
def make_bot(tmp_path: Path) -> Iterator[MakeBot]:
    """Bots over four articles, closed when the test ends."""
    bots: list[Bot] = []

    def make(answering: Answering | None = None) -> Bot:
        bots.append(_bot(tmp_path, answering))
        return bots[-1]

    yield make
    for bot in bots:
        bot.close()


def _bot(tmp_path: Path, answering: Answering | None) -> Bot:
    encoder = HashingEncoder()
    section = index_settings(write_articles(tmp_path / "articles", 4), tmp_path / "index")
    build(section, encoder)
    settings = BotSettings(articles=section.articles, index=section.index, answering=answering or Answering())
    return Bot(settings, encoder, Answerer(settings.answering), WORDS)


def test_an_answer_cites_the_sentence_that_says_it(make_bot: MakeBot) -> None:
    answer = make_bot(Answering(min_confidence=0)).ask("Huyện Mèo Vạc trồng thêm bao nhiêu cây xanh?")
    assert answer.status == "answered"
    assert "14.500 cây xanh" in answer.text
    assert "[1]" in answer.text
    first = answer.citations[0]
    assert first.n == 1
    assert "Mèo Vạc" in (first.title or "")
    assert any("14.500" in first.quote[a:b] for a, b in first.marks)


def test_every_citation_quotes_its_article_exactly(make_bot: MakeBot) -> None:
    bot = make_bot(Answering(min_confidence=0))
    texts = {article.id: article.text for article in bot.articles()}
    for question in ("Cây sống qua mùa khô bao nhiêu?", "to cham soc cay o bao thang", "xyz"):
        answer = bot.ask(question)
        for citation in (*answer.citations, *answer.nearest):
            assert texts[citation.article_id][citation.start : citation.end] == citation.quote
        assert [c.n for c in answer.citations] == list(range(1, len(answer.citations) + 1))


def test_thin_evidence_is_refused_and_what_is_nearest_is_offered(tmp_path: Path, make_bot: MakeBot) -> None:
    write_articles(tmp_path / "articles", 4)
    (tmp_path / "articles" / "cho.txt").write_text(MARKET, "utf-8")
    answer = make_bot(Answering(min_confidence=1.0, nearest=2)).ask("Giá vàng hôm nay?")
    assert (answer.status, answer.text, answer.citations) == ("not_found", "", ())
    assert [c.n for c in answer.nearest] == [1, 2]
    assert {"cho.txt"} < {Path(c.path).name for c in answer.nearest}


def test_of_reprints_only_one_is_among_the_nearest(make_bot: MakeBot) -> None:
    answer = make_bot(Answering(min_confidence=1.0, nearest=3)).ask("Giá vàng hôm nay?")
    assert [c.n for c in answer.nearest] == [1]


def test_a_sentence_that_stands_among_others_in_another_article_is_said_once(tmp_path: Path, make_bot: MakeBot) -> None:
    (tmp_path / "articles").mkdir()
    for name, first in (("x.txt", 0), ("y.txt", 20)):
        beside = [f"Xã Tân Lĩnh họp dân bàn việc đắp {n} đoạn đường và nuôi {n + 3} bầy ong." for n in range(4)]
        lines = [MARKET, *(line.replace("Tân Lĩnh", f"Khe {n + first}") for n, line in enumerate(beside))]
        (tmp_path / "articles" / name).write_text("Tin trong ngày\n\n" + "\n\n".join(lines) + "\n", "utf-8")
    answer = make_bot(Answering(min_confidence=0)).ask("Chợ phiên họp ngày nào?")
    assert answer.text == f"{MARKET} [1]"
    (citation,) = answer.citations
    assert {Path(path).name for path in (citation.path, *citation.also_in)} == {"x.txt", "y.txt"}


def test_sources_that_disagree_stand_side_by_side_with_their_dates_the_newer_first(stories: Bot) -> None:
    answer = stories.ask("Huyện Hải Hậu trồng bao nhiêu cây xanh?")
    assert sources(answer) == [NEW, OLD]
    newer, older = answer.text.split("\n")
    assert newer.startswith("12/06/2021: ")
    assert newer.endswith(" [1]")
    assert "12.000 cây xanh" in newer
    assert older.startswith("09/02/2018: ")
    assert older.endswith(" [2]")
    assert "14.500 cây xanh" in older


def test_a_reprint_is_named_beside_the_story_that_it_tells(stories: Bot) -> None:
    answer = stories.ask("Người dân mong gì ở cây?")
    (citation,) = [c for c in answer.citations if Path(c.path).name in (OLD, REPRINT)]
    assert {Path(path).name for path in (citation.path, *citation.also_in)} == {OLD, REPRINT}


def test_only_articles_of_the_time_that_they_are_asked_of_answer(stories: Bot) -> None:
    answer = stories.ask("Bài đăng năm 2018 nói Hải Hậu trồng bao nhiêu cây?")
    assert {Path(item.stored.article.path).name for item in answer.ranked} == {OLD}
    filtered = stories.ask("Hải Hậu trồng bao nhiêu cây?", filters=Filters(title="tin từ"))
    assert set(sources(filtered)) == {NEW}


def test_where_the_newest_is_asked_for_the_later_of_equals_comes_first(stories: Bot) -> None:
    assert sources(stories.ask("Tin mới nhất: Hải Hậu trồng bao nhiêu cây xanh?"))[0] == NEW


def test_a_sentence_that_announces_a_list_is_cited_with_its_items_in_order(stories: Bot) -> None:
    answer = stories.ask("Huyện Bình Liêu nêu những yêu cầu gì đối với cán bộ?")
    first = answer.citations[0]
    assert first.quote.startswith("Huyện Bình Liêu nêu ba yêu cầu")
    assert first.quote.endswith("3. rõ thời gian hoàn thành từng việc")
    assert [answer.text.index(item) for item in ("1. rõ", "2. rõ", "3. rõ")] == sorted(
        answer.text.index(item) for item in ("1. rõ", "2. rõ", "3. rõ")
    )


def test_who_wrote_an_article_is_answered_by_its_byline(stories: Bot) -> None:
    answer = stories.ask("Ai viết bài về Bình Liêu?")
    assert (answer.text, sources(answer)) == ("Hồng Chiến [1]", [LIST])


def test_each_part_of_a_question_has_its_line_and_citations_are_numbered_through(stories: Bot) -> None:
    answer = stories.ask("So sánh số cây xanh của Hải Hậu và Bình Liêu")
    assert answer.text.startswith("Hải Hậu: ")
    assert "\nBình Liêu: " in answer.text
    assert [citation.n for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert all(f"[{citation.n}]" in answer.text for citation in answer.citations)
    assert "parts" in [step.kind for step in answer.steps]


def test_a_question_that_points_at_nothing_is_asked_back(stories: Bot) -> None:
    answer = stories.ask("Còn Mèo Vạc thì sao?")
    assert (answer.status, answer.unclear, answer.citations, answer.nearest) == ("not_found", True, (), ())
    completed = stories.ask("Còn Bình Liêu thì sao?", ["Ai viết bài về Hải Hậu?"])
    assert not completed.unclear
    assert completed.understood_as == "Ai viết bài về Bình Liêu?"
    assert completed.text == "Hồng Chiến [1]"


def test_a_question_about_the_collection_is_answered_from_all_its_articles(stories: Bot) -> None:
    answer = stories.ask("Có bao nhiêu bài về Hải Hậu?")
    assert "2 bài" in answer.text  # one of them in two papers
    told = [{Path(path).name for path in (c.path, *c.also_in)} for c in answer.citations]
    assert {OLD, REPRINT} in told
    assert {NEW} in told


def test_the_same_question_always_gets_the_same_answer(make_bot: MakeBot) -> None:
    bot = make_bot()
    first, second = bot.ask("trồng bao nhiêu cây?"), bot.ask("trồng bao nhiêu cây?")
    assert replace(first, timings_ms={}) == replace(second, timings_ms={})


def test_composed_and_decomposed_questions_get_the_same_answer(make_bot: MakeBot) -> None:
    import unicodedata

    bot = make_bot()
    question = "Huyện Mèo Vạc trồng bao nhiêu cây xanh?"
    composed, decomposed = (bot.ask(unicodedata.normalize(form, question)) for form in ("NFC", "NFD"))
    assert (composed.text, composed.confidence) == (decomposed.text, decomposed.confidence)


@pytest.mark.parametrize("question", ["", "  \n", "?!…", "\u200b\u202e", "\x00", "\udc80"])
def test_an_empty_question_is_one_clear_line(make_bot: MakeBot, question: str) -> None:
    with pytest.raises(QuestionError, match="The question is empty"):
        make_bot().ask(question)


def test_a_question_of_4000_characters_is_answered_and_a_longer_one_refused(make_bot: MakeBot) -> None:
    bot = make_bot()
    assert bot.ask(("Huyện trồng cây 🌳 \udcff\x00" * 400)[:4000]).status in ("answered", "not_found")
    with pytest.raises(QuestionError, match="more than 4000"):
        bot.ask("a " * 2001)


def test_there_is_no_bot_without_an_index_and_none_on_another_models_index(tmp_path: Path, make_bot: MakeBot) -> None:
    settings = BotSettings(index=index_settings(tmp_path, tmp_path / "none").index)
    with pytest.raises(NoIndex, match="rebuild-index"):
        Bot(settings, HashingEncoder(), Answerer(settings.answering), WORDS)
    bot = make_bot()
    with pytest.raises(StaleIndex, match=r"hashing@256.*other@256.*rebuild-index"):
        Bot(bot.settings, HashingEncoder(name="other"), Answerer(bot.settings.answering), WORDS)


def test_a_running_bot_picks_up_a_new_generation(tmp_path: Path, make_bot: MakeBot) -> None:
    bot = make_bot()
    before = bot.index.manifest.number
    (tmp_path / "articles" / "moi.txt").write_text(MARKET, "utf-8")
    build(bot.settings, HashingEncoder())
    bot.reopen()
    assert bot.index.manifest.number == before + 1
    assert "chủ nhật" in bot.search("Chợ phiên Đồng Văn họp khi nào?", 1)[0].stored.passage.text


def test_a_question_under_way_ends_on_the_generation_that_it_began_with(tmp_path: Path, make_bot: MakeBot) -> None:
    bot = make_bot()
    first = bot.index
    with bot._reading() as reading:
        write_articles(tmp_path / "articles", 6)
        build(bot.settings, HashingEncoder())
        bot.reopen()
        assert bot.index is not first
        assert reading.index.passages([0])[0].passage.text
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.passages_of("x")


def test_a_quote_that_does_not_stand_in_its_article_is_never_cited(make_bot: MakeBot) -> None:
    stored = make_bot().passage(0)
    forged = replace(stored, article=replace(stored.article, text="x" + stored.article.text))
    with pytest.raises(BrokenCitation, match="is not"):
        cite(1, forged, forged.passage.sentences[0])


def test_every_way_of_typing_has_a_model_of_known_features() -> None:
    for typing in Typing:
        model = models()[typing]
        assert model.choice.keys() <= set(NAMES)
        assert model.confidence.keys() <= set(NAMES)
