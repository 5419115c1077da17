"""What one article, passage or sentence is in Milvus, and how it is read back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from embeddings import milvus_layout as layout
from embeddings.errors import StorageError
from embeddings.index import StoredPassage
from embeddings.lexical import ACCENTED, CONTEXT_ACCENTED, CONTEXT_FOLDED, FOLDED
from embeddings.milvus_words import said
from embeddings.records import Article, Context, Header, Kind, Passage, Span
from embeddings.selection import named_by

Row = dict[str, object]
_PIECES = 1 << 20  # keys of one article's pieces: 64 GB of text

HEADER_FIELDS = ("article", "piece", "content")
PASSAGE_FIELDS = ("row", "article", "kind", "start", "end", "sentences")


@dataclass(frozen=True, slots=True)
class Placed:
    """An article's header, and where its passages are: `count` of them, from row `first`."""

    header: Header
    first: int
    count: int
    pieces: int  # of its text, after the header


@dataclass(frozen=True, slots=True)
class Whole:
    """An article, what is said of it beside its passages, and its story."""

    article: Article
    context: Context
    story: int | None


# --- articles ---


def article_rows(whole: Whole, row: int, first: int, count: int) -> Iterator[Row]:
    """One for the header, then the rest in pieces. Raises StorageError where the header alone is too long."""
    article, context = whole.article, whole.context
    rest = {
        "also_at": article.also_at, "url": article.url, "sha256": article.sha256, "section": article.section,
        "pages": article.pages, "place": context.place,
    }  # fmt: skip
    texts = list(layout.pieces(f"{json.dumps(rest, ensure_ascii=False)}\n{article.text}"))
    header = json.dumps(
        {
            "id": article.id, "path": article.path, "title": article.title,
            "published": article.published.isoformat() if article.published else None, "author": article.author,
            "source": article.source, "story": whole.story, "first": first, "count": count, "pieces": len(texts),
        },
        ensure_ascii=False,
    )  # fmt: skip
    if len(header.encode("utf-8")) > layout.MOST_BYTES:
        raise StorageError(
            f"{article.path} has a title, author or id of more than {layout.MOST_BYTES} bytes, which Milvus does not "
            "take. Leave it out: qa-bot articles --remove"
        )
    words = f" {layout.shortened(named_by(article), layout.MOST_BYTES - 2)} "
    for piece, content in enumerate([header, *texts]):
        yield {
            "key": row * _PIECES + piece, "article": row, "piece": piece, "day": layout.day_number(article.published),
            "id": article.id if piece == 0 else "", "words": words if piece == 0 else "", "content": content,
            "nothing": list(layout.NO_VECTOR),
        }  # fmt: skip


def placed(row: int, content: str) -> Placed:
    """Raises ValueError, KeyError or TypeError for what `article_rows` did not make."""
    of = json.loads(content)
    day = of["published"]
    header = Header(
        row, of["id"], of["path"], of["title"], date.fromisoformat(day) if day else None, of["author"], of["source"],
        of["story"],
    )  # fmt: skip
    return Placed(header, int(of["first"]), int(of["count"]), int(of["pieces"]))


def whole(found: Sequence[Mapping[str, Any]]) -> Whole:
    """The article of whose pieces these are all. Raises ValueError, KeyError or TypeError where they are not."""
    head, *texts = sorted(found, key=lambda row: int(row["piece"]))
    of = placed(int(head["article"]), str(head["content"]))
    if [int(row["piece"]) for row in (head, *texts)] != list(range(of.pieces + 1)):
        raise ValueError("pieces are missing")
    rest_line, _, text = "".join(str(row["content"]) for row in texts).partition("\n")
    rest, header = json.loads(rest_line), of.header
    article = Article(
        header.id, header.path, tuple(rest["also_at"]), rest["url"], header.title, header.published, header.author,
        header.source, text, rest["sha256"], rest["section"], tuple(rest["pages"]),
    )  # fmt: skip
    context = Context(article.title, article.published, rest["place"], article.author, article.source)
    return Whole(article, context, header.story)


# --- passages and sentences ---


def passage_row(stored: StoredPassage, article: int, words: str, context: str) -> Row:
    """`words` and `context`: what is indexed of the passage and of its article. Raises StorageError."""
    passage = stored.passage
    spans = json.dumps([[s.start, s.end] for s in passage.sentences], separators=(",", ":"))
    if len(spans) > layout.MOST_BYTES:
        raise StorageError(
            f"A passage of {stored.article.path} has {len(passage.sentences)} sentences, more than Milvus takes. "
            "Set a smaller chunking.max_syllables."
        )
    return {
        "row": stored.row, "article": article, "day": layout.day_number(stored.article.published),
        "kind": passage.kind.value, "start": passage.start, "end": passage.end, "sentences": spans,
        ACCENTED: said(words, folded=False), FOLDED: said(words, folded=True),
        CONTEXT_ACCENTED: said(context, folded=False), CONTEXT_FOLDED: said(context, folded=True),
    }  # fmt: skip


def sentence_rows(stored: StoredPassage, article: int, first: int, vectors: np.ndarray) -> Iterator[Row]:
    """`vectors`: (sentences, dim) of the passage's sentences, which are rows `first` and after."""
    day = layout.day_number(stored.article.published)
    for number, vector in enumerate(vectors, first):
        yield {"row": number, "passage": stored.row, "article": article, "day": day, "vector": vector}


def passage_of(row: Mapping[str, Any], of: Whole) -> StoredPassage:
    start, end = int(row["start"]), int(row["end"])
    sentences = tuple(Span(*pair) for pair in json.loads(row["sentences"]))
    text = of.article.text[start:end]
    passage = Passage(of.article.id, Kind(str(row["kind"])), start, end, text, sentences)
    return StoredPassage(int(row["row"]), passage, of.article, of.context, of.story)
