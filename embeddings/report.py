"""A build as people watch it: a progress bar on standard error, then a small table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from embeddings import messages, pipeline
from embeddings.console import one_line
from embeddings.encoders import Encoder
from embeddings.progress import Bar
from embeddings.settings import IndexSettings

_SHOWN_SKIPPED = 20


def build_in_sight(
    settings: IndexSettings, encoder: Encoder, bar: Bar, language: messages.Language, *, full: bool = False
) -> pipeline.Report:
    """Build the index, show how far it is, and print what it did. Raises BotError; then nothing has changed."""
    with bar:
        report = pipeline.build(settings, encoder, bar, full=full)
    Console().print(table(report, str(settings.index.dir), language))
    return report


def table(report: pipeline.Report, folder: str, language: messages.Language) -> Table:
    """What the build did: counts, seconds, size, and each file that was skipped with its reason."""

    def say(name: str, **values: object) -> str:
        return messages.say(messages.BUILD, language, name, **values)

    title = Text(say("build.title", number=report.generation, folder=one_line(folder)))
    shown = Table(title=title, show_header=False, title_justify="left")
    shown.add_column(style="dim")
    shown.add_column(overflow="fold")
    rows = [
        ("build.articles", f"{report.articles}"),
        ("build.passages", f"{report.passages}"),
        ("build.sentences", f"{report.sentences}"),
        ("build.encoded", say("build.unchanged") if report.unchanged else f"{report.encoded}"),
        ("build.reused", f"{report.reused}"),
        ("build.seconds", f"{report.seconds:.2f}"),
        ("build.rate", "-" if report.unchanged else f"{report.passages / report.seconds:.1f}"),
        ("build.size", f"{report.bytes / 1e6:.1f} MB"),
        ("build.skipped", f"{len(report.skipped)}"),
    ]
    for name, value in rows:
        shown.add_row(say(name), value)
    for item in report.skipped[:_SHOWN_SKIPPED]:
        shown.add_row("", Text(one_line(f"{item.path}: {item.reason}")))
    if len(report.skipped) > _SHOWN_SKIPPED:
        shown.add_row("", say("build.more", count=len(report.skipped) - _SHOWN_SKIPPED))
    return shown
