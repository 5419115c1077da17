"""The build: files in, generation out. Each step is a room of its own; this is their order."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from embeddings import articles, generations, lexicon
from embeddings.draft import Draft
from embeddings.encoders import Encoder
from embeddings.errors import CorruptIndex, IndexProblem, SourceError
from embeddings.gathering import Gathering
from embeddings.index import Index
from embeddings.ledger import Ledger
from embeddings.readers import KNOWN
from embeddings.readers.apart import Apart
from embeddings.records import Skipped
from embeddings.removals import Removals
from embeddings.settings import IndexSettings
from embeddings.vector_cache import VectorCache
from embeddings.vectors import VectorsWriter
from embeddings.web import Web

CACHE_FILE, LEDGER_FILE, WEB_FILE = "vector-cache.sqlite", "files.sqlite", "web-cache.sqlite"
_ENCODE_AT_ONCE = 512  # sentences between two writes to the cache: what a killed build loses at most
_LOOK_UP_AT_ONCE = 16 * _ENCODE_AT_ONCE  # sentences that are held in memory, longest first to the model
_CANARIES = 5
_PATIENCE = 60.0  # seconds for one request to a server that takes an index
_CANARY_FLOOR = 0.999  # a stored unit vector's cosine with itself
_SEARCHED = 100_000  # vectors; in more than these the canaries are looked up and not searched, which would read all


class Progress(Protocol):
    """Who wants to know how far the build is."""

    def stage(self, name: str, total: int) -> None:
        """A new stage begins: "read", "fetch", "encode", "index", "check" or "publish", with `total` steps."""
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


def build(settings: IndexSettings, encoder: Encoder, progress: Progress | None = None, *, full: bool = False) -> Report:
    """Read what changed, clean, chunk, encode, index, verify, publish; the old generation serves until the last step.

    With `full`, nothing is taken from the cache, the list of files or the generation before. Raises BotError; then
    nothing has changed.
    """
    progress = progress or Silent()
    started = time.perf_counter()
    index_dir = settings.index.dir
    with generations.builder_lock(index_dir), ExitStack() as held:
        publish = _publisher(settings, progress, held)
        recipe = _recipe(settings, encoder.fingerprint)
        base = None if full else _base(index_dir, recipe, held)
        folder = held.enter_context(generations.staging(index_dir))
        draft = Draft(folder, base.folder if base else None, settings, lexicon.load(settings.articles.word_lists))
        held.callback(draft.abandon)
        apart = held.enter_context(Apart(settings.readers.seconds, settings.readers.megabytes))
        with Ledger(index_dir / LEDGER_FILE, "" if full else _reading_recipe(settings)) as ledger:
            removals = Removals(index_dir)
            gathering = Gathering(draft, settings, ledger, apart, removals)
            gathering.gather(lambda: Web(index_dir / WEB_FILE, settings.web), progress)
            removals.keep()
        skipped = gathering.skipped
        changed = draft.settle()
        _refuse_if_empty(draft, settings, skipped)
        if base is not None and not changed:
            publish()
            return _report(base.manifest, True, 0, skipped, started)
        dim = base.manifest.dim if base else 0
        encoded, canaries = _encode(draft, encoder, settings, dim, progress, use_cache=not full)
        forgotten = _index(draft, base.manifest.forgotten if base else 0, progress)
        counts = draft.close()
        manifest = generations.Manifest(
            format=generations.FORMAT,
            number=max(generations.numbers(index_dir), default=0) + 1,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            fingerprint=encoder.fingerprint,
            dim=canaries.dim,
            articles=counts[0],
            passages=counts[1],
            sentences=counts[2],
            forgotten=forgotten,
            recipe=recipe,
            settings=settings.model_dump(mode="json", include={"chunking", "encoder"}),
            skipped=[[item.path, item.reason] for item in skipped],
            files={},
        )
        manifest = _publish(folder, index_dir, manifest, canaries, progress)
        sound = {manifest.number, *([base.manifest.number] if base else [])}
        generations.prune(index_dir, settings.index.keep_generations, sound)
        publish()
    return _report(manifest, False, encoded, skipped, started)


def _publisher(settings: IndexSettings, progress: Progress, held: ExitStack) -> Callable[[], object]:
    """What brings the newest generation to where it is asked, if that is not the folder it was built in.

    Raises ServerProblem at once where a server cannot be reached, rather than after the build.
    """
    if settings.index.backend == "faiss":
        return lambda: None
    from embeddings.milvus_publishing import publish  # late: other builds need none of it
    from embeddings.milvus_source import MilvusSource

    patient = settings.index.model_copy(update={"milvus_timeout_seconds": _PATIENCE})  # no question waits for a count
    source = held.enter_context(closing(MilvusSource(patient)))
    source.server.collections()
    return lambda: publish(settings, source.server, progress)


def _refuse_if_empty(draft: Draft, settings: IndexSettings, skipped: list[Skipped]) -> None:
    if draft.article_count:
        return
    why = f" ({len(skipped)} skipped; first: {skipped[0].path}: {skipped[0].reason})" if skipped else ""
    names = ", ".join(articles.shown(source) for source in settings.articles.source)
    raise SourceError(
        f"There is no article in {names}{why}. Put files there that can be read: {KNOWN}. The old index stays as it is."
    )


@dataclass(frozen=True, slots=True)
class Canaries:
    """A few vectors as the model gave them, by row: what is read back must be these."""

    vectors: dict[int, np.ndarray]
    dim: int


def _encode(
    draft: Draft, encoder: Encoder, settings: IndexSettings, base_dim: int, progress: Progress, *, use_cache: bool
) -> tuple[int, Canaries]:
    """Write the vectors of the draft's new sentences; how many were not in the cache, and some of them."""
    total = draft.new_sentences()
    progress.stage("encode", total)
    texts = draft.texts()
    encoded, at = 0, 0
    kept: dict[int, np.ndarray] = {}  # of the new ones, by number
    with VectorCache(settings.index.dir / CACHE_FILE, encoder.fingerprint) as cache, ExitStack() as writing:
        writer: VectorsWriter | None = None
        for part in iter(lambda: list(islice(texts, _LOOK_UP_AT_ONCE)), []):
            matrix, fresh = _vectors(part, encoder, cache, progress, use_cache=use_cache)
            writer = writer or writing.enter_context(draft.vectors(matrix.shape[1]))
            writer.add(matrix)
            step = max(1, total // _CANARIES)
            kept.update({row: matrix[row - at] for row in range(-(-at // step) * step, at + len(part), step)})
            encoded, at = encoded + fresh, at + len(part)
        writer = writer or writing.enter_context(draft.vectors(base_dim))
        first_new = len(writer) - at
        cache.trim(len(writer), writer.dim)
    return encoded, Canaries({first_new + row: vector for row, vector in kept.items()}, writer.dim)


def _vectors(
    texts: Sequence[str], encoder: Encoder, cache: VectorCache, progress: Progress, *, use_cache: bool
) -> tuple[np.ndarray, int]:
    """Vectors of `texts` (len(texts), dim), and how many were not in the cache."""
    known = cache.get(texts) if use_cache else {}
    progress.advance(len(known))
    missing = sorted(dict.fromkeys(text for i, text in enumerate(texts) if i not in known), key=len, reverse=True)
    repeated = len(texts) - len(known) - len(missing)
    fresh: dict[str, np.ndarray] = {}
    for at in range(0, len(missing), _ENCODE_AT_ONCE):
        part = missing[at : at + _ENCODE_AT_ONCE]
        encoded = encoder.encode_passages(part, progress.advance)
        cache.put(part, encoded)
        fresh.update(zip(part, encoded, strict=True))
    progress.advance(repeated)
    rows = [known[i] if i in known else fresh[text] for i, text in enumerate(texts)]
    return np.stack(rows).astype(np.float32, copy=False), len(missing)


def _index(draft: Draft, forgotten: int, progress: Progress) -> int:
    """Write the words; how many documents the lexical index has forgotten since it was begun anew."""
    draft.finish_words()
    wanted, stale, forgotten = draft.to_index(forgotten)
    progress.stage("index", draft.passages_of(wanted))
    for _ in draft.index(wanted, stale):
        progress.advance()
    return forgotten


def _publish(
    folder: Path, index_dir: Path, manifest: generations.Manifest, canaries: Canaries, progress: Progress
) -> generations.Manifest:
    """Flush and hash what was written, read it back as a reader would, publish it."""
    progress.stage("check", 3)
    manifest = replace(manifest, files=generations.seal(folder))
    generations.write_manifest(folder, manifest)
    progress.advance()
    _read_back(folder, manifest, canaries)
    progress.advance()
    generations.publish(folder, index_dir, manifest.number)
    progress.advance()
    return manifest


def _read_back(folder: Path, manifest: generations.Manifest, canaries: Canaries) -> None:
    """Open what was written as a reader would, and ask a few questions whose answers are known."""
    generations.read_manifest(folder)  # the files' hashes were taken from what was read back
    with (folder / generations.MANIFEST).open("rb") as hold:
        index = Index(generations.Held(folder, manifest, hold, None))
        for row, vector in canaries.vectors.items():
            stored = index.vectors_at([row])[0]
            found = len(index) > _SEARCHED or max(index.dense_search(vector, 1).values()) >= _CANARY_FLOOR
            (passage,) = index.passages([index.passage_of_sentence(row)])
            if not found or float(stored @ vector) < _CANARY_FLOOR or not passage.passage.text:
                raise CorruptIndex("What was written cannot be found again. Check the disk, then: rebuild-index --full")
        index.close()


def _recipe(settings: IndexSettings, fingerprint: str) -> str:
    """Of everything that decides what an index holds, but the articles."""
    return _hash({
        "format": generations.FORMAT,
        "reading": _reading_recipe(settings),
        "fingerprint": fingerprint,
        "chunking": settings.chunking.model_dump(mode="json"),
        "context": settings.encoder.context,
        "word_lists": _word_lists(settings),
    })  # fmt: skip


def _reading_recipe(settings: IndexSettings) -> str:
    """Of everything that decides how a file is read: another version of the program may do otherwise."""
    return _hash({
        "program": program_version(),
        "word_lists": _word_lists(settings),
        "chunking": settings.chunking.model_dump(mode="json"),
        "articles": settings.articles.model_dump(mode="json", exclude={"source", "ignore"}),
        "exports": settings.exports.model_dump(mode="json"),
        "readers": settings.readers.model_dump(mode="json"),
    })  # fmt: skip


def _word_lists(settings: IndexSettings) -> str:
    file = settings.articles.word_lists or lexicon.shipped_file()
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _hash(parts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def program_version() -> str:
    try:
        return metadata.version("vietnamese-qa-bot")
    except metadata.PackageNotFoundError:
        return "not installed"


def _base(index_dir: Path, recipe: str, held: ExitStack) -> generations.Held | None:
    """The newest generation, if it is sound and of the same recipe."""
    try:
        newest = generations.open_newest(index_dir)
    except IndexProblem:
        return None
    held.enter_context(newest.hold)
    return newest if newest.warning is None and newest.manifest.recipe == recipe else None


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
