"""Choice, citation, refusal, over a small index with the hashing encoder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
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
from qa_bot.records import Typing
from qa_bot.settings import Answering, BotSettings
from tests.fakes import WORDS, HashingEncoder, index_settings, write_articles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MakeBot = Callable[..., Bot]


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
    return Bot(settings, encoder, Answerer(settings.answering, WORDS), WORDS)


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


def test_thin_evidence_is_refused_and_what_is_nearest_is_offered(make_bot: MakeBot) -> None:
    answer = make_bot(Answering(min_confidence=1.0, nearest=2)).ask("Giá vàng hôm nay?")
    assert (answer.status, answer.text, answer.citations) == ("not_found", "", ())
    assert [c.n for c in answer.nearest] == [1, 2]


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
        Bot(settings, HashingEncoder(), Answerer(settings.answering, WORDS), WORDS)
    bot = make_bot()
    with pytest.raises(StaleIndex, match=r"hashing@256.*other@256.*rebuild-index"):
        Bot(bot.settings, HashingEncoder(name="other"), Answerer(bot.settings.answering, WORDS), WORDS)


def test_a_running_bot_picks_up_a_new_generation(tmp_path: Path, make_bot: MakeBot) -> None:
    bot = make_bot()
    before = bot.index.manifest.number
    (tmp_path / "articles" / "moi.txt").write_text(
        "Chợ phiên Đồng Văn họp vào sáng chủ nhật hằng tuần, bán rau, lợn và vải.", "utf-8"
    )
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
        assert reading.passages([0])[0].passage.text
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.passages_of("x")


def test_a_quote_that_does_not_stand_in_its_article_is_never_cited(make_bot: MakeBot) -> None:
    stored = make_bot().passage(0)
    forged = replace(stored, article=replace(stored.article, text="x" + stored.article.text))
    with pytest.raises(BrokenCitation, match="is not"):
        cite(1, forged, 0)


def test_every_way_of_typing_has_a_model_of_known_features() -> None:
    for typing in Typing:
        model = models()[typing]
        assert model.choice.keys() <= set(NAMES)
        assert model.confidence.keys() <= set(NAMES)
