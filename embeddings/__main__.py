"""The command rebuild-index: articles in, index out."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.console import complain
from embeddings.errors import BotError

if TYPE_CHECKING:
    from embeddings.settings import IndexSettings

if TYPE_CHECKING:
    from embeddings.distributed import Cluster
    from embeddings.encoders import Encoder


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Vietnamese letters is no reason to fail
    try:
        from embeddings.settings import IndexSettings, load  # late, so that --help is quick

        settings = with_options(load(IndexSettings, options.config), options.source, options.index)
        if options.verify:
            return _verify(settings)
        _build(settings, full=options.full, watch=options.watch, ray=options.ray)
    except BotError as error:
        complain(f"rebuild-index: {error}")
        return 1
    except KeyboardInterrupt:
        complain("rebuild-index: interrupted; the old index still serves, and what was encoded is kept.")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rebuild-index", description="Index a folder of Vietnamese articles, so that qa-bot can answer from them."
    )
    parser.add_argument(
        "--source",
        action="append",
        metavar="PATH",
        help="folder, file or web address of articles; may be repeated (default: seeds/)",
    )
    parser.add_argument("--index", type=Path, metavar="DIR", help="where the index lies (default: index/)")
    parser.add_argument("--full", action="store_true", help="encode everything anew, even what did not change")
    parser.add_argument("--watch", action="store_true", help="go on: build again whenever files come, change or go")
    parser.add_argument("--verify", action="store_true", help="build nothing; check every file of the index")
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="read, prepare and encode on a Ray cluster: auto, HOST:PORT or ray://HOST:PORT (docs/ray.md)",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: config/qa-bot.toml)")
    return parser


def with_options(settings: IndexSettings, source: list[str] | None, index: Path | None) -> IndexSettings:
    """Settings with what the command line says instead."""
    articles, web = settings.articles, settings.web
    if source:
        addresses = tuple(text for text in source if text.casefold().startswith(("http://", "https://")))
        articles = articles.model_copy(update={"source": tuple(Path(text) for text in source if text not in addresses)})
        web = web.model_copy(update={"addresses": addresses})
    folder = settings.index.model_copy(update={"dir": index}) if index else settings.index
    return settings.model_copy(update={"articles": articles, "web": web, "index": folder})


def _build(settings: IndexSettings, *, full: bool, watch: bool, ray: str | None) -> None:
    from rich.console import Console  # imported late: --help and wrong settings need none of this

    from embeddings.encoders import make_encoder
    from embeddings.progress import Bar
    from embeddings.report import build_in_sight
    from embeddings.settings import language

    spoken = language(settings.terminal.language)
    console = Console(stderr=True)
    bar = Bar(console, spoken)
    encoder = make_encoder(settings.encoder, bar.model)
    with ExitStack() as held:
        cluster = None if ray is None else held.enter_context(_cluster(ray, settings, encoder))
        report = build_in_sight(settings, encoder, bar, spoken, full=full, cluster=cluster)
    if watch:
        from embeddings import pipeline
        from embeddings.report import telling, watching
        from embeddings.watching import follow

        console.print(watching(settings, spoken))
        with suppress(KeyboardInterrupt):
            follow(settings, lambda: pipeline.build(settings, encoder), telling(console, spoken, report.articles))


def _cluster(address: str, settings: IndexSettings, encoder: Encoder) -> Cluster:
    from embeddings import lexicon
    from embeddings.distributed import Cluster

    return Cluster(address, settings, lexicon.load(settings.articles.word_lists), encoder)


def _verify(settings: IndexSettings) -> int:
    """Check all generations; 0 if the newest is sound."""
    from rich.console import Console

    from embeddings.checking_report import verify_in_sight
    from embeddings.progress import Bar
    from embeddings.settings import language

    spoken = language(settings.terminal.language)
    return verify_in_sight(settings.index.dir, Bar(Console(stderr=True), spoken), spoken)


if __name__ == "__main__":
    sys.exit(main())
