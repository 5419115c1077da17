"""The command rebuild-index: articles in, index out."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from embeddings.console import complain
from embeddings.errors import BotError
from embeddings.settings import IndexSettings, language, load


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Vietnamese letters is no reason to fail
    try:
        settings = with_options(load(IndexSettings, options.config), options.source, options.index)
        _build(settings, full=options.full)
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
        type=Path,
        metavar="PATH",
        help="folder or file of articles; may be repeated (default: seeds/)",
    )
    parser.add_argument("--index", type=Path, metavar="DIR", help="where the index lies (default: index/)")
    parser.add_argument("--full", action="store_true", help="encode everything anew, even what did not change")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: config/qa-bot.toml)")
    return parser


def with_options(settings: IndexSettings, source: list[Path] | None, index: Path | None) -> IndexSettings:
    """Settings with what the command line says instead."""
    articles = settings.articles.model_copy(update={"source": tuple(source)}) if source else settings.articles
    folder = settings.index.model_copy(update={"dir": index}) if index else settings.index
    return settings.model_copy(update={"articles": articles, "index": folder})


def _build(settings: IndexSettings, *, full: bool) -> None:
    from rich.console import Console  # imported late: --help and wrong settings need none of this

    from embeddings.encoders import SentenceTransformersEncoder
    from embeddings.progress import Bar
    from embeddings.report import build_in_sight

    spoken = language(settings.terminal.language)
    bar = Bar(Console(stderr=True), spoken)
    build_in_sight(settings, SentenceTransformersEncoder(settings.encoder, bar.model), bar, spoken, full=full)


if __name__ == "__main__":
    sys.exit(main())
