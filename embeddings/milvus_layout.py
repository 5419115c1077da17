"""What lies in Milvus: four collections a generation, and one alias that says which generation answers.

    qa_bot                      the alias: it stands for the files of the generation that answers
    qa_bot_files_000007         manifest, vocabulary and what else a reader copies, in pieces
    qa_bot_articles_000007      headers, and texts in pieces
    qa_bot_passages_000007      where they stand in their article, and their words for BM25
    qa_bot_sentences_000007     one vector a sentence

Everything else follows from the number in the alias's target, so that one step switches all four. Pure; no pymilvus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from embeddings.lexical import ACCENTED, CONTEXT_ACCENTED, CONTEXT_FOLDED, FOLDED
from embeddings.selection import Selection

MOST_BYTES = 65_535  # of a VARCHAR, https://milvus.io/docs/limitations.md
MOST_HITS = 16_384  # of one search or query, same page
EXACT_UP_TO = 200_000  # sentences: a flat scan of 300 MB takes some 30 ms
WORD_FIELDS = (ACCENTED, FOLDED, CONTEXT_ACCENTED, CONTEXT_FOLDED)
MATCHED_FIELDS = (FOLDED, CONTEXT_FOLDED)  # those that filters name
FILES, ARTICLES, PASSAGES, SENTENCES = "files", "articles", "passages", "sentences"
PARTS = (ARTICLES, PASSAGES, SENTENCES, FILES)  # in the order of publishing: without files a generation is unfinished

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Field:
    """`words`: text that the server cuts at spaces and counts for BM25, in a field of its own that ends in _bm25."""

    name: str
    kind: Literal["key", "number", "text", "words", "vector"]
    dim: int = 0  # of a vector
    indexed: bool = False  # named by filters


def bm25(field: str) -> str:
    return f"{field}_bm25"


_NOTHING = Field("nothing", "vector", 2)
"""Milvus takes no collection without a vector."""
NO_VECTOR = (0.0, 1.0)


def fields_of(part: str, dim: int) -> tuple[Field, ...]:
    """The fields of a collection; `dim`: numbers of a sentence's vector."""
    of: dict[str, tuple[Field, ...]] = {
        FILES: (Field("key", "key"), Field("name", "text"), Field("content", "text"), _NOTHING),
        ARTICLES: (
            Field("key", "key"), Field("article", "number", indexed=True), Field("piece", "number"),
            Field("day", "number"), Field("id", "text", indexed=True), Field("words", "text"),
            Field("content", "text"), _NOTHING,
        ),
        PASSAGES: (
            Field("row", "key"), Field("article", "number", indexed=True), Field("day", "number", indexed=True),
            Field("kind", "text"), Field("start", "number"), Field("end", "number"), Field("sentences", "text"),
            *(Field(name, "words", indexed=name in MATCHED_FIELDS) for name in WORD_FIELDS),
        ),
        SENTENCES: (
            Field("row", "key"), Field("passage", "number", indexed=True), Field("article", "number", indexed=True),
            Field("day", "number", indexed=True), Field("vector", "vector", dim),
        ),
    }  # fmt: skip
    return of[part]


# --- names ---


def name_of(prefix: str, part: str, number: int) -> str:
    return f"{prefix}_{part}_{number:06}"


def parsed(prefix: str, name: str) -> tuple[str, int] | None:
    """(part, generation) of one of our collections; None for anybody else's."""
    match = re.fullmatch(rf"{re.escape(prefix)}_({'|'.join(PARTS)})_(\d{{6,}})", name)
    return (match[1], int(match[2])) if match else None


# --- pieces ---


def pieces(text: str, most: int = MOST_BYTES) -> Iterator[str]:
    """`text` cut so that no piece has more than `most` bytes; `"".join` of them is the text. "" has none."""
    data, at = text.encode("utf-8"), 0
    while at < len(data):
        end = min(at + most, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        yield data[at:end].decode("utf-8")
        at = end


def shortened(words: Iterable[str], most: int = MOST_BYTES) -> str:
    """The words with spaces between them, as many from the beginning as fit."""
    kept, size = list[str](), 0
    for word in words:
        size += len(word.encode("utf-8")) + 1
        if size - 1 > most:
            break
        kept.append(word)
    return " ".join(kept)


def batches(items: Iterable[tuple[T, int]], most: int) -> Iterator[list[T]]:
    """Items, each given with its size, in lists of `most` bytes at the most; one that is larger goes alone."""
    batch, size = list[T](), 0
    for item, bytes_ in items:
        if batch and size + bytes_ > most:
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += bytes_
    if batch:
        yield batch


# --- filters ---


def day_number(day: date | None) -> int:
    """The day as a number; 0 is unknown."""
    return day.toordinal() if day else 0


def among(field: str, numbers: Iterable[int]) -> str:
    return f"{field} in [{', '.join(map(str, numbers))}]"


def of_days(selection: Selection) -> str:
    """A filter for the selection's days; "" where it has no bound."""
    if not (selection.first or selection.last):
        return ""
    first, last = selection.first or date.min, selection.last or date.max
    return f"day >= {day_number(first)} and day <= {day_number(last)}"


def of_words(selection: Selection) -> str:
    """A filter for the selection's words over `words` of articles, which begins and ends with a space; "" without."""
    *whole, last = selection.words or ("",)
    likes = [f'words like "% {word} %"' for word in whole] + ([f'words like "% {last}%"'] if last else [])
    return " and ".join(likes)


def both(*filters: str) -> str:
    return " and ".join(f"({one})" for one in filters if one)


# --- index of vectors ---


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """A kind of index, how it is built, and how it is searched for `limit` vectors."""

    kind: str
    build: dict[str, object]
    sentences: int

    def search(self, limit: int) -> dict[str, object]:
        """What a search must weigh so that `limit` can be found, and a few more for the recall."""
        wide = min(2 * limit, MOST_HITS)
        lists = int(str(self.build.get("nlist", 1)))
        known: dict[str, dict[str, object]] = {
            "HNSW": {"ef": max(wide, 64)},
            "IVF_RABITQ": {"nprobe": max(1, lists // 16), "rbq_query_bits": 8, "refine_k": 2},
            "DISKANN": {"search_list": max(wide, 100)},
        }
        return known.get(self.kind, {})


def vector_index(setting: str, sentences: int) -> VectorIndex:
    """What the setting means for so many sentences. Parameters: https://milvus.io/docs/index-explained.md."""
    kind = setting if setting != "auto" else "FLAT" if sentences <= EXACT_UP_TO else "HNSW"
    lists = max(1, min(65_536, int(4 * sentences**0.5)))
    build: dict[str, dict[str, object]] = {
        "HNSW": {"M": 32, "efConstruction": 200},
        "IVF_RABITQ": {"nlist": lists, "refine": True, "refine_type": "SQ8"},
    }
    return VectorIndex(kind, build.get(kind, {}), sentences)
