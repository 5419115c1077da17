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
from pathlib import Path
from typing import Protocol

from embeddings import articles, generations, lexicon
from embeddings.draft import Draft
from embeddings.encoders import Encoder
from embeddings.encoding import CACHE_FILE as CACHE_FILE
from embeddings.encoding import Canaries, encode
from embeddings.errands import Runners
from embeddings.errors import CorruptIndex, IndexProblem, SourceError
from embeddings.gathering import Gathering
from embeddings.index import Index
from embeddings.ledger import Ledger
from embeddings.readers import KNOWN
from embeddings.readers.apart import Apart
from embeddings.records import Skipped
from embeddings.removals import Removals
from embeddings.settings import IndexSettings
from embeddings.spreading import Spread
from embeddings.steps import Progress as Progress
from embeddings.steps import Silent as Silent
from embeddings.vectors_compressed import Compression
from embeddings.web import Web

LEDGER_FILE, WEB_FILE = "files.sqlite", "web-cache.sqlite"
_PATIENCE = 60.0  # seconds for one request to a server that takes an index
_CANARY_FLOOR = 0.999  # a stored unit vector's cosine with itself


class Cluster(Runners, Spread, Protocol):
    """Other machines, which read, prepare and encode."""


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


def build(
    settings: IndexSettings,
    encoder: Encoder,
    progress: Progress | None = None,
    *,
    full: bool = False,
    cluster: Cluster | None = None,
) -> Report:
    """Read what changed, clean, chunk, encode, index, verify, publish; the old generation serves until the last step.

    With `full`, nothing is taken from the cache, the list of files or the generation before. With `cluster`, its
    machines read, prepare and encode; the index is the same. Raises BotError; then nothing has changed.
    """
    progress = progress or Silent()
    started = time.perf_counter()
    index_dir = settings.index.dir
    with generations.builder_lock(index_dir), ExitStack() as held:
        publish = _publisher(settings, progress, held)
        recipe = _recipe(settings, encoder.fingerprint)
        base = None if full else _base(index_dir, recipe, held)
        folder = held.enter_context(generations.staging(index_dir))
        words = lexicon.load(settings.articles.word_lists)
        draft = Draft(folder, base.folder if base else None, settings, words)
        held.callback(draft.abandon)
        apart = held.enter_context(Apart(settings.readers.seconds, settings.readers.megabytes))
        with Ledger(index_dir / LEDGER_FILE, "" if full else _reading_recipe(settings)) as ledger:
            removals = Removals(index_dir)
            gathering = Gathering(draft, settings, words, ledger, apart, removals, cluster)
            gathering.gather(lambda: Web(index_dir / WEB_FILE, settings.web), progress)
            removals.keep()
        skipped = gathering.skipped
        changed = draft.settle()
        _refuse_if_empty(draft, settings, skipped)
        if base is not None and not changed:
            publish()
            return _report(base.manifest, True, 0, skipped, started)
        dim = base.manifest.dim if base else 0
        encoded, canaries = encode(draft, encoder, settings, dim, progress, cluster, use_cache=not full)
        before = Compression.of(base.manifest.vectors) if base else None
        compression = draft.compress(canaries.dim, before, progress)
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
            vectors=compression.record() if compression else {},
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
    generations.stamp(index_dir, manifest)
    progress.advance()
    return manifest


def _read_back(folder: Path, manifest: generations.Manifest, canaries: Canaries) -> None:
    """Open what was written as a reader would, and ask a few questions whose answers are known."""
    generations.read_manifest(folder)  # the files' hashes were taken from what was read back
    with (folder / generations.MANIFEST).open("rb") as hold:
        index = Index(generations.Held(folder, manifest, hold, None))
        for row, vector in canaries.vectors.items():
            stored = index.vectors_at([row])[0]
            found = not index.searches_fast or max(index.dense_search(vector, 1).values()) >= _CANARY_FLOOR
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
        newest = generations.open_newest(index_dir, hashing=True)  # a flipped bit would be copied
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
