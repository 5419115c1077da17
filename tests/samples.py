"""Records made by hand: two articles, passages of them, answers that cite them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

from embeddings.index import StoredPassage
from embeddings.records import Article, Context, Kind, Passage, Span
from qa_bot.records import Answer, Citation, Ranked, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

RIVER_QUOTE = "Huyện đã trồng 14.500 cây xanh dọc bờ sông."
RIVER_TEXT = f"""Sông Lô thêm cây xanh

26/11/2020

Mùa mưa năm nay đến sớm hơn mọi năm.

Nhiều xã ven sông bị sạt lở nặng, có nơi mất tới năm mét đất bãi.
{RIVER_QUOTE} Mỗi thôn nhận chăm sóc một đoạn bờ.

Năm sau, huyện sẽ trồng thêm ở ba xã phía bắc.

Người dân mong cây sớm khép tán.
"""
HOSTILE_TITLE = "Chợ\x1b]52;c;cm0gLXJmIC8=\x07 phiên \u202eđảo\u202c [bold red]đỏ[/] :smile:"
HOSTILE_TEXT = "Chợ họp \x1b[2Jsáng \x9b31mchủ nhật,\r\nbán [link=http://x]rau[/link] \u2066và cá\u2069."


def article(
    text: str = RIVER_TEXT,
    *,
    id: str = "song-lo",  # noqa: A002 - the field's name
    title: str | None = "Sông Lô thêm cây xanh",
    published: date | None = date(2020, 11, 26),
    source: str | None = "Báo Vĩnh Phúc",
) -> Article:
    url = f"https://example.vn/{id}"
    return Article(id, f"seeds/{id}.txt", (), url, title, published, "Hà Trần", source, text, "0" * 64)


def stored(of: Article, start: int, end: int, row: int = 0) -> StoredPassage:
    passage = Passage(of.id, Kind.BODY, start, end, of.text[start:end], (Span(start, end),))
    return StoredPassage(row, passage, of, Context(of.title, of.published, None, of.author, of.source))


def citation(of: StoredPassage, quote: str, n: int = 1, marks: Sequence[tuple[int, int]] = ()) -> Citation:
    """`quote` as it stands in the passage `of`; `marks` are inside the quote."""
    a, start = of.article, of.passage.start + of.passage.text.index(quote)
    end = start + len(quote)
    facts = (a.id, a.path, a.url, a.title, a.published, a.author, a.source)
    return Citation(n, *facts, quote, start, end, of.row, tuple(marks))


def answer(
    question: str,
    passages: Sequence[StoredPassage],
    *,
    status: Literal["answered", "not_found"] = "answered",
    text: str = "",
    citations: Sequence[Citation] = (),
    nearest: Sequence[Citation] = (),
    understood_as: str | None = None,
) -> Answer:
    ranked = tuple(Ranked(p, 0.9 - 0.1 * i, 0.85 - 0.01 * i, 7.25 - i) for i, p in enumerate(passages))
    reasons = (Reason("dense", 0.85, 2.5), Reason("home-made", 0.6667, -1.25))
    timings = {"understand": 0.1, "encode": 2.0, "retrieve": 1.0, "answer": 0.5, "total": 3.6}
    understood = question if understood_as is None else understood_as
    confidence = 0.93456 if status == "answered" else 0.21
    return Answer(
        question, understood, status, text, confidence, tuple(citations), tuple(nearest), ranked, reasons, timings
    )


RIVER, MARKET = article(), article(HOSTILE_TEXT, id="cho-phien", title=HOSTILE_TITLE, published=None, source=None)
_START = RIVER_TEXT.index("Nhiều xã")
RIVER_PASSAGE = stored(RIVER, _START, RIVER_TEXT.index("\n\nNăm sau"), row=0)
MARKET_PASSAGE = stored(MARKET, 0, len(HOSTILE_TEXT), row=1)
RIVER_CITATION = citation(RIVER_PASSAGE, RIVER_QUOTE, marks=[(15, 30)])  # 14.500 cây xanh
MARKET_CITATION = citation(MARKET_PASSAGE, HOSTILE_TEXT)


def answered(question: str, understood_as: str | None = None) -> Answer:
    return answer(
        question,
        [RIVER_PASSAGE, MARKET_PASSAGE],
        text="Huyện đã trồng 14.500 cây xanh dọc bờ sông [1].",
        citations=[RIVER_CITATION],
        understood_as=understood_as,
    )


def refused(question: str, understood_as: str | None = None) -> Answer:
    return answer(
        question,
        [MARKET_PASSAGE, RIVER_PASSAGE],
        status="not_found",
        nearest=[MARKET_CITATION, RIVER_CITATION],
        understood_as=understood_as,
    )
