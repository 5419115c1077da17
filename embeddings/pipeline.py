"""From a folder of articles to a published generation. Reads as its stations follow each other."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Protocol

import numpy as np

from embeddings import articles, generations, lexical, lexicon, storage, vectors, vocabulary
from embeddings.chunking import chunk
from embeddings.cleaning import clean
from embeddings.context import context_text, encoded_text, indexed_text
from embeddings.encoders import Encoder
from embeddings.errors import CorruptIndex, IndexProblem, SourceError
from embeddings.index import LEXICAL_FOLDER, STORAGE_FILE, VECTORS_FILE, VOCABULARY_FILE, Index, check_counts
from embeddings.metadata import context_of, describe
from embeddings.records import Article, Context, Page, Passage, Skipped
from embeddings.settings import IndexSettings
from embeddings.vector_cache import VectorCache

CACHE_FILE = "vector-cache.sqlite"
_ENCODE_AT_ONCE = 512  # sentences between two writes to the cache: what a killed build loses at most
_CANARIES = 5
_CANARY_FLOOR = 0.999  # a stored unit vector's cosine with itself


class Progress(Protocol):
    """Who wants to know how far the build is."""

    def stage(self, name: str, total: int) -> None:
        """A new stage begins: "read", "clean", "encode", "index" or "check", with `total` steps."""
        ...

    def advance(self, steps: int = 1) -> None: ...


class Silent:
    def stage(self, name: str, total: int) -> None: ...

    def advance(self, steps: int = 1) -> None: ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did."""

    generation: int
    unchanged: bool  # nothing was new, the generation that serves already holds it all
    articles: int
    passages: int
    sentences: int
    encoded: int  # sentences
    reused: int  # sentences
    skipped: tuple[Skipped, ...]
    seconds: float
    bytes: int  # of the generation on disk


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that goes into one generation but the vectors."""

    articles: list[tuple[Article, Context]]
    passages: list[Passage]
    encoded_texts: list[str]  # one a sentence, in the order of passages
    indexed_texts: list[tuple[str, str]]  # (words, words of the context), one a passage
    counts: vocabulary.Counts


def build(settings: IndexSettings, encoder: Encoder, progress: Progress | None = None, *, full: bool = False) -> Report:
    """Read, clean, chunk, encode, index, verify, publish; the old generation serves until the last step.

    With `full`, nothing is taken from the cache or left as it is. Raises BotError; then nothing has changed.
    """
    progress = progress or Silent()
    started = time.perf_counter()
    index_dir = settings.index.dir
    with generations.builder_lock(index_dir):
        pages, skipped = _read(settings, progress)
        digest = _digest(pages, settings, encoder.fingerprint)
        current = None if full else _serving(index_dir, digest)
        if current is not None:
            return _report(current, True, 0, skipped, started)
        corpus = _chunk(pages, settings, progress, skipped)
        if not corpus.passages:
            raise SourceError(
                f"There is no text in the {len(pages)} files of {_names(settings)}; the old index stays as it is."
            )
        with VectorCache(index_dir / CACHE_FILE, encoder.fingerprint) as cache:
            matrix, encoded = _encode(corpus.encoded_texts, encoder, cache, progress, use_cache=not full)
            manifest = _write(corpus, matrix, skipped, digest, settings, encoder.fingerprint, progress)
            cache.keep_only(corpus.encoded_texts)
        generations.prune(index_dir, settings.index.keep_generations)
    return _report(manifest, False, encoded, skipped, started)


def _read(settings: IndexSettings, progress: Progress) -> tuple[list[Page], list[Skipped]]:
    files, skipped = articles.find_files(settings.articles)
    progress.stage("read", len(files))
    pages: list[Page] = []
    for file in files:
        found, problems = articles.read_pages(file, settings.articles)
        pages += found
        skipped += problems
        progress.advance()
    if not pages:
        why = f" ({len(skipped)} skipped; first: {skipped[0].path}: {skipped[0].reason})" if skipped else ""
        raise SourceError(
            f"There is no article in {_names(settings)}{why}. Put .txt or .md files there; "
            "the old index stays as it is."
        )
    return pages, skipped


def _names(settings: IndexSettings) -> str:
    return ", ".join(articles.shown(source) for source in settings.articles.source)


def _chunk(pages: Sequence[Page], settings: IndexSettings, progress: Progress, skipped: list[Skipped]) -> Corpus:
    """Passages and their words of all pages; a page that holds no text of an article is added to `skipped`."""
    words = lexicon.load(settings.articles.word_lists)
    unique, other_paths = articles.merge_identical(pages)
    progress.stage("clean", len(unique))
    defined = vocabulary.defined_in(page.text for page in unique)
    corpus = Corpus([], [], [], [], vocabulary.Counts(abbreviations=defined))
    words = words.with_abbreviations(defined)
    for page in unique:
        regions = clean(page, words)
        article = describe(page, regions, words, other_paths.get(page.sha256, ()))
        context = context_of(article, words) if settings.encoder.context else Context(None, None, None, None, None)
        passages = chunk(article, regions, settings.chunking, words)
        progress.advance()
        if not passages:
            skipped.append(Skipped(page.path, "nothing in it but page furniture"))
            continue
        corpus.articles.append((article, context))
        around = context_text(context, words)
        corpus.counts.add(context.title or "")
        for name in (context.place, context.author, context.source):
            corpus.counts.add_name(name or "")
        for passage in passages:
            corpus.counts.add(passage.text)
            corpus.passages.append(passage)
            corpus.indexed_texts.append((indexed_text(passage.text, passage.kind, words), around))
            corpus.encoded_texts.extend(
                encoded_text(sentence, passage.kind, context, words) for sentence in passage.sentence_texts()
            )
    return corpus


def _encode(
    texts: Sequence[str], encoder: Encoder, cache: VectorCache, progress: Progress, *, use_cache: bool
) -> tuple[np.ndarray, int]:
    """Vectors of `texts` (len(texts), dim), and how many were not in the cache."""
    known = cache.get(texts) if use_cache else {}
    missing = list(dict.fromkeys(text for i, text in enumerate(texts) if i not in known))
    progress.stage("encode", len(missing))
    fresh: dict[str, np.ndarray] = {}
    for at in range(0, len(missing), _ENCODE_AT_ONCE):
        part = missing[at : at + _ENCODE_AT_ONCE]
        encoded = encoder.encode_passages(part, progress.advance)
        cache.put(part, encoded)
        fresh.update(zip(part, encoded, strict=True))
    rows = [known[i] if i in known else fresh[text] for i, text in enumerate(texts)]
    return np.stack(rows).astype(np.float32, copy=False), len(missing)


def _write(
    corpus: Corpus,
    matrix: np.ndarray,
    skipped: Sequence[Skipped],
    digest: str,
    settings: IndexSettings,
    fingerprint: str,
    progress: Progress,
) -> generations.Manifest:
    """Write a generation beside the others, read it back, publish it."""
    index_dir = settings.index.dir
    number = max(generations.numbers(index_dir), default=0) + 1
    progress.stage("index", 4)
    with generations.staging(index_dir) as folder:
        storage.write(folder / STORAGE_FILE, corpus.articles, corpus.passages)
        vocabulary.write(folder / VOCABULARY_FILE, corpus.counts)
        progress.advance()
        lexical.build(folder / LEXICAL_FOLDER, corpus.indexed_texts, settings.index.writer_megabytes)
        progress.advance()
        (folder / VECTORS_FILE).write_bytes(vectors.build(matrix))
        progress.advance()
        manifest = generations.Manifest(
            format=generations.FORMAT,
            number=number,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            fingerprint=fingerprint,
            dim=matrix.shape[1],
            articles=len(corpus.articles),
            passages=len(corpus.passages),
            sentences=len(matrix),
            sources_digest=digest,
            settings=settings.model_dump(mode="json", include={"chunking", "encoder"}),
            skipped=[[item.path, item.reason] for item in skipped],
            files=generations.seal(folder),
        )
        generations.write_manifest(folder, manifest)
        progress.advance()
        progress.stage("check", 1)
        _read_back(folder, corpus, matrix)
        generations.publish(folder, index_dir, number)
        progress.advance()
    return manifest


def _read_back(folder: Path, corpus: Corpus, matrix: np.ndarray) -> None:
    """Open what was written as a reader would, and ask a few questions whose answers are known."""
    manifest = generations.verify(folder)
    with (folder / generations.MANIFEST).open("rb") as hold:
        index = Index(generations.Held(folder, manifest, hold, None))
        check_counts(
            manifest, len(corpus.passages), len(corpus.encoded_texts), len(corpus.indexed_texts), matrix.shape[1]
        )
        first = 0
        step = max(1, len(corpus.passages) // _CANARIES)
        for row, passage in enumerate(corpus.passages):
            if row % step == 0:
                if max(index.dense_search(matrix[first], 1).values()) < _CANARY_FLOOR:
                    raise CorruptIndex(
                        "The vectors did not survive being written. Check the disk, then: rebuild-index --full"
                    )
                if index.passages([row])[0].passage != passage:
                    raise CorruptIndex(
                        "The passages did not survive being written. Check the disk, then: rebuild-index --full"
                    )
            first += len(passage.sentences)
        index.close()


def _digest(pages: Sequence[Page], settings: IndexSettings, fingerprint: str) -> str:
    """Of everything that decides what the index holds."""
    word_lists = settings.articles.word_lists or lexicon.shipped_file()
    parts = {
        "format": generations.FORMAT,
        "program": program_version(),  # another version may clean and chunk otherwise
        "fingerprint": fingerprint,
        "chunking": settings.chunking.model_dump(mode="json"),
        "context": settings.encoder.context,
        "word_lists": hashlib.sha256(word_lists.read_bytes()).hexdigest() if word_lists.is_file() else "",
        "pages": sorted([page.path, page.sha256] for page in pages),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def program_version() -> str:
    try:
        return metadata.version("vietnamese-qa-bot")
    except metadata.PackageNotFoundError:
        return "not installed"


def _serving(index_dir: Path, digest: str) -> generations.Manifest | None:
    """The manifest of the newest generation, if it is sound and was built from the same."""
    try:
        held = generations.open_newest(index_dir)
    except IndexProblem:
        return None
    held.hold.close()
    sound = held.warning is None and held.manifest.sources_digest == digest
    return held.manifest if sound else None


def _report(
    manifest: generations.Manifest, unchanged: bool, encoded: int, skipped: Sequence[Skipped], started: float
) -> Report:
    return Report(
        generation=manifest.number,
        unchanged=unchanged,
        articles=manifest.articles,
        passages=manifest.passages,
        sentences=manifest.sentences,
        encoded=encoded,
        reused=manifest.sentences - encoded,
        skipped=tuple(skipped),
        seconds=time.perf_counter() - started,
        bytes=sum(record.size for record in manifest.files.values()),
    )
