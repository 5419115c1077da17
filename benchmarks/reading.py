"""How long reading and preparing a folder takes, in one process and in several, and what there is to encode.

python -m benchmarks.reading FOLDER [--limit FILES]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from embeddings import bundled_model, lexicon
from embeddings.context import encoded_text
from embeddings.draft import Draft
from embeddings.gathering import Gathering
from embeddings.ledger import Ledger
from embeddings.pipeline import Silent
from embeddings.prefixes import prefixes
from embeddings.preparing import prepare
from embeddings.readers.apart import Apart
from embeddings.reading import InProcess, Unread, read_file
from embeddings.removals import Removals
from embeddings.settings import Articles, Index, IndexSettings, default_cache_dir
from embeddings.tokenizing import Tokenizer
from embeddings.web import Web

_SAMPLE = 500  # files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=10**9, help="read so many files only")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "articles"
        source.mkdir()
        for path in sorted(options.folder.iterdir())[: options.limit]:
            _link(path, source / path.name)
        settings = IndexSettings(articles=Articles(source=(source,)), index=Index(dir=Path(scratch) / "index"))
        if options.once:
            print(read(settings, Path(scratch) / "draft"))
            return 0
        for name, limit in (("one process: ", {"OMP_NUM_THREADS": "1"}), ("several: ", {})):
            environment = {**os.environ, **limit}
            print(name, end="", flush=True)
            command = [sys.executable, "-m", "benchmarks.reading", str(source), "--once"]
            subprocess.run(command, check=True, env=environment)
        print(to_encode(settings))
    return 0


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        target.write_bytes(path.read_bytes())


def read(settings: IndexSettings, folder: Path) -> str:
    """Read everything as a build does, up to what is encoded."""
    folder.mkdir()
    settings.index.dir.mkdir()
    words = lexicon.load()
    began, before = time.perf_counter(), os.times()
    with Apart() as apart, Ledger(settings.index.dir / "files.sqlite", "") as ledger:
        draft = Draft(folder, None, settings, words)
        gathering = Gathering(draft, settings, words, ledger, apart, Removals(settings.index.dir))
        gathering.gather(lambda: Web(settings.index.dir / "web.sqlite", settings.web), Silent())
        draft.settle()
    after, seconds = os.times(), time.perf_counter() - began
    own = after.user + after.system - before.user - before.system
    others = after.children_user + after.children_system - before.children_user - before.children_system
    own_mb, child_mb = (
        resource.getrusage(who).ru_maxrss >> 10 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    count = draft.article_count
    draft.abandon()
    return (
        f"{count} articles in {seconds:.1f} s; processor seconds of the builder {own:.1f}, of the others {others:.1f}; "
        f"memory {own_mb} MB, of the largest other {child_mb} MB"
    )


def to_encode(settings: IndexSettings) -> str:
    """Of some files: how many sentences and tokens a passage has, as the model reads it."""
    words = lexicon.load()
    tokens_of = Tokenizer(bundled_model.ensure(default_cache_dir()) / bundled_model.PIECES)
    prefix, limit = prefixes(settings.encoder).passage, settings.encoder.max_tokens
    passages = sentences = tokens = 0
    files = sorted(settings.articles.source[0].iterdir())
    for path in files[:: max(1, len(files) // _SAMPLE)]:
        for page in read_file(path, settings, InProcess()):
            prepared = None if isinstance(page, Unread) else prepare(page, settings.chunking, words)
            if prepared is None:
                continue
            for passage in prepared.passages:
                texts = [encoded_text(t, passage.kind, prepared.context, words) for t in passage.sentence_texts()]
                passages += 1
                sentences += len(texts)
                tokens += sum(len(tokens_of.encode(prefix + text, limit)) for text in texts)
    return f"{sentences / passages:.2f} sentences and {tokens / passages:.0f} tokens a passage ({passages} passages)"


if __name__ == "__main__":
    sys.exit(main())
