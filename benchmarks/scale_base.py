"""What the curves are made of: articles of a real index with their sentences and vectors; corpora of any size."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import copies
from benchmarks.measuring import Failed
from embeddings import generations, lexicon
from embeddings.context import encoded_text
from embeddings.encoders import BatchDone, Encoder
from embeddings.index import Index
from embeddings.records import Kind

_AT_ONCE = 2_000  # passages read together
_DIRECTIONS, _WORDS = 2_048, 200_000
_A_FILE = 1_000  # articles in one export
_MARK = "\0"
_FLOAT = 4  # bytes
_DONE = "base.json"


@dataclass(frozen=True, slots=True)
class Base:
    """A folder with articles.jsonl, vectors.f32 (sentences, dim), centre.npy, directions.npy, words.json."""

    folder: Path
    dim: int
    sentences: int
    passages: int

    def articles(self) -> Iterator[dict[str, object]]:
        """{"id", "text", "passages", "first": row, "sentences": [[start, end, encoded form, swapped?]]}"""
        with (self.folder / "articles.jsonl").open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


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
                out.write(json.dumps(article, ensure_ascii=False) + "\n")
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


def _articles(index: Index, words: lexicon.Lexicon) -> Iterator[dict[str, object]]:
    """Each article with its sentences, in the order of their vectors; `first` is the row of its first one."""
    current: dict[str, object] | None = None
    spans: list[object] = []
    row = count = 0
    for at in range(0, index.passage_count, _AT_ONCE):
        for stored in index.passages(range(at, min(at + _AT_ONCE, index.passage_count))):
            id_ = article_id(stored.article.path)
            if current is None or current["id"] != id_:
                if current is not None:
                    yield {**current, "passages": count, "sentences": spans}
                current, spans, count = {"id": id_, "text": stored.article.text, "first": row}, [], 0
            form = encoded_text(_MARK, stored.passage.kind, stored.context, words)
            spans += [(s.start, s.end, form, stored.passage.kind is Kind.BODY) for s in stored.passage.sentences]
            row, count = row + len(stored.passage.sentences), count + 1
    if current is not None:
        yield {**current, "passages": count, "sentences": spans}


def _write_words(base: Base) -> None:
    """Syllables as often as they come, to swap in."""
    found: list[str] = []
    for article in base.articles():
        found += [word for word in str(article["text"]).split() if copies.swappable(word)]
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
    out = None
    for copy, article in _in_order(base, wanted):
        if passages >= size:
            break
        text, sentences = _copy(article, copy, words)
        for number, forms in enumerate(sentences):
            for form in forms:
                keys.append(copies.key_of(form))
                rows.append(int(str(article["first"])) + number)
                numbers.append(copy)
        if written % _A_FILE == 0:
            if out is not None:
                out.close()
            out = (source / f"{written // _A_FILE:05}.jsonl").open("w", encoding="utf-8")
        id_ = f"{article['id']}~{copy}" if copy else article["id"]
        out.write(json.dumps({"id": id_, "text": text}, ensure_ascii=False) + "\n")  # type: ignore[union-attr]
        passages, written, copied = passages + int(str(article["passages"])), written + 1, copied + bool(copy)
    if out is not None:
        out.close()
    known, first = np.unique(np.frombuffer(keys, np.uint64), return_index=True)  # the first: an original before copies
    np.savez(folder / "vectors.npz", keys=known, rows=np.frombuffer(rows, np.uint32)[first],
             copies=np.frombuffer(numbers, np.uint16)[first])  # fmt: skip
    return {"articles": written, "passages": passages, "copied": copied}


def _in_order(base: Base, wanted: Sequence[str]) -> Iterator[tuple[int, dict[str, object]]]:
    """(number of the copy, article): originals, those wanted first, then copies of all, again and again."""
    first = frozenset(wanted)
    yield from ((0, article) for article in base.articles() if article["id"] in first)
    yield from ((0, article) for article in base.articles() if article["id"] not in first)
    for copy in range(1, 2**16):
        yield from ((copy, article) for article in base.articles())


def _copy(article: dict[str, object], copy: int, words: Sequence[str]) -> tuple[str, list[set[str]]]:
    """The text of a copy, and what the model may read of each of its sentences. Copy 0 is the article itself.

    With the words for its place, and alone: other words in an article may hide where it is from.
    """
    text = str(article["text"])
    spans: list[tuple[int, int, str, bool]] = article["sentences"]  # type: ignore[assignment]
    chance = np.random.default_rng([copy, int(str(article["first"]))])
    parts: list[str] = []
    sentences: list[set[str]] = []
    at = 0
    for start, end, form, body in spans:
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
