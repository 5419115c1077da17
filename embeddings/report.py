"""A build as people watch it: a progress bar on standard error, then a small table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from embeddings import messages, pipeline
from embeddings.console import one_line
from embeddings.encoders import Encoder
from embeddings.errors import BotError
from embeddings.progress import Bar
from embeddings.settings import IndexSettings

_SHOWN_SKIPPED = 20


def build_in_sight(
    settings: IndexSettings,
    encoder: Encoder,
    bar: Bar,
    language: messages.Language,
    *,
    full: bool = False,
    cluster: pipeline.Cluster | None = None,
) -> pipeline.Report:
    """Build the index, show how far it is, and print what it did. Raises BotError; then nothing has changed."""
    with bar:
        report = pipeline.build(settings, encoder, bar, full=full, cluster=cluster)
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
        ("build.rate", "-" if report.unchanged else f"{report.passages / report.seconds:.3g}"),
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


def watching(settings: IndexSettings, language: messages.Language) -> Text:
    """What is followed from now on."""
    names = ", ".join([*map(str, settings.articles.source), *settings.web.addresses])
    return Text(messages.say(messages.BUILD, language, "build.watching", names=one_line(names)))


def telling(
    console: Console, language: messages.Language, articles: int
) -> Callable[[pipeline.Report | BotError], None]:
    """A function that says on one line what each build did, or why it did nothing; there were `articles` before."""
    before = [articles]

    def tell(told: pipeline.Report | BotError) -> None:
        now = f"{datetime.now():%H:%M:%S}"
        if isinstance(told, BotError):
            console.print(Text(one_line(f"{now} {told}")))
            return
        change = f"{told.articles - before.pop():+}"
        before.append(told.articles)
        line = messages.say(
            messages.BUILD, language, "build.followed", now=now, number=told.generation, articles=told.articles,
            change=f" ({change})", encoded=told.encoded, skipped=len(told.skipped),
            seconds=f"{told.seconds:.1f}",
        )  # fmt: skip
        console.print(Text(line))

    return tell
