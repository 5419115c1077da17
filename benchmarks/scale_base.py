"""What the curves are made of: articles of a real index with their sentences and vectors; corpora of any size."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from benchmarks import copies
from benchmarks.measuring import Failed
from embeddings import generations, lexicon
from embeddings.context import encoded_text
from embeddings.encoders import BatchDone, Encoder
from embeddings.index import Index, StoredPassage
from embeddings.records import Kind

_AT_ONCE = 2_000  # passages read together
_DIRECTIONS, _WORDS = 2_048, 200_000
_A_FILE = 1_000  # articles in one export
_MARK = "\0"
_FLOAT = 4  # bytes
_DONE = "base.json"


class Sentence(NamedTuple):
    """Where a sentence stands in its article, what the model reads of it (with _MARK in its place), whether it may be
    changed in copies.
    """

    start: int
    end: int
    form: str
    body: bool


@dataclass(frozen=True, slots=True)
class BaseArticle:
    """An article of the index; its sentences have the vectors from row `first` on."""

    id: str
    text: str
    first: int
    passages: int
    sentences: Sequence[Sentence]


@dataclass(frozen=True, slots=True)
class Base:
    """A folder with articles.jsonl, vectors.f32 (sentences, dim), centre.npy, directions.npy, words.json."""

    folder: Path
    dim: int
    sentences: int
    passages: int

    def articles(self) -> Iterator[BaseArticle]:
        with (self.folder / "articles.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                id_, text, first, passages, sentences = json.loads(line)
                yield BaseArticle(id_, text, first, passages, [Sentence(*sentence) for sentence in sentences])


def article_id(path: str) -> str:
    """The id of an article in an export, from its path: "news/003.jsonl#vn-17" is "vn-17"."""
    return path.rpartition("#")[2]


def original(id_: str) -> str:
    """The id of the article that a copy was made of: "vn-17~3" is of "vn-17"."""
    return id_.partition("~")[0]


def load(folder: Path) -> Base | None:
    try:
        return Base(folder, **json.loads((folder / _DONE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def take(index_dir: Path, folder: Path) -> Base:
    """Read the newest generation in `index_dir` once into `folder`. Raises IndexProblem."""
    folder.mkdir(parents=True, exist_ok=True)
    index = Index(generations.open_newest(index_dir))
    try:
        base = Base(folder, index.manifest.dim, len(index), index.passage_count)
        _write_vectors(index, folder)
        words = lexicon.load()
        with (folder / "articles.jsonl").open("w", encoding="utf-8") as out:
            for article in _articles(index, words):
                out.write(json.dumps(astuple(article), ensure_ascii=False) + "\n")
    finally:
        index.close()
    _write_words(base)
    counts = {"dim": base.dim, "sentences": base.sentences, "passages": base.passages}
    (folder / _DONE).write_text(json.dumps(counts), encoding="utf-8")  # last: with it, the folder is whole
    return base


def _write_vectors(index: Index, folder: Path) -> None:
    total = np.zeros(index.manifest.dim, np.float64)
    with (folder / "vectors.f32").open("wb") as out:
        for at in range(0, len(index), 65_536):
            block = index.vectors_at(range(at, min(at + 65_536, len(index))))
            total += block.sum(axis=0)
            out.write(np.ascontiguousarray(block, "<f4").tobytes())
    centre = np.asarray(total / np.linalg.norm(total), np.float32)
    np.save(folder / "centre.npy", centre)
    sample = np.random.default_rng(0).integers(0, len(index), _DIRECTIONS)
    np.save(folder / "directions.npy", copies.residuals(index.vectors_at(sample.tolist()), centre).astype(np.float32))


def _articles(index: Index, words: lexicon.Lexicon) -> Iterator[BaseArticle]:
    """Each article with its sentences, in the order of their vectors."""
    row = 0
    for _, found in groupby(_passages(index), key=lambda stored: stored.article.id):
        passages = list(found)
        sentences = [
            Sentence(span.start, span.end, form, stored.passage.kind is Kind.BODY)
            for stored in passages
            for form in [encoded_text(_MARK, stored.passage.kind, stored.context, words)]
            for span in stored.passage.sentences
        ]
        article = passages[0].article
        yield BaseArticle(article_id(article.path), article.text, row, len(passages), sentences)
        row += len(sentences)


def _passages(index: Index) -> Iterator[StoredPassage]:
    for at in range(0, index.passage_count, _AT_ONCE):
        yield from index.passages(range(at, min(at + _AT_ONCE, index.passage_count)))


def _write_words(base: Base) -> None:
    """Syllables as often as they come, to swap in."""
    found: list[str] = []
    for article in base.articles():
        found += [word for word in article.text.split() if copies.swappable(word)]
        if len(found) > _WORDS:
            break
    chosen = np.random.default_rng(0).permutation(len(found))[:_WORDS]
    text = json.dumps([found[i] for i in chosen], ensure_ascii=False)
    (base.folder / "words.json").write_text(text, encoding="utf-8")


def write_corpus(base: Base, size: int, wanted: Sequence[str], folder: Path) -> dict[str, int]:
    """Exports of articles that give about `size` passages in folder/source, and which vector each sentence gets.

    The articles with the ids `wanted` come first, then the other real ones, then copies. {"articles", "passages" as
    expected, "copied" articles}. Raises Failed when the base has nothing.
    """
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    words: list[str] = json.loads((base.folder / "words.json").read_text("utf-8"))
    if not words or not base.passages:
        raise Failed(f"{base.folder} holds no articles to make others of.")
    keys, rows, numbers = array("Q"), array("I"), array("H")
    passages = written = copied = 0
    with ExitStack() as files:
        out: TextIO | None = None
        for copy, article in _in_order(base, wanted):
            if passages >= size:
                break
            text, sentences = _copy(article, copy, words)
            for row, forms in enumerate(sentences, article.first):
                for form in forms:
                    keys.append(copies.key_of(form))
                    rows.append(row)
                    numbers.append(copy)
            if out is None or written % _A_FILE == 0:
                files.close()
                out = files.enter_context((source / f"{written // _A_FILE:05}.jsonl").open("w", encoding="utf-8"))
            id_ = f"{article.id}~{copy}" if copy else article.id
            out.write(json.dumps({"id": id_, "text": text}, ensure_ascii=False) + "\n")
            passages, written, copied = passages + article.passages, written + 1, copied + bool(copy)
    known, first = np.unique(np.frombuffer(keys, np.uint64), return_index=True)  # the first: an original before copies
    np.savez(folder / "vectors.npz", keys=known, rows=np.frombuffer(rows, np.uint32)[first],
             copies=np.frombuffer(numbers, np.uint16)[first])  # fmt: skip
    return {"articles": written, "passages": passages, "copied": copied}


def _in_order(base: Base, wanted: Sequence[str]) -> Iterator[tuple[int, BaseArticle]]:
    """(number of the copy, article): originals, those wanted first, then copies of all, again and again."""
    first = frozenset(wanted)
    yield from ((0, article) for article in base.articles() if article.id in first)
    yield from ((0, article) for article in base.articles() if article.id not in first)
    for copy in range(1, 2**16):
        yield from ((copy, article) for article in base.articles())


def _copy(article: BaseArticle, copy: int, words: Sequence[str]) -> tuple[str, list[set[str]]]:
    """The text of a copy, and what the model may read of each of its sentences. Copy 0 is the article itself.

    With the words for its place, and alone: other words in an article may hide where it is from.
    """
    text = article.text
    chance = np.random.default_rng([copy, article.first])
    parts: list[str] = []
    sentences: list[set[str]] = []
    at = 0
    for start, end, form, body in article.sentences:
        sentence = text[start:end]
        if copy and body and start >= at:
            sentence = copies.perturbed(sentence, words, chance)
        sentences.append({form.replace(_MARK, sentence), sentence})
        if start >= at:
            parts += [text[at:start], sentence]
            at = end
    return "".join([*parts, text[at:]]), sentences


class Prepared:
    """An encoder whose passages were encoded before, or are copies of such; questions go to the real one."""

    def __init__(self, base: Base, corpus: Path, inner: Encoder) -> None:
        table = np.load(corpus / "vectors.npz")
        self._keys, self._rows, self._copies = table["keys"], table["rows"], table["copies"]
        self._centre, self._directions = np.load(base.folder / "centre.npy"), np.load(base.folder / "directions.npy")
        self._dim, self._base_rows = base.dim, base.sentences
        self._file = os.open(base.folder / "vectors.f32", os.O_RDONLY)  # read, not mapped: no memory of the build's
        self._inner = inner
        self.unknown = 0  # texts that are not as foreseen; each gets the vector of some copy

    @property
    def fingerprint(self) -> str:
        return self._inner.fingerprint

    def encode_passages(self, texts: Sequence[str], done: BatchDone | None = None) -> np.ndarray:
        keys = np.array([copies.key_of(text) for text in texts], np.uint64)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = self._keys[at] == keys
        self.unknown += int(np.count_nonzero(~known))
        rows = np.where(known, self._rows[at], keys % np.uint64(self._base_rows)).astype(np.int64)
        vectors = self._originals(rows)
        changed = np.flatnonzero(~known | (self._copies[at] > 0))
        if len(changed):
            vectors[changed] = copies.varied(vectors[changed], keys[changed], self._centre, self._directions)
        if done is not None:
            done(len(texts))
        return vectors

    def _originals(self, rows: np.ndarray) -> np.ndarray:
        length = self._dim * _FLOAT
        data = b"".join(os.pread(self._file, length, int(row) * length) for row in rows)
        return np.frombuffer(data, "<f4").reshape(len(rows), self._dim).copy()

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.encode_queries(texts)

    def warm_up(self) -> None:
        self._inner.warm_up()

    def close(self) -> None:
        os.close(self._file)


def counts(index_dir: Path) -> dict[str, object]:
    """{"articles", "passages", "sentences", "index_mb"} of the newest generation. Raises IndexProblem."""
    held = generations.open_newest(index_dir)
    held.hold.close()
    manifest = held.manifest
    size = sum(record.size for record in manifest.files.values()) / 1e6
    return {
        "articles": manifest.articles, "passages": manifest.passages, "sentences": manifest.sentences,
        "index_mb": round(size, 1),
    }  # fmt: skip
