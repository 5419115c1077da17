"""Answers about the collection itself, over a small index that is really built."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embeddings.index import open_index
from embeddings.pipeline import build
from qa_bot.collection import PHRASE_CONFIDENCE, SCATTERED_CONFIDENCE, Limits, answer_catalogue
from qa_bot.records import Answer, Catalogue, Expected, Period, Query, Ranked, Typing
from tests.fakes import WORDS, HashingEncoder, index_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embeddings.index import Index
    from embeddings.messages import Language
    from embeddings.records import Header

    Ask = Callable[..., Answer]

_BODY = "Mùa mưa năm nay đến sớm hơn mọi năm, nhiều xã ven sông phải lo chống sạt lở từ đầu tháng."
_FACTS = "Huyện có 96 thôn, bản với hơn 14.000 hộ dân sinh sống ổn định từ lâu đời bên dòng sông."
ARTICLES = {
    "song-lo.txt": f"""Huyện Sông Lô chống sạt lở

26/11/2020

{_BODY} UBND huyện đã lập ba đội xung kích ở các xã vùng bãi.

Hồng Chiến
""",
    "meo-vac.txt": """Huyện Mèo Vạc mở chợ phiên

09/02/2018

Chợ phiên Mèo Vạc mở lại sau Tết, bán nhiều rau và mật ong bạc hà. Ủy ban nhân dân huyện sắp xếp chỗ đỗ xe.

Trúc Linh
""",
    "binh-lieu.txt": f"""Huyện Bình Liêu đón khách

12/06/2021

Khách đến ngắm hoa sở và mua mật ong của bà con. {_FACTS} Chủ vườn cho biết rau năm nay được giá.

Trúc Linh
""",
    "khong-ngay.txt": """Huyện Hải Hậu trồng cây

Bà con trồng thêm nhiều cây xanh dọc đường. Theo 05-QĐ/UBND-NN, mỗi thôn nhận chăm sóc một đoạn.
""",
}
DEFAULT = Limits()
ONE_DAY = Period(date(2020, 11, 26), date(2020, 11, 26), published=True)


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    with_index = _opened(tmp_path, ARTICLES)
    yield lambda *args, **more: _ask(with_index, *args, **more)
    with_index.close()


def _opened(folder: Path, articles: dict[str, str]) -> Index:
    (folder / "articles").mkdir()
    for name, text in articles.items():
        (folder / "articles" / name).write_text(text, "utf-8")
    encoder = HashingEncoder()
    build(index_settings(folder / "articles", folder / "index"), encoder)
    return open_index(folder / "index", encoder.fingerprint)


def _ask(
    index: Index,
    catalogue: Catalogue,
    language: Language = "vi",
    passes: Callable[[Header], bool] = lambda _: True,
    limits: Limits = DEFAULT,
) -> Answer:
    question = catalogue.subject or "bài"
    query = Query(question, question, question, Typing.ACCENTED, Expected.OTHER, None, (), frozenset())
    found = [Ranked(stored, 0.5, 0.5, 1.0) for stored in index.passages(range(min(3, index.passage_count)))]
    answer = answer_catalogue(query, catalogue, index, found, language, WORDS, passes, limits)
    texts = {article.id: article.text for article in index.articles()}
    for citation in (*answer.citations, *answer.nearest):
        assert texts[citation.article_id][citation.start : citation.end] == citation.quote
    assert [citation.n for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    return answer


def _marked(answer: Answer) -> list[list[str]]:
    return [[citation.quote[a:b] for a, b in citation.marks] for citation in answer.citations]


def test_articles_that_mention_a_subject_come_newest_first_with_the_sentence_that_does(ask: Ask) -> None:
    answer = ask(Catalogue("which", "mật ong"))
    assert answer.text == "Huyện Bình Liêu đón khách (12/06/2021) [1]\nHuyện Mèo Vạc mở chợ phiên (09/02/2018) [2]"
    assert _marked(answer) == [["mật ong"], ["mật ong"]]
    assert answer.confidence == PHRASE_CONFIDENCE


def test_a_bare_subject_finds_accented_words_and_an_accented_one_only_its_own(ask: Ask) -> None:
    assert _marked(ask(Catalogue("which", "mat ong"))) == [["mật ong"], ["mật ong"]]
    assert ask(Catalogue("which", "mát ong")).status == "not_found"


@pytest.mark.parametrize("subject", ["UBND huyện", "Ủy ban nhân dân huyện", "ubnd huyen", "uỷ ban nhân dân huyện"])
def test_a_short_form_and_its_full_form_are_one(ask: Ask, subject: str) -> None:
    answer = ask(Catalogue("which", subject))
    assert _marked(answer) == [["UBND huyện"], ["Ủy ban nhân dân huyện"]]


def test_a_short_form_inside_a_documents_number_mentions_nothing(ask: Ask) -> None:
    assert len(ask(Catalogue("which", "Ủy ban nhân dân")).citations) == 2


def test_a_title_that_has_the_words_is_enough(ask: Ask) -> None:
    answer = ask(Catalogue("which", "chống sạt lở ở Sông Lô"))
    assert answer.confidence == SCATTERED_CONFIDENCE
    answer = ask(Catalogue("which", "Sông Lô chống sạt lở"))
    assert answer.text == "Huyện Sông Lô chống sạt lở (26/11/2020) [1]"
    assert answer.confidence == PHRASE_CONFIDENCE


def test_words_apart_count_where_no_article_has_the_phrase_and_the_answer_says_so(ask: Ask) -> None:
    answer = ask(Catalogue("which", "mật ong và rau"))
    first, *lines = answer.text.split("\n")
    assert first == "Không bài nào viết liền cụm từ “mật ong và rau”; 2 bài sau có đủ các từ ấy:"
    assert len(lines) == len(answer.citations) == 2
    assert _marked(answer)[1] == ["rau", "mật ong"]
    assert answer.confidence == SCATTERED_CONFIDENCE


def test_what_no_article_mentions_is_refused_with_what_is_nearest(ask: Ask) -> None:
    answer = ask(Catalogue("which", "giá vàng"))
    assert (answer.status, answer.text, answer.confidence, answer.citations) == ("not_found", "", 0.0, ())
    assert answer.nearest


def test_a_count_is_said_before_the_articles(ask: Ask) -> None:
    assert ask(Catalogue("count", "mật ong")).text.startswith("Có 2 bài nhắc đến mật ong:\n")
    assert ask(Catalogue("count", "cây xanh")).text.startswith("Có 1 bài nhắc đến cây xanh:\n")
    assert ask(Catalogue("count", "")).text.startswith("Có 4 bài:\n")
    assert ask(Catalogue("count", "mật ong"), "en").text.startswith("2 articles mention mật ong:\n")
    assert ask(Catalogue("count", "cây xanh"), "en").text.startswith("1 article mentions cây xanh:\n")


def test_only_so_many_articles_are_named(ask: Ask) -> None:
    answer = ask(Catalogue("count", ""), limits=Limits(lines=2))
    assert answer.text.split("\n")[0] == "Có 4 bài:"
    assert answer.text.endswith("[2]\n… và 2 bài nữa")
    assert len(answer.citations) == 2
    assert ask(Catalogue("which", ""), "en", limits=Limits(lines=3)).text.endswith("… and 1 more")


def test_a_bound_that_was_hit_makes_the_number_a_least_one(ask: Ask) -> None:
    assert ask(Catalogue("count", "mật ong"), limits=Limits(candidates=1)).text.startswith("Có ít nhất 1 bài")
    assert ask(Catalogue("count", "mật ong"), limits=Limits(candidates=2)).text.startswith("Có 2 bài")


def test_no_number_is_a_least_one_because_other_passages_share_its_words(tmp_path: Path) -> None:
    beside = {f"{n}.txt": f"Bản tin số {n}\n\nMật mía và ong rừng ở bản {n}. {_BODY} Tin {n}.\n" for n in range(9)}
    index = _opened(tmp_path, {**ARTICLES, **beside})
    assert _ask(index, Catalogue("count", "mật ong"), limits=Limits(candidates=2)).text.startswith("Có 2 bài")
    index.close()


def test_the_newest_of_many_is_looked_for_first_and_only_among_those_wanted(ask: Ask) -> None:
    one = Limits(candidates=1)
    assert ask(Catalogue("newest", "mật ong"), limits=one).text.startswith("Huyện Bình Liêu")
    assert ask(Catalogue("oldest", "mật ong"), limits=one).text.startswith("Huyện Mèo Vạc")
    year = Period(date(2018, 1, 1), date(2018, 12, 31), published=True)
    assert ask(Catalogue("count", "mật ong", None, year), limits=one).text.startswith("Có 1 bài")
    assert ask(Catalogue("newest", "mật ong"), passes=lambda header: "Mèo" in (header.title or "")).text.startswith(
        "Huyện Mèo Vạc"
    )


def test_words_apart_do_not_count_where_an_article_that_is_not_wanted_has_the_phrase(tmp_path: Path) -> None:
    elsewhere = {"rau.txt": f"Chợ quê\n\n01/03/2019\n\nÔng Ba bán rau bạc hà ở chợ quê mỗi sáng. {_BODY}\n"}
    index = _opened(tmp_path, {**ARTICLES, **elsewhere})
    year = Period(date(2018, 1, 1), date(2018, 12, 31), published=True)
    assert _ask(index, Catalogue("which", "rau bạc hà", None, year)).status == "not_found"
    assert _ask(index, Catalogue("which", "mật bạc hà", None, year)).confidence == SCATTERED_CONFIDENCE
    index.close()


@pytest.mark.parametrize("subject", ["lần thứ 18", "lần thứ XVIII", "lan thu 18", "lan thu xviii"])
def test_ordinals_are_found_in_either_numerals_and_marked_where_they_stand(tmp_path: Path, subject: str) -> None:
    roman = f"Đảng bộ họp\n\n05/05/2020\n\nĐại hội lần thứ XVIII, nhiệm kỳ mới, họp ở huyện. {_BODY}\n"
    arabic = f"Chợ phiên mở\n\n06/05/2020\n\nHội chợ lần thứ 18 mở sớm. {_FACTS}\n"
    other = f"Đội bóng họp\n\n07/05/2020\n\nGiải đấu lần thứ XXVIII mở ở tỉnh từ tuần này.\n{_BODY}\n"
    index = _opened(tmp_path, {"a.txt": roman, "b.txt": arabic, "c.txt": other})
    assert _marked(_ask(index, Catalogue("which", subject))) == [["lần thứ 18"], ["lần thứ XVIII"]]
    assert _marked(
        _ask(index, Catalogue("which", f"{subject} nhiem ky" if subject.isascii() else f"{subject} nhiệm kỳ"))
    )
    index.close()


def test_an_article_without_a_title_is_called_by_its_files_name(tmp_path: Path) -> None:
    index = _opened(tmp_path, {"khong-ten.txt": f"{_BODY} {_FACTS} {_BODY} Bà con mua mật ong ở chợ.\n"})
    assert [header.title for header in index.headers()] == [None]
    assert _ask(index, Catalogue("which", "mật ong")).text == "khong-ten.txt [1]"
    assert _ask(index, Catalogue("which", "")).text == "khong-ten.txt [1]"
    index.close()


def test_the_newest_and_the_oldest_are_dated_ones(ask: Ask) -> None:
    assert ask(Catalogue("newest", "")).text == "Huyện Bình Liêu đón khách (12/06/2021) [1]"
    assert ask(Catalogue("oldest", "")).text == "Huyện Mèo Vạc mở chợ phiên (09/02/2018) [1]"
    assert ask(Catalogue("newest", "cây xanh")).status == "not_found"  # its date is unknown
    assert ask(Catalogue("oldest", "mật ong")).text == "Huyện Mèo Vạc mở chợ phiên (09/02/2018) [1]"


def test_an_author_a_period_and_filters_leave_others_out(ask: Ask) -> None:
    assert len(ask(Catalogue("which", "", "truc linh")).citations) == 2
    assert ask(Catalogue("which", "", "Hồng Chiến")).citations[0].quote == "Hồng Chiến"
    assert ask(Catalogue("which", "", "Hồng Chiến", ONE_DAY)).text.startswith("Huyện Sông Lô")
    assert ask(Catalogue("which", "mật ong", None, ONE_DAY)).status == "not_found"
    assert len(ask(Catalogue("which", "", None, Period(date(2020, 1, 1), None, published=True))).citations) == 2
    assert ask(Catalogue("which", "mật ong"), passes=lambda _: False).status == "not_found"


def test_one_story_at_two_places_is_one_line(tmp_path: Path) -> None:
    story = f"Huyện Bình Liêu đón khách\n\n12/06/2021\n\nKhách mua mật ong. {_FACTS} {_BODY}\n"
    again = story.replace("12/06/2021", "14/06/2021").replace("Khách mua", "Khách  mua")
    index = _opened(tmp_path, {"a.txt": story, "b.txt": again})
    answer = _ask(index, Catalogue("count", "mật ong"))
    index.close()
    assert answer.text == "Có 1 bài nhắc đến mật ong:\nHuyện Bình Liêu đón khách (14/06/2021) [1]"
    assert [path.endswith("a.txt") for path in answer.citations[0].also_in] == [True]


def test_stories_that_share_a_paragraph_stay_apart(tmp_path: Path) -> None:
    other = "Khách đến ngắm hoa sở và mua mật ong của bà con trong bản."
    told = {"a.txt": f"{_BODY}\n\n{_FACTS}", "b.txt": f"{_BODY}\n\n{other}", "c.txt": f"{_BODY}  \n\n\n{_FACTS}"}
    index = _opened(tmp_path, {name: f"Tin huyện\n\n{text}\n" for name, text in told.items()})
    citations = _ask(index, Catalogue("which", "mùa mưa")).citations
    index.close()
    assert [[Path(path).name for path in (c.path, *c.also_in)] for c in citations] == [["a.txt", "c.txt"], ["b.txt"]]


@pytest.mark.parametrize(
    "subject", ["😀", "…", "{count} [0]", "\u200b", "а" * 500, "mật ong " * 400, "%s \\ \" ' OR 1=1"]
)
def test_odd_subjects_are_answered_or_refused(ask: Ask, subject: str) -> None:
    assert ask(Catalogue("count", subject)).status in ("answered", "not_found")
