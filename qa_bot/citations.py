"""Quotes and where they stand. A citation that does not quote its article exactly is a bug, and is never shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from embeddings.index import StoredPassage
from embeddings.records import Span
from qa_bot.records import Citation


class BrokenCitation(AssertionError):
    """The quote is not what the article says at that place."""


def cite(
    n: int, stored: StoredPassage, span: Span, marks: Sequence[tuple[int, int]] = (), also_in: Sequence[str] = ()
) -> Citation:
    """Citation `n` of the characters `span` of an article, which begin in the passage `stored`.

    Raises BrokenCitation when the article does not say there what the passage says.
    """
    article, passage = stored.article, stored.passage
    quote = article.text[span.start : span.end]
    held = passage.text[span.start - passage.start : span.end - passage.start]
    if not quotes_exactly(article.text, span, quote) or not quote.startswith(held):
        raise BrokenCitation(f"{article.path} [{span.start}:{span.end}] is not {held!r}")
    return Citation(
        n=n,
        article_id=article.id,
        path=article.path,
        url=article.url,
        title=article.title,
        published=article.published,
        author=article.author,
        source=article.source,
        quote=quote,
        start=span.start,
        end=span.end,
        passage_row=stored.row,
        marks=tuple(marks),
        also_in=tuple(also_in),
        page=bisect_right(article.pages, span.start) or None,
    )


def quotes_exactly(text: str, span: Span, quote: str) -> bool:
    return 0 <= span.start < span.end <= len(text) and text[span.start : span.end] == quote
