"""What an article says of itself: title, date, author, source. Front matter wins; unknown stays None."""

from __future__ import annotations

import re
from collections import Counter

from embeddings import lines
from embeddings.lexicon import Lexicon
from embeddings.records import Article, Context, Kind, Page, Region
from embeddings.vietnamese import UPPER, fold

_NAME = rf"([{UPPER}][^\W\d_]*(?: [{UPPER}][^\W\d_]*){{0,3}})"
_FRONT_MATTER_NAMES = {
    "title": ("title", "tieu de", "headline"),
    "published": ("published", "date", "ngay", "ngay dang", "pubdate"),
    "author": ("author", "authors", "tac gia", "byline"),
    "source": ("source", "nguon", "publisher", "site"),
    "section": ("section", "category", "categories", "chuyen muc"),
    "url": ("url", "link", "canonical", "permalink"),
}


def describe(page: Page, regions: list[Region], lexicon: Lexicon) -> Article:
    """The article that `page` holds.

    Its id is the hash of the file, so a file that moves keeps its id.
    """
    stated = {fold(name).casefold().replace("_", " "): value for name, value in page.front_matter.items()}
    given = {
        field: next((stated[name] for name in names if stated.get(name)), None)
        for field, names in _FRONT_MATTER_NAMES.items()
    }
    texts = {kind: [page.text[r.start : r.end] for r in regions if r.kind is kind] for kind in Kind}
    dates = [lines.parse_date(text) for text in ([given["published"]] if given["published"] else texts[Kind.DATE])]
    authors = [lines.author_in_line(text.splitlines()[0], lexicon) for text in texts[Kind.BYLINE]]
    sources = [lines.source_in_line(text, lexicon) for text in texts[Kind.SOURCE]]
    return Article(
        id=page.sha256[:16],
        path=page.path,
        also_at=(),
        url=given["url"],
        title=given["title"] or next(iter(texts[Kind.TITLE]), None),
        published=next(iter(dates), None),
        author=given["author"] or next(iter(authors), None),
        source=given["source"] or next(iter(sources), None),
        text=page.text,
        sha256=page.sha256,
        section=given["section"],
        pages=page.pages,
    )


def context_of(article: Article, lexicon: Lexicon) -> Context:
    return Context(article.title, article.published, place_of(article.text, lexicon), article.author, article.source)


def place_of(text: str, lexicon: Lexicon) -> str | None:
    """The place that the text names most after a word like "huyện", if it does so at least twice.

    A heading that goes between ("Huyện ủy Mèo Vạc", "Đảng bộ huyện Sông Lô") is stepped over.
    """
    heads = "|".join(re.escape(head) for head in lexicon.place_heads)
    pattern = re.compile(rf"\b(?i:{heads})(?: ủy| uỷ)? {_NAME}")
    counts = Counter(match[1] for match in pattern.finditer(text))
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] >= 2 else None
