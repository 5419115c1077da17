"""What articles and dates are called in front of people, and how people find an article by name. Pure."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from embeddings.console import one_line
from embeddings.vietnamese import fold, normalize, syllables
from qa_bot.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from embeddings.messages import Language
    from embeddings.records import Article, Header
    from qa_bot.records import Citation


def shown_date(published: date | None) -> str:
    return published.strftime("%d/%m/%Y") if published else ""


def shown_page(citation: Citation, language: Language) -> str:
    return say(language, "passage.page", page=citation.page) if citation.page else ""


def title_of(article: Article | Header | Citation) -> str:
    """The title, or the path where there is none; on one line."""
    return one_line(article.title or article.path)


def name_of(article: Article | Citation) -> str:
    """The title, or the file's name where there is none: readers far away need not know where it lies."""
    return one_line(article.title or PurePosixPath(article.path).name)


def same_words(a: str, b: str) -> bool:
    """Whether two questions differ in no more than case, punctuation, spaces and the place of a tone mark."""
    return syllables(a) == syllables(b)


def matching(articles: Sequence[Article], words: str) -> list[Article]:
    """Articles with `words` in their title or path, typed with diacritics or without. All, when there are no words.

    The last word may be unfinished; the first one begins a word: "yen son" is in "Xã Yên Sơn", not in "huyện Sông Lô".
    """
    folded = searchable(words)
    wanted = re.compile((r"(?<![^\W_])" if folded[:1].isalnum() else "") + re.escape(folded))
    return [article for article in articles if wanted.search(searchable(f"{article.title or ''} {article.path}"))]


def searchable(text: str) -> str:
    return fold(normalize(" ".join(text.split())))
