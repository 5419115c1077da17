"""The command rebuild-index: articles in, index out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from embeddings import messages
from embeddings.console import complain, one_line
from embeddings.errors import BotError
from embeddings.settings import IndexSettings, language, load

_SHOWN_SKIPPED = 20


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = with_options(load(IndexSettings, options.config), options.source, options.index)
        return _build(settings, full=options.full)
    except BotError as error:
        complain(f"rebuild-index: {error}")
        return 1
    except KeyboardInterrupt:
        complain("rebuild-index: interrupted; the old index still serves, and what was encoded is kept.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rebuild-index", description="Index a folder of Vietnamese articles, so that qa-bot can answer from them."
    )
    parser.add_argument(
        "--source", action="append", type=Path, metavar="PATH", help="folder or file of articles; may be repeated (default: seeds/)"
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


def _build(settings: IndexSettings, *, full: bool) -> int:
    from rich.console import Console

    from embeddings import pipeline
    from embeddings.encoders import SentenceTransformersEncoder
    from embeddings.progress import Bar

    spoken = language(settings.terminal.language)
    with Bar(Console(stderr=True), spoken) as bar:
        encoder = SentenceTransformersEncoder(settings.encoder, bar.model)
        report = pipeline.build(settings, encoder, bar, full=full)
    Console().print(_table(report, settings.index.dir, spoken))
    return 0


def _table(report: object, folder: Path, spoken: messages.Language) -> object:
    from rich.table import Table
    from rich.text import Text

    from embeddings.pipeline import Report

    assert isinstance(report, Report)

    def say(name: str, **values: object) -> str:
        return messages.say(messages.BUILD, spoken, name, **values)

    table = Table(title=say("build.title", number=report.generation, folder=folder), show_header=False, title_justify="left")
    table.add_column(style="dim")
    table.add_column(justify="left", overflow="fold")
    rate = "-" if report.unchanged else f"{report.passages / report.seconds:.1f}"
    rows = [
        ("build.articles", f"{report.articles}"),
        ("build.passages", f"{report.passages}"),
        ("build.sentences", f"{report.sentences}"),
        ("build.encoded", say("build.unchanged") if report.unchanged else f"{report.encoded}"),
        ("build.reused", f"{report.reused}"),
        ("build.seconds", f"{report.seconds:.2f}"),
        ("build.rate", rate),
        ("build.size", f"{report.bytes / 1e6:.1f} MB"),
        ("build.skipped", f"{len(report.skipped)}"),
    ]
    for name, value in rows:
        table.add_row(say(name), value)
    for item in report.skipped[:_SHOWN_SKIPPED]:
        table.add_row("", Text(one_line(f"{item.path}: {item.reason}")))
    if len(report.skipped) > _SHOWN_SKIPPED:
        table.add_row("", say("build.more", count=len(report.skipped) - _SHOWN_SKIPPED))
    return table


if __name__ == "__main__":
    sys.exit(main())
